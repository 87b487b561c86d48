"""jeton doctor: each finding is brought about, and seen; what is well is told so."""
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from harness import BUILD, PASSWORD, TOP, Daemon, in_process_of, is_root, wait_until
from outside import jwk_of

OTHER_UID = 65533
GONE_UID = 54321

AUTH = """auth [success=2 default=ignore] pam_unix.so
auth [success=1 default=ignore] MODULE use_first_pass
auth requisite pam_deny.so
auth required pam_permit.so
"""
ACCOUNT = """account required pam_unix.so
account [default=bad success=ok new_authtok_reqd=ignore ignore=ignore authinfo_unavail=ignore] MODULE
"""
ASKING = ACCOUNT.replace("new_authtok_reqd=ignore", "new_authtok_reqd=ok")
SESSION = """session required pam_unix.so
session optional MODULE
"""
PASSWORD_LINES = """password [success=2 default=ignore] pam_unix.so
password [success=1 default=ignore] MODULE try_first_pass try_authtok
password requisite pam_deny.so
password required pam_permit.so
"""
# The module's file is not looked for in these: it is a test of its own.
MODULE = "pam_jeton.so"


def run(*arguments, socket_path=None, path=None, uid=None, wrapper=()):
    command = [*map(str, wrapper), str(BUILD / "bin/jeton"), "doctor", "--json", *map(str, arguments)]
    if uid is not None:
        command = ["setpriv", "--reuid", str(uid), "--clear-groups", *command]
    environment = {"PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"]}
    if socket_path:
        environment["JETON_SOCKET"] = str(socket_path)
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment,
                            stdin=subprocess.DEVNULL)
    assert answer.stderr == "", answer.stderr
    findings = json.loads(answer.stdout)
    verdicts = {finding["verdict"] for finding in findings}
    assert answer.returncode == (2 if "broken" in verdicts else 1 if "warning" in verdicts else 0)
    for finding in findings:
        assert set(finding) <= {"check", "verdict", "found", "advice"}
        assert "advice" in finding or finding["verdict"] != "broken", finding
    return findings


def look(daemon, *arguments, **how):
    return run(*arguments, socket_path=daemon.socket, **how)


def find(findings, check, words, verdict=None):
    """The findings of a check that have those words."""
    return [finding for finding in findings if finding["check"] == check
            and words in finding["found"] and verdict in (None, finding["verdict"])]


def of(findings, check, *verdicts):
    return [finding for finding in findings if finding["check"] == check
            and finding["verdict"] in verdicts]


# ---- a daemon that is well ----

def test_nothing_is_wrong_with_a_daemon_that_is_well(jetond):
    findings = look(jetond)
    # A machine of tests has no time server and people without users.
    about_host = {"clock", "accounts", "proxy", "pam"}
    assert [f for f in findings if f["verdict"] in ("warning", "broken")
            and f["check"] not in about_host] == []
    for check, words in (("socket", "mode 0666"), ("listener", f"uid {os.geteuid()} listens"),
                         ("health", "well, in"), ("pages", "/keys"), ("pages", "/status"),
                         ("keys", "1 active"), ("keys", "(ES256) active for"),
                         ("restores", "has nothing of"), ("room", "MiB left"), ("clock", "not behind"), ("web socket", "there is none"),
                         ("configuration", "is good"), ("links", "linked"),
                         ("lockouts", "nobody has to wait")):
        assert find(findings, check, words, "ok"), (check, findings)


def test_text_is_a_line_for_each_finding_and_a_count(jetond):
    answer = jetond.jeton("doctor")
    lines = answer.stdout.splitlines()
    count = lines.index("")
    assert len(look(jetond)) == count
    assert all(line.split()[0] in ("ok", "unseen", "warning", "broken") for line in lines[:count])
    assert lines[count + 1].endswith("unseen")


def test_no_secret_is_printed(jetond):
    said = jetond.jeton("doctor").stdout + jetond.jeton("doctor", "--json").stdout
    assert PASSWORD not in said and not re.search(r"eyJ[\w-]+\.eyJ", said) and "$y$" not in said


def test_an_ordinary_account_sees_less_and_is_told(jetond):
    if not is_root():
        pytest.skip("needs root to become another uid")
    if not os.access("/usr/bin/setpriv", os.X_OK):
        pytest.skip("needs setpriv")
    # The daemon belongs to root, as an installed one does.
    findings = look(jetond, uid=OTHER_UID)
    assert find(findings, "listener", "uid 0 listens", "ok")
    for check in ("links", "lockouts"):
        assert find(findings, check, "only an admin may ask", "unseen")
    assert find(findings, "keys", "only an admin may ask", "unseen")
    assert of(findings, "keys", "ok")
    text = subprocess.run(["setpriv", "--reuid", str(OTHER_UID), "--clear-groups",
                           str(BUILD / "bin/jeton"), "doctor"], text=True, capture_output=True,
                          env={"JETON_SOCKET": str(jetond.socket), "PATH": os.environ["PATH"]},
                          timeout=60)
    assert "root sees more" in text.stdout


# ---- restores ----

@pytest.mark.parametrize("name, verdict, words, advice", [
    ("restore.ready", "broken", "not at its end", "restart jetond"),
    ("restore.new", "warning", "was broken off", "unless one runs"),
    ("before-restore.1", "warning", "is kept", "when all is well")])
def test_what_a_restore_left_is_named(fresh, name, verdict, words, advice):
    jetond = fresh(start=False)
    (jetond.state / "run").mkdir()
    (jetond.state / name).mkdir()
    finding, = of(look(jetond), "restores", "ok", "unseen", "warning", "broken")
    assert finding["verdict"] == verdict and words in finding["found"]
    assert f"/{name}: " in finding["found"] and advice in finding["advice"]


# ---- room ----

@pytest.mark.parametrize("size, verdict, left", [
    ("512k", "broken", "has 0 MiB left"), ("4m", "warning", "has [34] MiB left"),
    ("64m,nr_inodes=1", "broken", "has 0 MiB left"), ("64m", "ok", "has 6[34] MiB left")])
def test_a_disk_that_is_full_is_seen_before_it_is_felt(root, size, verdict, left):
    state = root / "var/lib/jeton"
    state.mkdir(parents=True)
    small_disk = ["unshare", "-m" if is_root() else "-Urm", "sh", "-c",
                  f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"', state]
    finding, = of(run("--root", root, wrapper=small_disk), "room", "ok", "warning", "broken")
    assert finding["verdict"] == verdict
    assert re.fullmatch(f"{re.escape(str(state))} {left}", finding["found"])


# ---- socket, listener, health ----

def test_no_socket_is_broken_and_says_what_to_start(fresh):
    jetond = fresh(start=False)
    (jetond.state / "run").mkdir()
    findings = look(jetond)
    assert find(findings, "socket", "there is no", "broken")[0]["advice"].startswith("start it")
    # The service is the host's own daemon, and this is another.
    assert not [f for f in findings if "systemctl" in (f.get("advice") or "")
                and f["check"] in ("socket", "listener", "pages", "web socket")]
    assert find(findings, "listener", "nobody is there", "broken")
    assert find(findings, "health", "no daemon", "unseen")


def test_a_socket_that_nobody_listens_on_is_broken(fresh):
    jetond = fresh(start=False)
    (jetond.state / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(jetond.socket))
    assert find(look(jetond), "listener", "nobody listens", "broken")


def test_a_file_in_place_of_the_socket_is_broken(fresh):
    jetond = fresh(start=False)
    (jetond.state / "run").mkdir()
    jetond.socket.write_text("")
    assert find(look(jetond), "socket", "is no socket", "broken")


def test_a_daemon_that_hangs_is_broken_within_the_deadline(fresh):
    jetond = fresh(start=False)
    (jetond.state / "run").mkdir()
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(str(jetond.socket))
        jetond.socket.chmod(0o666)
        hung.listen(16)
        began = time.monotonic()
        findings = look(jetond)
        assert time.monotonic() - began < 30
    assert find(findings, "health", "no answer within 3000 ms", "broken")


def test_a_socket_that_not_everybody_reaches_is_a_warning(fresh):
    jetond = fresh()
    jetond.socket.chmod(0o600)
    assert find(look(jetond), "socket", "mode 0600", "warning")


def test_a_folder_that_others_write_in_is_broken(fresh):
    jetond = fresh()
    (jetond.state / "run").chmod(0o777)
    assert find(look(jetond), "socket", "mode 0777", "broken")


def test_a_socket_squatted_by_another_uid_is_broken(fresh):
    if not is_root():
        pytest.skip("needs root to become another uid")
    jetond = fresh(start=False)
    run_dir = jetond.state / "run"
    run_dir.mkdir()
    os.chown(run_dir, OTHER_UID, OTHER_UID)

    def squat():
        squatter = socket.socket(socket.AF_UNIX)
        squatter.bind(str(jetond.socket))
        squatter.listen(16)
        os.set_inheritable(squatter.fileno(), True)
        return subprocess.Popen(["sleep", "60"], close_fds=False, start_new_session=True).pid

    sleeper = in_process_of(OTHER_UID, squat)
    try:
        findings = look(jetond)
    finally:
        os.kill(sleeper, 9)
    assert find(findings, "socket", f"belongs to uid {OTHER_UID}", "broken")
    squatted, = find(findings, "listener", f"uid {OTHER_UID}", "broken")
    assert "do not log in" in squatted["advice"]
    # And it was asked nothing.
    assert find(findings, "health", "no daemon to ask", "unseen")


# ---- pages, keys, clock ----

@pytest.mark.parametrize("page", ["keys", "status"])
@pytest.mark.parametrize("harm, words", [
    ("remove", "is missing"), ("truncate", "another layout"), ("scribble", "another layout"),
    ("open", "not root's alone to write"), ("link", "symbolic link"), ("empty", "holds nothing")])
def test_a_page_that_is_harmed_is_broken(fresh, page, harm, words):
    jetond = fresh()
    jetond.stop()
    path = jetond.state / "run" / page
    if harm == "remove":
        path.unlink()
    elif harm == "truncate":
        os.truncate(path, 4096)
    elif harm == "scribble":
        with open(path, "r+b") as file:
            file.write(b"nonsense")
    elif harm == "empty":
        with open(path, "r+b") as file:
            file.seek(16)
            file.write(b"\0\0\0\0")
    elif harm == "open":
        path.chmod(0o666)
    else:
        path.rename(path.with_name("moved"))
        path.symlink_to(path.with_name("moved"))
    assert find(look(jetond), "pages", words, "broken"), look(jetond)


def test_a_page_without_an_active_key_is_broken(fresh):
    jetond = fresh()
    jetond.stop()
    page = jetond.state / "run/keys"
    data = bytearray(page.read_bytes())
    head, table, kid, size = 64, 264, 44, 584
    for which in (0, 1):
        at = head + which * (table + 16 * size) + table + kid + 4
        data[at:at + 4] = (3).to_bytes(4, "little")
    page.write_bytes(bytes(data))
    assert find(look(jetond), "keys", "no key is active", "broken")


def test_a_clock_that_was_set_back_is_broken(fresh):
    jetond = fresh()
    later = time.time() + 3 * 86400
    os.utime(jetond.state / "run/keys", (later, later))
    assert "set back" in find(look(jetond), "clock", "days from now", "broken")[0]["found"]


def test_a_key_that_has_signed_for_long_is_a_warning(fresh):
    jetond = fresh()
    jetond.stop()
    states = jetond.state / "keys/states"
    text = states.read_text()
    now = int(time.time())
    words = [str(int(word) - 300 * 86400) if word.isdigit() and abs(int(word) - now) < 100000
             else word for word in text.replace("\n", " \n ").split(" ")]
    states.chmod(0o600)
    states.write_text(" ".join(words).replace(" \n ", "\n"))
    states.chmod(0o400)
    assert states.read_text() != text
    jetond.start()
    old, = find(look(jetond), "keys", "has signed for", "warning")
    assert "jeton key rotate" in old["advice"]


# ---- configuration, service, proxy ----

def test_a_setting_that_is_wrong_is_broken_with_file_and_line(fresh):
    jetond = fresh()
    jetond.config_file.write_text("min-uid = 1\nfrobnicate = 2\n")
    wrong, = find(look(jetond), "configuration", "jetond.conf:2", "broken")
    assert "frobnicate" in wrong["found"]


PAM_SOURCES = 'source "database" {{ }}\nsource "pam:local" {{ directory = "{0}" }}\n'
LOCAL = "auth required pam_unix.so\naccount required pam_unix.so\n"


@pytest.fixture
def with_source(fresh):
    """A daemon that asks the database and then the stack of a file."""
    jetond = fresh(start=False)
    stacks = jetond.directory / "pam.d"
    stacks.mkdir(mode=0o755)
    jetond.stack = stacks / "local"
    jetond.stack.write_text(LOCAL)
    jetond.config_file.write_text(PAM_SOURCES.format(stacks))
    jetond.start()
    return jetond


def test_the_sources_of_passwords_are_told_in_their_order(jetond, with_source):
    assert [f["found"] for f in of(look(with_source), "sources", "ok")] == [
        "passwords are asked of the database",
        f"passwords are asked of pam:local: the stack {with_source.stack} is good"]
    assert [f["found"] for f in of(look(jetond), "sources", "ok")] == [
        "passwords are asked of the database"]


@pytest.mark.parametrize("stack, words", [
    (None, "No such file"),
    (LOCAL + "account required pam_jeton.so\n", "it would ask jetond again"),
    ("auth required pam_unix.so\n", "has no line for account"),
    (LOCAL + "@include common-auth\n", "include it by its whole path")])
def test_a_source_that_has_become_bad_is_broken_by_its_files_name(with_source, stack, words):
    if stack is None:
        with_source.stack.unlink()
    else:
        with_source.stack.write_text(stack)
    findings = look(with_source)
    wrong, = of(findings, "configuration", "broken")
    assert words in wrong["found"] and "jetond.conf:2: " in wrong["found"]
    assert of(findings, "sources", "ok") == []
    assert find(findings, "sources", "see configuration", "unseen")


def test_a_source_in_a_folder_that_others_can_swap_is_broken(with_source):
    with_source.directory.chmod(0o777)
    try:
        wrong, = of(look(with_source), "configuration", "broken")
    finally:
        with_source.directory.chmod(0o755)
    assert f"{with_source.directory}, on the way to it: writable by others" in wrong["found"]


# ---- outside issuers ----

DAY = 24 * 3600
ISSUER_SECTION = """issuer "https://issuer.test" {{
    jwks = "{}"
    audience = "app"
    alg = "{}"
    {}
}}
"""
FETCHED = 'jwks-uri = "https://issuer.test/keys"'


def ec_key_set():
    return json.dumps({"keys": [jwk_of(ec.generate_private_key(ec.SECP256R1()), kid="k")]})


@pytest.fixture(scope="module")
def with_issuer():
    """The settings of a daemon that does not run, and the file that they name."""
    jetond = Daemon()
    (jetond.state / "run").mkdir()
    jetond.keys = jetond.directory / "it's-$keys" / "issuer.json"
    jetond.keys.parent.mkdir()
    yield jetond
    jetond.remove()


@pytest.fixture
def issuer(with_issuer):
    """issuer(algorithm, fetched): what doctor finds with a fresh file, changed by `change`."""
    def look_at(change=lambda file: None, algorithm="ES256", more=FETCHED):
        file = with_issuer.keys
        path = str(file).replace("$", "\\$")
        with_issuer.config_file.write_text(ISSUER_SECTION.format(path, algorithm, more))
        file.parent.chmod(0o755)
        file.unlink(missing_ok=True)
        file.write_text(ec_key_set())
        file.chmod(0o644)
        change(file)
        finding, = [f for f in look(with_issuer) if f["check"] == "issuers"]
        return finding

    return look_at


def aged(days):
    def change(file):
        then = time.time() - days * DAY
        os.utime(file, (then, then))
    return change


def linked(file):
    file.rename(file.parent / "other")
    file.symlink_to("other")


def test_no_outside_issuer_is_well(jetond):
    finding, = of(look(jetond), "issuers", "ok")
    assert finding["found"] == "no outside issuer is believed"


@pytest.mark.parametrize("more, days", [(FETCHED, 1), ("", 1), ("", 80)])
def test_keys_of_an_issuer_that_are_there_and_fresh_are_well(issuer, with_issuer, more, days):
    finding = issuer(aged(days), more=more)
    assert finding["verdict"] == "ok"
    assert finding["found"].startswith("the tokens of https://issuer.test are verified with the "
                                       f"keys in {with_issuer.keys}, ")


@pytest.mark.parametrize("change, how, verdict, words, advice", [
    (lambda file: file.unlink(), {}, "warning", "No such file", "enable --now jeton-issuers.timer"),
    (lambda file: file.unlink(), {"more": ""}, "warning", "No such file", "bring the issuer"),
    (aged(3), {}, "warning", "3 days old", "enable --now jeton-issuers.timer"),
    (aged(100), {"more": ""}, "warning", "100 days old", "set jwks-uri"),
    (lambda file: file.chmod(0o664), {}, "warning", "others than its owner can write /", "go-w"),
    (lambda file: file.parent.chmod(0o777), {}, "warning", "can write in the folder of", "go-w"),
    (lambda file: file.chmod(0o640), {}, "warning", "may be unable to read", "chmod 0644"),
    (linked, {}, "broken", "is no regular file", "not by a symlink"),
    (lambda file: file.write_text(" " * 65537), {}, "broken", "of 64 KiB at most", "rename"),
    (lambda file: file.write_text("{}"), {}, "broken", "has no key of ES256: ", "jeton-issuers"),
    (lambda file: None, {"algorithm": "RS256"}, "broken", "has no key of RS256", "jeton-issuers"),
    (lambda file: None, {"algorithm": "RS256", "more": ""}, "broken", "no key of RS256", "set alg"),
])
def test_keys_of_an_issuer_that_are_not_well_are_told(issuer, change, how, verdict, words, advice):
    finding = issuer(change, **how)
    assert finding["verdict"] == verdict and words in finding["found"], finding
    assert advice in finding["advice"]


def test_keys_of_an_issuer_below_root_are_another_hosts(tmp_path):
    (tmp_path / "etc/jeton").mkdir(parents=True)
    (tmp_path / "etc/jeton/jetond.conf").write_text(
        ISSUER_SECTION.format("/srv/issuer.json", "ES256", FETCHED))
    (tmp_path / "srv").mkdir(mode=0o755)
    missing, = of(run("--root", tmp_path), "issuers", "warning")
    assert "/srv/issuer.json: No such file" in missing["found"]
    (tmp_path / "srv/issuer.json").write_text(ec_key_set())
    assert find(run("--root", tmp_path), "issuers", "the keys in /srv/issuer.json, ", "ok")


FRAGMENTS = {
    "frobnicate = 1\n": "pam.conf:1: ",
    'source "pam:gone" { directory = "/nonexistent" }\n': "/nonexistent: No such file",
}


def bare(fresh):
    """A daemon that does not run and has no jetond.conf."""
    jetond = fresh(start=False)
    jetond.config_file.unlink()
    (jetond.state / "run").mkdir()
    return jetond


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_without_jetond_conf_what_stands_in_conf_d_is_read(fresh, fragment):
    jetond = bare(fresh)
    folder = jetond.state / "conf.d"
    folder.mkdir()
    (folder / "pam.conf").write_text(fragment)
    findings = look(jetond)
    wrong, = of(findings, "configuration", "ok", "broken")
    assert wrong["verdict"] == "broken" and FRAGMENTS[fragment] in wrong["found"]
    assert find(findings, "sources", "see configuration", "unseen")
    assert of(findings, "sources", "ok") == []


def test_without_jetond_conf_the_sources_of_conf_d_are_told(with_source):
    (with_source.state / "conf.d").mkdir()
    with_source.config_file.rename(with_source.state / "conf.d/pam.conf")
    findings = look(with_source)
    assert find(findings, "configuration", "with conf.d beside it, are good", "ok")
    assert find(findings, "sources", f"the stack {with_source.stack} is good", "ok")


def test_without_any_settings_the_defaults_are_told(fresh):
    jetond = bare(fresh)
    findings = look(jetond)
    assert find(findings, "configuration", "no /tmp/", "ok")
    assert find(findings, "sources", "asked of the database", "ok")


def test_settings_of_a_folder_that_is_not_there_are_unseen(fresh):
    jetond = bare(fresh)
    (jetond.state / "run").rmdir()
    findings = look(jetond)
    assert find(findings, "configuration", "No such file", "unseen")
    assert of(findings, "sources", "ok") == []


def test_settings_that_an_ordinary_account_may_not_read_are_unseen(fresh):
    if not is_root() or not os.access("/usr/bin/setpriv", os.X_OK):
        pytest.skip("needs root and setpriv to become another uid")
    jetond = bare(fresh)
    (jetond.state / "conf.d").mkdir(mode=0o700)
    findings = look(jetond, uid=OTHER_UID)
    assert find(findings, "configuration", "conf.d: Permission denied", "unseen")
    assert of(findings, "sources", "ok") == []


def on_host(etc):
    """Words before a command that give it another /etc."""
    return ["unshare", "-m" if is_root() else "-Urm", "sh", "-c",
            'mount --bind "$0" /etc && exec "$@"', etc]


@pytest.mark.parametrize("name, text, words", [
    ("jeton/conf.d/pam.conf", "frobnicate = 1\n", "/etc/jeton/conf.d/pam.conf:1: "),
    # A folder in the place of a file: this much jetond sees without its other programs.
    ("security/pwquality.conf/x", "", "/etc/security/pwquality.conf: ")])
def test_on_a_host_without_jetond_conf_the_rest_is_read(tmp_path, name, text, words):
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    findings = run(wrapper=on_host(tmp_path))
    wrong, = of(findings, "configuration", "ok", "broken")
    assert wrong["verdict"] == "broken" and words in wrong["found"]
    assert find(findings, "sources", "see configuration", "unseen")


def program(folder, name, text):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.mark.parametrize("shown, verdict, words", [
    ("LoadState=loaded\nActiveState=active\nNRestarts=0", "ok", "the service runs"),
    ("LoadState=loaded\nActiveState=active\nNRestarts=7", "warning", "after 7 restarts"),
    ("LoadState=loaded\nActiveState=failed\nResult=exit-code", "broken", "failed (exit-code)"),
    ("LoadState=not-found\nActiveState=inactive", "warning", "systemd has no")])
def test_the_last_start_is_as_systemd_tells(tmp_path, shown, verdict, words):
    program(tmp_path, "systemctl", f"cat <<'END'\n{shown}\nEND")
    program(tmp_path, "journalctl", "printf 'the keys folder is not there\\nthe signer ended\\n'")
    finding, = find(run(path=tmp_path), "last start", words, verdict)
    assert ("the keys folder is not there; the signer ended" in finding["found"]) == (
        verdict == "broken")


@pytest.mark.parametrize("invocation, match", [
    ("InvocationID=0f1e", "_SYSTEMD_INVOCATION_ID=0f1e"), ("", "_SYSTEMD_UNIT=jetond.service")])
def test_the_last_errors_are_the_daemons_own_words(tmp_path, invocation, match):
    program(tmp_path, "systemctl", f"printf 'LoadState=loaded\\nActiveState=failed\\n{invocation}\\n'")
    # With -u the last line is systemd's, which says no more than that it failed.
    program(tmp_path, "journalctl", 'case " $* " in *" -u "*) echo no ;; *) echo "asked: $*" ;; esac')
    finding, = find(run(path=tmp_path), "last start", "asked: ", "broken")
    assert match in finding["found"].split()


def test_a_program_that_hangs_holds_nobody_up(tmp_path):
    program(tmp_path, "systemctl", "exec sleep 100")
    began = time.monotonic()
    assert find(run(path=tmp_path), "last start", "systemctl", "unseen")
    assert time.monotonic() - began < 20


@pytest.fixture
def root(tmp_path):
    """The files of another host."""
    for folder in ("etc/pam.d", "usr/lib/pam.d", "etc/nginx/sites-enabled", "etc/jeton"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def test_a_proxy_on_jeton_sock_is_broken(root):
    nginx = root / "etc/nginx"
    (nginx / "nginx.conf").write_text("# proxy_pass http://unix:/run/jeton/jeton.sock;\n")
    (nginx / "sites-available").mkdir()
    (nginx / "sites-available/old").write_text("proxy_pass http://unix:/run/jeton/jeton.sock;\n")
    assert of(run("--root", root), "proxy", "broken") == []
    (nginx / "sites-available/new").write_text(
        "server {\n  location / { proxy_pass http://unix:/run/jeton/jeton.sock; }\n}\n")
    # As the link of an installed host: absolute, and meant within that root.
    (nginx / "sites-enabled/new").symlink_to("/etc/nginx/sites-available/new")
    wrong, = of(run("--root", root), "proxy", "broken")
    assert "sites-enabled/new:2" in wrong["found"] and "web.sock" in wrong["advice"]


def test_the_shipped_example_is_well(root):
    shutil.copytree(TOP / "packaging/nginx", root / "etc/nginx", dirs_exist_ok=True)
    assert find(run("--root", root), "proxy", "no proxy", "ok")


@pytest.mark.parametrize("before", ["a#b", "a #", "a;#"])
def test_a_comment_begins_where_a_word_could(root, before):
    (root / "etc/nginx/nginx.conf").write_text(f"{before} unix:/run/jeton/jeton.sock;\n")
    assert len(of(run("--root", root), "proxy", "broken")) == (before == "a#b")


def test_web_sock_is_asked_whether_it_knows_peers(fresh):
    import grp
    group = grp.getgrgid(os.getegid()).gr_name
    jetond = fresh(config=f'web {{ group = "{group}" }}\n')
    assert find(look(jetond), "web socket", "knows nobody by uid", "ok")
    jetond.web_socket.chmod(0o666)
    assert find(look(jetond), "web socket", "mode 0666", "warning")
    # A proxy that was pointed at the other socket by a link.
    jetond.web_socket.unlink()
    jetond.web_socket.symlink_to(jetond.socket)
    assert find(look(jetond), "web socket", "does not refuse", "broken")


# ---- accounts, links, lockouts ----

def test_a_link_to_an_account_that_is_gone_is_a_warning(fresh):
    jetond = fresh()
    jetond.add_user("ghost", uid=GONE_UID)
    gone, = find(look(jetond), "links", "ghost", "warning")
    assert "user link NAME --remove" in gone["advice"]


def test_more_users_than_one_page_holds_are_all_looked_at(fresh):
    import sqlite3
    jetond = fresh()
    jetond.add_user("model")
    jetond.stop()
    with sqlite3.connect(jetond.state / "db/jeton.db") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(users)")]
        kept = ", ".join(name for name in columns if name not in ("id", "name", "uid"))
        for number in range(1100):
            database.execute(f"INSERT INTO users (name, uid, {kept}) SELECT 'u{number}', "
                             f"{900000 + number}, {kept} FROM users WHERE name = 'model'")
    jetond.start()
    gone, = of(look(jetond), "links", "warning")
    assert "is gone (1100): " in gone["found"]


def test_who_has_to_wait_is_a_warning(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    found = []

    def is_found_waiting():
        jetond.login("alice", "wrong")
        found[:] = of(look(jetond), "lockouts", "warning")
        return found

    wait_until(is_found_waiting, seconds=60)
    waiting, = found
    assert "alice" in waiting["found"] and "unlock" in waiting["advice"]


def test_accounts_without_a_user_are_named_where_pam_uses_jeton(fresh, tmp_path):
    import pwd
    people = [entry.pw_name for entry in pwd.getpwall()
              if 1000 <= entry.pw_uid != 65534
              and Path(entry.pw_shell).name not in ("nologin", "false")]
    jetond = fresh()
    findings = look(jetond)
    if people:
        assert find(findings, "accounts", " not: ")
    else:
        assert find(findings, "accounts", "0, all linked", "ok")


# ---- PAM stacks ----

def service(root, text, name="login"):
    module = root / "lib" / MODULE
    module.parent.mkdir(exist_ok=True)
    module.write_bytes(b"")
    module.chmod(0o644)
    (root / "etc/pam.d" / name).write_text(text.replace("MODULE", f"/lib/{MODULE}"))


def pam(root):
    """What is wrong with the stacks; the owner of the module's file is root's matter."""
    return [finding for finding in of(run("--root", root), "pam", "warning", "broken")
            if is_root() or "belongs to uid" not in finding["found"]]


def test_the_stack_of_the_manual_is_well(root):
    service(root, AUTH + ACCOUNT)
    assert pam(root) == []
    if is_root():
        assert find(run("--root", root), "pam", "by login", "ok")


@pytest.mark.parametrize("text", [
    AUTH + ACCOUNT + SESSION,
    # Behind a substack too there is another module.
    AUTH + ACCOUNT + "session substack others\nsession optional MODULE\n"])
def test_a_stack_with_sessions_is_well(root, text):
    (root / "etc/pam.d/others").write_text("session required pam_unix.so\n")
    service(root, text)
    assert pam(root) == []


def test_no_service_with_the_module_is_well(root):
    service(root, "auth required pam_unix.so\n")
    assert find(run("--root", root), "pam", "no service uses", "ok")


BAD_STACKS = {
    "a wrong password gets in": (
        "broken", "auth [success=done default=ignore] pam_unix.so\n"
        "auth [success=ok authinfo_unavail=die default=ignore] MODULE\n"
        "auth required pam_permit.so\n" + ACCOUNT),
    "a wrong password gets in while the daemon is away": (
        "broken", "auth [success=ok authinfo_unavail=ignore default=die] MODULE\n"
        "auth required pam_permit.so\n" + ACCOUNT),
    "root and accounts that are not jeton's cannot log in": (
        "broken", "auth requisite MODULE\nauth required pam_unix.so\n" + ACCOUNT),
    "local passwords do not get in while the daemon is away": (
        "broken", "auth [success=done user_unknown=ignore default=die] MODULE\n"
        "auth required pam_unix.so\n" + ACCOUNT),
    "a right password of jeton does not get in": (
        "warning", "auth [success=2 default=die] pam_unix.so\nauth [success=1 default=ignore] "
        "MODULE use_first_pass\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
        + ACCOUNT),
    "jeton alone decides": ("warning", "auth required MODULE\n" + ACCOUNT),
    "a user whom jeton has disabled still gets in": (
        "warning", AUTH + "account sufficient pam_unix.so\naccount required MODULE\n"),
    "no account line of pam_jeton": ("warning", AUTH + "account required pam_unix.so\n"),
    "no session line of pam_jeton": (
        "warning", AUTH + ACCOUNT + "session required pam_unix.so\n"),
    "the only session line": ("broken", AUTH + ACCOUNT + "session optional MODULE\n"),
    "asks for another password when jeton's must be changed, and no password line of pam_jeton can "
    "change it": ("warning", AUTH + ASKING),
    "root and accounts that are not jeton's cannot change their password": (
        "broken", AUTH + ACCOUNT + "password requisite MODULE\npassword required pam_unix.so\n"),
    "strict": ("warning", AUTH + "account required pam_unix.so\naccount required MODULE\n"),
}


@pytest.mark.parametrize("words", BAD_STACKS)
def test_a_stack_that_does_harm_is_found(root, words):
    verdict, text = BAD_STACKS[words]
    service(root, text)
    found = [f for f in pam(root) if f["found"].split("): ")[1].startswith((words + ":", words))
             and not f["found"].split("): ")[1].startswith(words + " ")]
    assert [f["verdict"] for f in found] == [verdict], pam(root)
    assert "/etc/pam.d/login:" in found[0]["found"]


@pytest.mark.parametrize("name, text", [("login", PASSWORD_LINES), ("other", PASSWORD_LINES)])
def test_a_stack_that_can_make_the_change_may_ask_for_it(root, name, text):
    """Of a service without lines for passwords libpam takes those of "other"."""
    service(root, AUTH + ASKING)
    assert len(pam(root)) == 1
    with open(root / "etc/pam.d" / name, "a", encoding="utf-8") as file:
        file.write(text.replace("MODULE", f"/lib/{MODULE}"))
    assert pam(root) == []


def test_others_lines_for_passwords_are_not_taken_where_a_service_has_its_own(root):
    service(root, PASSWORD_LINES, "other")
    service(root, AUTH + ASKING + "password required pam_unix.so\n")
    found, = pam(root)
    assert "asks for another password" in found["found"] and "of login)" in found["found"]


def test_an_argument_that_the_password_group_refuses_is_broken(root):
    service(root, AUTH + ACCOUNT + PASSWORD_LINES.replace("try_authtok", "require_role=wheel"))
    wrong, = pam(root)
    assert wrong["verdict"] == "broken" and "can be changed" in wrong["found"]


def test_behind_pam_deny_the_module_is_never_reached(root):
    service(root, "auth sufficient pam_unix.so\nauth requisite pam_deny.so\n"
            "auth sufficient MODULE\n" + ACCOUNT)
    assert [f for f in pam(root) if "does not get in: another module" in f["found"]]


def test_what_many_services_include_is_said_once(root):
    service(root, "auth sufficient MODULE\nauth required pam_permit.so\n" + ACCOUNT, "common-auth")
    for name in ("sshd", "su", "login"):
        service(root, "@include common-auth\n", name)
    once, = [f for f in pam(root) if "a wrong password gets in while" in f["found"]]
    assert "/etc/pam.d/common-auth:1 (auth of " in once["found"]
    assert all(name in once["found"] for name in ("sshd", "su", "login"))


def test_services_of_the_vendor_are_looked_at_unless_replaced(root):
    vendor = root / "usr/lib/pam.d/polkit-1"
    vendor.write_text("auth sufficient pam_jeton.so\nauth required pam_permit.so\n")
    assert any("/usr/lib/pam.d/polkit-1:1" in f["found"] for f in pam(root))
    service(root, "auth required pam_unix.so\n", "polkit-1")
    assert pam(root) == []


@pytest.mark.parametrize("argument", ["tiemout=3s", "timeout=3", "debug debug"])
def test_an_argument_that_the_module_would_refuse_is_broken(root, argument):
    service(root, AUTH.replace("use_first_pass", argument) + ACCOUNT)
    wrong, = pam(root)
    assert wrong["verdict"] == "broken" and argument.split()[0] in wrong["found"]
    assert "/etc/pam.d/login:2" in wrong["found"]


def test_an_argument_that_sessions_refuse_takes_their_token(root):
    service(root, AUTH + ACCOUNT + SESSION.replace("MODULE", "MODULE require_role=wheel"))
    wrong, = pam(root)
    assert wrong["verdict"] == "broken" and "no session gets a token" in wrong["found"]
    service(root, AUTH + ACCOUNT + SESSION.replace("MODULE", "MODULE audience=https://api.example"))
    assert pam(root) == []


def test_a_module_that_is_not_there_is_broken(root):
    service(root, AUTH + ACCOUNT)
    (root / "lib" / MODULE).unlink()
    assert all("No such file" in f["found"] for f in pam(root)) and pam(root)


def test_a_module_that_others_can_write_is_broken(root):
    service(root, AUTH + ACCOUNT)
    (root / "lib" / MODULE).chmod(0o666)
    assert any("mode 0666" in f["found"] for f in run("--root", root) if f["verdict"] == "broken")
    if is_root():
        (root / "lib" / MODULE).chmod(0o644)
        os.chown(root / "lib" / MODULE, OTHER_UID, OTHER_UID)
        assert any(f"uid {OTHER_UID}" in f["found"] for f in pam(root))


@pytest.mark.parametrize("line", ["auth required", "frob required pam_unix.so",
                                  "@include nowhere", "auth [success=1 pam_unix.so"])
def test_a_line_that_libpam_refuses_is_broken(root, line):
    service(root, AUTH + ACCOUNT + line + "\n")
    assert any("/etc/pam.d/login:7" in f["found"] for f in pam(root)), pam(root)


def test_names_and_lines_reach_no_terminal_raw(root):
    service(root, AUTH.replace("use_first_pass", "\x1b[31mred") + ACCOUNT)
    answer = subprocess.run([str(BUILD / "bin/jeton"), "doctor", "--root", str(root)],
                            capture_output=True, text=True, timeout=60)
    assert "\x1b" not in answer.stdout and "\\x1b[31mred" in answer.stdout
    assert find(run("--root", root), "pam", "x1b[31mred", "broken")


def test_one_warning_is_no_plural(root):
    for name, words in (("restore.new", "1 warning,"), ("before-restore.1", "2 warnings,")):
        (root / "var/lib/jeton" / name).mkdir(parents=True)
        answer = subprocess.run([str(BUILD / "bin/jeton"), "doctor", "--root", str(root)],
                                capture_output=True, text=True, timeout=60)
        assert f" {words} " in answer.stdout


def test_below_another_root_no_daemon_is_asked(root):
    findings = run("--root", root)
    for check in ("socket", "listener", "health", "pages", "keys", "clock", "accounts"):
        assert find(findings, check, "nothing runs below", "unseen")
    (root / "etc/jeton/jetond.conf").write_text("frobnicate = 1\n")
    assert find(run("--root", root), "configuration", "jetond.conf:1", "broken")


BELOW = 'source "database" { }\nsource "pam:local" { directory = "/below" }\n'


def test_below_another_root_this_systems_stacks_are_not_judged(root):
    """The mounted host is good: what it names is not on the system that looks."""
    (root / "below").mkdir()
    (root / "below/local").write_text(LOCAL)
    (root / "etc/jeton/jetond.conf").write_text(BELOW + 'password-rules = "/below/rules"\n')
    (root / "below/rules").write_text("minlen = 12\n")
    findings = run("--root", root)
    assert of(findings, "configuration", "broken") == []
    assert find(findings, "configuration", "jetond.conf is good", "ok")
    assert find(findings, "configuration", "not at those below --root", "unseen")
    assert find(findings, "sources", "of the database", "ok")
    assert find(findings, "sources", "pam:local: jetond would look at this system's", "unseen")


def test_below_another_root_no_stack_is_called_good(root):
    """As this system has one of that name, and the mounted host has none."""
    stacks = root / "stacks"
    stacks.mkdir(mode=0o755)
    (stacks / "local").write_text(LOCAL)
    (root / "etc/jeton/jetond.conf").write_text(BELOW.replace("/below", str(stacks)))
    findings = run("--root", root)
    assert find(findings, "sources", "pam:local", "ok") == []
    assert find(findings, "sources", "pam:local", "unseen")


def test_below_another_root_conf_d_is_read_without_jetond_conf(root):
    (root / "etc/jeton/conf.d").mkdir()
    (root / "etc/jeton/conf.d/pam.conf").write_text(BELOW)
    findings = run("--root", root)
    assert find(findings, "configuration", "with conf.d beside it, are good", "ok")
    assert find(findings, "sources", "pam:local", "unseen")
    (root / "etc/jeton/conf.d/pam.conf").write_text("frobnicate = 1\n")
    assert find(run("--root", root), "configuration", "pam.conf:1", "broken")


def test_jetond_serves_nobody_with_the_settings_of_another_host(fresh):
    jetond = fresh(start=False)
    done = subprocess.run([*jetond.command(), "--settings-only"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode != 0 and "--settings-only is for -n and -T" in done.stderr


def test_every_check_is_in_the_manual(jetond):
    page = (Path(__file__).resolve().parents[2] / "client/cli/jeton.1").read_text()
    table = page.partition(".Ss Checks of jeton doctor")[2].partition(".Sh ")[0]
    named = {line.partition(".It Sy ")[2] for line in table.splitlines() if ".It Sy " in line}
    assert named == {finding["check"] for finding in look(jetond)}


def test_the_files_it_looks_at_are_not_touched(root):
    service(root, AUTH + ACCOUNT)
    before = {path: (path.lstat().st_mtime_ns, stat.S_IMODE(path.lstat().st_mode))
              for path in root.rglob("*")}
    run("--root", root)
    assert before == {path: (path.lstat().st_mtime_ns, stat.S_IMODE(path.lstat().st_mode))
                      for path in root.rglob("*")}

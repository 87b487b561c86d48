"""How good a new password must be: one rule for every way to set one, and a reason that helps."""
import json
import os
import signal
import subprocess
import time

import pytest
from harness import BUILD, PASSWORD, Daemon

COMPLAINTS = {
    "short": "x1y2z!a",
    "common": "LetMeIn-please",
    "name": "xx-Frieda-77",
    "long": "p" * 512,
}

SENTENCES = {
    "short": "the password is too short: at least 9 characters",
    "common": "the password is on the list of common passwords",
    "name": "the password contains the user name",
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    blocklist = tmp_path_factory.mktemp("list") / "common-passwords"
    blocklist.write_text("qwertyuiop\nletmein-please\n")
    config = (f'password-min = 9\npassword-blocklist = "{blocklist}"\nregistration = "open"\n')
    with Daemon(config) as daemon:
        daemon.add_user("frieda")
        yield daemon


def by_an_administrator(daemon, password):
    return daemon.request("PATCH", "/users/frieda", peer=True, data={"password": password})


def for_a_new_user(daemon, password):
    return daemon.post("/users", peer=True, data={"username": "frieda-two", "password": password})


def by_registration(daemon, password):
    return daemon.post("/users", data={"username": "frieda-too", "password": password})


def by_oneself(daemon, password):
    return daemon.request("PUT", "/users/me/password", token=daemon.token("frieda"),
                          data={"current_password": PASSWORD, "new_password": password})


WAYS = [by_an_administrator, for_a_new_user, by_registration, by_oneself]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_every_way_to_set_a_password_has_the_same_rules(strict, way, complaint):
    password = COMPLAINTS[complaint]
    if way in (for_a_new_user, by_registration) and complaint == "name":
        password = "xx-Frieda-Two-frieda-too"
    reply = way(strict, password)
    assert reply.status == 400, reply
    assert reply.json()["error"] == "invalid_request"
    if complaint in SENTENCES:
        assert reply.json()["error_description"] == SENTENCES[complaint]
    assert strict.login("frieda").status == 200, "the old one stands"
    for name in ("frieda-two", "frieda-too"):
        assert strict.get(f"/users/{name}", peer=True).status == 404


@pytest.mark.parametrize("new", [PASSWORD, PASSWORD.upper(), PASSWORD[1:] + PASSWORD[0]])
def test_the_old_one_dressed_up_is_not_a_new_one(strict, new):
    reply = by_oneself(strict, new)
    assert reply.status == 400
    assert reply.json()["error_description"] == "the password is too similar to the old one"


def test_who_does_not_know_the_old_one_learns_nothing_of_the_new_one(strict):
    reply = strict.request("PUT", "/users/me/password", token=strict.token("frieda"),
                           data={"current_password": "wrong", "new_password": "short"})
    assert reply.status == 400
    assert reply.json()["error"] == "invalid_grant"
    strict.unlock("frieda")


def test_the_length_counts_characters_not_bytes(strict):
    assert by_an_administrator(strict, "äöüßéèê!").status == 400
    assert by_an_administrator(strict, "äöüßéèê!x").status == 200
    assert by_an_administrator(strict, PASSWORD).status == 200


def test_a_refused_password_is_in_no_log(strict):
    for password in COMPLAINTS.values():
        by_an_administrator(strict, password)
    for password in COMPLAINTS.values():
        assert password not in strict.log()


# ---- the files that the rules come from ----

GOOD = "x9k2m!pquz"  # of 10 characters
LISTED = "letmein-please"


class Rules:
    """A daemon with rules and a list of its own."""

    def __init__(self, folder):
        self.file = folder / "pwquality.conf"
        self.list = folder / "common-passwords"
        self.file.write_text("minlen = 8\n")
        self.list.write_text(LISTED + "\n")
        self.daemon = Daemon(f'password-rules = "{self.file}"\npassword-blocklist = "{self.list}"\n')

    def fragment(self, name, text):
        folder = self.file.with_name("pwquality.conf.d")
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        return folder / name

    def refusal(self):
        """What the daemon says when it does not start."""
        with pytest.raises(RuntimeError):
            self.daemon.start()
        return self.daemon.log()

    def check(self):
        """What jetond -n says: its status, and its words."""
        done = subprocess.run([*self.daemon.command(), "-n"], capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stderr

    def reload(self, words):
        said = self.daemon.log().count(words)
        self.daemon.jetond_process_signal(signal.SIGHUP)
        deadline = time.monotonic() + 30
        while self.daemon.log().count(words) == said:
            assert time.monotonic() < deadline, self.daemon.log()
            time.sleep(0.02)

    def takes(self, password):
        """The verdict on a new password; True when it was set."""
        reply = self.daemon.request("PATCH", "/users/frieda", peer=True, data={"password": password})
        assert reply.status in (200, 400), reply
        return reply.status == 200 or reply.json()["error_description"]

    def takes_in_the_end(self, password, verdict):
        """A worker that was just hashing hears of new rules when it has finished."""
        deadline = time.monotonic() + 30
        while (now := self.takes(password)) != verdict:
            assert time.monotonic() < deadline, now

    def renew_workers(self):
        """Kills all workers, and waits until each has a successor that works."""
        old = self.daemon.children()["worker"]
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while (set(self.daemon.children().get("worker", [])) & set(old)
               or self.daemon.login("frieda").status != 200):
            assert time.monotonic() < deadline, self.daemon.log()
            self.daemon.unlock("frieda")
            time.sleep(0.02)


@pytest.fixture
def rules(tmp_path):
    made = Rules(tmp_path)
    yield made
    made.daemon.remove()


@pytest.fixture
def running(rules):
    rules.daemon.start()
    rules.daemon.add_user("frieda")
    return rules


BAD_LINES = [("minlenn = 12", "minlenn"), ("minlen = many", "minlen"), ("minlen", "minlen")]


@pytest.mark.parametrize("line,name", BAD_LINES)
def test_a_misspelt_rule_is_named_and_the_daemon_does_not_start(rules, line, name):
    rules.file.write_text(f"# the rules\nminclass = 2\n{line}\n")
    words = f"{rules.file}:3: {name}: "
    assert words in rules.refusal()
    status, said = rules.check()
    assert status == 1 and words in said and "mend this line" in said


def test_a_misspelt_rule_in_a_fragment_is_named_there(rules):
    rules.fragment("10-good.conf", "minclass = 2\n\n")
    bad = rules.fragment("20-bad.conf", "# no end of line\nminlenn = 12")
    rules.fragment("ignored", "minlennn = 12\n")
    assert f"{bad}:2: minlenn: " in rules.refusal()
    bad.unlink()
    assert rules.check() == (0, "")


@pytest.mark.parametrize("file", ["file", "list"])
@pytest.mark.parametrize("harm", ["missing", "folder", "fifo", "long"])
def test_rules_that_cannot_be_read_are_told_by_name_at_the_start(rules, file, harm):
    path = getattr(rules, file)
    path.unlink()
    if harm == "folder":
        path.mkdir()
    elif harm == "fifo":
        os.mkfifo(path)
    elif harm == "long":
        path.write_text("# it goes on and on\n" * 250_000)
    assert f"{path}: " in rules.refusal()
    status, said = rules.check()
    assert status == 1 and f"{path}: " in said


def test_the_hosts_own_rules_may_be_missing():
    """Whether they are there or not, these are the default, which starts everywhere."""
    with Daemon() as daemon:
        done = subprocess.run([*daemon.command(), "-T"], capture_output=True, text=True, timeout=60)
        assert 'password-rules = "/etc/security/pwquality.conf"' in done.stdout


def test_new_rules_and_a_new_list_count_after_a_reload(running):
    assert running.takes(GOOD) is True
    assert running.takes(LISTED) == "the password is on the list of common passwords"
    running.file.write_text("minlen = 12\n")
    running.list.write_text("another-good-one\n")
    running.reload("took the new settings")
    running.takes_in_the_end(GOOD, "the password is too short: at least 12 characters")
    running.takes_in_the_end("another-good-one", "the password is on the list of common passwords")
    running.takes_in_the_end(LISTED, True)


def test_a_list_that_is_left_out_counts_no_more_after_a_reload(running):
    running.daemon.config_file.write_text(f'password-rules = "{running.file}"\n')
    running.reload("took the new settings")
    running.takes_in_the_end(LISTED, True)


@pytest.mark.parametrize("file", ["file", "list"])
def test_a_bad_file_in_a_reload_changes_nothing(running, file):
    if file == "file":
        running.file.write_text("minlen = 12\nminlenn = 12\n")
    else:
        running.list.write_text("x" * (4 << 20) + "\n")
    running.daemon.config_file.write_text(running.daemon.config_file.read_text()
                                          + "password-min = 14\n")
    running.reload("kept the old settings: ")
    assert str(getattr(running, file)) in running.daemon.log()
    assert running.takes(GOOD) is True
    assert running.takes(LISTED) == "the password is on the list of common passwords"


def test_a_worker_that_is_started_anew_judges_by_the_same_bytes(running):
    """Whatever has become of the files meanwhile."""
    running.list.write_text("x" * (5 << 20))
    running.file.write_text("minlenn = 30\n")
    running.renew_workers()
    running.list.unlink()
    running.file.unlink()
    running.renew_workers()
    assert running.takes(GOOD) is True
    assert running.takes(LISTED) == "the password is on the list of common passwords"
    assert running.takes("x1y2z!a") == "the password is too short: at least 8 characters"


def test_doctor_names_a_list_that_cannot_be_read(running):
    running.list.unlink()
    findings = json.loads(running.daemon.jeton("doctor", "--json").stdout)
    found = [finding["found"] for finding in findings
             if finding["check"] == "configuration" and finding["verdict"] == "broken"]
    assert len(found) == 1 and f"password-blocklist: {running.list}: " in found[0]


def test_a_check_that_has_said_all_and_does_not_end_is_ended(rules, tmp_path):
    programs = tmp_path / "libexec"
    programs.mkdir()
    for program in (BUILD / "libexec").iterdir():
        (programs / program.name).symlink_to(program)
    (programs / "jetond-worker").unlink()
    (programs / "jetond-worker").write_text("#!/bin/sh\nexec >&- 2>&-\nsleep 300\n")
    (programs / "jetond-worker").chmod(0o755)
    rules.daemon.programs = programs
    status, said = rules.check()
    assert status == 1 and "cannot be checked" in said, said

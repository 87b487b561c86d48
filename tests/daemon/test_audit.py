"""Audit lines: one for each decision, found again by the caller's X-Request-Id, closed to forgery,
and without a secret in them at any level."""
import base64
import ctypes
import json
import os
import pwd
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from harness import PASSWORD, TOP, compose, in_process_of, is_root

OTHER_UID = 4343
needs_root = pytest.mark.skipif(not is_root(), reason="needs root, to be several uids")

WORD = re.compile(r'([a-z_]+)=(?:"([^"]*)"|(\S*))(?: |$)')
HOSTILE = ["x\r\naudit event=forged", "\x1b[2Jx", "a\0b", "\u2028line", "%n%n%s",
           'x" result=granted y="', "back\\slash", "\u0085next", "\u202eevil"]


def words(line):
    """{"event": "login", ...}; AssertionError for what is no line of words."""
    found, place = {}, 0
    while place < len(line):
        match = WORD.match(line, place)
        assert match, f"not key=value at {place}: {line!r}"
        key, quoted, bare = match.groups()
        assert key not in found, f"{key} twice: {line!r}"
        found[key] = bare if quoted is None else quoted
        place = match.end()
    return found


def audit_lines(text):
    """The words of each audit line of a log."""
    return [words(line.split(": audit ", 1)[1]) for line in text.splitlines()
            if ": audit " in line]


def wait_for(jetond, **wanted):
    """The first audit line with these words."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for line in audit_lines(jetond.log()):
            if all(line.get(key) == value for key, value in wanted.items()):
                return line
        time.sleep(0.02)
    raise AssertionError(f"no line with {wanted}:\n{jetond.log()}")


def listed_words():
    manual = (TOP / "daemon" / "parent" / "jetond.8").read_text()
    return set(re.findall(r"^\.It Li (\S+) Pq Ev ", manual, re.MULTILINE))


def token_part(token, part):
    raw = token.split(".")[part]
    return json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))


# --- what is in a line ---

def test_a_login_says_who_what_and_which_token(jetond):
    reply = jetond.login("alice")
    line = wait_for(jetond, request=reply.headers["x-request-id"])
    token = reply.json()["access_token"]
    claims, header = token_part(token, 1), token_part(token, 0)
    assert line["event"] == "login" and line["result"] == "granted"
    assert line["user"] == "alice"
    assert line["jti"] == claims["jti"] and line["kid"] == header["kid"]
    assert (line["peer_uid"], line["peer_gid"]) == (str(os.geteuid()), str(os.getegid()))
    assert line["peer_pid"] == str(os.getpid())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])


def test_the_process_and_the_account_of_a_peer_are_named(jetond):
    """They are looked up when the connection is accepted; a hash later they are known."""
    request = jetond.login("alice").headers["x-request-id"]
    line = wait_for(jetond, request=request)
    assert line["peer_comm"] == Path("/proc/self/comm").read_text().rstrip("\n")
    assert line["peer_user"] == pwd.getpwuid(os.geteuid()).pw_name


@needs_root
def test_a_uid_without_an_account_is_a_number(jetond):
    in_process_of(OTHER_UID, lambda: jetond.login("alice").status)
    request = in_process_of(OTHER_UID, lambda: jetond.login("alice").headers["x-request-id"])
    line = wait_for(jetond, request=request)
    assert line["peer_uid"] == str(OTHER_UID) and "peer_user" not in line
    assert line["class"] == "local"


def test_behind_a_proxy_the_caller_is_an_address_on_every_line_of_his(fresh):
    """One connection of the proxy carries the requests of many."""
    jetond = fresh(f'web {{ group = "{os.getgid()}" }}\n')
    bearer = ("Authorization", "Bearer a.b.c")
    hops = {"192.0.2.1": "192.0.2.1", "203.0.113.9, 192.0.2.2": "192.0.2.2",
            "[2001:DB8::7]:443": "2001:db8::7", "203.0.113.9, \"x uid=0": None,
            "192.0.2.1, 192.0.2.1": "192.0.2.1"}
    with jetond.connect(path=jetond.web_socket) as connection:
        for written, address in [*hops.items(), (None, None)]:
            said = [bearer] + ([("X-Forwarded-For", written)] if written else [])
            connection.send(compose("GET", "/users/me", said))
            reply = connection.reply()
            assert reply.status == 401
            line = wait_for(jetond, request=reply.headers["x-request-id"])
            assert line["peer"] == "proxy" and line["class"] == "web"
            assert line.get("remote") == address, written
            assert "peer_uid" not in line


def test_every_refusal_has_a_line_and_a_reason(jetond):
    for ask, error in (
            (lambda: jetond.login("alice", audience="https://nowhere.example"), "invalid_target"),
            (lambda: jetond.login("alice", scope="no:such"), None),
            (lambda: jetond.get("/users/me", token="a.b.c"), "invalid_token"),
            (lambda: jetond.get("/users/nobody-here", peer=True), "not_found"),
            (lambda: jetond.login("alice", "wrong"), None)):
        reply = ask()
        assert reply.status >= 400
        line = wait_for(jetond, request=reply.headers["x-request-id"])
        assert line["result"] == "refused" and line["reason"]
        assert error is None or line["error"] == error == reply.json()["error"]


def test_a_request_has_one_line_and_an_id_of_its_own(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    replies = [jetond.login("alice", password) for password in (PASSWORD, "wrong") * 3]
    with jetond.connect() as connection:
        for _ in range(3):
            connection.send(compose("GET", "/users/me", [("Authorization", "Bearer a.b.c")]))
            replies.append(connection.reply())
    jetond.settle()
    asked = [reply.headers["x-request-id"] for reply in replies]
    assert len(set(asked)) == len(asked)
    written = [line.get("request") for line in audit_lines(jetond.log())]
    assert [written.count(request) for request in asked] == [1] * len(asked)


def test_what_the_authority_was_not_asked_has_no_id(jetond):
    assert "x-request-id" not in jetond.get("/.well-known/jwks.json").headers
    assert "x-request-id" not in jetond.get("/nowhere").headers


def test_ids_do_not_repeat_after_a_restart(fresh):
    jetond = fresh()
    first = jetond.login("nobody").headers["x-request-id"]
    jetond.stop()
    jetond.start()
    assert jetond.login("nobody").headers["x-request-id"] != first


PEER = {"time", "request", "class", "peer_uid", "peer_gid", "peer_pid"}
TOKEN = {"user", "client", "sid", "jti", "kid"}
NONCE = "A" * 43


def grant(jetond):
    return jetond.login("alice").json()


def refresh(jetond, token):
    return jetond.post("/token", form={"grant_type": "refresh_token", "refresh_token": token})


def replay(jetond):
    first = grant(jetond)["refresh_token"]
    second = refresh(jetond, first).json()["refresh_token"]
    refresh(jetond, second)
    return refresh(jetond, first)


def somebody(jetond):
    jetond.add_user("somebody")
    return jetond


def pam(jetond, phase, **fields):
    return jetond.post(f"/pam/{phase}", peer=True, form={"username": "alice", "uid": os.geteuid(),
                                             "service": "sshd", "nonce": NONCE, **fields})


def rotate(jetond):
    return jetond.post("/keys/rotate", peer=True, data={"now": True})


def drop(jetond):
    kid = rotate(jetond).json()[-1]["kid"]
    return jetond.request("DELETE", f"/keys/{kid}", peer=True)


def change_password(jetond, old):
    token = jetond.token("alice")
    return jetond.request("PUT", "/users/me/password", token=token,
                          data={"current_password": old, "new_password": PASSWORD + "2"})


def host_far_away(jetond):
    return pam(jetond, "auth", password="wrong", rhost="\u00e9" * 127)


# What is decided: how it comes about, the event, the result, and the words beside those of the peer.
EVENTS = [
    (lambda d: d.login("alice"), "login", "granted", TOKEN | {"peer_comm", "peer_user"}),
    (lambda d: d.login("alice", "wrong"), "login", "refused", {"user", "client", "reason"}),
    (lambda d: d.login("nobody-here"), "login", "refused", {"user", "client", "reason"}),
    (lambda d: refresh(d, "x"), "refresh", "refused", {"client", "reason"}),
    (lambda d: refresh(d, grant(d)["refresh_token"]), "refresh", "granted", TOKEN),
    (replay, "refresh", "refused", {"user", "client", "sid", "reason"}),
    (lambda d: d.post("/revoke", form={"token": grant(d)["access_token"]}), "revoke", "done",
     {"user", "jti", "sid", "client"}),
    (lambda d: d.post("/revoke", form={"token": grant(d)["refresh_token"]}), "revoke", "done",
     {"user", "sid", "client"}),
    (lambda d: d.post("/revocations", peer=True, data={"user": "alice"}), "revocation", "done",
     {"user"}),
    (lambda d: d.post("/revocations", peer=True, data={"all": True}), "revocation", "done", set()),
    (lambda d: d.post("/users", peer=True, data={"username": "added", "password": PASSWORD}),
     "user-add", "done", {"user"}),
    (lambda d: d.post("/users", peer=True, data={"username": "alice", "password": PASSWORD}),
     "user-add", "refused", {"reason", "error"}),
    (lambda d: d.request("PATCH", "/users/alice", peer=True, data={"full_name": "Alice"}),
     "user-change", "done", {"user"}),
    (lambda d: somebody(d).request("DELETE", "/users/somebody", peer=True), "user-remove", "done",
     {"user"}),
    (lambda d: change_password(d, PASSWORD), "user-change", "done", {"user"}),
    (lambda d: change_password(d, "wrong"), "password-change", "refused", {"user", "reason"}),
    (lambda d: pam(d, "auth", password="wrong"), "pam-auth", "refused", {"user", "service", "reason", "jti", "kid"}),
    (lambda d: pam(d, "account"), "pam-account", "refused", {"user", "service", "reason", "jti", "kid"}),
    (host_far_away, "pam-auth", "refused", {"user", "service", "reason", "rhost", "jti", "kid"}),
    (rotate, "key-rotate", "done", set()),
    (drop, "key-drop", "done", {"kid"}),
    (lambda d: d.get("/users/me", token="a.b.c"), "me", "refused", {"reason", "error"}),
    (lambda d: d.get("/users/nobody-here", peer=True), "user-show", "refused", {"reason", "error"}),
    (lambda d: d.get("/users", token="a.b.c"), "user-list", "refused", {"reason", "error"}),
]


@pytest.mark.parametrize("ask, event, result, wanted", EVENTS,
                         ids=[f"{number} {row[1]} {row[2]}" for number, row in enumerate(EVENTS)])
def test_every_decision_is_one_line_with_its_words(fresh, ask, event, result, wanted):
    jetond = fresh()
    jetond.add_user("alice")
    reply = ask(jetond)
    line = wait_for(jetond, request=reply.headers["x-request-id"])
    assert (line["event"], line["result"]) == (event, result), reply
    assert not (PEER | wanted) - set(line), line


def key_events(jetond):
    return {(line["event"], line["kid"], line["alg"], line["reason"])
            for line in audit_lines(jetond.log()) if line["event"].startswith("key-") and
            "request" not in line}


def test_each_key_that_changes_has_a_line_whoever_changed_it(fresh):
    jetond = fresh("key-prepare = 1s\n")
    first = jetond.get("/keys", peer=True).json()[0]["kid"]
    jetond.post("/keys/rotate", peer=True, data={})
    wait_for(jetond, event="key-prepared", result="done", reason="asked", alg="ES256")
    second = wait_for(jetond, event="key-active", reason="due", kid=wait_for(
        jetond, event="key-prepared")["kid"])["kid"]
    wait_for(jetond, event="key-retired", reason="due", kid=first)
    jetond.request("DELETE", f"/keys/{second}", peer=True)
    wait_for(jetond, event="key-dropped", reason="asked", kid=second)
    assert len(key_events(jetond)) == 6  # and the active ones of the start and of the end
    # Who asked, in a line beside them.
    assert wait_for(jetond, event="key-rotate")["peer_uid"] == str(os.geteuid())
    assert wait_for(jetond, event="key-drop", kid=second)["request"]


def test_a_key_that_could_not_be_kept_is_not_said_to_have_changed(fresh):
    jetond = fresh()
    before, said = key_events(jetond), jetond.log().count(" is active")
    (jetond.state / "keys" / ".new-states").mkdir()
    assert jetond.post("/keys/rotate", peer=True, data={"now": True}).status == 500
    assert wait_for(jetond, event="key-rotate", result="refused")
    assert key_events(jetond) == before
    assert jetond.log().count(" is active") == said


# --- forgery and secrets ---

@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_from_outside_cannot_forge_a_line(jetond, name):
    before = len(audit_lines(jetond.log()))
    reply = jetond.login(name, "wrong")
    assert reply.status == 400
    if "x-request-id" in reply.headers:
        line = wait_for(jetond, request=reply.headers["x-request-id"])
        assert line["event"] == "login" and line["result"] == "refused"
        assert len(audit_lines(jetond.log())) == before + 1
    log = jetond.log_file.read_bytes()
    assert all(byte == 0x0a or 0x20 <= byte < 0x7f for byte in log)
    assert b"event=forged" not in b"".join(line for line in log.splitlines()
                                            if b'user="' not in line)


def test_a_process_may_call_itself_anything(jetond):
    """comm is whatever the process made it: a quote, a newline."""
    libc = ctypes.CDLL(None)
    kept = Path("/proc/self/comm").read_bytes().rstrip(b"\n")
    try:
        libc.prctl(15, b'x"\nevent=f', 0, 0, 0)
        request = jetond.login("alice", "wrong").headers["x-request-id"]
    finally:
        libc.prctl(15, kept, 0, 0, 0)
    assert wait_for(jetond, request=request)["peer_comm"] == r"x\x22\x0aevent=f"


def test_no_secret_is_in_the_log_of_a_whole_run_at_debug_level(fresh):
    jetond = fresh('log-level = "debug"\n')
    secrets = [PASSWORD, "a second password, longer", "the wrong password", "a new password now"]
    jetond.add_user("alice")
    jetond.add_user("bob", secrets[1], roles=["operator", "admin"])
    tokens = [jetond.token("alice"), jetond.token("bob", secrets[1], scope="jeton:admin")]
    jetond.login("alice", secrets[2])
    jetond.login(secrets[0], secrets[2])  # a password typed as the name is the caller's own doing
    for path in ("/users/me", "/users", "/users/alice"):
        for token in tokens:
            jetond.get(path, token=token)
            jetond.get(path, token=token[:-4] + "AAAA")
    jetond.request("PUT", "/users/me/password", token=tokens[0],
                   data={"old_password": PASSWORD, "new_password": secrets[3]})
    jetond.post("/introspect", form={"token": tokens[0]})
    jetond.post("/introspect", form={"token": tokens[0] + "x"})
    jetond.post("/revoke", form={"token": tokens[1]})
    jetond.get("/users/me?access_token=" + tokens[0])
    jetond.post("/token", body=b"grant_type=password&password=" + secrets[1].encode())
    jetond.stop()
    log = jetond.log()
    for secret in secrets[1:]:
        assert secret not in log and secret.replace(" ", "+") not in log
    for token in tokens:
        assert all(part not in log for part in token.split(".")[1:])
    assert not re.search(r"\$(y|2[aby]|5|6|7|argon2id|pbkdf2)[^ ]*\$", log)
    assert all(line.count(PASSWORD) == line.count(f'user="{PASSWORD}"')
               for line in log.splitlines())


def test_every_word_of_every_line_is_in_the_manual_or_free_of_meaning(jetond):
    """What has a row there is a journal field; `time` and details of one event are text alone."""
    jetond.login("alice")
    seen = set().union(*audit_lines(jetond.log()))
    assert {"event", "result", "user", "request", "class", "peer_uid", "jti", "kid"} <= seen
    assert {"event", "result", "user", "request", "class", "peer_uid", "jti", "kid"} <= \
        listed_words()


# --- floods ---

def test_a_flood_of_refusals_is_cut_short_and_counted(fresh):
    jetond = fresh()
    count = 700
    with jetond.connect() as connection:
        for _ in range(count):
            connection.send(compose("GET", "/users/me", [("Authorization", "Bearer a.b.c")]))
            assert connection.reply().status == 401
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        lines = audit_lines(jetond.log())
        written = [line for line in lines if line["event"] == "me"]
        counted = sum(int(line.get("suppressed", 0)) for line in lines)
        if len(written) + counted == count:
            break
        time.sleep(0.2)
    assert len(written) + counted == count
    assert 100 <= len(written) < 200
    assert any(line["event"] == "suppressed" for line in lines)


def test_in_a_flood_what_is_granted_is_written(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    for _ in range(150):
        jetond.get("/users/me", token="a.b.c")
    reply = jetond.login("alice")
    assert wait_for(jetond, request=reply.headers["x-request-id"])["result"] == "granted"


# --- where the lines go ---

def of_requests(lines):
    """Without those of keys, which change by themselves."""
    return [line for line in lines if "request" in line]


def lines_of(path):
    return of_requests(map(words, path.read_text().splitlines()))


def test_with_an_audit_file_the_lines_are_there_and_only_there(fresh, tmp_path):
    path = tmp_path / "audit.log"
    jetond = fresh(f'audit-file = "{path}"\n')
    jetond.add_user("alice")
    request = jetond.login("alice").headers["x-request-id"]
    assert [line for line in lines_of(path) if line["request"] == request]
    assert path.stat().st_mode & 0o777 == 0o640
    assert audit_lines(jetond.log()) == []


def test_the_audit_file_may_be_moved_away(fresh, tmp_path):
    path, moved = tmp_path / "audit.log", tmp_path / "audit.log.1"
    jetond = fresh(f'audit-file = "{path}"\n')
    before = jetond.login("nobody").headers["x-request-id"]
    path.rename(moved)
    jetond.jetond_process_signal(signal.SIGHUP)
    jetond.wait_for_log("the new settings are in force")
    after = jetond.login("nobody").headers["x-request-id"]
    assert [line["request"] for line in lines_of(moved)] == [before]
    assert [line["request"] for line in lines_of(path)] == [after]


def test_an_audit_file_that_cannot_be_opened_anew_is_kept(fresh, tmp_path):
    path, moved = tmp_path / "audit.log", tmp_path / "audit.log.1"
    jetond = fresh(f'audit-file = "{path}"\n')
    path.rename(moved)
    path.mkdir()
    jetond.jetond_process_signal(signal.SIGHUP)
    jetond.wait_for_log("the new settings are in force")
    request = jetond.login("nobody").headers["x-request-id"]
    assert [line["request"] for line in lines_of(moved)] == [request]


@pytest.mark.parametrize("made", ["symlink", "hard link", "writable", "fifo", "directory"])
def test_an_audit_file_that_is_not_ours_alone_is_refused(fresh, tmp_path, made):
    path, other = tmp_path / "audit.log", tmp_path / "other"
    other.write_text("")
    if made == "symlink":
        path.symlink_to(other)
    elif made == "hard link":
        path.hardlink_to(other)
    elif made == "writable":
        path.write_text("")
        path.chmod(0o662)
    elif made == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    jetond = fresh(f'audit-file = "{path}"\n', start=False)
    jetond.spawn()
    assert jetond.process.wait(10) != 0
    assert "audit lines cannot go to" in jetond.log()


@needs_root
def test_on_a_full_disk_the_log_has_the_lines(fresh, tmp_path):
    """A disk of one page, seen by this jetond alone."""
    path = tmp_path / "audit.log"
    jetond = fresh(f'audit-file = "{path}"\n', wrapper=(
        "unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=4096 full "$0" && "$@"',
        str(tmp_path)))
    asked = {jetond.get("/users/me", token="a.b.c").headers["x-request-id"] for _ in range(40)}
    jetond.wait_for_log("the audit file takes no line")
    seen = Path(f"/proc/{jetond.jetond_pid()}/root{path}")
    whole = {line["request"] for line in
             of_requests(map(words, seen.read_text().splitlines()[:-1]))}
    logged = {line["request"] for line in of_requests(audit_lines(jetond.log()))}
    assert whole and logged and asked == whole | logged


@needs_root
def test_under_systemd_the_journal_has_the_fields(fresh, tmp_path):
    """A journald of our own, seen by this jetond alone."""
    directory = tmp_path / "journal"
    directory.mkdir()
    received = []
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(str(directory / "socket"))
    journal.settimeout(0.2)
    done = threading.Event()

    def listen():
        while True:
            try:
                received.append(journal.recv(65536))
            except TimeoutError:
                if done.is_set():
                    return

    thread = threading.Thread(target=listen)
    thread.start()
    script = ('set -e; mkdir -p /run/systemd/journal; mount --bind "$1" /run/systemd/journal; '
              'shift; JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); export JOURNAL_STREAM; '
              '"$@"')
    try:
        jetond = fresh(wrapper=("unshare", "-m", "sh", "-c", script, "sh", str(directory)))
        jetond.add_user("alice")
        reply = jetond.login("alice")
        jetond.stop()
    finally:
        done.set()
        thread.join()
        journal.close()
    entries = [dict(field.split("=", 1) for field in entry.decode().splitlines())
               for entry in received]
    (entry,) = [entry for entry in entries
                if entry.get("JETON_REQUEST") == reply.headers["x-request-id"]]
    said = words(entry["MESSAGE"])
    assert entry["JETON_EVENT"] == "login" and entry["JETON_RESULT"] == "granted"
    assert entry["JETON_USER"] == "alice" and entry["JETON_PEER_UID"] == str(os.geteuid())
    assert entry["SYSLOG_IDENTIFIER"] == "jetond-audit" and entry["PRIORITY"] == "5"
    assert {key: value for key, value in said.items() if key in listed_words()} == \
        {key.removeprefix("JETON_").lower(): value for key, value in entry.items()
         if key.startswith("JETON_")}
    assert "audit event=" not in jetond.log()


NAMED = {"jti": "A" * 22, "sid": "B" * 21 + "A", "client_id": 'x" result=granted', "user": "alice"}


@pytest.mark.parametrize("kind", NAMED)
def test_what_an_administrator_revokes_is_in_the_word_of_its_kind(fresh, kind):
    jetond = fresh()
    jetond.add_user("alice")
    reply = jetond.post("/revocations", peer=True, data={kind: NAMED[kind]})
    assert reply.status == 204
    line = wait_for(jetond, request=reply.headers["x-request-id"])
    word = "client" if kind == "client_id" else kind
    assert line["result"] == "done"
    assert set(line) & {"user", "client", "sid", "jti"} == {word}
    assert line[word] == NAMED[kind].replace('"', "\\x22")


@pytest.mark.parametrize("form", [
    {"grant_type": "client_credentials", "client_secret": "x"},
    {"grant_type": "refresh_token", "refresh_token": "x"},
    {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "a.b.c",
     "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}])
def test_a_refusal_says_which_client_was_named(jetond, form):
    reply = jetond.post("/token", form={**form, "client_id": "stranger"})
    assert reply.status in (400, 401)
    line = wait_for(jetond, request=reply.headers["x-request-id"])
    assert (line["result"], line["client"]) == ("refused", "stranger")
    assert "stranger" not in line.get("user", "")


def test_a_session_that_gives_way_to_a_new_one_is_a_line(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    first = jetond.login("alice").json()
    for _ in range(63):
        jetond.token("alice")
    assert "session-end" not in jetond.log()
    last = jetond.login("alice")
    line = wait_for(jetond, event="session-end")
    assert line["sid"] == token_part(first["access_token"], 1)["sid"]
    assert (line["result"], line["reason"], line["user"]) == ("done", "limit", "alice")
    assert line["request"] == last.headers["x-request-id"]
    assert not {"jti", "kid"} & set(line), "the new one's token"
    assert refresh(jetond, first["refresh_token"]).status == 400
    assert jetond.get("/users/me", token=first["access_token"]).status == 200, "as documented"

"""PAM as a source of passwords: real modules of Linux-PAM, in stacks of a private folder, about
accounts of a private /etc/passwd (in a mount namespace of the daemon alone, so no root is needed).

The stacks' password is checked by a script behind pam_exec(8), which also notes who it was asked
about."""
import contextlib
import os
import shutil
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from harness import BUILD, PASSWORD, Daemon, is_root

SECRET = "of the local account"
ACCOUNTS = {"root": 0, "oldie": 400, "wanda": 4801, "carl": 4802, "dora": 4803, "www-data": 4804}
CHECK = "auth required pam_exec.so quiet expose_authtok {0}/check\n"
FINE = "account required pam_permit.so\n"
OUTDATED = "$6$" + "a" * 16 + "$" + "b" * 86


class PamDaemon(Daemon):
    """A daemon with the source pam:local after the database, unless `sources` says otherwise."""

    def __init__(self, stack=CHECK + FINE, sources='source "database" {{ }}\n{pam}', settings="",
                 config="", script='[ "$(tr -d "\\0")" = "' + SECRET + '" ]\n'):
        super().__init__()
        self.stacks = self.directory / "pam.d"
        self.stacks.mkdir(0o755)
        self.asked_file = self.directory / "asked"
        check = self.directory / "check"
        check.write_text(f'#!/bin/sh\necho "$PAM_USER" >>{self.asked_file}\n{script}')
        check.chmod(0o755)
        self.passwd = self.directory / "passwd"
        self.passwd.write_text("".join(f"{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n"
                                       for name, uid in ACCOUNTS.items()))
        self.put_stack(stack)
        pam = f'source "pam:local" {{\n directory = "{self.stacks}"\n{settings}\n}}\n'
        self.config_file.write_text(config + sources.format(pam=pam))

    def put_stack(self, stack, name="local"):
        (self.stacks / name).write_text(stack.format(self.directory))

    def command(self):
        return ["unshare", "-m" if is_root() else "-Urm", "sh", "-c",
                f'mount --bind {self.passwd} /etc/passwd && exec "$@"', "sh", *super().command()]

    def start(self):
        super().start()
        self.wait_for_log("ready: issuer")

    def asked(self):
        return self.asked_file.read_text().split() if self.asked_file.exists() else []

    def workers(self):
        return self.children().get("pam", [])

    def try_login(self, name, password=SECRET):
        """Without the waits that the attempts before have earned."""
        self.unlock()
        self.post(f"/users/{name}/unlock", peer=True)
        return self.login(name, password)


@pytest.fixture
def pam():
    """Makes such daemons, with wanda linked to her account under another name."""
    daemons = []

    def make(start=True, **how):
        daemon = PamDaemon(**how)
        daemons.append(daemon)
        if start:
            daemon.start()
            daemon.add_user("wilma", uid=ACCOUNTS["wanda"], allow_account_name=True)
        return daemon

    yield make
    for daemon in daemons:
        daemon.remove()


def claims(daemon, reply):
    assert reply.status == 200, (reply, daemon.log())
    answer = daemon.post("/introspect", form={"token": reply.json()["access_token"]}).json()
    assert answer["active"]
    return answer


def refused(reply):
    assert reply.status == 400, reply
    assert reply.json() == {"error": "invalid_grant",
                            "error_description": "wrong user name or password"}


def wait_until(holds, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def processes_with(word):
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(entry.name)
        except OSError:
            pass
    return found


# --- whose password it is ---

def test_the_password_of_an_account_gives_a_token_of_the_user_who_is_linked_to_it(pam):
    daemon = pam()
    token = claims(daemon, daemon.login("wanda", SECRET))
    assert token["username"] == "wilma" and token["uid"] == ACCOUNTS["wanda"]
    wilma = daemon.get("/users/wilma", peer=True).json()
    assert token["sub"] == str(wilma["id"])
    line = daemon.wait_for_log("event=login result=granted")
    assert "source=pam:local" in line and SECRET not in daemon.log()
    assert daemon.asked() == ["wanda"]


def test_such_a_token_says_how_it_was_proved_and_can_be_refreshed(pam):
    daemon = pam()
    daemon.request("PATCH", "/users/wilma", peer=True, data={"roles": ["admin"]})
    login = daemon.login("wanda", SECRET, scope="jeton:admin").json()
    assert daemon.get("/users", token=login["access_token"]).status == 200  # which asks for amr pwd
    again = daemon.post("/token", form={"grant_type": "refresh_token",
                                        "refresh_token": login["refresh_token"]})
    assert again.status == 200
    assert daemon.asked() == ["wanda"]


def test_a_wrong_password_is_the_same_answer_as_in_the_database(pam):
    daemon = pam()
    for name in ("wanda", "wilma", "carl", "nobody-of-that-name", "oldie", "root", "x" * 300):
        refused(daemon.try_login(name, "wrong"))
    refused(daemon.try_login("wanda", ""))
    refused(daemon.try_login("wanda", SECRET + "\0"))


def test_each_source_lets_in_by_itself_in_the_order_of_the_configuration(pam):
    daemon = pam()
    assert claims(daemon, daemon.login("wilma", PASSWORD))["username"] == "wilma"
    assert daemon.asked() == []  # the database said yes
    refused(daemon.try_login("wanda", PASSWORD))
    refused(daemon.try_login("wilma", SECRET))  # no account has that name
    first = pam(sources="{pam}source \"database\" {{ }}\n")
    assert claims(first, first.login("wilma", PASSWORD))["username"] == "wilma"
    assert first.asked() == ["wilma"]
    only = pam(sources="{pam}")
    refused(only.try_login("wilma", PASSWORD))
    assert claims(only, only.try_login("wanda", SECRET))["username"] == "wilma"


def test_an_account_that_nobody_is_linked_to_is_refused(pam):
    daemon = pam()
    refused(daemon.login("carl", SECRET))
    assert "why=unlinked" in daemon.wait_for_log('user="carl"')
    assert daemon.get("/users/carl", peer=True).status == 404


def test_a_person_with_the_name_of_an_account_is_not_that_account(pam):
    daemon = pam(settings="create = true")
    carl = daemon.add_user("carl", allow_account_name=True)
    refused(daemon.login("carl", SECRET))
    assert "why=name-taken" in daemon.wait_for_log("event=login result=refused")
    assert daemon.get("/users/carl", peer=True).json()["uid"] == carl["uid"] is None


def test_with_create_an_account_becomes_a_user_without_rights_or_password(pam):
    daemon = pam(settings="create = true")
    token = claims(daemon, daemon.login("carl", SECRET))
    assert token["username"] == "carl" and token["uid"] == ACCOUNTS["carl"]
    carl = daemon.get("/users/carl", peer=True).json()
    assert carl["roles"] == [] and str(carl["id"]) == token["sub"]
    assert daemon.stored_hash("carl") is None
    assert claims(daemon, daemon.login("carl", SECRET))["sub"] == token["sub"]
    refused(daemon.login("carl", ""))
    assert "source=pam:local" in daemon.wait_for_log("event=user-add result=done user=\"carl\"")


def test_create_makes_nobody_with_a_reserved_name(pam):
    daemon = pam(settings="create = true")
    refused(daemon.login("www-data", SECRET))
    assert "why=reserved-name" in daemon.wait_for_log("event=login result=refused")


def test_below_min_uid_nobody_is_asked_about(pam):
    daemon = pam()
    for name in ("oldie", "root"):
        refused(daemon.login(name, SECRET))
    assert daemon.asked() == ["?", "?"]  # the stack takes its time, and counts nothing for them
    lower = pam(config="min-uid = 100\n", settings="min-uid = 4802")
    refused(lower.login("wanda", SECRET))
    assert lower.asked() == ["?"]


def test_a_disabled_user_is_refused_whatever_pam_says(pam):
    daemon = pam()
    daemon.request("PATCH", "/users/wilma", peer=True, data={"disabled": True})
    refused(daemon.login("wanda", SECRET))
    assert "why=disabled" in daemon.wait_for_log("event=login result=refused")
    daemon.request("PATCH", "/users/wilma", peer=True, data={"disabled": False})
    assert daemon.try_login("wanda", SECRET).status == 200


def test_an_outdated_hash_of_the_database_is_not_replaced_by_a_password_of_pam(pam):
    daemon = pam()
    daemon.store_hash("wilma", OUTDATED)
    assert daemon.login("wanda", SECRET).status == 200
    daemon.settle()
    assert daemon.stored_hash("wilma") == OUTDATED


@pytest.mark.parametrize("sources", ['source "database" {{ }}\n{pam}',
                                     '{pam}source "database" {{ }}\n', "{pam}"])
def test_whom_pam_has_proved_need_not_change_the_password_of_the_database(pam, sources):
    daemon = pam(sources=sources)
    daemon.request("PATCH", "/users/wilma", peer=True, data={"must_change_password": True})
    assert claims(daemon, daemon.login("wanda", SECRET))["username"] == "wilma"


def test_what_the_database_has_proved_is_to_be_changed_though_pam_is_a_source_too(pam):
    daemon = pam()
    daemon.request("PATCH", "/users/wilma", peer=True, data={"must_change_password": True})
    reply = daemon.login("wilma", PASSWORD)
    assert reply.status == 400 and "must be changed" in reply.json()["error_description"]


def test_nor_does_its_age_count_for_whom_pam_has_proved(pam):
    daemon = pam(config='password-max-age = "30d"\n')
    daemon.stop()
    with contextlib.closing(sqlite3.connect(daemon.state / "db" / "jeton.db")) as rows, rows:
        rows.execute("UPDATE users SET password_changed_at = password_changed_at - 31 * 86400")
    daemon.start()
    assert daemon.login("wanda", SECRET).status == 200
    assert "must be changed" in daemon.login("wilma", PASSWORD).json()["error_description"]


# --- what a stack may say ---

@pytest.mark.parametrize("code", ["acct_expired", "new_authtok_reqd", "perm_denied", "user_unknown",
                                  "auth_err", "maxtries"])
def test_the_account_phase_decides_too_and_is_not_told_from_a_wrong_password(pam, code):
    daemon = pam(stack=CHECK + f"account required pam_debug.so acct={code}\n")
    refused(daemon.login("wanda", SECRET))
    assert "source=pam:local pam=" in daemon.wait_for_log("event=login result=refused")
    assert daemon.asked() == ["wanda"]


@pytest.mark.parametrize("stack", ["auth required pam_permit.so\n", "auth required pam_debug.so\n",
                                   "auth sufficient pam_permit.so\n" + CHECK])
def test_a_stack_that_does_not_ask_for_the_password_proves_nothing(pam, stack):
    daemon = pam(stack=stack + FINE)
    refused(daemon.login("wanda", SECRET))
    refused(daemon.try_login("wanda", "wrong"))


def test_a_stack_that_denies_denies(pam):
    refused(pam(stack=CHECK + "auth required pam_deny.so\n" + FINE).login("wanda", SECRET))


@pytest.mark.parametrize("stack", ["auth required pam_debug.so auth=authinfo_unavail\n",
                                   "auth required pam_no_such_module.so\n"])
def test_a_stack_that_cannot_tell_is_a_503(pam, stack):
    daemon = pam(stack=stack + FINE)
    reply = daemon.login("wanda", SECRET)
    assert reply.status == 503 and reply.json()["error"] == "temporarily_unavailable"
    assert daemon.try_login("wilma", PASSWORD).status == 200


def test_what_breaks_behind_the_database_gives_no_free_guesses(pam):
    daemon = pam(stack="auth required pam_debug.so auth=authinfo_unavail\n" + FINE)
    statuses = [daemon.login("wilma", "a guess").status for _ in range(3)]
    assert statuses[0] == 503 and 400 in statuses
    assert "reason=throttled" in daemon.wait_for_log("event=login result=refused")


def test_guesses_are_slowed_and_then_nobody_is_asked(pam):
    daemon = pam()
    for _ in range(6):
        refused(daemon.login("wanda", "a guess"))
    assert 1 <= len(daemon.asked()) <= 2
    daemon.wait_for_log("reason=throttled")


def test_after_a_wrong_password_the_right_one_waits_too(pam):
    """For a second, in which a busy machine may not get to ask: once in so many tries it does."""
    daemon = pam()

    def waits():
        refused(daemon.login("wanda", "a guess"))
        return daemon.login("wanda", SECRET).status == 400

    assert any(waits() for _ in range(10))


def test_an_administrator_unlocks_an_account_by_its_name(pam):
    daemon = pam()
    for _ in range(3):
        refused(daemon.login("wanda", "a guess"))
    refused(daemon.login("wanda", SECRET))
    assert daemon.jeton("user", "unlock", "wanda").returncode == 0
    assert daemon.login("wanda", SECRET).status == 200
    assert daemon.post("/users/carl/unlock", peer=True).status == 404


def test_a_no_leaves_on_the_grid(pam):
    daemon = pam()
    for name in ("wanda", "carl", "nobody-of-that-name", "oldie"):
        began = time.monotonic()
        refused(daemon.try_login(name, "wrong"))
        assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("stack", [
    "@include {0}/pam.d/shared\n",
    "auth include {0}/pam.d/shared\naccount include {0}/pam.d/shared\n",
    "auth substack {0}/pam.d/shared\naccount substack {0}/pam.d/shared\n"])
def test_what_a_stack_includes_is_what_was_looked_at_at_the_start(pam, stack):
    daemon = pam(start=False, stack=stack)
    daemon.put_stack(CHECK + FINE, "shared")
    daemon.start()
    daemon.add_user("wilma", uid=ACCOUNTS["wanda"], allow_account_name=True)
    assert daemon.login("wanda", SECRET).status == 200
    refused(daemon.try_login("wanda", "wrong"))


# --- a worker that takes long, or ends otherwise ---

def test_a_hanging_module_is_killed_at_its_deadline_with_what_it_started(pam):
    daemon = pam(settings="timeout = 1s", script="exec sleep 47110815\n")
    began = time.monotonic()
    assert daemon.login("wanda", SECRET).status == 503
    assert 0.9 < time.monotonic() - began < 15
    daemon.wait_for_log("has asked pam:local for 1 s: killed")
    wait_until(lambda: not processes_with(b"47110815"), "sleep(1) is gone")
    wait_until(lambda: not daemon.workers(), "the worker is gone")
    assert daemon.try_login("wilma", PASSWORD).status == 200


def test_what_a_module_leaves_behind_is_killed(pam):
    daemon = pam(script="setsid sh -c 'setsid sleep 47110816 & sleep 47110816' "
                        "</dev/null >/dev/null 2>&1 &\n")
    assert daemon.login("wanda", SECRET).status == 200
    wait_until(lambda: not processes_with(b"47110816"), "sleep(1) is gone")
    assert daemon.login("wanda", SECRET).status == 200


@pytest.mark.parametrize("process", ["authority", "jetond"])
def test_what_a_module_has_started_ends_with_the_daemon_or_its_restart(pam, process):
    """Even what has left its worker's session, and has a child in a session of its own."""
    daemon = pam(settings="timeout = 10s", script="setsid sh -c 'setsid sleep 47110819 & "
                 "exec sleep 47110819' </dev/null >/dev/null 2>&1 & exec sleep 47110819\n")

    def ask():
        try:
            daemon.login("wanda", SECRET)
        except OSError:
            pass

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: len(processes_with(b"47110819")) == 3, "the module has started them")
    if process == "authority":
        os.kill(int(daemon.children()["authority"][0]), signal.SIGKILL)
    else:  # twice: at once
        daemon.jetond_process_signal(signal.SIGTERM)
        daemon.wait_for_log("stopping")
        daemon.jetond_process_signal(signal.SIGTERM)
    asking.join()
    wait_until(lambda: not processes_with(b"47110819"), "they are gone")


def test_a_crash_is_a_503_and_the_next_one_is_asked(pam):
    daemon = pam(script=f'[ -e {"$0"}.fine ] || kill -SEGV $PPID\n')
    assert daemon.login("wanda", SECRET).status == 503
    daemon.wait_for_log("killed by SIGSEGV")
    (daemon.directory / "check.fine").touch()
    assert daemon.try_login("wanda", SECRET).status == 200


def test_while_pam_hangs_others_are_served(pam):
    daemon = pam(settings="timeout = 4s", script="exec sleep 47110817\n")
    waiting = threading.Thread(target=daemon.login, args=("wanda", SECRET))
    waiting.start()
    wait_until(daemon.asked, "the stack is asked")
    assert daemon.login("wilma", PASSWORD).status == 200
    assert waiting.is_alive()
    waiting.join()


def test_so_many_conversations_at_a_time_and_the_others_wait(pam):
    daemon = pam(config="pam-workers = 2\n", settings="create = true",
                 script="sleep 0.2\n")
    statuses, most = [], 0
    names = ["wanda", "carl", "dora", "no-such-a", "no-such-b", "no-such-c"]
    threads = [threading.Thread(target=lambda name=name: statuses.append(
        (name, daemon.login(name, SECRET).status))) for name in names]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, len(daemon.workers()))
        time.sleep(0.02)
    assert most == 2
    # The script lets everybody in; whom NSS does not know is nobody's account.
    assert dict(statuses) == {"wanda": 200, "carl": 200, "dora": 200, "no-such-a": 400,
                              "no-such-b": 400, "no-such-c": 400}


def test_one_uid_has_so_many_at_a_time_and_no_more(pam):
    daemon = pam(config="max-hashes-per-uid = 2\npam-workers = 1\n", sources="{pam}",
                 script="sleep 0.5\n")
    replies = []
    threads = [threading.Thread(target=lambda name=name: replies.append(daemon.login(name, SECRET)))
               for name in ("wanda", "no-such-a", "no-such-b", "no-such-c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy = [reply for reply in replies if reply.status == 503]
    assert len(busy) >= 1 and all(reply.headers["retry-after"] == "1" for reply in busy)


def test_an_answer_counts_although_the_end_of_its_worker_is_heard_first(pam):
    """Both are there at once when the authority was busy: they come over two channels."""
    daemon = pam(settings="create = true",
                 script='[ "$PAM_USER" = wanda ] && sleep 0.2 || sleep 0.6\n')
    statuses = {}
    threads = [threading.Thread(target=lambda name=name: statuses.update(
        {name: daemon.login(name, SECRET).status})) for name in ("wanda", "carl")]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(daemon.asked()) == 2, "both are asked")
    authority, = daemon.children()["authority"]
    os.kill(int(authority), signal.SIGSTOP)
    try:
        wait_until(lambda: not daemon.workers(), "the workers have answered and are gone")
    finally:
        os.kill(int(authority), signal.SIGCONT)
    for thread in threads:
        thread.join()
    assert statuses == {"wanda": 200, "carl": 200}


def test_a_caller_who_hangs_up_leaves_nothing_behind(pam):
    daemon = pam(script="sleep 0.5\n")
    with daemon.connect() as connection:
        body = b"username=wanda&password=x"
        connection.send(b"POST /token HTTP/1.1\r\nHost: jeton\r\n"
                        b"Content-Type: application/x-www-form-urlencoded\r\n"
                        b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        wait_until(daemon.asked, "the stack is asked")
    wait_until(lambda: not daemon.workers(), "the worker is gone")
    assert daemon.try_login("wanda", SECRET).status == 200


def test_when_the_parent_is_killed_its_workers_go_too(pam):
    daemon = pam(script="exec sleep 47110818\n", settings="timeout = 10s")
    threading.Thread(target=lambda: pytest.raises(OSError, daemon.login, "wanda", SECRET)).start()
    wait_until(daemon.workers, "the worker is there")
    worker, = daemon.workers()
    daemon.process.kill()
    daemon.process.wait()
    wait_until(lambda: not Path(f"/proc/{worker}").exists() or
               "Z" in Path(f"/proc/{worker}/stat").read_text(), "the worker is gone")
    for pid in processes_with(b"47110818"):  # its helper is init's now; systemd would end it
        os.kill(int(pid), 9)


# --- the loop ---

@pytest.mark.parametrize("stack", [CHECK + "auth optional pam_jeton.so\n" + FINE,
                                   "@include {0}/pam.d/shared\n" + FINE,
                                   "auth include {0}/pam.d/shared\n" + FINE])
def test_a_stack_that_would_ask_jetond_again_is_refused_at_the_start(pam, stack):
    daemon = pam(start=False, stack=stack)
    daemon.put_stack("auth sufficient pam_jeton.so\nauth required pam_deny.so\n", "shared")
    daemon.spawn()
    assert daemon.process.wait(20) != 0
    assert "pam_jeton.so must not be asked: it would ask jetond again" in daemon.log()
    assert "jetond.conf:" in daemon.log() and str(daemon.stacks) in daemon.log()


def test_a_module_that_asks_jetond_all_the_same_is_not_heard(pam):
    """pam_jeton.so under another name: the process is known, whatever it calls itself."""
    daemon = pam(start=False)
    module = daemon.directory / "pam_other.so"
    shutil.copy(BUILD / "lib" / "pam_jeton.so", module)
    daemon.put_stack(CHECK + f"auth required {module} socket={daemon.socket} use_first_pass\n"
                     + FINE)
    daemon.start()
    daemon.add_user("wilma", password=SECRET, uid=ACCOUNTS["wanda"], allow_account_name=True)
    assert daemon.login("wanda", SECRET).status == 503
    daemon.wait_for_log("it is a PAM worker's, which must not ask jetond again")
    assert "event=pam-auth" not in daemon.log()
    assert daemon.asked() == ["wanda"]


def test_a_reload_that_brings_a_bad_stack_changes_nothing(pam):
    daemon = pam()
    daemon.put_stack(CHECK + "auth optional pam_jeton.so\n" + FINE)
    daemon.jetond_process_signal(1)
    daemon.wait_for_log("kept the old settings")
    daemon.put_stack(CHECK + FINE)
    assert daemon.login("wanda", SECRET).status == 200


def test_pam_logins_to_the_host_are_not_passed_on(pam):
    """POST /pam/auth is the module's question, about a person of the database."""
    daemon = pam()
    reply = daemon.post("/pam/auth", form={
        "username": "wanda", "uid": ACCOUNTS["wanda"], "password": SECRET, "service": "try",
        "nonce": "n" * 42 + "A"})
    assert reply.status == 200
    assert daemon.asked() == []

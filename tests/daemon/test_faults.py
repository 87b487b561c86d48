"""Processes that die, files that are wrong, signals: nothing acknowledged is lost, nobody waits for
ever, and the log says what happened."""
import contextlib
import json
import os
import re
import signal
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest
from harness import BUILD, PASSWORD, compose, encode_form
from outside import GRANT, ID_TOKEN, Issuer, exchange, link

HERE = 'issuer = "https://here.example"\nmin-uid = 1\n'
FORM = ("Content-Type", "application/x-www-form-urlencoded")
EXCHANGE = {"grant_type": GRANT, "subject_token_type": ID_TOKEN}


def works(jetond, seconds=20):
    """Waits until a login works again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if jetond.login("alice").status == 200:
                return True
        except OSError:
            pass
        time.sleep(0.02)
    return False


@pytest.fixture
def issuer(tmp_path):
    return Issuer("https://outside.example", tmp_path, alg="ES256")


def believing(fresh, issuer, **how):
    """A daemon where alice may come in by the issuer's word."""
    jetond = fresh(HERE + issuer.section(), **how)
    jetond.add_user("alice")
    assert link(jetond, "alice", issuer, "a").status == 201
    return jetond


def kill_all(pids):
    """Kills these processes and waits until none of them is there any more."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        time.sleep(0.02)


def comes_in(jetond, token):
    """What the exchange of that token comes to once it is not 503 any more."""
    deadline = time.monotonic() + 20
    while True:
        reply = exchange(jetond, token)
        if reply.status != 503:
            return reply.status
        assert time.monotonic() < deadline, jetond.log()
        time.sleep(0.02)


@pytest.mark.parametrize("victim", ["frontend", "authority", "signer", "worker", "names",
                                    "units", "issuer"])
def test_a_killed_process_is_replaced_and_the_next_call_works(fresh, issuer, victim):
    jetond = believing(fresh, issuer)
    for pid in jetond.children()[victim]:
        os.kill(pid, signal.SIGKILL)
    assert works(jetond), jetond.log()
    jetond.add_user("bob")
    assert comes_in(jetond, issuer.token("a")) == 200
    jetond.wait_for_log(f"jetond-{victim}")


def test_a_killed_issuer_process_costs_its_callers_a_503_and_no_token(fresh, issuer):
    """Who waits for its word is told at once, who needs none of it sees nothing, and the token that
    was asked about is as good as before."""
    jetond = believing(fresh, issuer)
    children = jetond.children()
    (pid,), token = children["issuer"], issuer.token("a")
    os.kill(pid, signal.SIGSTOP)
    with jetond.connect() as waiting:
        waiting.send(compose("POST", "/token", [FORM], encode_form(EXCHANGE | {
            "subject_token": token})))
        jetond.settle()
        assert jetond.login("alice").status == 200
        with contextlib.suppress(ProcessLookupError):  # after 5 s the authority has it killed
            os.kill(pid, signal.SIGKILL)
        reply = waiting.reply()
    assert (reply.status, reply.json()["error"]) == (503, "temporarily_unavailable")
    assert comes_in(jetond, token) == 200
    assert exchange(jetond, token).status == 400, "a token is good for one login"
    assert f"jetond-issuer (pid {pid}) ended: killed by SIGKILL" in jetond.log()
    now = jetond.children()
    assert [now[name] for name in now if name != "issuer"] == \
        [children[name] for name in now if name != "issuer"]
    assert token.split(".")[1] not in jetond.log()


def test_a_frozen_issuer_process_is_killed_and_its_caller_is_told(fresh, issuer):
    jetond = believing(fresh, issuer)
    (pid,), token = jetond.children()["issuer"], issuer.token("a")
    os.kill(pid, signal.SIGSTOP)
    assert exchange(jetond, token).status == 503
    assert comes_in(jetond, token) == 200
    assert pid not in jetond.children()["issuer"]
    jetond.wait_for_log(f"jetond-issuer (pid {pid}) did not answer in time: killed")
    assert "broke the rules" not in jetond.log()


def test_without_the_issuer_process_passwords_and_tokens_go_on(fresh, issuer, tmp_path):
    """Its program is gone while the daemon runs, and comes back."""
    programs = tmp_path / "libexec"
    shutil.copytree(BUILD / "libexec", programs)
    jetond = believing(fresh, issuer, programs=programs)
    (pid,), token = jetond.children()["issuer"], issuer.token("a")
    (programs / "jetond-issuer").rename(programs / "away")
    kill_all([pid])
    jetond.wait_for_log("jetond-issuer cannot be started")
    assert exchange(jetond, token).status == 503
    assert jetond.login("alice").status == 200
    assert jetond.get("/users/me", token=jetond.token("alice")).status == 200
    jetond.add_user("bob")
    (programs / "away").rename(programs / "jetond-issuer")
    assert comes_in(jetond, token) == 200


def test_a_daemon_without_the_issuers_program_does_not_start_and_names_it(fresh, issuer, tmp_path):
    programs = tmp_path / "libexec"
    shutil.copytree(BUILD / "libexec", programs)
    (programs / "jetond-issuer").unlink()
    refuses_to_start(fresh(HERE + issuer.section(), start=False, programs=programs),
                     str(programs / "jetond-issuer"), "No such file")


@pytest.mark.parametrize("victim", ["frontend", "authority", "signer", "worker"])
def test_a_caller_in_flight_gets_503_or_a_closed_connection_never_a_wrong_answer(fresh, victim):
    jetond = fresh()
    jetond.add_user("alice")
    answers = []

    def log_in():
        try:
            answers.append(jetond.login("alice").status)
        except OSError:
            answers.append("closed")

    for _ in range(4):
        assert works(jetond)
        threads = [threading.Thread(target=log_in) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.005)
        for pid in jetond.children().get(victim, []):
            os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive(), "a caller hangs"
    assert len(answers) == 16
    assert set(answers) <= {200, 503, "closed"}, answers


def test_a_frozen_worker_is_killed_and_its_caller_is_told(fresh):
    jetond = fresh("workers = 2\n")
    jetond.add_user("alice")
    frozen = jetond.children()["worker"]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    assert jetond.login("alice").status == 503
    assert time.monotonic() - began < 19
    assert works(jetond)
    assert set(frozen) - set(jetond.children()["worker"]), "nobody was replaced"


def test_a_frontend_and_names_killed_together_leave_the_authority_well(fresh):
    """A question that the dead frontend left behind goes on to the dead names process: the authority
    learns of both losses in the midst of it."""
    jetond = fresh()
    jetond.add_user("alice")
    children = jetond.children()
    authority, names = children["authority"][0], children["names"][0]

    def ask_for(connection, name):
        body = json.dumps({"username": name, "password": PASSWORD}).encode()
        connection.send(compose("POST", "/users", [("Authorization", "Peer"),
                                                   ("Content-Type", "application/json")], body))
        jetond.settle()

    with jetond.connect() as first, jetond.connect() as second:
        second.send(compose("GET", "/health"))
        assert second.reply().status == 200
        os.kill(names, signal.SIGSTOP)
        ask_for(first, "first")
        os.kill(authority, signal.SIGSTOP)
        ask_for(second, "second")
        kill_all([names, *children["frontend"]])
        os.kill(authority, signal.SIGCONT)
        assert second.is_closed()
    assert works(jetond)
    assert jetond.children()["authority"] == [authority], jetond.log()


def test_more_long_lists_than_fit_are_503_and_cost_nobody_his_connection(fresh):
    jetond = fresh()
    jetond.add_user("alice", full_name="x" * 250)
    assert jetond.stop() == 0
    with sqlite3.connect(jetond.state / "db" / "jeton.db") as database:
        database.execute("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO users (name, full_name, email, password_hash, disabled, created_at,
                               password_changed_at)
            SELECT 'user' || i, full_name, email, password_hash, disabled, created_at,
                   password_changed_at FROM users, n WHERE name = 'alice'""")
    database.close()
    jetond.start()
    frontends = jetond.children()["frontend"]
    connections = [jetond.connect() for _ in range(30)]
    for connection in connections:
        connection.send(compose("GET", "/users?limit=1000", [("Authorization", "Peer")]))
    statuses = [connection.reply().status for connection in connections]
    for connection in connections:
        connection.socket.close()
    assert 200 in statuses and set(statuses) <= {200, 503}, statuses
    assert jetond.children()["frontend"] == frontends, jetond.log()


@pytest.mark.parametrize("frozen", [None, "signer", "authority", "worker", "frontend", "names",
                                    "issuer"])
def test_when_the_parent_dies_all_others_are_gone(fresh, issuer, frozen):
    """Who is stopped as well: it sees no end of its control channel."""
    jetond = fresh(HERE + issuer.section())
    children = jetond.children()
    for pid in children.get(frozen, []):
        os.kill(pid, signal.SIGSTOP)
    jetond.kill_parent()


def test_a_user_who_was_acknowledged_is_there_after_kill_9(fresh):
    jetond = fresh()
    for number in range(5):
        jetond.add_user(f"user{number}")
        for pid in jetond.children()["authority"]:
            os.kill(pid, signal.SIGKILL)
        jetond.wait_until_healthy()
        assert jetond.login(f"user{number}").status == 200
    database = sqlite3.connect(jetond.state / "db" / "jeton.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_tokens_outlive_a_restart_and_the_key_stays(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    token, keys = jetond.token("alice"), jetond.get("/.well-known/jwks.json").json()
    assert jetond.stop() == 0
    jetond.start()
    assert jetond.get("/.well-known/jwks.json").json() == keys
    assert jetond.get("/users/me", token=token).status == 200


def test_sigterm_finishes_the_request_in_flight(fresh):
    jetond = fresh()
    jetond.add_user("alice")
    request = compose("POST", "/token", [FORM],
                      encode_form({"username": "alice", "password": PASSWORD}))
    with jetond.connect() as begun, jetond.connect() as idle:
        begun.send(request[:-10])
        jetond.settle()
        jetond.jetond_process_signal(signal.SIGTERM)
        assert idle.is_closed()
        begun.send(request[-10:])
        assert begun.reply().status == 200
        assert begun.is_closed()
    assert jetond.process.wait(10) == 0
    with pytest.raises(OSError):
        jetond.connect()


def test_sighup_brings_new_settings(fresh):
    jetond = fresh('access-lifetime = "15m"\n')
    jetond.add_user("alice")
    assert jetond.login("alice").json()["expires_in"] == 900
    jetond.config_file.write_text('access-lifetime = "5m"\n')
    jetond.jetond_process_signal(signal.SIGHUP)
    jetond.wait_for_log("new settings are in force")
    assert jetond.login("alice").json()["expires_in"] == 300


def test_sighup_with_a_bad_file_keeps_the_old_settings_and_names_the_line(fresh):
    jetond = fresh('access-lifetime = "5m"\n')
    jetond.add_user("alice")
    jetond.config_file.write_text('access-lifetime = "10m"\n\nno-such-key = 1\n')
    jetond.jetond_process_signal(signal.SIGHUP)
    line = jetond.wait_for_log("jetond.conf:3")
    assert "no-such-key" in line
    assert jetond.login("alice").json()["expires_in"] == 300


def run_once(jetond, *arguments):
    return subprocess.run([*jetond.command(), *arguments], capture_output=True, text=True,
                          timeout=30)


def test_n_checks_the_configuration_and_T_prints_one_that_is_valid(fresh):
    jetond = fresh(start=False)
    good = run_once(jetond, "-n")
    assert (good.returncode, good.stderr) == (0, "")
    printed = run_once(jetond, "-T")
    assert printed.returncode == 0
    jetond.config_file.write_text(printed.stdout)
    again = run_once(jetond, "-T")
    assert again.stdout == printed.stdout
    jetond.config_file.write_text('\naccess-lifetime = "15 parsecs"\n')
    bad = run_once(jetond, "-n")
    assert bad.returncode == 1
    assert "jetond.conf:2" in bad.stderr and "access-lifetime" in bad.stderr


def test_the_first_start_says_issuer_socket_and_how_to_go_on(fresh):
    jetond = fresh()
    line = jetond.wait_for_log("user add")
    log = jetond.log()
    assert "https://host.example" in log
    assert str(jetond.socket) in log
    assert "--admin" in line
    jetond.stop()
    jetond.log_file.write_text("")
    jetond.start()
    assert "user add" not in jetond.log()


def test_a_second_instance_is_refused(fresh):
    jetond = fresh()
    second = run_once(jetond)
    assert second.returncode == 1
    assert "another jetond" in second.stderr
    assert jetond.get("/health").status == 200


def key_file(jetond):
    (path,) = (jetond.state / "keys").glob("*.pem")
    return path


def refuses_to_start(jetond, *words):
    result = run_once(jetond)
    assert result.returncode == 1
    for word in words:
        assert word in result.stderr, result.stderr
    assert not re.search("BEGIN|PRIVATE", result.stderr)


def test_the_key_is_made_with_mode_0400_in_a_folder_0700(fresh):
    jetond = fresh()
    assert key_file(jetond).stat().st_mode & 0o7777 == 0o400
    assert (jetond.state / "keys").stat().st_mode & 0o7777 == 0o700
    kid = jetond.get("/.well-known/jwks.json").json()["keys"][0]["kid"]
    assert key_file(jetond).name == f"{kid}.pem"


@pytest.mark.parametrize("mode,word", [(0o440, "group"), (0o404, "other"), (0o420, "group")])
def test_a_key_that_others_can_reach_is_refused_by_name(fresh, mode, word):
    jetond = fresh()
    jetond.stop()
    key_file(jetond).chmod(mode)
    refuses_to_start(jetond, key_file(jetond).name, word)


def test_a_key_that_is_a_symlink_is_refused_by_name(fresh):
    jetond = fresh()
    jetond.stop()
    path = key_file(jetond)
    elsewhere = jetond.directory / "elsewhere.pem"
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)
    refuses_to_start(jetond, path.name, "symbolic link")


def test_a_key_folder_that_others_can_write_is_refused_by_name(fresh):
    jetond = fresh()
    jetond.stop()
    (jetond.state / "keys").chmod(0o770)
    refuses_to_start(jetond, "keys", "writable")


def test_a_key_that_is_none_is_refused_by_name(fresh):
    jetond = fresh()
    jetond.stop()
    path = key_file(jetond)
    path.chmod(0o600)
    path.write_text("-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n")
    path.chmod(0o400)
    refuses_to_start(jetond, path.name)


def test_a_database_that_is_none_is_refused_by_name_and_kept(fresh):
    jetond = fresh()
    jetond.stop()
    database = jetond.state / "db" / "jeton.db"
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    database.write_bytes(b"this is no database" * 1000)
    refuses_to_start(jetond, "jeton.db")
    assert database.read_bytes().startswith(b"this is no database")


def test_a_database_of_a_newer_version_is_refused_by_name(fresh):
    jetond = fresh()
    jetond.stop()
    database = sqlite3.connect(jetond.state / "db" / "jeton.db")
    database.execute("PRAGMA user_version = 9999")
    database.close()
    refuses_to_start(jetond, "jeton.db", "newer")


def test_a_stale_socket_is_replaced_and_no_other_file_is(fresh):
    jetond = fresh()
    jetond.process.kill()
    jetond.process.wait()
    assert jetond.socket.exists()
    time.sleep(0.3)
    jetond.start()
    jetond.stop()
    jetond.socket.unlink(missing_ok=True)
    jetond.socket.write_text("precious")
    refuses_to_start(jetond, "jeton.sock")
    assert jetond.socket.read_text() == "precious"


def test_a_long_socket_path_works(fresh):
    jetond = fresh(start=False)
    deep = jetond.directory / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    jetond.state = deep
    jetond.config_file = deep / "jetond.conf"
    jetond.spawn()
    short = jetond.directory / "s"
    short.symlink_to(deep / "run")
    jetond.socket = short / "jeton.sock"
    jetond.wait_until_healthy()
    jetond.add_user("alice")
    jetond.socket = deep / "run" / "jeton.sock"
    answer = jetond.jeton("login", "alice", standard_input=PASSWORD + "\n")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count(".") == 2


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_201_is_sent_after_the_commit_is_on_the_disk(fresh):
    """In the authority's system calls: fdatasync or fsync of the journal, then the answer."""
    trace = "/tmp/jetont-strace.%d" % os.getpid()
    jetond = fresh(wrapper=["strace", "-f", "-qq", "-y", "-e",
                            "trace=fsync,fdatasync,sendmsg,sendto,write", "-s", "300", "-o", trace])
    try:
        (authority,) = jetond.children()["authority"]
        jetond.add_user("alice")
        with open(trace, errors="replace") as lines:
            mine = [line for line in lines if line.startswith(f"{authority} ")]
        syncs = [n for n, line in enumerate(mine) if re.search(r"fd?a?t?a?sync\(.*-wal", line)]
        answer = [n for n, line in enumerate(mine)
                  if "alice" in line and re.search(r"send(msg|to)\(|write\(", line)
                  and "audit" not in line and "-wal" not in line]
        assert syncs, mine
        assert answer and max(n for n in syncs if n < answer[-1]) < answer[-1]
        assert [n for n in syncs if n < answer[-1]], "the answer came before the disk"
    finally:
        jetond.remove()
        os.unlink(trace)


def test_children_are_few_and_named(fresh, issuer):
    few = {"frontend": 2, "authority": 1, "signer": 1, "worker": 2, "names": 1, "units": 1}
    for section, more in (("", {}), (issuer.section(), {"issuer": 1})):
        jetond = fresh(f"{HERE}workers = 2\n{section}")
        counts = {name: len(pids) for name, pids in jetond.children().items()}
        assert counts == few | more
    assert (BUILD / "libexec").is_dir()

"""The walls between the processes, tried from each side under the uid that stands there."""
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest
import tasks
from harness import in_process_of
from outside import exchange, link

PREFIX = Path("/opt/jeton")
# Of the processes, and of the unit that fetches the keys of outside issuers.
ACCOUNTS = ["jeton", "jeton-signer", "jeton-frontend", "jeton-worker", "jeton-issuers"]
STRANGER = 4899


def uid_of(account):
    return STRANGER if account == "stranger" else pwd.getpwnam(account).pw_uid


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_each_process_runs_under_its_own_uid_with_nothing_left(system):
    expected = {"frontend": "jeton-frontend", "authority": "jeton", "signer": "jeton-signer",
                "worker": "jeton-worker", "names": "jeton-worker",
                "units": "jeton-worker", "issuer": "jeton-worker"}
    children = system.children()
    assert children.keys() == expected.keys()
    for name, account in expected.items():
        for pid in children[name]:
            status = status_of(pid)
            assert status["Uid"].split() == [str(uid_of(account))] * 4, name
            assert status["Gid"].split() == [str(pwd.getpwnam(account).pw_gid)] * 4, name
            assert status["Groups"].split() == [], name
            assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, name
            assert status["NoNewPrivs"] == "1", name
            assert status["Seccomp"] == "2", name


def test_an_outside_issuers_login_needs_no_more_than_that(system):
    assert link(system, "pat", system.issuer, "p").status == 201
    assert exchange(system, system.issuer.token("p")).status == 200, system.log()
    assert exchange(system, system.issuer.token("s")).status == 400


def test_no_child_has_a_descriptor_that_is_not_its_own(system):
    """Which kinds of descriptor each process may hold; everything else is a leak."""
    files = {
        "frontend": {"/run/jeton/keys", "/run/jeton/status"},
        "authority": {"/run/jeton/keys", "/run/jeton/status", "/var/lib/jeton/db",
                      "/var/lib/jeton/db/jeton.db", "/var/lib/jeton/db/jeton.db-wal",
                      "/var/lib/jeton/db/jeton.db-shm", "/run/jeton/tokens"},
        "signer": {"/run/jeton/keys", "/var/lib/jeton/keys"},
        "worker": set(),
        "names": set(),
        "units": set(),
        "issuer": {"/var/lib/jeton-issuers"},
    }
    anonymous = ("socket:", "anon_inode:", "pidfd:", "/dev/null", "pipe:", str(system.log_file))
    for name, pids in system.children().items():
        for pid in pids:
            for link in Path(f"/proc/{pid}/fd").iterdir():
                target = os.readlink(link)
                if not target.startswith(anonymous):
                    assert target in files[name], (name, target)


def test_only_the_signer_and_the_authority_can_write_a_page(system):
    for name, pids in system.children().items():
        for pid in pids:
            for link in Path(f"/proc/{pid}/fd").iterdir():
                target = os.readlink(link)
                if target not in ("/run/jeton/keys", "/run/jeton/status"):
                    continue
                info = (Path(f"/proc/{pid}/fdinfo") / link.name).read_text()
                flags = int(info.split("flags:\t")[1].split()[0], 8)
                writes = {"/run/jeton/keys": "signer", "/run/jeton/status": "authority"}[target]
                assert (flags & os.O_ACCMODE != os.O_RDONLY) == (name == writes), (name, target)


# Which folder a program is about whose rights it has then; "": a file without a name.
TASKS = {
    "user export": {"--export-json": ("jeton", "/var/lib/jeton/db")},
    "backup FILE": {"--copy": ("jeton", "/var/lib/jeton/db"), "--check": ("jeton", "")},
    "backup FILE --check": {"--check": ("jeton", "")},
    "restore FILE --replace": {
        "--check": ("jeton", "/var/lib/jeton/restore.new/new/db/jeton.db"),
        "--settle": ("jeton", "/var/lib/jeton/restore.new/new/db"),
        "--check-keys": ("jeton-signer", "/var/lib/jeton/restore.new/new/keys")},
}


def test_who_does_one_task_has_the_rights_of_its_folder_and_no_more(stopped, tmp_path):
    for words, expected in TASKS.items():
        found = {}

        def look(pid, status):
            word = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[1]
            account, about = expected[word]
            account = pwd.getpwnam(account)
            assert status["Uid"].split() == [str(account.pw_uid)] * 4, word
            assert status["Gid"].split() == [str(account.pw_gid)] * 4, word
            assert status["Groups"].split() == [], word
            assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, word
            assert status["NoNewPrivs"] == "1", word
            holds = os.readlink(f"/proc/{pid}/fd/3")
            assert holds == about or not about and holds.endswith("(deleted)"), word
            found[word] = account

        command = words.replace("FILE", f"{tmp_path}/backup").split()
        tasks.run([PREFIX / "bin" / "jeton", *command], {"LD_LIBRARY_PATH": str(PREFIX / "lib")},
                  tmp_path / f"trace-{len(os.listdir(tmp_path))}", look)
        assert found.keys() == expected.keys()
    for kept in Path("/var/lib/jeton").glob("before-restore.*"):
        shutil.rmtree(kept)


def files_of_all():
    files = {}
    for path in Path("/var/lib/jeton/keys").glob("*.pem"):
        files[path] = "jeton-signer"
    for path in Path("/var/lib/jeton/db").iterdir():
        files[path] = "jeton"
    return files


def tries_to_open(uid, path, flags):
    def attempt():
        try:
            os.close(os.open(path, flags))
            return 0
        except OSError as error:
            return error.errno
    return in_process_of(uid, attempt)


@pytest.mark.parametrize("account", [*ACCOUNTS, "stranger"])
def test_nobody_opens_a_file_of_another(system, account):
    import errno
    files = files_of_all()
    assert len(files) >= 3
    for path, owner in files.items():
        for flags in (os.O_RDONLY, os.O_WRONLY):
            result = tries_to_open(uid_of(account), path, flags)
            if account == owner and flags == os.O_RDONLY:
                assert result == 0, path
            elif account != owner:
                assert result == errno.EACCES, (account, path, result)
    for page in ("/run/jeton/keys", "/run/jeton/status"):
        assert tries_to_open(uid_of(account), page, os.O_RDONLY) == 0
        assert tries_to_open(uid_of(account), page, os.O_RDWR) == errno.EACCES
    keys = system.issuer.file
    assert tries_to_open(uid_of(account), keys, os.O_RDONLY) == 0
    assert tries_to_open(uid_of(account), keys, os.O_RDWR) == (
        0 if account == "jeton-issuers" else errno.EACCES)


@pytest.mark.parametrize("account", [*ACCOUNTS, "stranger"])
def test_nobody_reads_the_memory_of_another_or_makes_files_in_the_run_folder(system, account):
    import errno
    for name, pids in system.children().items():
        for pid in pids:
            for file in ("mem", "environ", "maps"):
                result = tries_to_open(uid_of(account), f"/proc/{pid}/{file}", os.O_RDONLY)
                assert result in (errno.EACCES, errno.EPERM), (account, name, file, result)
    owners = {"/run/jeton/tokens": "jeton", "/var/lib/jeton-issuers": "jeton-issuers"}
    for folder in ("/run/jeton", "/var/lib/jeton", *owners):
        if owners.get(folder) == account:
            continue
        result = tries_to_open(uid_of(account), f"{folder}/x", os.O_WRONLY | os.O_CREAT)
        assert result == errno.EACCES, (account, folder)


def test_the_servers_identity_is_uid_0(system):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(system.socket))
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    _, uid, _ = struct.unpack("iII", credentials)
    assert uid == 0


def test_modes_of_everything_that_is_public_or_not(system):
    expected = {"/run/jeton": (0o755, 0), "/run/jeton/jeton.sock": (0o666, 0),
                "/run/jeton/keys": (0o644, 0), "/run/jeton/status": (0o644, 0),
                "/run/jeton/tokens": (0o711, uid_of("jeton")),
                "/var/lib/jeton/db": (0o700, uid_of("jeton")),
                "/var/lib/jeton/keys": (0o700, uid_of("jeton-signer")),
                "/var/lib/jeton/db/jeton.db": (0o600, uid_of("jeton"))}
    for path, (mode, uid) in expected.items():
        found = Path(path).stat()
        assert (found.st_mode & 0o7777, found.st_uid) == (mode, uid), path


def test_root_administers_and_others_do_not(system):
    assert system.get("/users", peer=True).status == 200
    assert system.get("/users", peer=True, uid=STRANGER).status == 403
    assert system.get("/users", uid=0).status == 401


def test_a_killed_parent_takes_children_of_other_uids_along_also_frozen_ones(stopped):
    stopped.start()
    for pids in stopped.children().values():
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
    stopped.kill_parent()


@pytest.fixture
def hidden_rules(stopped):
    """Rules for new passwords that only root can read, as the administrator may have them."""
    config = stopped.config_file.read_text()
    rules = Path("/etc/jeton/pwquality.conf")
    rules.touch(0o600)
    stopped.config_file.write_text(config + f'password-rules = "{rules}"\n')
    yield rules
    stopped.stop()
    stopped.config_file.write_text(config)
    rules.unlink()


def test_rules_that_no_worker_may_open_count_all_the_same(stopped, hidden_rules):
    hidden_rules.write_text("minlen = 30\n")
    stopped.start()
    reply = stopped.request("PATCH", "/users/pat", peer=True, data={"password": "x9k2m!pquz"})
    assert reply.json()["error_description"] == "the password is too short: at least 30 characters"


def test_bad_rules_that_no_worker_may_open_are_refused_by_line(stopped, hidden_rules):
    hidden_rules.write_text("minclass = 1\nminlenn = 30\n")
    result = subprocess.run(stopped.command(), capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert f"{hidden_rules}:2: minlenn: " in result.stderr


def test_a_key_of_another_owner_is_refused_by_name(stopped):
    folder = Path("/var/lib/jeton/keys")
    (key,) = folder.glob("*.pem")
    owner = key.stat().st_uid
    os.chown(key, STRANGER, STRANGER)
    try:
        result = subprocess.run(stopped.command(), capture_output=True, text=True, timeout=20)
    finally:
        os.chown(key, owner, owner)
    assert result.returncode == 1
    assert key.name in result.stderr
    assert "owned by" in result.stderr or "Permission denied" in result.stderr


def test_a_squatted_socket_is_not_believed(stopped):
    """Another user listens where the daemon did: nothing is told to him."""
    import threading
    path = Path("/run/jeton/squat.sock")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    os.chmod(path, 0o666)
    heard = []

    def listen():
        connection, _ = server.accept()
        connection.settimeout(5)
        heard.append(connection.recv(100))

    # SO_PEERCRED of a listening socket is of who called listen(2).
    in_thread = threading.Thread(target=listen, daemon=True)
    libc_listen_as(server, STRANGER)
    in_thread.start()
    stopped_socket, stopped.socket = stopped.socket, path
    try:
        answer = stopped.jeton("login", "pat", standard_input="secret of pat\n")
    finally:
        stopped.socket = stopped_socket
        in_thread.join(5)
        path.unlink()
        server.close()
    assert answer.returncode != 0
    assert answer.stdout == ""
    assert heard in ([], [b""])


def libc_listen_as(server, uid):
    in_process_of(uid, lambda: server.listen(5))

"""The real passwd(1), setuid as it is, in a copy of what it needs of /etc, with an account of jeton's
and some of its own: in a mount namespace, so that this machine's stays as it is."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import common_stack
import pytest
from harness import BUILD, PASSWORD, Daemon

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="root alone may mount and change accounts"),
    pytest.mark.skipif(not shutil.which("passwd"), reason="passwd is not installed")]

NEW, LOCAL = "another good one", "of the local account"
NEW_LOCAL = "a new local one"
TIMEOUT = 60  # seconds that the module gives the daemon
UIDS = {"pat": 4321, "sam": 4322, "lin": 4323, "kim": 4324, "root": 0}
FIRST = """
password [success=1 user_unknown=ignore default=die] MODULE
password required pam_unix.so
password required pam_permit.so
"""
PREPARE = """
set -e
mkdir {folder}/etc
for name in passwd group shadow gshadow nsswitch.conf login.defs ld.so.cache pam.d security; do
    [ ! -e /etc/$name ] || cp -a /etc/$name {folder}/etc
done
mount --bind {folder}/etc /etc
for account in pat:4321 sam:4322 lin:4323 kim:4324; do
    name=${{account%:*}} uid=${{account#*:}}
    sed -i "/^$name:/d" /etc/passwd /etc/shadow /etc/group
    echo "$name:x:$uid:$uid::/tmp:/bin/sh" >>/etc/passwd
    echo "$name:!:19000::::::" >>/etc/shadow
    echo "$name:x:$uid:" >>/etc/group
done
printf '%s\\n' 'sam:{local}' 'lin:{local}' 'kim:{both}' | chpasswd -c SHA512
cp {folder}/stack /etc/pam.d/passwd
cp /etc/shadow {folder}/shadow
exec {command}
"""


@pytest.fixture
def host():
    """pat has jeton's password alone, sam a local one alone and no user; lin has two that differ,
    kim the same one twice."""
    with Daemon("password-min = 12\n") as daemon, tempfile.TemporaryDirectory(prefix="jetont.", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        shutil.copy(BUILD / "lib/pam_jeton.so", folder)
        daemon.folder = Path(folder)
        for name in ("pat", "lin", "kim"):
            daemon.add_user(name, uid=UIDS[name], allow_account_name=True)
        give_stack(daemon, FIRST)
        yield daemon


def module_line(host):
    return f"{host.folder}/pam_jeton.so socket={host.socket} timeout={TIMEOUT}s"


def give_stack(host, text):
    (host.folder / "stack").write_text(text.replace("MODULE", module_line(host)))


def hashes(file):
    return dict(line.split(":")[:2] for line in file.read_text().splitlines())


def passwd(host, *lines, who="pat", name=""):
    """What came of it; with `local`, whose local passwords are other ones now."""
    uid = UIDS[who]
    become = f"setpriv --reuid {uid} --regid {uid} --clear-groups " if uid else ""
    script = PREPARE.format(folder=host.folder, local=LOCAL, both=PASSWORD,
                            command=f"{become}passwd {name}")
    began = time.monotonic()
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], text=True, timeout=3 * TIMEOUT,
                          input="".join(f"{line}\n" for line in lines), capture_output=True,
                          env={"PATH": os.environ["PATH"]}, check=False)
    done.seconds = time.monotonic() - began
    before, after = hashes(host.folder / "shadow"), hashes(host.folder / "etc/shadow")
    done.local = [name for name in UIDS if before[name] != after[name]]
    shutil.rmtree(host.folder / "etc")
    return done


def test_user_changes_his_own(host):
    done = passwd(host, PASSWORD, NEW, NEW)
    assert done.returncode == 0, done
    assert host.login("pat", NEW).status == 200
    assert "event=pam-password result=granted" in host.log()


def test_who_does_not_know_it_changes_nothing(host):
    assert passwd(host, "wrong", NEW, NEW).returncode != 0
    host.unlock("pat")
    assert host.login("pat").status == 200


@pytest.mark.parametrize("new, said", [
    ("x1y2z!a", "too short: at least 12 characters"), (PASSWORD.upper(), "too similar")])
def test_user_is_told_what_is_wrong_with_the_new_one(host, new, said):
    done = passwd(host, PASSWORD, new, new)
    assert done.returncode != 0 and said in done.stderr, done
    assert host.login("pat").status == 200


def test_what_is_typed_differently_is_no_password(host):
    assert passwd(host, PASSWORD, NEW, "a different one").returncode != 0
    assert host.login("pat").status == 200


def test_root_resets_it(host):
    done = passwd(host, NEW, NEW, who="root", name="pat")
    assert done.returncode == 0, done
    assert host.login("pat", NEW).status == 200


def test_account_that_is_not_linked_has_its_own(host):
    done = passwd(host, LOCAL, NEW_LOCAL, NEW_LOCAL, who="sam")
    assert done.returncode == 0 and done.local == ["sam"], done


def test_daemon_away_leaves_it_as_it_was(host):
    host.stop()
    done = passwd(host, PASSWORD, NEW, NEW)
    assert done.returncode != 0 and done.seconds < TIMEOUT
    host.start()
    assert host.login("pat").status == 200


# ---- the stack of the shipped profile: pam_unix before the module ----

@pytest.fixture
def shipped(host, tmp_path):
    if not shutil.which("pam-auth-update"):
        pytest.skip("pam-auth-update is not installed")
    common_stack.write(tmp_path, "MODULE")
    give_stack(host, (tmp_path / "etc/pam.d/common-password").read_text())
    return host


def is_jetons(host, name, password):
    host.unlock(name)
    return host.login(name, password).status == 200


def check_jetons_alone_changed(host, who, done):
    assert done.returncode == 0 and done.local == [], done
    assert "password at jeton has been changed" in done.stdout + done.stderr
    assert is_jetons(host, who, NEW) and not is_jetons(host, who, PASSWORD)


def check_local_alone_changed(host, who, done):
    assert done.returncode == 0 and done.local == [who], done
    assert "jeton" not in done.stdout + done.stderr
    assert is_jetons(host, who, PASSWORD)


def test_who_has_none_but_jetons_changes_it(shipped):
    check_jetons_alone_changed(shipped, "pat", passwd(shipped, PASSWORD, NEW, NEW))


def test_who_has_two_changes_the_one_that_he_gives(shipped):
    check_local_alone_changed(shipped, "lin", passwd(shipped, LOCAL, NEW_LOCAL, NEW_LOCAL, who="lin"))
    check_jetons_alone_changed(shipped, "lin", passwd(shipped, PASSWORD, NEW, NEW, who="lin"))


def test_who_has_the_same_twice_changes_the_local_one(shipped):
    check_local_alone_changed(shipped, "kim", passwd(shipped, PASSWORD, NEW, NEW, who="kim"))


def test_new_one_that_jeton_refuses_changes_nothing(shipped):
    unfit = "Sh0rt-0ne"
    done = passwd(shipped, PASSWORD, unfit, unfit)
    assert done.returncode != 0 and done.local == [], done
    assert "too short: at least 12" in done.stderr and is_jetons(shipped, "pat", PASSWORD)


def test_who_knows_none_of_them_changes_nothing(shipped):
    for who in ("pat", "lin"):
        done = passwd(shipped, "wrong", NEW, NEW, who=who)
        assert done.returncode != 0 and done.local == [], done
    assert is_jetons(shipped, "pat", PASSWORD) and is_jetons(shipped, "lin", PASSWORD)


def test_root_resets_the_local_one(shipped):
    check_local_alone_changed(shipped, "pat", passwd(shipped, NEW_LOCAL, NEW_LOCAL, who="root",
                                                     name="pat"))


def signal_all(host, number):
    for pid in (host.jetond_pid(), *(pid for pids in host.children().values() for pid in pids)):
        os.kill(pid, number)


@contextmanager
def hung(host):
    signal_all(host, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(host, signal.SIGCONT)


@contextmanager
def without_pages(host):
    host.stop()
    for page in ("keys", "status"):
        (host.socket.parent / page).unlink()
    yield


@contextmanager
def without_module(host):
    (host.folder / "pam_jeton.so").unlink()
    yield


@contextmanager
def misspelt(host):
    stack = host.folder / "stack"
    stack.write_text(stack.read_text().replace("timeout=", "tiemout="))
    yield


@pytest.mark.parametrize("harm", [hung, without_pages, without_module, misspelt])
def test_whatever_is_wrong_with_jeton_local_passwords_are_changed_and_no_other(shipped, harm):
    with harm(shipped):
        for who, lines in (("lin", [LOCAL]), ("root", [])):
            done = passwd(shipped, *lines, NEW_LOCAL, NEW_LOCAL, who=who)
            assert done.returncode == 0 and done.local == [who], done
            # Nobody has waited for the daemon.
            assert done.seconds < TIMEOUT, done
        if harm is hung:
            return  # he would wait that long
        done = passwd(shipped, PASSWORD, NEW, NEW)
        assert done.returncode != 0 and done.local == [], done

"""The real passwd(1), setuid as it is, in a copy of /etc with an account of jeton's and one of its
own: in a mount namespace, so that this machine's stays as it is."""
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from harness import BUILD, PASSWORD, Daemon

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="root alone may mount and change accounts"),
    pytest.mark.skipif(not shutil.which("passwd"), reason="passwd is not installed")]

NEW, LOCAL = "another good one", "of the local account"
UID = 4321
PREPARE = """
set -e
cp -a /etc {folder}/etc
mount --bind {folder}/etc /etc
for account in pat:{uid} sam:4322; do
    name=${{account%:*}} uid=${{account#*:}}
    sed -i "/^$name:/d" /etc/passwd /etc/shadow /etc/group
    echo "$name:x:$uid:$uid::/tmp:/bin/sh" >>/etc/passwd
    echo "$name:!:19000::::::" >>/etc/shadow
    echo "$name:x:$uid:" >>/etc/group
done
echo 'sam:{local}' | chpasswd -c SHA512
cat >/etc/pam.d/passwd <<end
password [success=1 user_unknown=ignore default=die] {folder}/pam_jeton.so socket={socket} timeout=5s
password required pam_unix.so
password required pam_permit.so
end
exec {command}
"""


@pytest.fixture
def host():
    with Daemon() as daemon, tempfile.TemporaryDirectory(prefix="jetont.", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        shutil.copy(BUILD / "lib/pam_jeton.so", folder)
        daemon.folder = Path(folder)
        daemon.add_user("pat", uid=UID, allow_account_name=True)
        yield daemon


def passwd(host, *lines, uid=UID, name="", environment=None):
    become = f"setpriv --reuid {uid} --regid {uid} --clear-groups " if uid else ""
    script = PREPARE.format(folder=host.folder, uid=UID, socket=host.socket, local=LOCAL,
                            command=f"{become}passwd {name}")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], text=True, timeout=60,
                          input="".join(f"{line}\n" for line in lines), capture_output=True,
                          env={"PATH": os.environ["PATH"], **(environment or {})}, check=False)
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
    ("x1y2z!a", "too short: at least 8 characters"), (PASSWORD.upper(), "too similar")])
def test_user_is_told_what_is_wrong_with_the_new_one(host, new, said):
    done = passwd(host, PASSWORD, new, new)
    assert done.returncode != 0 and said in done.stderr, done
    assert host.login("pat").status == 200


def test_what_is_typed_differently_is_no_password(host):
    assert passwd(host, PASSWORD, NEW, "a different one").returncode != 0
    assert host.login("pat").status == 200


def test_root_resets_it(host):
    done = passwd(host, NEW, NEW, uid=0, name="pat")
    assert done.returncode == 0, done
    assert host.login("pat", NEW).status == 200


def test_account_that_is_not_linked_has_its_own(host):
    done = passwd(host, LOCAL, "a new local one", "a new local one", uid=4322)
    assert done.returncode == 0, done


def test_daemon_away_leaves_it_as_it_was(host):
    host.stop()
    began = time.monotonic()
    assert passwd(host, PASSWORD, NEW, NEW).returncode != 0
    assert time.monotonic() - began < 10
    host.start()
    assert host.login("pat").status == 200

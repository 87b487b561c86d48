"""docs/admin.md, and docs/getting-started.md where it is for good, followed on a booted Debian."""
import shutil
import uuid
from pathlib import Path

import pages
import pytest
from harness import PASSWORD, TOP
from machine import missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not there: {' '.join(missing())}")


# A Debian that was installed has it, one that was only unpacked has not.
HOSTS = "127.0.0.1 localhost\n127.0.1.1 {}\n"


@pytest.fixture
def newly_installed(fresh):
    """The machine after `make install`; accounts, users and settings are afterwards as they were."""
    etc, kept = fresh.root / "etc/jeton", fresh.root / "root/etc-jeton"
    people, users = accounts_of(fresh), users_of(fresh)
    shutil.copytree(etc, kept)
    Path(fresh.root, "etc/hosts").write_text(HOSTS.format(fresh.get("hostname").strip()))
    yield fresh
    shutil.rmtree(etc)
    kept.rename(etc)
    fresh.get("systemctl", "disable", "--now", "jeton-issuers.timer")
    fresh.get("env", "DEBIAN_FRONTEND=noninteractive", "pam-auth-update", "--disable", "jeton")
    for name in users_of(fresh) - users:
        fresh.get("jeton", "user", "delete", name)
    for name in accounts_of(fresh) - people:
        fresh.get("userdel", "--force", "--remove", name)
    Path(fresh.root, "root/jeton.backup").unlink(missing_ok=True)
    for kept_state in Path(fresh.root, "var/lib/jeton").glob("before-restore.*"):
        shutil.rmtree(kept_state)
    fresh.get("systemctl", "restart", "jetond")


def accounts_of(host):
    return {line.split(":")[0] for line in host.get("getent", "passwd").splitlines()}


def users_of(host):
    rows = (line.split() for line in host.get("jeton", "user", "list").splitlines())
    return {row[1] for row in rows if row and row[0].isdigit()}


def follow(host, text):
    blocks, by_hand = pages.blocks_of(text)
    there = f"/root/page-{uuid.uuid4()}"
    here = Path(f"{host.root}{there}")
    here.mkdir()
    complaints = pages.follow(blocks, host.inside("bash"), PASSWORD, (here, there))
    assert not complaints, "\n".join(complaints)
    return by_hand


def test_a_newcomer_gets_to_a_login_by_ssh(newly_installed):
    newly_installed.get("useradd", "--create-home", "dana")
    by_hand = follow(newly_installed, pages.section("getting-started.md", "For good"))
    assert len(by_hand) == 1, "the installation is the machine's own"


def test_what_an_administrator_does(newly_installed):
    by_hand = follow(newly_installed, (TOP / "docs" / "admin.md").read_text())
    assert len(by_hand) == 4, "doctor has found no clock that is kept; and what is newer, or taken away"

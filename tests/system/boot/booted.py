"""The booted machine, one for all files of this folder: fixtures, which tests/system/conftest.py hands
on."""
from pathlib import Path

import pytest
from harness import PASSWORD
from machine import Machine, machine

STACKS = {
    "jeton-alone": "auth required pam_jeton.so\naccount required pam_jeton.so\n",
    "jeton-first": "auth sufficient pam_jeton.so\nauth required pam_unix.so try_first_pass\n"
                   "account required pam_unix.so\n",
    # The example of pam_jeton(8).
    "jeton-second": """
auth     [success=2 default=ignore]  pam_unix.so
auth     [success=1 default=ignore]  pam_jeton.so use_first_pass
auth     requisite                   pam_deny.so
auth     required                    pam_permit.so
account  required                    pam_unix.so
account  required                    pam_jeton.so
""",
}
ROOT_PASSWORD = "of the local account"


@pytest.fixture(scope="session")
def fresh():
    """The machine after the README's commands, whatever they came to."""
    with machine() as booted:
        booted.install()
        booted.get("systemctl", "daemon-reload")
        booted.run("systemctl", "enable", "--now", "jetond")
        yield booted


@pytest.fixture(scope="session")
def with_pat(fresh):
    """pat is a local account and linked, sam a local account alone, root has a local password."""
    for account in ("pat", "sam"):
        fresh.get("useradd", "--create-home", account)
    fresh.get("chpasswd", text=f"root:{ROOT_PASSWORD}\n")
    fresh.get("jeton", "user", "add", "pat", "--link", text=PASSWORD + "\n")
    for name, stack in STACKS.items():
        Path(fresh.root, "etc/pam.d", name).write_text(stack)
    return fresh


@pytest.fixture
def host(with_pat) -> Machine:
    """The service runs and nobody waits for his guesses when the test begins, whatever the one
    before it did."""
    with_pat.get("systemctl", "start", "jetond")
    with_pat.get("jeton", "user", "unlock", "pat")
    return with_pat


@pytest.fixture
def halted(host):
    """The same without the service."""
    host.get("systemctl", "stop", "jetond")
    yield host
    host.get("systemctl", "start", "jetond")

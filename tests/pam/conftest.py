"""A place to log in at: a run directory with both public pages, a PAM configuration directory with
one service, and pam_try to run the built module there. No root is needed."""
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import public_pages
from fake_daemon import FakeDaemon, reply, sign

TOP = Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
MODULE = BUILD / "lib/pam_jeton.so"
PAM_TRY = BUILD / "tests/pam/pam_try"

SERVICE = "jeton-test"
PASSWORD = "correct horse battery staple"
# An answer takes as long as a busy machine takes: only a daemon that gives none is not waited for.
PATIENCE_MS = 30_000
TIMEOUT_MS = 1000
SOON_MS = 10_000  # that nobody has waited for the end of his patience
TICKET_BEGINS = "eyJ"  # '{"' in base64url

# Root is never jeton's, so root tests with another account that is always there.
ACCOUNT = pwd.getpwuid(os.geteuid() or 1)


class Outcome:
    """What pam_try said: `codes` by phase, `ms` by phase, `log` lines of the stack."""

    def __init__(self, text):
        self.codes, self.ms, self.log, self.all_codes, self.said = {}, {}, [], [], []
        self.token_files = []  # after each opening and closing of a session
        for line in text.splitlines():
            word, *rest = line.split(" ")
            if word == "log":
                self.log.append(" ".join(rest[1:]))
            elif word == "said":
                self.said.append(" ".join(rest))
            elif word == "token-file":
                self.token_files.append(None if rest[0] == "-" else rest[0])
            elif word in ("prompts", "tasks", "residues"):
                setattr(self, word, int(rest[0]))
            elif word == "descriptors":
                self.descriptors = tuple(map(int, rest))
            else:
                self.codes[word], self.ms[word] = rest[0], int(rest[1])
                self.all_codes.append((word, rest[0]))

    def logged(self, part):
        return any(part in line for line in self.log)


class Stand:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.confdir = self.directory / "pam.d"
        self.run_dir = self.directory / "run"
        self.socket = self.run_dir / "jeton.sock"
        self.account, self.key = ACCOUNT, public_pages.Key()
        self.confdir.mkdir()
        self.run_dir.mkdir()
        self.publish_keys(self.key)
        self.publish_uids(self.account.pw_uid)
        # libpam complains in the log where there is none.
        (self.confdir / "other").write_text("auth required pam_deny.so\n")
        self.configure()

    def publish_keys(self, *keys, **page):
        public_pages.write(self.run_dir / "keys", public_pages.keys_page(*keys, **page))

    def publish_uids(self, *uids, **page):
        public_pages.write(self.run_dir / "status", public_pages.status_page(*uids, **page))

    def arguments(self, *more, **changed):
        given = {"socket": self.socket, "timeout": f"{PATIENCE_MS}ms", "min_uid": 1, **changed}
        return [f"{name}={value}" for name, value in given.items() if value is not None] + [*more]

    def stack(self, *lines):
        (self.confdir / SERVICE).write_text("".join(f"{line}\n" for line in lines))

    def module_line(self, *more, **changed):
        return f"{MODULE} {' '.join(self.arguments(*more, **changed))}"

    def configure(self, *more, **changed):
        line = self.module_line(*more, **changed)
        self.stack(*(f"{kind} required {line}" for kind in ("auth", "account", "session", "password")))

    def daemon(self, answer=None, **more):
        return FakeDaemon(self.socket, answer or self.honest, **more)

    def honest(self, request):
        return reply(sign(self.key, request.claims()))

    def command(self, user=None, **settings):
        """`user` is the account of the stand unless told; an empty one is left for PAM to ask."""
        given = {"confdir": self.confdir, "service": SERVICE, "password": PASSWORD, **settings,
                 "user": self.account.pw_name if user is None else user}
        return [PAM_TRY, *(f"{name.replace('_', '-')}={value}" for name, value in given.items()
                           if name != "user" or value)]

    def try_login(self, user=None, environment=None, **settings):
        """Runs one pam_try. It never writes to standard error, and neither may the module; and
        whatever happened, no line of the log holds a secret."""
        ended = subprocess.run(self.command(user, **settings), capture_output=True, timeout=60,
                               env=environment, stdin=subprocess.DEVNULL)
        text = ended.stdout.decode(errors="surrogateescape")
        assert ended.returncode == 0 and not ended.stderr, (text, ended.stderr)
        outcome = Outcome(text)
        for secret in (settings.get("password") or PASSWORD, TICKET_BEGINS):
            assert len(secret) < 3 or not outcome.logged(secret), outcome.log
        return outcome


@pytest.fixture
def stand():
    directory = tempfile.mkdtemp(prefix="jeton-pam-")
    os.chmod(directory, 0o755)
    yield Stand(directory)
    shutil.rmtree(directory)

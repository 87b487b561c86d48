"""A private jetond for tests, and a small client that says exactly what it is told.

Everything runs from the build tree (BUILD names its folder), in a state directory of its own, under
the caller's uid, who is the administrator there.
"""
import contextlib
import json
import os
import pickle
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

try:
    import openapi
except ImportError:  # python3-jsonschema comes with the packages of `check`
    openapi = None

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
START_SECONDS = 20
PASSWORD = "correct horse battery"


class Reply:
    """One HTTP reply: status, headers (lower case; a list when repeated), body."""

    def __init__(self, raw_head, body):
        line, *fields = raw_head.decode("latin-1").split("\r\n")
        self.version, status, _ = line.split(" ", 2)
        self.status = int(status)
        self.headers = {}
        for field in fields:
            name, value = field.split(":", 1)
            self.headers[name.lower()] = value.strip()
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


class Connection:
    """A connection to a socket, on which requests are sent and replies read one by one."""

    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        data = self.socket.recv(65536)
        self.unread += data
        return data

    def is_closed(self):
        """Reads until the daemon closes; False when it says something more or the time is over."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def reply(self, head_only=False):
        """The next reply; ConnectionError when the daemon closes before it is complete."""
        while b"\r\n\r\n" not in self.unread:
            if not self.receive():
                raise ConnectionError(f"closed after {self.unread!r}")
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        reply = Reply(head, b"")
        if reply.status == 100:
            return reply
        bare = head_only or reply.status in (204, 304)
        length = 0 if bare else int(reply.headers["content-length"])
        while len(self.unread) < length:
            if not self.receive():
                raise ConnectionError("closed within a body")
        reply.body, self.unread = self.unread[:length], self.unread[length:]
        return reply


def compose(method, path, headers=(), body=b"", host=True):
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1"]
    if host:
        lines.append("Host: jeton")
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method in ("POST", "PATCH", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def encode_form(fields):
    pairs = fields.items() if isinstance(fields, dict) else fields
    return urllib.parse.urlencode(list(pairs)).encode()


def in_process_of(uid, function, keep_groups=False):
    """Calls function in a child of that uid (root only), and gives what it returns or raises. The
    child's groups are its uid alone, or the caller's."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if not keep_groups:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            answer = (True, function())
        except BaseException as error:  # handed to the parent, whatever it is
            answer = (False, repr(error))
        os.write(writing, pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    good, value = pickle.loads(data)
    if not good:
        raise RuntimeError(value)
    return value


def let_everybody_in(folder):
    """Other uids reach it, which pytest's own folders keep to ours."""
    while folder != Path(tempfile.gettempdir()):
        folder.chmod(0o755)
        folder = folder.parent


class Daemon:
    """A private jetond. `config` is the text of its jetond.conf."""

    def __init__(self, config="", programs=None, wrapper=()):
        self.directory = Path(tempfile.mkdtemp(prefix="jetont.", dir="/tmp"))
        self.directory.chmod(0o755)
        self.state = self.directory / "state"
        self.state.mkdir(0o755)
        self.config_file = self.state / "jetond.conf"
        self.config_file.write_text(config)
        self.programs = programs or BUILD / "libexec"
        self.wrapper = list(wrapper)
        self.socket = self.state / "run" / "jeton.sock"
        self.web_socket = self.state / "run" / "web.sock"
        self.log_file = self.directory / "log"
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.remove()

    # --- life ---

    def command(self):
        return [*self.wrapper, str(BUILD / "bin" / "jetond"), "--programs", str(self.programs),
                "--state", str(self.state)]

    def spawn(self, **environment):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True,
                                            env={**os.environ, **environment})

    def start(self):
        """It is ready when it tells systemd so: its first frontend answers before the last begins."""
        address = self.directory / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(address))
            try:
                self.spawn(NOTIFY_SOCKET=str(address))
                self.wait_until_healthy()
                manager.settimeout(START_SECONDS)
                assert manager.recv(4096) == b"READY=1", self.log()
            finally:
                address.unlink()

    def wait_until_healthy(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"jetond ended with {self.process.returncode}:\n{self.log()}")
            try:
                if self.get("/health").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"jetond is not healthy after {START_SECONDS} s:\n{self.log()}")

    def wait_for_log(self, words, seconds=20):
        """Waits until the log has those words; gives the line."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.log().splitlines():
                if words in line:
                    return line
            time.sleep(0.02)
        raise AssertionError(f"{words!r} is not in the log:\n{self.log()}")

    def stop(self, seconds=15):
        """Ends it as systemd would; gives its exit status."""
        if self.process.poll() is None:
            self.jetond_process_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill_parent(self):
        """Kills the parent alone, with kill -9, and waits until each of its children has ended."""
        pids = [pid for pids in self.children().values() for pid in pids]
        handles = [os.pidfd_open(pid) for pid in pids]
        self.process.kill()
        self.process.wait()
        try:
            for pid, handle in zip(pids, handles):
                ended, _, _ = select.select([handle], [], [], START_SECONDS)
                assert ended, f"{pid} has outlived its parent:\n{self.log()}"
        finally:
            for handle in handles:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                os.close(handle)

    def jetond_pid(self):
        """The parent's pid; behind a wrapper (strace) it is the wrapper's child."""
        if not self.wrapper:
            return self.process.pid
        return next(iter(children_of(self.process.pid)))

    def jetond_process_signal(self, number):
        os.kill(self.jetond_pid(), number)

    def remove(self):
        if self.process and self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def children(self):
        """{"signer": [pid], "worker": [pid, pid], ...}"""
        found = {}
        for pid in children_of(self.jetond_pid()):
            try:
                name = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
            except OSError:
                continue
            found.setdefault(Path(name).name.replace("jetond-", ""), []).append(pid)
        return found

    def settle(self):
        """Waits until no process of it has anything to do: what was sent to it has arrived."""
        deadline = time.monotonic() + START_SECONDS
        while not all_rest([self.jetond_pid(), *children_of(self.jetond_pid())]):
            assert time.monotonic() < deadline, f"it does not come to rest:\n{self.log()}"

    # --- talking to it ---

    def connect(self, timeout=20, path=None):
        return Connection(path or self.socket, timeout)

    def request(self, method, path, headers=(), body=b"", form=None, data=None, token=None,
                peer=False, uid=None, web=False):
        headers = list(headers)
        if form is not None:
            body = encode_form(form)
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        if data is not None:
            body = json.dumps(data).encode()
            headers.append(("Content-Type", "application/json"))
        if token is not None:
            headers.append(("Authorization", f"Bearer {token}"))
        if peer:
            headers.append(("Authorization", "Peer"))

        def exchange():
            with self.connect(path=self.web_socket if web else None) as connection:
                connection.send(compose(method, path, headers, body))
                return connection.reply(head_only=method == "HEAD")

        reply = in_process_of(uid, exchange) if uid is not None else exchange()
        if openapi:
            openapi.document().check(method, path, reply, socket="web.sock" if web else "jeton.sock",
                                     as_peer=("Authorization", "Peer") in headers)
        return reply

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def post(self, path, **how):
        return self.request("POST", path, **how)

    def add_user(self, name, password=PASSWORD, **fields):
        reply = self.post("/users", peer=True,
                          data={"username": name, "password": password, **fields})
        assert reply.status == 201, (reply, self.log())
        return reply.json()

    def login(self, name, password=PASSWORD, **form):
        return self.post("/token", form={"grant_type": "password", "username": name,
                                         "password": password, **form})

    def token(self, name, password=PASSWORD, **form):
        reply = self.login(name, password, **form)
        assert reply.status == 200, (reply, self.log())
        return reply.json()["access_token"]

    def unlock(self, *names):
        """Who failed to log in may try again at once; without names everybody may."""
        for name in names or [user["username"] for user in self.get("/users", peer=True).json()]:
            reply = self.post(f"/users/{name}/unlock", peer=True)
            assert reply.status == 204, (reply, self.log())

    def database(self):
        """Its rows, beside it; closed at the end of a with block."""
        connection = sqlite3.connect(self.state / "db" / "jeton.db", isolation_level=None)
        return contextlib.closing(connection)

    def stored_hash(self, name):
        with self.database() as rows:
            return rows.execute("SELECT password_hash FROM users WHERE name = ?",
                                (name,)).fetchone()[0]

    def store_hash(self, name, text):
        with self.database() as rows:
            rows.execute("UPDATE users SET password_hash = ? WHERE name = ?", (text, name))

    def jeton(self, *arguments, standard_input="", check=False):
        """Runs the command against this daemon."""
        environment = {"PATH": os.environ["PATH"], "JETON_SOCKET": str(self.socket)}
        return subprocess.run([str(BUILD / "bin" / "jeton"), *arguments], input=standard_input,
                              capture_output=True, text=True, timeout=30, check=check,
                              env=environment)


def children_of(pid):
    """The pids of a process's children."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        if int(stat.rsplit(")", 1)[1].split()[1]) == pid:
            found.append(int(entry.name))
    return sorted(found)


def all_rest(pids):
    """Whether these processes sleep, or stand still, and have done so for a moment."""
    def doings(pid):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return "gone"
        return "\n".join(line for line in status.splitlines()
                         if line.startswith("State") or "ctxt_switches" in line)

    before = [doings(pid) for pid in pids]
    time.sleep(0.1)
    return before == [doings(pid) for pid in pids] and \
        all("(sleeping)" in doing or "(stopped)" in doing for doing in before)


def while_he_waits(fail, action, seconds=0.8):
    """What action gives in the second for which somebody has to wait after `fail`. A machine that
    stands still meanwhile tells nothing: then it is done once more."""
    deadline = time.monotonic() + 60
    while True:
        fail()
        began = time.monotonic()
        result = action()
        if time.monotonic() - began < seconds:
            return result
        assert began < deadline, "it never took less than the wait"


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_root():
    return os.geteuid() == 0


if __name__ == "__main__":
    sys.exit("this is a module of the tests; tests/run runs them")

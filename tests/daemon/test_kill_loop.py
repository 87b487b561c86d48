"""What was acknowledged is there after kill -9, whatever was being done at that moment.

Clients add users, refresh, revoke and change passwords, and each keeps a book of what it was told.
The authority, or every process, is killed at a random moment and started again, and the books are
compared with what is there. JETON_KILL_ROUNDS says how often.
"""
import os
import random
import signal
import sqlite3
import threading
import time

from harness import PASSWORD, Daemon
from test_refresh import CONFIG, is_active, log_in, refresh
from test_revocation import revoke, verdict

ROUNDS = int(os.environ.get("JETON_KILL_ROUNDS", "16"))
HASH = "$6$saltsalt$" + "x" * 86


class Client:
    """One that asks without a pause until it is told to stop. Whatever fails is tried again."""

    def __init__(self, daemon, number):
        self.jetond = daemon
        self.name = f"{type(self).__name__.lower()}{number}"
        self.acknowledged = 0
        self.wrong = None

    def prepare(self):
        """Before each round."""

    def start(self):
        self.stopped = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopped and not self.wrong:
            try:
                self.step()
            except (OSError, ValueError):
                time.sleep(0.01)
            except AssertionError as error:
                self.wrong = error

    def join(self):
        self.thread.join(30)
        assert not self.thread.is_alive(), "a caller hangs"
        assert not self.wrong, self.wrong


class Adder(Client):
    def __init__(self, *args):
        super().__init__(*args)
        self.count, self.added = 0, []

    def step(self):
        self.count += 1
        name = f"{self.name}-{self.count}"
        reply = self.jetond.post("/users", peer=True,
                                 data={"username": name, "password_hash": HASH})
        if reply.status == 201:
            self.added.append((name, reply.json()["id"]))
            self.acknowledged += 1

    def check(self):
        for name, number in self.added:
            reply = self.jetond.get(f"/users/{name}", peer=True)
            assert (reply.status, reply.json().get("id")) == (200, number), name
        self.added = []


class Refresher(Client):
    """Was told that `newest` follows `before`; of what it asks for last it may not hear."""

    def __init__(self, *args):
        super().__init__(*args)
        self.jetond.add_user(self.name)
        self.before = self.asked = None
        self.newest = log_in(self.jetond, self.name)["refresh_token"]

    def step(self):
        self.asked = self.newest
        reply = refresh(self.jetond, self.asked)
        assert reply.status in (200, 503), reply
        if reply.status == 200:
            self.before, self.newest = self.asked, reply.json()["refresh_token"]
            self.acknowledged += 1
        if random.random() < 0.1:
            time.sleep(0.02)

    def check(self):
        if self.asked and self.asked == self.before:
            assert self.refreshed(self.before) == self.newest, "a retry has another successor"
        successors = {self.refreshed(self.newest) for _ in range(2)}
        assert len(successors) == 1, "a retry has another successor"
        self.asked = None
        self.newest = successors.pop()

    def refreshed(self, token):
        reply = refresh(self.jetond, token)
        assert reply.status == 200, (reply, "an acknowledged token is lost")
        return reply.json()["refresh_token"]


class Revoker(Client):
    """Revokes tokens of sessions that were begun beforehand, of either kind."""

    def __init__(self, *args):
        super().__init__(*args)
        self.count, self.logins, self.revoked, self.ended = 0, [], [], []

    def prepare(self):
        self.count += 1
        name = f"{self.name}-{self.count}"
        self.jetond.add_user(name)
        self.logins = [log_in(self.jetond, name) for _ in range(16)]

    def step(self):
        time.sleep(random.uniform(0, 0.02))
        if not self.logins:
            return
        login = self.logins.pop()
        kind = random.choice(["access_token", "refresh_token"])
        if revoke(self.jetond, login[kind]).status == 200:
            self.revoked.append(login["access_token"])
            if kind == "refresh_token":
                self.ended.append(login["refresh_token"])
            self.acknowledged += 1

    def check(self):
        for token in self.revoked:
            assert not is_active(self.jetond, token), "a revoked token lives"
        for token in self.revoked[-3:]:
            assert verdict(self.jetond, token) == "revoked", "the status page does not know"
        for token in self.ended:
            assert refresh(self.jetond, token).status == 400, "an ended session lives"
        self.revoked, self.ended = [], []


class Changer(Client):
    def __init__(self, *args):
        super().__init__(*args)
        self.jetond.add_user(self.name)
        self.count, self.password, self.asked = 0, PASSWORD, None

    def step(self):
        self.count += 1
        self.asked = f"{PASSWORD} {self.count}"
        reply = self.jetond.request("PATCH", f"/users/{self.name}", peer=True,
                                    data={"password": self.asked})
        if reply.status == 200:
            self.password, self.asked = self.asked, None
            self.acknowledged += 1

    def opens(self, password):
        """Whether one may log in with it. A login right after a change may have to wait a second."""
        self.jetond.unlock(self.name)
        while (reply := self.jetond.login(self.name, password)).status == 503:
            time.sleep(0.2)
        return reply.status == 200

    def check(self):
        """The one that was told, or the one that was asked for when the kill came; not an older."""
        good = [word for word in (self.password, self.asked) if word and self.opens(word)]
        assert len(good) == 1, (good, "an acknowledged password is lost")
        self.password, self.asked = good[0], None


KINDS = [Adder, Adder, Refresher, Refresher, Refresher, Revoker, Changer]


def kill_authority(daemon):
    for pid in daemon.children().get("authority", []):
        os.kill(pid, signal.SIGKILL)


def kill_all(daemon):
    pids = [pid for some in daemon.children().values() for pid in some]
    for pid in [daemon.process.pid, *pids]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    daemon.process.wait()


def come_back(daemon):
    if daemon.process.returncode is not None:
        daemon.spawn()
    daemon.wait_until_healthy()


def integrity(daemon):
    with sqlite3.connect(daemon.state / "db" / "jeton.db") as database:
        found = database.execute("PRAGMA integrity_check").fetchall()
        found += database.execute("PRAGMA foreign_key_check").fetchall()
    database.close()
    return found


def run_until_killed(daemon, clients, kill):
    for client in clients:
        client.prepare()
    for client in clients:
        client.start()
    time.sleep(random.uniform(0.05, 0.4))
    kill(daemon)
    for client in clients:
        client.stopped = True
    for client in clients:
        client.join()


def test_what_was_acknowledged_is_there_after_kill_9():
    seed = int(os.environ.get("JETON_KILL_SEED", time.time()))
    random.seed(seed)
    print(f"JETON_KILL_SEED={seed}")
    with Daemon(CONFIG) as daemon:
        clients = [kind(daemon, number) for number, kind in enumerate(KINDS)]
        for number in range(ROUNDS):
            # Every second time the parent too, which forgets how often it has started the others.
            run_until_killed(daemon, clients, kill_all if number % 2 else kill_authority)
            come_back(daemon)
            assert integrity(daemon) == [("ok",)]
            for client in clients:
                client.check()
        told = {client.name: client.acknowledged for client in clients}
        print(told)
        assert all(told.values()), told

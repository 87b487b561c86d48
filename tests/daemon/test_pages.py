"""The public pages in all the states in which a start may find them, and under a running daemon."""
import os
import socket
import time

import pytest

from harness import Daemon
from test_refresh import CONFIG, log_in
from test_verification import Verifier, program, revoke  # noqa: F401 (a fixture)

LAYOUT = 8  # where the layout's number stands in a page


def remove(path):
    path.unlink()


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path):
    os.truncate(path, 0)


def grow(path):
    os.truncate(path, path.stat().st_size + 1)


def overwrite(path, offset, data):
    with open(path, "r+b") as page:
        page.seek(offset)
        page.write(data)


def fill_with_zeros(path):
    overwrite(path, 0, bytes(path.stat().st_size))


def fill_with_ones(path):
    overwrite(path, 0, b"\xff" * path.stat().st_size)


def have_another_layout(path):
    overwrite(path, LAYOUT, (99).to_bytes(4, "little"))


def be_of_a_newer_daemon(path):
    """Another layout and another size."""
    have_another_layout(path)
    grow(path)


def let_others_write(path):
    path.chmod(0o666)


def have_another_name_too(path):
    os.link(path, path.with_name(path.name + ".other"))


def be_a_symlink(path):
    other = path.rename(path.with_name(path.name + ".other"))
    path.symlink_to(other.name)


def be_a_fifo(path):
    path.unlink()
    os.mkfifo(path)


def be_a_socket(path):
    path.unlink()
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(path))


def be_a_hole(path):
    """Of the right size, with no block behind it."""
    size = path.stat().st_size
    os.truncate(path, 0)
    os.truncate(path, size)


DAMAGES = [remove, cut, empty, grow, fill_with_zeros, fill_with_ones, have_another_layout,
           be_of_a_newer_daemon, let_others_write, have_another_name_too, be_a_symlink, be_a_fifo,
           be_a_socket, be_a_hole]


@pytest.fixture(scope="module")
def stopped():
    """A daemon that is not running, a token of it that is good, and one that it has revoked."""
    daemon = Daemon(CONFIG)
    daemon.start()
    daemon.add_user("alice")
    good, revoked = (log_in(daemon)["access_token"] for _ in range(2))
    revoke(daemon, revoked)
    daemon.stop()
    yield daemon, good, revoked
    daemon.remove()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_start_makes_good_what_it_finds(stopped, program, damage):  # noqa: F811
    """A verifier that had both pages open says valid of no revoked token meanwhile, and is right
    again when the daemon is back."""
    daemon, good, revoked = stopped
    run = daemon.state / "run"
    with Verifier(program, daemon) as verifier:
        assert [verifier.says(token) for token in (good, revoked)] == ["valid", "revoked"]
        for name in ("keys", "status"):
            damage(run / name)
        assert verifier.says(revoked) != "valid"
        daemon.start()
        try:
            assert [verifier.says(token) for token in (good, revoked)] == ["valid", "revoked"]
            for name in ("keys", "status"):
                page = (run / name).lstat()
                assert (page.st_mode, page.st_nlink) == (0o100644, 1)
                assert page.st_blocks * 512 >= page.st_size
        finally:
            daemon.stop()
            for other in run.glob("*.other"):
                other.unlink()


# What the frontend has read of a page holds while the page says that it has not changed.
ANSWERS_WITHOUT_A_PAGE = [
    (200, {"active": False}),
    (500, {"error": "server_error", "error_description": "the log has the reason"}),
]


@pytest.mark.parametrize("damage", [cut, empty], ids=lambda damage: damage.__name__)
def test_a_page_that_is_cut_under_its_writer_is_made_anew(fresh, program, damage):  # noqa: F811
    """Who may cut it runs the daemon. Its writer ends by SIGBUS, which is no more than a kill."""
    daemon = fresh(CONFIG)
    daemon.add_user("alice")
    good, revoked = (log_in(daemon)["access_token"] for _ in range(2))
    revoke(daemon, revoked)
    with Verifier(program, daemon) as verifier:
        assert [verifier.says(token) for token in (good, revoked)] == ["valid", "revoked"]
        damage(daemon.state / "run" / "status")
        assert verifier.says(revoked) != "valid"
        reply = daemon.post("/introspect", form={"token": revoked})
        assert (reply.status, reply.json()) in ANSWERS_WITHOUT_A_PAGE
        revoke_in_the_end(daemon, good)
        assert [verifier.says(token) for token in (good, revoked)] == ["revoked"] * 2
        assert verifier.has_seen(log_in(daemon)["access_token"])


def test_requests_that_a_broken_page_fails_do_not_flood_the_log(fresh):
    daemon = fresh(CONFIG)
    fill_with_zeros(daemon.state / "run" / "keys")
    began = time.monotonic()
    for _ in range(100):
        assert daemon.get("/.well-known/jwks.json").status == 500
    seconds = time.monotonic() - began
    daemon.wait_for_log("a request failed: ")
    assert daemon.log().count("a request failed: ") <= 10 * (seconds + 2)


def revoke_in_the_end(daemon, token):
    """The first attempt meets the end of the writer, the next ones its successor's start."""
    deadline = time.monotonic() + 60
    while True:
        try:
            if daemon.post("/revoke", form={"token": token}).status == 200:
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, daemon.log()
        time.sleep(0.05)

"""The issuer sections of a daemon that runs: what a reload takes over, and what a bad folder costs."""
import signal
import tempfile
import time
from pathlib import Path

import pytest
from outside import Issuer, exchange, link

HERE = 'issuer = "https://here.example"\nmin-uid = 1\n'


@pytest.fixture
def issuers():
    """Two of them, each with a folder of his own, whose path is long: the log names it whole."""
    with tempfile.TemporaryDirectory(prefix="jetoni.", dir="/tmp") as place:
        made = []
        for name, algorithm in (("one", "RS256"), ("two", "ES256")):
            folder = Path(place, "a" * 150, "b" * 100, name)
            folder.mkdir(mode=0o755, parents=True)
            made.append(Issuer(f"https://{name}.example", folder, alg=algorithm))
        yield made


def configure(daemon, *sections):
    daemon.config_file.write_text(HERE + "".join(sections))


def reload(daemon, words):
    """Until the log says those once more."""
    seen = daemon.log().count(words)
    daemon.jetond_process_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while daemon.log().count(words) == seen:
        assert time.monotonic() < deadline, daemon.log()
        time.sleep(0.02)
    daemon.settle()


TAKEN, KEPT = "took the new settings of", "kept the old settings: "


@pytest.fixture
def daemon_of(fresh):
    """daemon_of(sections...): it runs and has alice."""
    def make(*sections):
        daemon = fresh(config=HERE + "".join(sections))
        daemon.add_user("alice")
        return daemon

    return make


def status(daemon, issuer):
    return exchange(daemon, issuer.token("a")).status


def test_issuers_come_and_go_in_a_reload(daemon_of, issuers):
    one, two = issuers
    daemon = daemon_of(one.section())
    assert link(daemon, "alice", one, "a").status == 201
    assert status(daemon, one) == 200 and status(daemon, two) == 400

    configure(daemon, one.section(), two.section())
    reload(daemon, TAKEN)
    assert link(daemon, "alice", two, "a").status == 201
    assert status(daemon, one) == status(daemon, two) == 200

    configure(daemon, two.section())  # who has the number of the other now
    reload(daemon, TAKEN)
    assert status(daemon, two) == 200 and status(daemon, one) == 400

    configure(daemon, two.section("another.app"))
    reload(daemon, TAKEN)
    assert status(daemon, two) == 400
    assert exchange(daemon, two.token("a", aud="another.app")).status == 200

    configure(daemon)
    reload(daemon, TAKEN)
    assert status(daemon, two) == 400


def test_the_first_issuer_comes_with_a_reload(daemon_of, issuers):
    one, _ = issuers
    daemon = daemon_of()
    assert "issuer" not in daemon.children()
    configure(daemon, one.section())
    reload(daemon, TAKEN)
    assert link(daemon, "alice", one, "a").status == 201
    assert status(daemon, one) == 200
    assert len(daemon.children()["issuer"]) == 1
    reload(daemon, TAKEN)
    assert status(daemon, one) == 200
    assert len(daemon.children()["issuer"]) == 1


def test_a_bad_section_changes_nothing_in_a_reload(daemon_of, issuers):
    one, two = issuers
    daemon = daemon_of(one.section())
    assert link(daemon, "alice", one, "a").status == 201
    configure(daemon, two.section().replace("ES256", "HS256"))
    reload(daemon, KEPT)
    assert "alg must be one of ES256 RS256, not 'HS256'" in daemon.log()
    assert status(daemon, one) == 200


def test_the_issuer_that_the_first_start_chose_is_no_outside_one(fresh, issuers):
    one, _ = issuers
    daemon = fresh(config="min-uid = 1\n" + one.section())
    own = (daemon.state / "issuer").read_text().strip()
    daemon.config_file.write_text(one.section() + one.section().replace(one.url, own))
    reload(daemon, KEPT)
    words = f'section issuer "{own}": this is our own issuer: its tokens need no section'
    assert words in daemon.log()
    daemon.stop()
    with pytest.raises(RuntimeError, match="jetond ended with 1"):
        daemon.start()


def test_without_its_folder_an_issuer_is_refused_and_all_else_goes_on(daemon_of, issuers):
    one, two = issuers
    hidden = one.file.parent.with_name("elsewhere")
    one.file.parent.rename(hidden)
    daemon = daemon_of(one.section(), two.section())
    assert f"tokens of {one.url} are refused: {one.file.parent}: No such file" in daemon.log()
    for issuer in issuers:
        assert link(daemon, "alice", issuer, "a").status == 201
    assert status(daemon, one) == 400 and status(daemon, two) == 200
    assert daemon.login("alice").status == 200
    hidden.rename(one.file.parent)
    reload(daemon, TAKEN)
    assert status(daemon, one) == 200
    one.file.unlink()
    assert status(daemon, one) == 400
    daemon.wait_for_log(f"tokens of {one.url} are refused: {one.file}: No such file")


def test_a_folder_below_one_that_others_can_write_is_not_believed(daemon_of, issuers):
    one, two = issuers
    one.file.parent.parent.chmod(0o777)
    try:
        daemon = daemon_of(one.section())
        assert f"tokens of {one.url} are refused: " in daemon.log()
        assert "writable by others than its owner" in daemon.log()
        assert link(daemon, "alice", one, "a").status == 201
        assert status(daemon, one) == 400
    finally:
        one.file.parent.parent.chmod(0o755)


def test_a_folder_that_others_can_write_is_told(daemon_of, issuers):
    one, _ = issuers
    one.file.parent.chmod(0o775)
    daemon = daemon_of(one.section())
    assert (f"who can write there speaks for {one.url}: {one.file.parent}: writable by others"
            in daemon.log())
    assert link(daemon, "alice", one, "a").status == 201
    assert status(daemon, one) == 200

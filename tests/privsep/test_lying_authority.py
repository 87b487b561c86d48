"""The signer against an authority that somebody else has taken over, and that authority against the
page and the parent: it mints within the limits, and that is all."""
import base64
import hashlib
import json
import subprocess
import time

import pytest

from conftest import BUILD, LIARS

ISSUER = "https://jeton.test"

BEYOND_THE_LIMITS = [
    "lifetime-over-the-ceiling", "lifetime-without-end", "lifetime-none",
    "audience-of-tickets", "audience-of-tickets-too", "audience-none",
    "subject-none", "subject-with-a-member", "scope-with-a-quote", "roles-with-a-quote",
    "username-with-a-newline", "session-of-another-shape", "method-of-another-shape",
    "login-in-the-future", "login-before-time",
    "ticket-nonce-too-short", "ticket-verdict-unheard-of", "ticket-verdict-none",
    "ticket-phase-none", "ticket-for-nobody", "ticket-role-with-a-quote",
    "ticket-of-auth-with-a-session", "ticket-by-the-kernels-word",
    "ticket-service-with-a-path",
]

AGAINST_THE_RULES = [
    "kind-of-a-ticket", "settings-of-its-own", "go", "message-of-a-worker", "answer-of-the-signer",
    "descriptor-of-a-page", "question-with-a-descriptor", "frame-oversized",
    "frame-longer-than-its-type", "frame-cut-short", "type-unheard-of", "garbage", "nothing",
    "rotation-of-what-nobody-knows", "rotation-with-a-descriptor", "key-of-its-own",
    "change-of-its-own",
]


# What the signer answers when it is asked about keys as nobody would ask.
ABOUT_KEYS = {
    "list-of-keys": "keys-done",
    "rotation-of-what-is-not-in-use": "keys-unknown",
    "drop-of-what-is-no-key": "keys-unknown", "drop-of-nothing": "keys-unknown",
    "drop-with-a-path": "keys-unknown", "drop-of-the-states": "keys-unknown",
    "mac-by-a-published-key": "mac-bad", "mac-guessed": "mac-bad", "mac-none": "mac-bad",
    "mac-cut-short": "mac-bad", "mac-by-no-key": "mac-bad",
}


class Signer:
    """A directory of keys and a page, which the real signer is started on for each lie."""

    def __init__(self, directory):
        self.keys = directory / "keys"
        self.keys.mkdir(mode=0o700)
        self.page = directory / "page"
        self.tell("honest")  # the first start makes the key

    def tell(self, lie):
        done = subprocess.run([LIARS / "lying_authority", BUILD / "libexec" / "jetond-signer",
                               self.keys, self.page, lie],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return {name: value for name, value in
                (line.split(": ", 1) for line in done.stdout.splitlines())}

    def key_files(self):
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
                for file in self.keys.iterdir()}


@pytest.fixture
def signer(tmp_path):
    return Signer(tmp_path)


def parts(token):
    header, payload, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
                 for part in (header, payload))


def test_an_honest_question_gets_a_token_of_the_signers_own_making(signer):
    header, claims = parts(signer.tell("honest")["token"])
    assert header["typ"] == "at+jwt" and header["alg"] == "ES256"
    assert claims["iss"] == ISSUER
    assert claims["exp"] - claims["iat"] == 900


def test_the_ceiling_itself_is_allowed(signer):
    _, claims = parts(signer.tell("lifetime-at-the-ceiling")["token"])
    assert claims["exp"] - claims["iat"] == 3600


def test_a_ticket_has_the_one_audience_of_tickets_and_thirty_seconds(signer):
    header, claims = parts(signer.tell("honest-ticket")["token"])
    assert header["typ"] == "jeton-login+jwt"
    assert claims["aud"] == "jeton:login"
    assert claims["exp"] - claims["iat"] == 30


@pytest.mark.parametrize("lie", BEYOND_THE_LIMITS)
def test_what_is_beyond_the_limits_is_not_signed(signer, lie):
    told = signer.tell(lie)
    assert told["answer"] == "limit"
    assert told["after"] == "signed"
    assert told["page"] == "unchanged"


@pytest.mark.parametrize("lie", AGAINST_THE_RULES)
def test_what_breaks_the_rules_ends_the_signer_and_signs_nothing(signer, lie):
    keys = signer.key_files()
    told = signer.tell(lie)
    assert told["answer"] == "gone"
    assert "token" not in told
    assert told["status"] == "1"
    assert told["page"] == "unchanged"
    assert signer.key_files() == keys


@pytest.mark.parametrize("lie", ABOUT_KEYS)
def test_a_question_about_keys_changes_none_and_tells_no_secret(signer, lie):
    keys = signer.key_files()
    told = signer.tell(lie)
    assert told["answer"] == ABOUT_KEYS[lie]
    assert told["after"] == "signed"
    assert told["page"] == "unchanged"
    assert signer.key_files() == keys


def test_there_are_never_more_keys_than_the_page_holds(signer):
    told = signer.tell("rotations-without-end")
    assert told["answer"] == "keys-full"
    assert told["after"] == "signed"
    assert len([name for name in signer.key_files() if name != "states"]) == 16


def test_the_active_key_is_dropped_and_another_signs(signer):
    before = set(signer.key_files())
    told = signer.tell("drop-of-the-active-key")
    assert told["answer"] == "keys-done" and told["after"] == "signed"
    after = set(signer.key_files())
    assert len(before - after) == len(after - before) == 1


def test_an_authority_that_asks_without_end_does_not_keep_the_signer_from_its_parent(signer):
    told = signer.tell("questions-without-end")
    assert told["flood"] == "ended" and told["status"] == "0"


def test_the_keys_page_is_the_authoritys_to_read_and_nothing_else(stopped_daemon):
    stopped_daemon.liars.put_liar("authority", "captured_authority", "write-page")
    stopped_daemon.spawn()
    stopped_daemon.wait_for_log("attempt read: done")
    for attempt in ("write", "truncate", "map", "protect"):
        stopped_daemon.wait_for_log(f"attempt {attempt}: refused")


@pytest.mark.parametrize("lie", [
    "ready-twice", "settings-to-the-parent", "sign-to-the-parent", "garbage-to-the-parent",
    "descriptor-to-the-parent"])
def test_an_authority_that_lies_to_the_parent_is_ended_and_all_start_again(stopped_daemon, lie):
    stopped_daemon.liars.put_liar("authority", "captured_authority", lie)
    stopped_daemon.spawn()
    stopped_daemon.wait_for_log("broke the rules")
    stopped_daemon.liars.put_honest("authority")
    stopped_daemon.wait_until_healthy()


@pytest.mark.parametrize("what", ["breach", "retire"])
@pytest.mark.parametrize("whom, is_exchanged", [("of-the-one-before", False), ("of-this-one", True)])
def test_what_is_said_of_a_worker_is_of_the_one_that_was_started_then(stopped_daemon, what, whom,
                                                                      is_exchanged):
    """A report about one that has died meanwhile does not end its successor."""
    if what == "retire":
        whom = whom.removeprefix("of-")
    stopped_daemon.liars.put_liar("authority", "captured_authority", f"{what}-{whom}")
    stopped_daemon.spawn()
    stopped_daemon.wait_for_log("ready: issuer")
    stopped_daemon.settle()
    pids = stopped_daemon.children()  # the authority is started last, but for those started anew
    assert (max(pids["worker"]) > max(pids["authority"])) == is_exchanged, stopped_daemon.log()

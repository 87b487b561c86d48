"""The table of codes in pam_jeton(8), cell by cell: each row is brought about, and each phase must
give what the page says."""
import threading

import pytest

from conftest import TOP
from fake_daemon import reply, sign

PHASES = ["auth", "account", "open", "password"]
KINDS = {"open": "session"}
PAGE = TOP / "pam_module/pam_jeton.8"


def rows_of_the_page():
    """Two lines each: the situation, and below it the codes."""
    lines = PAGE.read_text().partition(".TS\n")[2].partition(".TE\n")[0].splitlines()[5:]
    return {situation.replace("\\ ", " "): dict(zip(PHASES, codes.split("|")[1:], strict=True))
            for situation, codes in zip(lines[::2], lines[1::2], strict=True)}


def verdict(word):
    def arrange(stand):
        stand.daemon_answers = lambda request: reply(sign(stand.key, request.claims(verdict=word)))
    return arrange


def nothing_else(stand):
    pass


def root(stand):
    stand.publish_uids(0)
    stand.settings["user"] = "root"


def no_account(stand):
    stand.settings["user"] = "no-such-account"


def below(stand):
    stand.arguments_changed = {"min_uid": stand.account.pw_uid + 1}


def not_linked(stand):
    stand.publish_uids(stand.account.pw_uid + 1)


def page_damaged(name):
    def arrange(stand):
        (stand.run_dir / name).write_bytes(b"")
    return arrange


def away(stand):
    stand.daemon_answers = None


def slow(stand):
    stand.arguments_changed = {"timeout": "300ms"}
    stand.daemon_serves = lambda connection: stand.ended.wait(20)


def refuses(stand):
    stand.daemon_answers = lambda request: reply("{}", "403 Forbidden", "application/json")


def another_nonce(stand):
    stand.daemon_answers = lambda request: reply(sign(stand.key, request.claims(nonce="A" * 43)))


def empty_password(stand):
    stand.settings["password"] = ""


def first_pass_of_nobody(stand):
    stand.arguments_more = ["use_first_pass"]


def new_password_of_nobody(stand):
    stand.arguments_more = ["use_authtok"]


def silent_person(stand):
    stand.settings["answer"] = "fail"


def without_the_role(stand):
    stand.arguments_more = ["require_role=wheel"]
    verdict("denied")(stand)


def role_left_out_on_the_way(stand):
    stand.arguments_more = ["require_role=wheel"]
    stand.daemon_answers = lambda request: reply(sign(stand.key, request.claims(roles=None)))


def only_what_has_expired(stand):
    stand.phases_changed = {"password": "expired"}


def passed_over(arrange):
    def arrange_and_tell(stand):
        arrange(stand)
        stand.arguments_more = ["ignore_unknown_user"]
    return arrange_and_tell


def misspelt(stand):
    stand.arguments_more = ["tiemout=3s"]


SITUATIONS = {
    "granted": nothing_else,
    "denied: a wrong password": verdict("denied"),
    "denied: without the role of require_role": without_the_role,
    "disabled by an administrator": verdict("disabled"),
    "at the end of the account": verdict("expired"),
    "the password must be changed": verdict("must-change"),
    "linked, but unknown to the daemon": verdict("unknown"),
    "no such account": no_account,
    "uid 0": root,
    "below min_uid": below,
    "not linked": not_linked,
    "any of these four, with ignore_unknown_user": [
        passed_over(arrange) for arrange in (no_account, root, below, not_linked)],
    "status page missing or damaged": page_damaged("status"),
    "daemon away": away,
    "daemon too slow": slow,
    "daemon refuses the question": refuses,
    "answer is not our ticket": another_nonce,
    "answer leaves out the role of require_role": role_left_out_on_the_way,
    "keys page missing or damaged": page_damaged("keys"),
    "empty or oversized password": empty_password,
    "use_first_pass without a password": first_pass_of_nobody,
    "use_authtok without a new password": new_password_of_nobody,
    "only an expired one is to be changed, and it has not": only_what_has_expired,
    "the new password is not good enough": [verdict(word) for word in (
        "too-short", "too-long", "common", "user-name", "similar", "too-simple")],
    "conversation fails": silent_person,
    "bad argument": misspelt,
}


def ask(stand, phase, permit):
    line = stand.module_line(*stand.arguments_more, **stand.arguments_changed)
    kind = KINDS.get(phase, phase)
    stand.stack(f"{kind} required {line}", *[f"{kind} required pam_permit.so"] * permit)
    phase = stand.phases_changed.get(phase, phase)
    return stand.try_login(phases=phase, **stand.settings).codes[phase]


def code_of(stand, phase):
    """The module's own code. PAM_IGNORE leaves no trace in libpam's answer but this: alone it
    refuses, and beside a module that permits it does not."""
    alone = ask(stand, phase, permit=False)
    if alone == "PAM_PERM_DENIED" and ask(stand, phase, permit=True) == "PAM_SUCCESS":
        return "PAM_IGNORE"
    return alone


def test_every_row_of_the_page_is_tested():
    assert set(rows_of_the_page()) == set(SITUATIONS)


def cells():
    for situation, arranges in SITUATIONS.items():
        for arrange in arranges if isinstance(arranges, list) else [arranges]:
            for phase in PHASES:
                yield pytest.param(situation, arrange, phase, id=f"{situation}-{phase}")


@pytest.mark.parametrize("situation, arrange, phase", cells())
def test_code_is_the_one_in_the_manual(stand, situation, arrange, phase):
    expected = rows_of_the_page()[situation][phase]
    stand.daemon_answers, stand.daemon_serves = stand.honest, None
    stand.settings, stand.arguments_more, stand.arguments_changed = {}, [], {}
    stand.phases_changed = {}
    stand.ended = threading.Event()
    arrange(stand)
    if not stand.daemon_answers:
        code = code_of(stand, phase)
    else:
        with stand.daemon(stand.daemon_answers, serve=stand.daemon_serves):
            code = code_of(stand, phase)
            stand.ended.set()
    # "-": what a person answers is no matter of the other phases.
    assert code == ("PAM_SUCCESS" if expected == r"\-" else expected)

"""One-time login codes through the module and a real jetond: what a person types at a prompt."""
import sys

import pytest

from conftest import ACCOUNT, SERVICE, TOP

sys.path.insert(0, str(TOP / "tests"))

from harness import PASSWORD, Daemon  # noqa: E402

CONFIG = f'issuer = "https://host.example"\nmin-uid = 1\nlogin-code = {{"{SERVICE}", "sshd"}}\n'
IN = {"auth": "PAM_SUCCESS", "account": "PAM_SUCCESS"}
OUT = {"auth": "PAM_AUTH_ERR", "account": "PAM_SUCCESS"}


@pytest.fixture
def login(stand):
    with Daemon(CONFIG) as daemon:
        daemon.add_user(ACCOUNT.pw_name, uid=ACCOUNT.pw_uid, allow_account_name=True)
        stand.socket, stand.jetond = daemon.socket, daemon
        stand.configure()
        yield stand


def code(login, service=SERVICE):
    token = login.jetond.token(ACCOUNT.pw_name)
    reply = login.jetond.post("/login-codes", token=token, data={"service": service})
    assert reply.status == 200, reply
    return reply.json()["code"]


def test_a_code_at_the_prompt_once(login):
    given = code(login)
    outcome = login.try_login(password=given)
    assert outcome.codes == IN and outcome.prompts == 1
    assert login.try_login(password=given).codes == OUT
    login.jetond.unlock(ACCOUNT.pw_name)
    assert login.try_login(password=PASSWORD).codes == IN


def test_as_it_is_dictated(login):
    assert login.try_login(password=code(login).lower().replace("-", " ")).codes == IN


def test_a_code_for_another_service_is_none_here(login):
    assert login.try_login(password=code(login, "sshd")).codes == OUT


def test_of_ten_at_once_one_gets_in(login):
    """Each thread is a login of its own, as ten programs are."""
    outcome = login.try_login(password=code(login), phases="auth", threads=10)
    codes = [answer for _, answer in outcome.all_codes]
    assert codes.count("PAM_SUCCESS") == 1 and len(codes) == 10
    assert set(codes) <= {"PAM_SUCCESS", "PAM_AUTH_ERR", "PAM_AUTHINFO_UNAVAIL"}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token", "ticket"])
def test_no_token_is_a_password(login, kind):
    tokens = login.jetond.login(ACCOUNT.pw_name).json()
    tokens["ticket"] = login.jetond.post("/pam/auth", form={
        "username": ACCOUNT.pw_name, "uid": str(ACCOUNT.pw_uid), "service": SERVICE,
        "nonce": "A" * 43, "password": PASSWORD}).body.decode()
    assert login.try_login(phases="auth", password=tokens[kind][:511]).codes == {
        "auth": "PAM_AUTH_ERR"}


def test_no_log_has_the_code(login):
    given = code(login)
    login.configure("debug")
    lines = login.try_login(password=given).log
    text = ("\n".join(lines) + login.jetond.log()).upper()
    assert given not in text and given.replace("-", "") not in text and "AMR=OTP" in text

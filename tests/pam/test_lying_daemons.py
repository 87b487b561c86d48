"""Every way in which the daemon, its socket or its pages can be wrong. The module gives the right
code within its deadline, and neither writes, leaks a descriptor nor leaves a thread."""
import base64
import json
import os
import socket
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import public_pages
from conftest import PASSWORD, SOON_MS, TIMEOUT_MS
from fake_daemon import Request, header, listen_as, reply, sign
from public_pages import base64url

UNAVAILABLE = "PAM_AUTHINFO_UNAVAIL"


def check(outcome, auth, account, log=None):
    assert outcome.codes == {"auth": auth, "account": account}, outcome.log
    assert max(outcome.ms.values()) < SOON_MS
    assert outcome.descriptors[0] == outcome.descriptors[1]
    assert outcome.tasks == 1
    if log is not None:
        assert outcome.logged(log), outcome.log


def test_honest_daemon_lets_in(stand):
    with stand.daemon() as daemon:
        outcome = stand.try_login(rhost="host.example")
    check(outcome, "PAM_SUCCESS", "PAM_SUCCESS")
    auth, account = daemon.requests
    asked = {"username": stand.account.pw_name, "uid": str(stand.account.pw_uid),
             "service": "jeton-test", "rhost": "host.example"}
    assert (auth.method, auth.path, auth.version) == ("POST", "/pam/auth", "HTTP/1.1")
    assert (account.method, account.path) == ("POST", "/pam/account")
    for request in daemon.requests:
        assert request.fields["content-type"] == "application/x-www-form-urlencoded"
        assert len(request.form["nonce"]) == 43
        assert asked.items() <= request.form.items()
    assert auth.form["password"] == PASSWORD and "password" not in account.form
    assert auth.form["nonce"] != account.form["nonce"]


# ---- what a lying daemon puts in a ticket: name -> (changed claims, what the log says) ----

CLAIMS = {
    "another nonce": ({"nonce": "A" * 43}, "its nonce differs"),
    "short nonce": ({"nonce": "A"}, "its nonce differs"),
    "no nonce": ({"nonce": None}, "none that the published keys confirm"),
    "another user": ({"username": "mallory"}, "its username differs"),
    "no user": ({"username": None}, "none that the published keys confirm"),
    "root's uid": ({"uid": 0}, "its uid differs"),
    "another uid": ({"uid": 4000000000}, "its uid differs"),
    "no uid": ({"uid": None}, "none that the published keys confirm"),
    "uid as text": ({"uid": "1"}, "none that the published keys confirm"),
    "another service": ({"service": "sshd"}, "its service differs"),
    "service with a tail": ({"service": "jeton-test2"}, "its service differs"),
    "unknown phase": ({"phase": "session"}, "its phase differs"),
    "expired": ({"exp": 1700000030, "iat": 1700000000}, "has expired"),
    "from the future": ({"iat": 4102444800, "exp": 4102444830}, "from the future"),
    "for another audience": ({"aud": public_pages.ISSUER}, "for another audience"),
    "for an audience with a tail": ({"aud": "jeton:login2"}, "for another audience"),
    "of another issuer": ({"iss": "https://other.test"}, "of another issuer"),
    "of the issuer with a tail": ({"iss": public_pages.ISSUER + "/"}, "of another issuer"),
    "a role that nobody asked for": ({"roles": ["wheel"]}, "its roles differs"),
    "no verdict": ({"verdict": None}, "none that the published keys confirm"),
    "empty verdict": ({"verdict": ""}, "none that the published keys confirm"),
    "garbage verdict": ({"verdict": "yes"}, "no verdict"),
    "verdict in capitals": ({"verdict": "GRANTED"}, "no verdict"),
    "verdict with a tail": ({"verdict": "granted "}, "no verdict"),
    "unknown member": ({"admin": "true"}, "none that the published keys confirm"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_ticket_with_wrong_claims(stand, name):
    changed, log = CLAIMS[name]
    with stand.daemon(lambda request: reply(sign(stand.key, request.claims(**changed)))):
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, log)


def test_ticket_of_the_other_phase(stand):
    other = {"auth": "account", "account": "auth"}
    with stand.daemon(lambda request: reply(sign(stand.key, request.claims(
            phase=other[request.claims()["phase"]])))):
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "its phase differs")


VERDICTS = {
    "denied": ("PAM_AUTH_ERR", "PAM_PERM_DENIED"),
    "unknown": ("PAM_USER_UNKNOWN", "PAM_PERM_DENIED"),
    "disabled": ("PAM_AUTH_ERR", "PAM_ACCT_EXPIRED"),
    "expired": ("PAM_AUTH_ERR", "PAM_ACCT_EXPIRED"),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_ticket_that_refuses(stand, verdict):
    with stand.daemon(lambda request: reply(sign(stand.key, request.claims(verdict=verdict)))):
        check(stand.try_login(), *VERDICTS[verdict], verdict)


# ---- what it does to the token around the claims ----


def ticket_of_another_key(stand, request):
    return sign(public_pages.Key(), request.claims())


def ticket_of_another_key_under_our_kid(stand, request):
    return sign(public_pages.Key(), request.claims(), header(stand.key))


def access_token(stand, request):
    return sign(stand.key, request.claims(), header(stand.key, typ="at+jwt"))


def plain_token(stand, request):
    return sign(stand.key, request.claims(), header(stand.key, typ="JWT"))


def algorithm_none(stand, request):
    head = header(stand.key, alg="none")
    return sign(stand.key, request.claims(), head).rpartition(".")[0] + "."


def algorithm_none_with_a_signature(stand, request):
    return sign(stand.key, request.claims(), header(stand.key, alg="none"))


def algorithm_hs256(stand, request):
    return sign(stand.key, request.claims(), header(stand.key, alg="HS256"))


def header_with_another_member(stand, request):
    return sign(stand.key, request.claims(), header(stand.key, crit=["b64"]))


def header_in_another_spelling(stand, request):
    head, payload, signature = sign(stand.key, request.claims()).split(".")
    spaced = base64url(json.dumps(header(stand.key)).encode())
    return f"{spaced}.{payload}.{signature}"


def header_altered_behind_the_signature(stand, request):
    head, payload, signature = sign(stand.key, request.claims()).split(".")
    return f"{base64url(json.dumps(header(stand.key, typ='x')).encode())}.{payload}.{signature}"


def claims_altered_behind_the_signature(stand, request):
    head, payload, signature = sign(stand.key, request.claims(verdict="denied")).split(".")
    granted = base64url(json.dumps(request.claims(), separators=(",", ":")).encode())
    return f"{head}.{granted}.{signature}"


def signature_of_zeros(stand, request):
    return sign(stand.key, request.claims()).rpartition(".")[0] + "." + base64url(bytes(64))


def signature_in_der(stand, request):
    signed = sign(stand.key, request.claims()).rpartition(".")[0]
    signature = stand.key.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
    return f"{signed}.{base64url(signature)}"


def padded(stand, request):
    return sign(stand.key, request.claims()) + "=="


def last_bits_not_canonical(stand, request):
    """64 bytes leave two characters of which the last one has four unused bits."""
    token = sign(stand.key, request.claims())
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(token[-1]) + 1]
    spelled = token[:-1] + other
    assert base64.urlsafe_b64decode(spelled.rpartition(".")[2] + "==") == \
        base64.urlsafe_b64decode(token.rpartition(".")[2] + "==")
    return spelled


def followed_by_a_newline(stand, request):
    return sign(stand.key, request.claims()) + "\n"


def claims_twice(stand, request):
    claims = json.dumps(request.claims(), separators=(",", ":"))
    doubled = claims[:-1] + ',"verdict":"granted"}'
    signed = f"{base64url(json.dumps(header(stand.key), separators=(',', ':')).encode())}." \
             f"{base64url(doubled.encode())}"
    return f"{signed}.{base64url(stand.key.sign(signed.encode()))}"


def nothing(stand, request):
    return ""


def dots(stand, request):
    return "." * 8000


TOKENS = [
    ticket_of_another_key, ticket_of_another_key_under_our_kid, access_token, plain_token,
    algorithm_none, algorithm_none_with_a_signature, algorithm_hs256, header_with_another_member,
    header_in_another_spelling, header_altered_behind_the_signature,
    claims_altered_behind_the_signature, signature_of_zeros, signature_in_der, padded,
    last_bits_not_canonical, followed_by_a_newline, claims_twice, nothing, dots,
]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token.__name__)
def test_token_that_is_no_ticket_of_ours(stand, token):
    with stand.daemon(lambda request: reply(token(stand, request))):
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE,
              "none that the published keys confirm")


def test_replayed_ticket(stand):
    seen = {}

    def first_one_again(request):
        return seen.setdefault(request.path, stand.honest(request))

    with stand.daemon(first_one_again):
        check(stand.try_login(), "PAM_SUCCESS", "PAM_SUCCESS")
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "its nonce differs")


# ---- what it does to HTTP ----

def one_byte_a_second(connection):
    Request(connection)
    for byte in b"HTTP/1.1 200 OK\r\n":
        connection.sendall(bytes([byte]))
        time.sleep(1)


def never_answers(connection):
    Request(connection)
    time.sleep(30)


def never_reads(connection):
    time.sleep(30)


def closes_at_once(connection):
    connection.close()


def interim_replies_without_end(connection):
    Request(connection)
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


SERVING = {
    "one byte a second": (one_byte_a_second, "gives no answer"),
    "never answers": (never_answers, "gives no answer"),
    "never reads": (never_reads, "gives no answer"),
    "closes at once": (closes_at_once, "gives no answer"),
    "interim replies without end": (interim_replies_without_end, "gives no answer"),
}


@pytest.mark.parametrize("name", SERVING)
def test_daemon_that_does_not_serve(stand, name):
    serve, log = SERVING[name]
    stand.configure(timeout=f"{TIMEOUT_MS}ms")
    with stand.daemon(serve=serve):
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, log)


def test_honest_reply_in_pieces(stand):
    """Each byte is a packet of its own, which is nothing wrong."""
    def byte_by_byte(connection):
        for byte in stand.honest(Request(connection)):
            connection.sendall(bytes([byte]))

    with stand.daemon(serve=byte_by_byte):
        check(stand.try_login(), "PAM_SUCCESS", "PAM_SUCCESS")


def test_honest_reply_that_comes_too_late(stand):
    def answer_late(request):
        time.sleep(TIMEOUT_MS / 1000 + 0.3)
        return stand.honest(request)

    stand.configure(timeout=f"{TIMEOUT_MS}ms")
    with stand.daemon(answer_late):
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "gives no answer")


def good(stand, request):
    return stand.honest(request)


REPLIES = {
    "cut in the head": lambda s, r: good(s, r)[:30],
    "cut in the body": lambda s, r: good(s, r)[:-1],
    "followed by a byte": lambda s, r: good(s, r) + b"x",
    "garbage": lambda s, r: b"\xff\x00garbage" * 100,
    "no HTTP": lambda s, r: b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "500": lambda s, r: reply('{"error": "server_error"}', "500 Error", "application/json"),
    "503": lambda s, r: reply("{}", "503 Unavailable", "application/json"),
    "403": lambda s, r: reply("{}", "403 Forbidden", "application/json"),
    "401": lambda s, r: reply("{}", "401 Unauthorized", "application/json"),
    "503 with a good ticket": lambda s, r: reply(sign(s.key, r.claims()), "503 Unavailable"),
    "201 with a good ticket": lambda s, r: reply(sign(s.key, r.claims()), "201 Created"),
    "200 with JSON": lambda s, r: reply('{"verdict": "granted"}', content_type="application/json"),
    "good ticket as JSON": lambda s, r: reply(sign(s.key, r.claims()),
                                              content_type="application/json"),
    "good ticket as text": lambda s, r: reply(sign(s.key, r.claims()), content_type="text/plain"),
    "10 MB": lambda s, r: reply("A" * 10_000_000),
    "claims to be 10 EB": lambda s, r: b"HTTP/1.1 200 OK\r\nContent-Type: application/jwt\r\n"
                                       b"Content-Length: 10000000000000000000\r\n\r\n",
    "negative length": lambda s, r: good(s, r).replace(b"Content-Length: ", b"Content-Length: -"),
    "head without end": lambda s, r: b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 10000,
    "another protocol": lambda s, r: b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + good(s, r),
}


@pytest.mark.parametrize("name", REPLIES)
def test_reply_that_is_no_ticket(stand, name):
    with stand.daemon(lambda request: REPLIES[name](stand, request)):
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, str(stand.socket))


# ---- the socket ----


def test_no_socket(stand):
    check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "No such file")


def test_socket_that_nobody_listens_on(stand):
    daemon = stand.daemon()
    daemon.close()
    check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "Connection refused")


def test_file_in_place_of_the_socket(stand):
    stand.socket.write_text("")
    check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "gives no answer")


def test_backlog_that_stays_full(stand):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as other:
        listener.bind(str(stand.socket))
        listener.listen(0)
        other.connect(str(stand.socket))
        stand.configure(timeout=f"{TIMEOUT_MS}ms")
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "gives no answer")


def test_socket_of_another_uid(stand):
    if os.geteuid() != 0:
        pytest.skip("only root can make another uid listen")
    os.chmod(stand.run_dir, 0o777)
    pid = listen_as(65534, stand.socket)
    try:
        os.chmod(stand.socket, 0o777)
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "Operation not permitted")
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


# ---- the pages ----


def remove(path):
    path.unlink()


def replace_by_symlink(path):
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def replace_by_fifo(path):
    path.unlink()
    os.mkfifo(path, 0o644)


def replace_by_directory(path):
    path.unlink()
    path.mkdir()


def cut_in_half(path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path):
    os.truncate(path, 0)


def grow(path):
    os.truncate(path, path.stat().st_size + 1)


def fill_with_zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def publish_nothing(path):
    content = bytearray(path.read_bytes())
    content[16:20] = bytes(4)
    path.write_bytes(content)


def have_another_layout(path):
    content = bytearray(path.read_bytes())
    content[8] = 9
    path.write_bytes(content)


def have_another_magic(path):
    path.write_bytes(b"jetonbad" + path.read_bytes()[8:])


def count_beyond_the_table(path):
    """The count is the first field of a status table, and follows the issuer in a keys table."""
    content = bytearray(path.read_bytes())
    at = 64 if path.name == "status" else 64 + 256
    content[at:at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)


def let_everyone_write(path):
    path.chmod(0o666)


def let_the_group_write(path):
    path.chmod(0o664)


DAMAGES = [
    remove, replace_by_symlink, replace_by_fifo, replace_by_directory, cut_in_half, empty, grow,
    fill_with_zeros, publish_nothing, have_another_layout, have_another_magic,
    count_beyond_the_table, let_everyone_write, let_the_group_write,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_status_page_that_tells_nothing(stand, damage):
    """Nobody is asked for a password then, and nothing is sent."""
    damage(stand.run_dir / "status")
    with stand.daemon() as daemon:
        outcome = stand.try_login()
    check(outcome, UNAVAILABLE, UNAVAILABLE, "cannot tell whether")
    assert outcome.prompts == 0 and daemon.connections == 0


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_keys_page_that_confirms_nothing(stand, damage):
    damage(stand.run_dir / "keys")
    with stand.daemon():
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "cannot check the ticket")


def test_more_revoked_than_the_status_page_holds_is_no_matter_of_a_fresh_ticket(stand):
    stand.publish_uids(stand.account.pw_uid, is_full=True)
    with stand.daemon():
        outcome = stand.try_login(phases="auth,account,open,close")
    assert set(outcome.codes.values()) == {"PAM_SUCCESS"}, outcome.log


@pytest.mark.parametrize("page", ["status", "keys"])
def test_page_of_another_owner(stand, page):
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(stand.run_dir / page, 65534, -1)
    with stand.daemon():
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "Operation not permitted")


def test_run_directory_that_is_gone(stand):
    for entry in stand.run_dir.iterdir():
        entry.unlink()
    stand.run_dir.rmdir()
    check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "cannot tell whether")


def test_keys_page_without_keys(stand):
    stand.publish_keys()
    with stand.daemon():
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "none that the published keys confirm")


def test_keys_page_with_a_point_off_the_curve(stand):
    stand.key.y = bytes(32)
    stand.publish_keys(stand.key)
    with stand.daemon():
        check(stand.try_login(), UNAVAILABLE, UNAVAILABLE, "cannot check the ticket")


def test_second_key_of_the_page_counts_too(stand):
    stand.publish_keys(public_pages.Key(), stand.key)
    with stand.daemon():
        check(stand.try_login(), "PAM_SUCCESS", "PAM_SUCCESS")

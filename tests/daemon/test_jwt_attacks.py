"""Forged, broken and oddly spelled tokens. None is ever active, opens nothing, passes no local
verification, and costs the daemon nothing.

Where a case is signed with the daemon's own key, taken from its state directory, the checks behind
the signature are what is tried."""
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from attacks import (ALG_VALUES, ALL_CLAIMS, AUDIENCES, BAD_NUMBERS, BAD_STRINGS, BYTES, FOREIGN,
                     HEADERS, ISSUERS, KIDS, NUMBERS, OFFERED, PARTS, PAYLOADS, REQUIRED_CLAIMS,
                     SECRETS, SIGNATURES, SIGNERS, SIZES, SPELLINGS, TEXT_CLAIMS, TIME_CLAIMS, TIMES,
                     TWICE, TYPES, WHOLES, at_time, payload_with_bits_to_spare, respell,
                     unsigned_with_kid, with_alg, with_claim_twice, with_kid, with_offer)
from forge import HMAC_DIGESTS, ORDER, Forge, base64url, base64url_bytes, compact, scalars
from harness import BUILD, PASSWORD, encode_form

BODY_MAX = 65536
HEAD_MAX = 16384
NONCE = "A" * 43


@pytest.fixture(scope="module")
def forge(jetond):
    return Forge(jetond.token("alice"), jetond.state / "keys")


@pytest.fixture(autouse=True)
def no_process_is_replaced(jetond):
    before = jetond.children()
    yield
    assert jetond.get("/health").status == 200
    assert jetond.children() == before, "a process was replaced"


def introspect(jetond, token):
    return jetond.post("/introspect", form={"token": token})


def in_form(jetond, token):
    """What introspection says of it; a body beyond the bound is refused unread."""
    reply = introspect(jetond, token)
    if len(encode_form({"token": token})) > BODY_MAX:
        assert reply.status == 413
    else:
        assert reply.status == 200 and reply.json() == {"active": False}, reply


def in_header(jetond, token):
    """401, but where the field itself is no HTTP."""
    reply = jetond.get("/users/me", token=token.encode().decode("latin-1"))
    if any(ord(byte) < 32 and byte != "\t" for byte in token):
        assert reply.status == 400
    elif len(token) > HEAD_MAX:
        assert reply.status == 431
    else:
        assert reply.status == 401, reply
        assert 'error="invalid_token"' in reply.headers["www-authenticate"]


def in_process(jetond, token):
    answer = jetond.jeton("verify", standard_input=token)
    assert answer.returncode == 1, (token[:200], answer)
    assert not answer.stdout.startswith("valid"), answer
    assert answer.stderr, "a refusal without a word"


def assert_refused(jetond, token):
    """By the frontend, by the authority, and by the library."""
    in_form(jetond, token)
    in_header(jetond, token)
    in_process(jetond, token)


def cases(mapping):
    return pytest.mark.parametrize("case", list(mapping.values()), ids=list(mapping))


def test_what_the_forge_signs_with_the_real_key_is_active(jetond, forge):
    """The measure of all that follows: a case fails for what it changed, not for how it was made."""
    for token in (forge.with_claims(), forge.with_member("exp", str(forge.claims["exp"])),
                  forge.with_header(forge.header_json), forge.with_claims(jti="A" * 22)):
        assert introspect(jetond, token).json()["active"] is True
        assert jetond.get("/users/me", token=token).status == 200
        assert jetond.jeton("verify", standard_input=token).returncode == 0


# --- alg ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
@cases(ALG_VALUES)
def test_alg_in_a_header_chooses_nothing(jetond, forge, case, signature):
    assert_refused(jetond, with_alg(forge, case, signature))


@cases(HEADERS)
def test_a_header_that_is_not_ours_is_refused_though_the_key_signed_it(jetond, forge, case):
    assert_refused(jetond, forge.with_header(case.replace("KID", forge.header["kid"])))


@pytest.mark.parametrize("typ", TYPES)
def test_a_type_that_is_no_access_tokens_is_refused(jetond, forge, typ):
    """RFC 8725 3.11, RFC 9068 4: the key signed it, for something else."""
    assert_refused(jetond, forge.with_header(compact({**forge.header, "typ": typ})))


def test_a_login_ticket_is_no_access_token(jetond, forge):
    ticket = jetond.post("/pam/auth", form={
        "username": "alice", "uid": "4321", "service": "sshd", "nonce": NONCE,
        "password": PASSWORD}).body.decode()
    assert json.loads(base64url_bytes(ticket.split(".")[0]))["typ"] == "jeton-login+jwt"
    assert_refused(jetond, ticket)
    assert_refused(jetond, forge.signed(forge.header_part, ticket.split(".")[1]))


def test_an_access_token_is_no_login_ticket(jetond, forge):
    """Claims of an access token under a ticket's header."""
    header = forge.header_json.replace("at+jwt", "jeton-login+jwt")
    assert_refused(jetond, forge.with_header(header))


# --- the public key as a secret -------------------------------------------------------------------

@pytest.mark.parametrize("algorithm", HMAC_DIGESTS)
@cases(SECRETS)
def test_nothing_public_is_a_secret(jetond, forge, case, algorithm):
    assert_refused(jetond, forge.with_hmac(algorithm, case(forge)))


def test_the_published_document_itself_is_no_secret(jetond, forge):
    document = jetond.get("/.well-known/jwks.json").body
    for algorithm in HMAC_DIGESTS:
        assert_refused(jetond, forge.with_hmac(algorithm, document))


# --- kid and keys that a token brings -------------------------------------------------------------

@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
@cases(KIDS)
def test_a_hostile_kid_finds_no_key(jetond, forge, case, signer):
    assert_refused(jetond, with_kid(forge, case, signer))


@cases(KIDS)
def test_a_hostile_kid_opens_no_way_for_a_token_without_a_signature(jetond, forge, case):
    assert_refused(jetond, unsigned_with_kid(forge, case))


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS)
@pytest.mark.parametrize("names_kid", [True, False], ids=["kid", "no kid"])
@cases(OFFERED)
def test_a_key_that_a_token_brings_is_not_looked_at(jetond, forge, case, names_kid, signer):
    assert_refused(jetond, with_offer(forge, case, names_kid, signer))


def test_the_attackers_own_signature_is_refused(jetond, forge):
    assert_refused(jetond, forge.signed(forge.header_part, forge.payload_part, forge.attacker))


# --- the signature --------------------------------------------------------------------------------

@cases(NUMBERS)
def test_numbers_that_sign_nothing(jetond, forge, case):
    assert_refused(jetond, forge.with_signature(scalars(*case(*forge.numbers()))))


@cases(BYTES)
def test_bytes_that_are_no_signature(jetond, forge, case):
    assert_refused(jetond, forge.with_signature(case(forge)))


def test_the_twin_with_n_minus_s_is_the_same_token(jetond, forge):
    """ECDSA makes it as good as the first: so nothing may be keyed by a token's text. It says the
    same of itself, under the same jti."""
    r, s = forge.numbers()
    twin = forge.with_signature(scalars(r, ORDER - s))
    assert twin != forge.token
    assert introspect(jetond, twin).json() == introspect(jetond, forge.token).json()
    assert jetond.get("/users/me", token=twin).status == 200
    assert jetond.jeton("verify", standard_input=twin).returncode == 0


def test_a_revoked_token_is_dead_in_every_spelling(jetond):
    """Revocation goes by jti and time: whoever writes the token anew wins nothing."""
    revoked = Forge(jetond.token("alice"), jetond.state / "keys")
    r, s = revoked.numbers()
    spellings = [revoked.token, revoked.with_signature(scalars(r, ORDER - s)), revoked.with_claims(),
                 revoked.with_claims(sid=None), revoked.with_claims(username="bob")]
    assert all(introspect(jetond, token).json()["active"] for token in spellings)
    assert jetond.post("/revoke", form={"token": spellings[1]}).status == 200
    for token in spellings:
        assert_refused(jetond, token)


# --- spelling -------------------------------------------------------------------------------------

@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
@cases(SPELLINGS)
def test_a_part_has_one_spelling(jetond, forge, case, part):
    token = forge.with_payload(payload_with_bits_to_spare(forge))
    assert_refused_unless_trimmed(jetond, token, respell(token, part, case))


def assert_refused_unless_trimmed(jetond, good, token):
    """A field's value and the command's input begin and end where the blanks do (RFC 9110 5.5): what
    only adds blanks there is the good token by the time it is looked at."""
    in_form(jetond, token)
    if token.strip(" \t\r\n") == good:
        return
    in_header(jetond, token)
    in_process(jetond, token)


@cases(SPELLINGS)
def test_the_key_makes_no_other_spelling_of_a_payload_good(jetond, forge, case):
    """Signed as it is spelled, so only the decoder can refuse it."""
    payload = base64url(payload_with_bits_to_spare(forge))
    assert_refused(jetond, forge.signed(forge.header_part, case(payload)))


def test_the_other_alphabet_is_refused(jetond, forge):
    for number in range(1000):
        token = forge.with_claims(jti=f"{number:022d}")
        signature = token.rsplit(".", 1)[1]
        if "-" in signature and "_" in signature:
            break
    other = signature.replace("-", "+").replace("_", "/")
    assert_refused(jetond, f"{token.rsplit('.', 1)[0]}.{other}")


@cases(WHOLES)
def test_a_token_has_one_spelling(jetond, forge, case):
    assert_refused(jetond, case(forge))


# --- claims signed by the real key ----------------------------------------------------------------

@pytest.mark.parametrize("claim", TIME_CLAIMS)
@pytest.mark.parametrize("value", BAD_NUMBERS, ids=[value[:24] or "nothing" for value in BAD_NUMBERS])
def test_a_time_is_a_plain_number(jetond, forge, claim, value):
    assert_refused(jetond, forge.with_member(claim, value))


@pytest.mark.parametrize("claim", TEXT_CLAIMS)
@pytest.mark.parametrize("value", BAD_STRINGS, ids=range(len(BAD_STRINGS)))
def test_a_text_is_a_text(jetond, forge, claim, value):
    assert_refused(jetond, forge.with_member(claim, value))


@pytest.mark.parametrize("claim", REQUIRED_CLAIMS)
def test_a_required_claim_may_not_be_missing(jetond, forge, claim):
    """RFC 9068 2.2."""
    assert_refused(jetond, forge.with_claims(**{claim: None}))


@pytest.mark.parametrize("claim", ALL_CLAIMS)
@pytest.mark.parametrize("at", TWICE)
def test_a_claim_may_not_be_there_twice(jetond, forge, claim, at):
    assert_refused(jetond, with_claim_twice(forge, claim, at))


@pytest.mark.parametrize("issuer", ISSUERS, ids=map(str, ISSUERS))
def test_the_issuer_is_ours_to_the_byte(jetond, forge, issuer):
    assert_refused(jetond, forge.with_claims(iss=issuer))


@pytest.mark.parametrize("audience", AUDIENCES, ids=[compact(aud)[:40] for aud in AUDIENCES])
def test_an_audience_is_a_word_or_words(jetond, forge, audience):
    assert_refused(jetond, forge.with_claims(aud=audience))


@pytest.mark.parametrize("audience", FOREIGN, ids=map(str, FOREIGN))
def test_a_token_for_somebody_else_opens_nothing_here(jetond, forge, audience):
    token = forge.with_claims(aud=audience)
    in_header(jetond, token)
    in_process(jetond, token)


SUBJECTS = ["0", "01", "+1", "-1", "1 ", " 1", "1e0", "0x1", "1.0", "2", "999999", "alice",
            "18446744073709551617", "9223372036854775808", "1\u200b", "\uff11", "client:1", "svc:1",
            "uid:0", "1;1", "1 OR 1=1"]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_that_is_no_person_is_nobody(jetond, forge, subject):
    in_header(jetond, forge.with_claims(sub=subject))


@cases(PAYLOADS)
def test_a_payload_that_is_not_ours_is_refused_though_the_key_signed_it(jetond, forge, case):
    assert_refused(jetond, forge.with_payload(case(forge.payload_json)))


def test_claims_of_a_role_make_no_administrator(jetond, forge):
    """The role is the database's: even the key's word for it does not count."""
    token = forge.with_claims(roles=["admin"], scope="jeton:admin")
    assert jetond.get("/users", token=token).status == 403


# --- time -----------------------------------------------------------------------------------------

@cases(TIMES)
def test_expired_and_future_tokens_are_refused(jetond, forge, case):
    assert_refused(jetond, at_time(forge, case))


def test_a_token_dies_at_its_second(fresh):
    jetond = fresh('issuer = "https://host.example"\nleeway = "0s"\n')
    jetond.add_user("alice")
    forge = Forge(jetond.token("alice"), jetond.state / "keys")
    exp = int(time.time()) + 3
    token = forge.with_claims(exp=exp)
    while introspect(jetond, token).json()["active"]:
        assert time.time() < exp + 20
        time.sleep(0.02)
    assert time.time() >= exp
    in_form(jetond, token)
    in_header(jetond, token)


@pytest.mark.parametrize("offset,words", [("+1 day", "its time is over"), ("-1 day", "in the future"),
                                          ("+50 years", "its time is over")])
def test_a_moved_clock_makes_no_token_good(jetond, forge, offset, words):
    assert shutil.which("faketime"), "faketime is not installed: packaging/build-deps check"
    answer = subprocess.run(["faketime", "-f", offset.replace(" day", "d").replace(" years", "y"),
                             str(BUILD / "bin" / "jeton"), "verify"], input=forge.token, text=True,
                            capture_output=True, timeout=30,
                            env={"PATH": os.environ["PATH"], "JETON_SOCKET": str(jetond.socket)})
    assert answer.returncode == 1 and words in answer.stderr, answer


# --- size -----------------------------------------------------------------------------------------

def resident_kb(pids):
    return sum(int(line.split()[1]) for pid in pids
               for line in Path(f"/proc/{pid}/status").read_text().splitlines()
               if line.startswith("VmRSS"))


@cases(SIZES)
def test_a_huge_token_is_refused_and_leaves_no_memory_behind(jetond, forge, case):
    frontends = jetond.children()["frontend"]
    for _ in range(3):
        introspect(jetond, case)
        in_header(jetond, case)
    before = resident_kb(frontends)
    for _ in range(30):
        introspect(jetond, case)
        in_header(jetond, case)
    assert resident_kb(frontends) <= before + 256
    assert_refused(jetond, case)

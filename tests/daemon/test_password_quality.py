"""How good a new password must be: one rule for every way to set one, and a reason that helps."""
import pytest
from harness import PASSWORD, Daemon

COMPLAINTS = {
    "short": "x1y2z!a",
    "common": "LetMeIn-please",
    "name": "xx-Frieda-77",
    "long": "p" * 512,
}

SENTENCES = {
    "short": "the password is too short: at least 9 characters",
    "common": "the password is on the list of common passwords",
    "name": "the password contains the user name",
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    blocklist = tmp_path_factory.mktemp("list") / "common-passwords"
    blocklist.write_text("qwertyuiop\nletmein-please\n")
    config = (f'password-min = 9\npassword-blocklist = "{blocklist}"\nregistration = "open"\n')
    with Daemon(config) as daemon:
        daemon.add_user("frieda")
        yield daemon


def by_an_administrator(daemon, password):
    return daemon.request("PATCH", "/users/frieda", peer=True, data={"password": password})


def for_a_new_user(daemon, password):
    return daemon.post("/users", peer=True, data={"username": "frieda-two", "password": password})


def by_registration(daemon, password):
    return daemon.post("/users", data={"username": "frieda-too", "password": password})


def by_oneself(daemon, password):
    return daemon.request("PUT", "/users/me/password", token=daemon.token("frieda"),
                          data={"current_password": PASSWORD, "new_password": password})


WAYS = [by_an_administrator, for_a_new_user, by_registration, by_oneself]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_every_way_to_set_a_password_has_the_same_rules(strict, way, complaint):
    password = COMPLAINTS[complaint]
    if way in (for_a_new_user, by_registration) and complaint == "name":
        password = "xx-Frieda-Two-frieda-too"
    reply = way(strict, password)
    assert reply.status == 400, reply
    assert reply.json()["error"] == "invalid_request"
    if complaint in SENTENCES:
        assert reply.json()["error_description"] == SENTENCES[complaint]
    assert strict.login("frieda").status == 200, "the old one stands"
    for name in ("frieda-two", "frieda-too"):
        assert strict.get(f"/users/{name}", peer=True).status == 404


@pytest.mark.parametrize("new", [PASSWORD, PASSWORD.upper(), PASSWORD[1:] + PASSWORD[0]])
def test_the_old_one_dressed_up_is_not_a_new_one(strict, new):
    reply = by_oneself(strict, new)
    assert reply.status == 400
    assert reply.json()["error_description"] == "the password is too similar to the old one"


def test_who_does_not_know_the_old_one_learns_nothing_of_the_new_one(strict):
    reply = strict.request("PUT", "/users/me/password", token=strict.token("frieda"),
                           data={"current_password": "wrong", "new_password": "short"})
    assert reply.status == 400
    assert reply.json()["error"] == "invalid_grant"
    strict.unlock("frieda")


def test_the_length_counts_characters_not_bytes(strict):
    assert by_an_administrator(strict, "äöüßéèê!").status == 400
    assert by_an_administrator(strict, "äöüßéèê!x").status == 200
    assert by_an_administrator(strict, PASSWORD).status == 200


def test_a_list_that_cannot_be_read_is_told_at_the_start(tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        daemon = Daemon(f'password-blocklist = "{path}"\n')
        try:
            with pytest.raises(RuntimeError, match="password-blocklist"):
                daemon.start()
        finally:
            daemon.remove()


def test_a_refused_password_is_in_no_log(strict):
    for password in COMPLAINTS.values():
        by_an_administrator(strict, password)
    for password in COMPLAINTS.values():
        assert password not in strict.log()

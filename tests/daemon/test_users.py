"""Users, for the administrator whom the kernel names."""
import pytest
from harness import PASSWORD, is_root

STRANGER = 65533  # a uid that no configuration names


def test_a_new_user_is_answered_with_201_and_a_location(jetond):
    reply = jetond.post("/users", peer=True,
                        data={"username": "bob", "password": PASSWORD, "full_name": "Bób",
                              "email": "bob@example.org", "roles": ["b", "a", "b"]})
    assert reply.status == 201
    user = reply.json()
    assert user["username"] == "bob" and user["full_name"] == "Bób"
    assert sorted(user["roles"]) == ["a", "b"]
    assert reply.headers["location"] == f"/users/{user['id']}"
    shown = {**user, "locked_until": None}  # of who is there already, to administrators
    assert jetond.get(f"/users/{user['id']}", peer=True).json() == shown
    assert jetond.get("/users/bob", peer=True).json() == shown
    assert jetond.get("/users/bob/", peer=True).json() == shown


def test_a_taken_name_is_409(jetond):
    reply = jetond.post("/users", peer=True, data={"username": "alice", "password": PASSWORD})
    assert reply.status == 409
    assert reply.json()["error"] == "conflict"


@pytest.mark.parametrize("fields", [
    {"username": "Upper"}, {"username": "1abc"}, {"username": ""}, {"username": "a" * 33},
    {"username": "a/b"}, {"username": "a\nb"}, {"username": "a b"}, {"username": "é"},
    {"username": "me"}, {"username": None}, {"username": 7}, {"username": ["x"]},
    {"password": ""}, {"password": "short"}, {"password": "x" * 512}, {"password": None},
    {"password": "newperson"}, {"password": "pass\u0000word"},
    {"full_name": "a\u001b[31m"}, {"full_name": "x" * 257}, {"email": "no-at"},
    {"email": "@x"}, {"email": "x@"}, {"email": "a b@c"}, {"roles": "admin"},
    {"roles": ["Not A Role"]}, {"roles": [1]}, {"uid": 0}, {"uid": -1}, {"uid": "1000"},
    {"uid": 4294967295}, {"uid": 65534}, {"uid": 1e30}, {"uid": 1.5}, {"unknown": 1}])
def test_a_field_that_breaks_its_rule_is_400_and_makes_nobody(jetond, fields):
    data = {"username": "newperson", "password": PASSWORD, **fields}
    reply = jetond.post("/users", peer=True, data=data)
    assert reply.status == 400, reply
    assert reply.json()["error"] == "invalid_request"
    assert jetond.get("/users/newperson", peer=True).status == 404


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b'"x"', b'{"username":"x","username":"y","password":"abcdefghij"}',
    b'{"username":"x","password":"abcdefghij"} {}', b'{"username":"\xff","password":"abcdefghij"}',
    b"[" * 20000, b'{"a":' * 5000])
def test_broken_json_is_400(jetond, body):
    reply = jetond.request("POST", "/users", headers=[("Content-Type", "application/json")],
                           body=body, peer=True)
    assert reply.status == 400


def test_the_name_of_a_local_account_is_not_given_by_accident(jetond):
    data = {"username": "games", "password": PASSWORD}
    assert jetond.post("/users", peer=True, data=data).status == 409
    assert jetond.post("/users", peer=True,
                       data={**data, "allow_account_name": True}).status == 201


def test_listing_pages_counts_and_searches(fresh):
    jetond = fresh()
    for name in ("ann", "bea", "cia", "dan_x", "danax"):
        jetond.add_user(name, email=f"{name}@example.org")
    reply = jetond.get("/users", peer=True)
    assert [user["username"] for user in reply.json()] == ["ann", "bea", "cia", "dan_x", "danax"]
    assert reply.headers["x-total-count"] == "5"
    reply = jetond.get("/users?skip=1&limit=2", peer=True)
    assert [user["username"] for user in reply.json()] == ["bea", "cia"]
    assert reply.headers["x-total-count"] == "5"
    assert [user["username"] for user in jetond.get("/users?q=dan_", peer=True).json()] == ["dan_x"]
    assert jetond.get("/users?q=%25", peer=True).json() == []
    assert jetond.get("/users?limit=0", peer=True).json() == []
    for query in ("limit=x", "skip=-1", "limit=1&limit=2", "limit=99999999999"):
        assert jetond.get(f"/users?{query}", peer=True).status == 400


def test_linking_is_unique_both_ways_and_bounded(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    jetond.add_user("bea")
    patch = lambda name, uid: jetond.request("PATCH", f"/users/{name}", peer=True,
                                             data={"uid": uid})
    assert patch("ann", 4000).json()["uid"] == 4000
    assert patch("bea", 4000).status == 409
    assert patch("ann", 0).status == 400
    assert patch("ann", 4001).json()["uid"] == 4001
    assert patch("bea", 4000).status == 200
    assert patch("bea", None).json()["uid"] is None
    assert patch("nobody", 4002).status == 404
    assert jetond.get("/users/ann", peer=True).json()["uid"] == 4001
    token = jetond.token("ann")
    assert jetond.post("/introspect", form={"token": token}).json()["uid"] == 4001


def test_uids_beyond_31_bits_are_numbers_like_any_other(fresh):
    jetond = fresh()
    jetond.add_user("ann", uid=4000000000)
    assert jetond.get("/users/ann", peer=True).json()["uid"] == 4000000000


ADMIN_CALLS = [("GET", "/users", None), ("GET", "/users/alice", None),
               ("POST", "/users", {"username": "eve", "password": PASSWORD}),
               ("PATCH", "/users/alice", {"uid": 4242})]


@pytest.mark.parametrize("method,path,data", ADMIN_CALLS)
def test_without_asking_even_the_administrator_is_nobody(jetond, method, path, data):
    assert jetond.request(method, path, data=data).status == (403 if method == "POST" else 401)


@pytest.mark.parametrize("method,path,data", ADMIN_CALLS)
def test_a_users_token_opens_no_administration(jetond, method, path, data):
    token = jetond.token("alice")
    assert jetond.request(method, path, data=data, token=token).status == 403


@pytest.mark.parametrize("method,path,data", ADMIN_CALLS)
def test_another_uid_is_not_an_administrator(jetond, method, path, data):
    if not is_root():
        pytest.skip("needs root to become another uid")
    for headers in ([("Authorization", "Peer")],
                    [("Authorization", "Peer"), ("X-Uid", "0")]):
        reply = jetond.request(method, path, data=data, headers=headers, uid=STRANGER)
        assert reply.status == 403
        assert reply.json()["error"] == "insufficient_scope"
    assert jetond.get("/users/eve", peer=True).status == 404


def test_another_uid_may_log_in_with_a_password(jetond):
    if not is_root():
        pytest.skip("needs root to become another uid")
    reply = jetond.post("/token", form={"username": "alice", "password": PASSWORD}, uid=STRANGER)
    assert reply.status == 200


def test_the_first_uid_is_not_the_peer_because_it_says_so(jetond):
    if not is_root():
        pytest.skip("needs root to become another uid")
    for path in ("/users?uid=0", "/users?peer_uid=0", "/users/;uid=0;"):
        assert jetond.get(path, peer=True, uid=STRANGER).status in (400, 403, 404)


def test_a_password_is_taken_whole_or_refused(fresh):
    """The longest one works to its last byte; one more is refused when it is set."""
    jetond = fresh()
    longest = "p" * 510 + "q"
    jetond.add_user("ann", longest)
    assert jetond.login("ann", longest).status == 200
    for other in (longest[:-1], longest[:-1] + "x", longest + "x", longest[:72], longest[:128]):
        jetond.unlock("ann")
        assert jetond.login("ann", other).status == 400
    reply = jetond.post("/users", peer=True, data={"username": "bea", "password": longest + "x"})
    assert reply.status == 400

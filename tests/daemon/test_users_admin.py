"""Administration by bearer: role, scope and password login, each asked for anew at every request."""
import grp
import json
import os
import signal

import pytest
from harness import PASSWORD, Daemon, compose


@pytest.fixture(scope="module")
def jetond():
    group = grp.getgrgid(os.getegid()).gr_name
    config = f'issuer = "https://host.example"\nmin-uid = 1\nweb {{ group = "{group}" }}\n'
    with Daemon(config) as daemon:
        daemon.add_user("alice")
        daemon.add_user("ada", roles=["admin"])
        yield daemon


CALLS = [("GET", "/users", None, 200), ("GET", "/users/alice", None, 200),
         ("POST", "/users", {"username": "new", "password": PASSWORD}, 201),
         ("PATCH", "/users/alice", {"uid": None}, 200)]


@pytest.mark.parametrize("web", [False, True])
@pytest.mark.parametrize("method,path,data,status", CALLS)
def test_a_bearer_with_the_role_administers_on_both_sockets(jetond, method, path, data, status, web):
    if method == "POST":
        data = {**data, "username": "newweb" if web else "newlocal"}
    token = jetond.token("ada")
    reply = jetond.request(method, path, data=data, token=token, web=web)
    assert reply.status == status, reply


def test_the_log_names_the_administrator(jetond):
    token = jetond.token("ada")
    assert jetond.request("PATCH", "/users/alice", data={"uid": 4711}, token=token).status == 200
    assert 'admin="ada"' in jetond.wait_for_log("event=user-change")


def test_who_has_not_the_role_is_told_so(jetond):
    token = jetond.token("ada", scope="jeton:admin")
    assert jetond.get("/users", token=token).status == 200
    token = jetond.token("alice")
    reply = jetond.get("/users", token=token)
    assert reply.status == 403
    assert reply.json()["error"] == "insufficient_scope"
    assert "role admin" in reply.json()["error_description"]
    assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "A" * 8192])
def test_a_bad_token_is_401_whatever_is_asked(jetond, token):
    for method, path, data, _ in CALLS:
        reply = jetond.request(method, path, data=data, token=token)
        assert reply.status == 401
        assert reply.json()["error"] == "invalid_token"


def test_a_token_for_another_audience_administers_nothing(fresh):
    jetond = fresh()
    jetond.add_user("ada", roles=["admin"])
    token = jetond.token("ada", audience="https://metrics.example")
    assert jetond.get("/users", token=token).status == 401


def change(jetond, method, name, data, **how):
    return jetond.request(method, f"/users/{name}", data=data, **(how or {"peer": True}))


def shown(jetond, name):
    return jetond.get(f"/users/{name}", peer=True).json()


def test_patch_changes_what_it_names_and_put_the_rest_too(fresh):
    jetond = fresh()
    jetond.add_user("ann", full_name="Ann", email="a@b", roles=["b", "a"], uid=4000)
    before = shown(jetond, "ann")
    reply = change(jetond, "PATCH", "ann", {"roles": ["c", "a", "c"], "full_name": "Änn"})
    assert reply.status == 200, reply
    assert reply.json() == {**before, "roles": ["a", "c"], "full_name": "Änn"}
    assert change(jetond, "PATCH", before["id"], {}).json() == reply.json()
    reply = change(jetond, "PUT", "ann", {"email": "c@d"})
    assert reply.json() == {**before, "roles": [], "full_name": None, "email": "c@d", "uid": None,
                            "disabled": False}
    assert jetond.login("ann").status == 200, "PUT replaces no password that it does not name"
    assert change(jetond, "PUT", "ann", {"email": "c@d"}).json() == reply.json()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("fields", [
    {"id": 7}, {"username": "x"}, {"created_at": None}, {"unknown": 1}, {"roles": "admin"},
    {"roles": None}, {"roles": ["Not A Role"]}, {"disabled": 1}, {"disabled": None}, {"uid": 0},
    {"uid": -1}, {"uid": "1000"}, {"uid": 65534}, {"email": "x"}, {"full_name": "\n"},
    {"password": None}, {"password": ""}, {"expires_at": "tomorrow"}])
def test_a_member_that_breaks_its_rule_is_400_and_nothing_is_changed(fresh_user, method, fields):
    jetond, before = fresh_user
    data = {"full_name": "other", **fields}
    assert change(jetond, method, "bob", data).status == 400
    assert shown(jetond, "bob") == before


@pytest.fixture(scope="module")
def fresh_user(jetond):
    jetond.add_user("bob", full_name="Bob", roles=["x"])
    return jetond, shown(jetond, "bob")


def test_a_disabled_user_is_out_until_he_is_enabled(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    token = jetond.token("ann")
    assert change(jetond, "PATCH", "ann", {"disabled": True}).json()["disabled"] is True
    wrong, disabled = jetond.login("nobody-here"), jetond.login("ann")
    assert (disabled.status, disabled.body) == (wrong.status, wrong.body)
    assert jetond.get("/users/me", token=token).status == 401
    assert change(jetond, "PATCH", "ann", {"disabled": False}).status == 200
    jetond.unlock("ann")
    assert jetond.login("ann").status == 200


def test_a_deleted_user_is_gone_and_his_id_and_link_are_not_mixed_up(fresh):
    jetond = fresh()
    ann = jetond.add_user("ann", uid=4000)
    token = jetond.token("ann")
    reply = jetond.request("DELETE", "/users/ann", peer=True)
    assert (reply.status, reply.body) == (204, b"")
    assert jetond.request("DELETE", "/users/ann", peer=True).status == 404
    assert jetond.get(f"/users/{ann['id']}", peer=True).status == 404
    assert jetond.get("/users/me", token=token).status == 401
    assert jetond.login("ann").status == 400
    again = jetond.add_user("ann", uid=4000)
    assert again["id"] > ann["id"]
    assert jetond.get("/users/me", token=token).status == 401, "an old token is not the new user's"


def test_a_role_taken_away_counts_for_tokens_that_are_out(fresh):
    jetond = fresh()
    jetond.add_user("ada", roles=["admin"])
    token = jetond.token("ada")
    assert jetond.get("/users", token=token).status == 200
    change(jetond, "PATCH", "ada", {"roles": []})
    assert jetond.get("/users", token=token).status == 403


def test_a_role_given_does_not_widen_a_token_that_is_out(fresh):
    jetond = fresh()
    jetond.add_user("ada")
    token = jetond.token("ada")
    change(jetond, "PATCH", "ada", {"roles": ["admin"]})
    reply = jetond.get("/users", token=token)
    assert reply.status == 403
    assert "jeton:admin" in reply.json()["error_description"]
    assert jetond.get("/users", token=jetond.token("ada")).status == 200


@pytest.mark.parametrize("method,data", [
    ("DELETE", None), ("PATCH", {"disabled": True}), ("PATCH", {"roles": ["x"]}),
    ("PATCH", {"expires_at": "2020-01-01T00:00:00Z"}), ("PUT", {})])
def test_an_administrator_does_not_lock_himself_out(fresh, method, data):
    jetond = fresh()
    jetond.add_user("ada", roles=["admin"])
    ada = shown(jetond, "ada")
    jetond.add_user("eve", roles=["admin"])
    for key in ("ada", ada["id"]):
        reply = change(jetond, method, key, data, token=jetond.token("ada"))
        assert reply.status == 409, reply
    assert shown(jetond, "ada") == ada
    assert change(jetond, method, "ada", data, token=jetond.token("eve")).status in (200, 204)


REGISTRATION = 'registration = "open"\nmin-uid = 1\n'


def test_registration_is_closed_unless_it_is_opened(fresh):
    jetond = fresh()
    reply = jetond.post("/users", data={"username": "ann", "password": PASSWORD})
    assert reply.status == 403
    assert "registration is closed" in reply.json()["error_description"]
    assert jetond.get("/users/ann", peer=True).status == 404


def test_where_it_is_open_anybody_adds_himself_with_no_right(fresh):
    group = grp.getgrgid(os.getegid()).gr_name
    jetond = fresh(REGISTRATION + f'web {{ group = "{group}" }}\n')
    for web in (False, True):
        name = "web_user" if web else "local_user"
        reply = jetond.post("/users", web=web, data={"username": name, "password": PASSWORD,
                                                     "full_name": "N", "email": "n@x"})
        assert reply.status == 201, reply
        assert reply.json()["roles"] == [] and reply.json()["uid"] is None
        assert set(reply.json()) == set(jetond.get("/users/me", token=jetond.token(name)).json())
        assert jetond.login(name).status == 200


OTHERS = """INSERT INTO users (name, created_at, charged_to)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            SELECT 'other' || i, 1, ? FROM n"""


def register(jetond, name, **how):
    return jetond.post("/users", data={"username": name, "password": PASSWORD}, **how)


def registered_by(jetond, name):
    with jetond.database() as rows:
        return rows.execute("SELECT charged_to FROM users WHERE name = ?", (name,)).fetchone()[0]


def test_from_one_uid_so_many_register_and_no_more(fresh):
    jetond = fresh(REGISTRATION)
    assert register(jetond, "first").status == 201
    share = registered_by(jetond, "first")
    with jetond.database() as rows:
        rows.execute(OTHERS, (62, share))
    with jetond.connect() as one, jetond.connect() as two:
        for name, connection in (("this", one), ("that", two)):
            connection.send(compose("POST", "/users", [("Content-Type", "application/json")],
                                    json.dumps({"username": name, "password": PASSWORD}).encode()))
        assert sorted(c.reply().status for c in (one, two)) == [201, 403], "of two one is too many"
    refused = register(jetond, "more")
    assert refused.status == 403
    assert "an administrator adds more" in refused.json()["error_description"]
    assert jetond.get("/users/more", peer=True).status == 404
    jetond.add_user("by_admin")
    assert registered_by(jetond, "by_admin") is None
    assert jetond.request("DELETE", "/users/other1", peer=True).status == 204
    assert register(jetond, "more").status == 201


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be several uids")
def test_uids_without_an_account_register_on_one_share(fresh):
    jetond = fresh(REGISTRATION)
    for name, uid in (("stray", 61234), ("gone", 61235)):
        assert register(jetond, name, uid=uid).status == 201
        assert registered_by(jetond, name) == 2 ** 32 - 2
    with jetond.database() as rows:
        rows.execute(OTHERS, (4094, 2 ** 32 - 2))
    assert register(jetond, "lost", uid=61236).status == 403
    assert register(jetond, "ours").status == 201, "who has an account has a share of his own"


def test_an_administrator_sets_how_many_may_register(fresh):
    group = grp.getgrgid(os.getegid()).gr_name
    web = f'web {{ group = "{group}" }}\n'
    jetond = fresh(REGISTRATION + web + "max-registered-per-uid = 1\nmax-registered-shared = 2\n")
    for number, status in ((1, 201), (2, 403)):
        assert register(jetond, f"local{number}").status == status
    for number, status in ((1, 201), (2, 201), (3, 403)):
        assert register(jetond, f"web{number}", web=True).status == status
    for name in ("local1", "web1"):
        assert jetond.request("DELETE", f"/users/{name}", peer=True).status == 204
    assert register(jetond, "local2").status == register(jetond, "web3", web=True).status == 201
    jetond.config_file.write_text(REGISTRATION + web + "max-registered-shared = 3\n")
    jetond.jetond_process_signal(signal.SIGHUP)
    jetond.wait_for_log("the new settings are in force")
    assert register(jetond, "local3").status == register(jetond, "web4", web=True).status == 201
    assert register(jetond, "web5", web=True).status == 403


@pytest.mark.parametrize("fields,status", [
    ({"roles": ["admin"]}, 403), ({"uid": 1000}, 403), ({"allow_account_name": True}, 403),
    ({"expires_at": "2999-01-01T00:00:00Z"}, 403), ({"username": "root"}, 409),
    ({"username": "games"}, 409), ({"username": "admin"}, 409), ({"username": "taken"}, 409),
    ({"password": "short"}, 400), ({"username": "X"}, 400)])
def test_what_registration_does_not_give(registration, fields, status):
    data = {"username": "newcomer", "password": PASSWORD, **fields}
    assert registration.post("/users", data=data).status == status
    assert registration.get("/users/newcomer", peer=True).status == 404


@pytest.fixture(scope="module")
def registration():
    with Daemon(REGISTRATION) as daemon:
        daemon.add_user("taken")
        yield daemon


def test_bad_credentials_do_not_become_a_registration(registration):
    data = {"username": "newcomer", "password": PASSWORD}
    assert registration.post("/users", data=data, token="x").status == 401
    token = registration.token("taken")
    assert registration.post("/users", data=data, token=token).status == 403
    assert registration.get("/users/newcomer", peer=True).status == 404


def ending(jetond, how):
    if how == "own password":
        return jetond.request("PUT", "/users/me/password", token=jetond.token("ann"),
                              data={"current_password": PASSWORD, "new_password": PASSWORD + "2"})
    if how == "removed":
        return jetond.request("DELETE", "/users/ann", peer=True)
    data = {"disabled": {"disabled": True}, "ended": {"expires_at": "2020-01-01T00:00:00Z"},
            "reset": {"password": PASSWORD + "2"}}[how]
    return change(jetond, "PATCH", "ann", data)


@pytest.mark.parametrize("how", ["disabled", "ended", "reset", "own password", "removed"])
def test_what_ends_all_sessions_is_seen_everywhere_at_once(fresh, how):
    jetond = fresh()
    jetond.add_user("ann")
    tokens = jetond.login("ann").json()
    token = tokens["access_token"]
    assert ending(jetond, how).status in (200, 204)
    introspected = jetond.post("/introspect", form={"token": token})
    assert introspected.json() == {"active": False}
    assert jetond.get("/users/me", token=token).status == 401
    refreshed = jetond.post("/token", form={"grant_type": "refresh_token",
                                            "refresh_token": tokens["refresh_token"]})
    assert (refreshed.status, refreshed.json()["error"]) == (400, "invalid_grant")


def test_a_change_of_other_members_ends_no_session(fresh):
    jetond = fresh()
    jetond.add_user("ann")
    token = jetond.token("ann")
    change(jetond, "PATCH", "ann", {"roles": ["x"], "full_name": "Ann", "disabled": False,
                                    "expires_at": "2999-01-01T00:00:00Z", "uid": 4000})
    assert jetond.get("/users/me", token=token).status == 200

"""Users whom another system had: POST /import/users."""
import json
import warnings

import pytest
from harness import PASSWORD, Daemon, compose, is_root

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it tries Python's crypt, which newer ones have not
    from passlib import hash as passlib


class HostDaemon(Daemon):
    """On a host with the accounts root and carla."""

    def command(self):
        accounts = self.directory / "passwd"
        accounts.write_text("root:x:0:0::/:/bin/sh\ncarla:x:4802:4802::/:/bin/sh\n")
        return ["unshare", "-m" if is_root() else "-Urm", "sh", "-c",
                f'mount --bind {accounts} /etc/passwd && exec "$@"', "sh", *super().command()]


def brought(name, **fields):
    return {"username": name, "password_hash": passlib.sha512_crypt.using(rounds=1000).hash(PASSWORD),
            **fields}


def ask(jetond, users, **how):
    return jetond.post("/import/users", peer=True, data={"users": users, **how})


def outcomes(jetond, users, **how):
    reply = ask(jetond, users, **how)
    assert reply.status == 200, (reply, jetond.log())
    return [row["status"] for row in reply.json()]


def names(jetond):
    return {user["username"] for user in jetond.get("/users?limit=1000", peer=True).json()}


def test_who_is_imported_logs_in_with_his_old_password(jetond):
    made = brought("imp_anna", full_name="Anna", email="anna@example.org", roles=["b", "a"])
    assert outcomes(jetond, [made]) == ["imported"]
    assert jetond.login("imp_anna").status == 200
    shown = jetond.get("/users/imp_anna", peer=True).json()
    assert (shown["full_name"], shown["email"], shown["roles"], shown["uid"]) == (
        "Anna", "anna@example.org", ["a", "b"], None)


def test_each_row_is_judged_by_itself_and_answered_in_its_place(jetond):
    rows = [brought("row_one"), brought("Row"), {"username": "row_two", "password_hash": "x"},
            {"full_name": "nobody"}, brought("root"), brought("row_one"), brought("alice"),
            {"username": "row_three", "uid": 4000}, brought("row_four", full_name="x" * 257),
            brought("row_five", email="no address"), brought("row_six", roles=["No"]),
            brought("row_seven")]
    reply = ask(jetond, rows).json()
    assert [row["status"] for row in reply] == [
        "imported", "refused", "refused", "refused", "refused", "exists", "exists", "refused",
        "refused", "refused", "refused", "imported"]
    for row in reply:
        assert ("id" in row) == (row["status"] == "imported")
        assert ("error_description" in row) == (row["status"] == "refused")
    assert {name for name in names(jetond) if name.startswith("row")} == {"row_one", "row_seven"}


def test_a_hash_that_would_be_refused_at_use_is_refused_by_name(jetond):
    dear = [passlib.pbkdf2_sha256.using(rounds=10).hash(PASSWORD).replace("$10$", "$900000$"),
            "$2b$14$" + "a" * 53,
            "$6$rounds=999999999$saltsalt$" + "a" * 86]
    reply = ask(jetond, [{"username": f"dear{i}", "password_hash": made}
                         for i, made in enumerate(dear)]).json()
    for row in reply:
        assert row["status"] == "refused" and "cost" in row["error_description"]


def test_a_dry_run_says_the_same_and_stores_nothing(jetond):
    before = names(jetond)
    rows = [brought("dry_one"), brought("dry_one"), brought("alice"), brought("Dry"),
            {"username": "dry_two", "password_hash": "x"}]
    assert outcomes(jetond, rows, dry_run=True) == [
        "importable", "exists", "exists", "refused", "refused"]
    assert names(jetond) == before


def test_what_he_was_is_kept(jetond):
    rows = [brought("was_disabled", disabled=True), brought("was_new", must_change_password=True),
            brought("was_ended", expires_at="2020-01-01T00:00:00Z"),
            brought("was_made", created_at="2019-05-06T07:08:09Z",
                    password_changed_at="2019-06-06T07:08:09Z"),
            brought("is_ahead", created_at="2999-05-06T07:08:09Z",
                    password_changed_at="2999-06-06T07:08:09Z"),
            {"username": "has_none", "password_hash": None, "full_name": None, "email": None}]
    assert outcomes(jetond, rows) == ["imported"] * 6
    assert jetond.login("was_disabled").status == 400
    assert "changed" in jetond.login("was_new").json()["error_description"]
    assert jetond.login("was_ended").status == 400
    assert jetond.login("was_made").status == 200
    assert jetond.login("has_none", "x").status == 400
    assert jetond.get("/users/was_made", peer=True).json()["created_at"] == "2019-05-06T07:08:09Z"
    with jetond.database() as rows:
        times = dict((row[0], row[1:]) for row in rows.execute(
            "SELECT name, created_at, password_changed_at FROM users"))
    assert times["was_made"] == (1557126489, 1559804889)
    assert times["is_ahead"][0] == times["is_ahead"][1] == times["was_new"][0] > 1600000000
    assert times["has_none"][1] == 0


def test_a_local_accounts_name_is_taken_only_when_that_is_said():
    with HostDaemon() as jetond:
        assert outcomes(jetond, [brought("carla"), brought("carlo")]) == ["refused", "imported"]
        assert outcomes(jetond, [brought("carla")], allow_account_names=True) == ["imported"]
        assert jetond.get("/users/carla", peer=True).json()["uid"] is None
        assert outcomes(jetond, [brought("root")], allow_account_names=True) == ["refused"]


def test_more_rows_than_one_call_takes_are_all_answered(jetond):
    rows = [{"username": f"many{i}", "roles": ["r"] * (i % 5)} for i in range(300)]
    rows[100] = rows[200] = rows[299] = {"username": 5}
    expected = ["refused" if i in (100, 200, 299) else "imported" for i in range(300)]
    assert outcomes(jetond, rows) == expected
    assert outcomes(jetond, rows) == [
        "exists" if outcome == "imported" else outcome for outcome in expected]


def test_rows_of_one_commit_have_ids_that_the_audit_names(jetond):
    reply = ask(jetond, [brought("aud_a"), brought("Aud"), brought("aud_b")]).json()
    first, last = reply[0]["id"], reply[2]["id"]
    assert last == first + 1
    line = jetond.wait_for_log(f"ids={first}-{last}")
    assert "event=user-import" in line and "imported=2 exists=0 refused=1" in line


def test_a_hash_is_in_no_reply_and_no_log(jetond):
    secret = brought("secret_a")
    broken = {"username": "secret_b", "password_hash": "$6$" + "secretsecret" * 9}
    reply = ask(jetond, [secret, broken])
    assert [row["status"] for row in reply.json()] == ["imported", "refused"]
    for text in (reply.body.decode(), jetond.log()):
        assert secret["password_hash"] not in text and "secretsecretsecret" not in text


@pytest.mark.parametrize("body", [
    [], {}, {"users": {}}, {"users": [1]}, {"users": [], "else": 1}, {"users": [], "dry_run": 1},
    {"users": [[]]}, {"users": None}])
def test_a_body_of_another_shape_is_refused_whole(jetond, body):
    reply = jetond.post("/import/users", peer=True, data=body)
    assert reply.status == 400 and reply.json()["error"] == "invalid_request"


def test_no_rows_are_no_mistake(jetond):
    assert ask(jetond, []).json() == []


def test_a_disk_that_takes_nothing_refuses_the_call_and_keeps_nothing(fresh):
    jetond = fresh()
    with jetond.database() as rows:
        rows.execute("BEGIN IMMEDIATE")  # somebody else's lock outlasts the daemon's patience
        assert ask(jetond, [brought("late")]).status == 503
        rows.execute("ROLLBACK")
    assert names(jetond) == set()
    assert outcomes(jetond, [brought("late")]) == ["imported"]


def test_others_are_answered_while_an_import_runs(fresh):
    """Between two parts of one request somebody else is served."""
    jetond = fresh()
    rows = [{"username": f"busy{i}"} for i in range(1000)]
    with jetond.connect() as connection:
        body = json.dumps({"users": rows}).encode()
        connection.send(compose("POST", "/import/users", [
            ("Authorization", "Peer"), ("Content-Type", "application/json")], body))
        assert jetond.get("/users", peer=True).status == 200
        reply = connection.reply()
    assert reply.status == 200
    assert {row["status"] for row in reply.json()} == {"imported"}

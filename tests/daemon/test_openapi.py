"""GET /openapi.json: a good document, and the truth: its routes are those of the program, its
requests are taken as they stand, its replies are those that come. Every other test has its replies
held against the document, too (harness.py)."""
import base64
import grp
import hashlib
import json
import os
import re
import time

import harness
import openapi
import pytest
from harness import PASSWORD, TOP, Daemon, Reply
from jsonschema import Draft202012Validator

from test_login_codes import claims_of
from test_who_may_what import EXPECTED, FORBIDDEN, IN, UNKNOWN

DOCUMENT = openapi.document()
FRONTEND = TOP / "daemon" / "frontend"
SOCKETS = {"LOCAL": ["jeton.sock"], "ANYWHERE": ["jeton.sock", "web.sock"]}
APP = "https://app.example.org"

CONFIG = """
issuer = "https://host.example/a"
min-uid = 1
password-grant = "web"
login-code = {{"sshd"}}
web {{ group = "{group}" }}
self {{ audience = "https://host.example/a" }}
issuer "https://accounts.google.com" {{ jwks = "/nonexistent/keys.json" audience = {{"app"}} }}
audience "https://app.example.org" {{
    scope "page:read" {{ }}
}}
"""


def named(operation):
    return str(operation).replace("/", "_")


every_operation = pytest.mark.parametrize("operation", DOCUMENT.operations, ids=named)


@pytest.fixture(scope="module")
def host():
    with Daemon(CONFIG.format(group=grp.getgrgid(os.getegid()).gr_name)) as daemon:
        daemon.add_user("first")
        daemon.add_user("keeper", roles=["admin"])
        yield daemon


# --- a good document ---

def closed(needed, /, **others):
    return {"type": "object", "required": needed.split(), "additionalProperties": False,
            "properties": {**{name: True for name in needed.split()}, **others}}


TEXT = {"type": "string", "minLength": 1}
REFERENCE = closed("$ref", **{"$ref": {"type": "string", "pattern": "^#/components/"}})
SOME_SOCKETS = {"enum": list(SOCKETS.values())}
OR_REFERENCE = {"if": {"required": ["$ref"]}, "then": REFERENCE}
MANY = {"type": "object", "minProperties": 1}


def or_reference(schema):
    return {**OR_REFERENCE, "else": schema}


def each(schema):
    return {**MANY, "additionalProperties": schema}


HEADER = or_reference(closed("description schema", description=TEXT))
RESPONSE = or_reference(closed("description", description=TEXT, headers=each(HEADER),
                               content=each(closed("schema"))))
PARAMETER = or_reference({
    **closed("name in schema example", description=TEXT, required={"const": True},
             **{"in": {"enum": ["path", "query"]}}),
    "if": {"properties": {"in": {"const": "path"}}}, "then": {"required": ["required"]}})
BODY = closed("required content", content=each(closed("schema examples", examples=each(
    closed("summary value", summary=TEXT, **{"x-sockets": SOME_SOCKETS})))))
OPERATION = closed(
    "operationId tags summary x-who x-sockets security responses", description=TEXT, summary=TEXT,
    operationId={"type": "string", "pattern": "^[a-z_]+$"}, requestBody=BODY,
    tags={"type": "array", "minItems": 1, "maxItems": 1}, parameters={"type": "array", "items": PARAMETER},
    security={"type": "array", "items": {"type": "object", "maxProperties": 1}},
    responses={**each(RESPONSE), "required": ["default"],
               "propertyNames": {"pattern": "^([1-5][0-9][0-9]|default)$"}},
    **{"x-who": TEXT, "x-sockets": SOME_SOCKETS})
PATH = closed("", parameters={"type": "array", "items": PARAMETER},
              **{method: OPERATION for method in openapi.METHODS})
WHOLE = closed(
    "openapi info servers tags paths components", openapi={"const": "3.1.0"},
    info=closed("title version license summary description"),
    tags={"type": "array", "items": closed("name description")},
    servers={"const": [{"url": ".", "description": "Where this document is"}]},
    paths={**each(PATH), "propertyNames": {"pattern": "^/"}},
    components=closed("securitySchemes parameters headers responses schemas",
                      parameters=each(PARAMETER), headers=each(HEADER), responses=each(RESPONSE)))


def references(thing):
    if isinstance(thing, dict):
        yield from [thing["$ref"]] if isinstance(thing.get("$ref"), str) else []
        thing = thing.values()
    if not isinstance(thing, str) and hasattr(thing, "__iter__"):
        for part in thing:
            yield from references(part)


def schemas():
    yield from DOCUMENT.said["components"]["schemas"].values()
    for operation in DOCUMENT.operations:
        yield from [parameter["schema"] for parameter in operation.parameters]
        for said in [operation.said.get("requestBody", {}), *operation.responses.values()]:
            yield from [content["schema"] for content in said.get("content", {}).values()]


def test_the_document_has_the_structure_of_openapi_3_1():
    errors = [f"{list(error.path)}: {error.message}"
              for error in Draft202012Validator(WHOLE).iter_errors(DOCUMENT.said)]
    assert errors == []


def test_the_version_is_the_program_s():
    version = re.search(r"^VERSION *:= *(.*)$", (TOP / "Makefile").read_text(), re.MULTILINE)[1]
    assert DOCUMENT.said["info"]["version"] == version


def test_every_schema_is_one():
    for schema in schemas():
        Draft202012Validator.check_schema(schema)


def test_what_is_referred_to_is_there_and_what_is_there_is_referred_to():
    components = {f"#/components/{kind}/{name}" for kind, all_of_kind in
                  DOCUMENT.said["components"].items() if kind != "securitySchemes"
                  for name in all_of_kind}
    assert set(references(DOCUMENT.said)) == components


def test_every_request_has_a_name_of_its_own_a_tag_that_is_explained_and_its_parameters():
    names = [operation.said["operationId"] for operation in DOCUMENT.operations]
    assert len(names) == len(set(names))
    assert ({operation.said["tags"][0] for operation in DOCUMENT.operations}
            == {tag["name"] for tag in DOCUMENT.said["tags"]})
    for operation in DOCUMENT.operations:
        in_path = [one["name"] for one in operation.parameters if one["in"] == "path"]
        assert in_path == re.findall(r"\{(\w+)\}", operation.path), operation


def test_every_credential_is_explained():
    schemes = {name for operation in DOCUMENT.operations for way in operation.said["security"]
               for name in way}
    assert schemes == set(DOCUMENT.said["components"]["securitySchemes"])


@every_operation
def test_examples_are_what_the_schema_wants(operation):
    for media, value, _ in operation.examples():
        if media:
            schema = operation.said["requestBody"]["content"][media]["schema"]
            openapi.validator_of(DOCUMENT.plain(schema)).validate(value)
    for parameter in operation.parameters:
        Draft202012Validator(parameter["schema"]).validate(parameter["example"])


# --- the routes, both ways ---

def rows_of_the_program():
    """{"GET /users/{}": (sockets, media)} of the route table."""
    source = (FRONTEND / "routes.c").read_text()
    table = source[source.index("rows[] = {"):source.index("};", source.index("rows[] = {"))]
    rows = re.findall(r'\{"(\w+)",\s*"(/[^"]*)",\s*(\w+),\s*MEDIA_(\w+),\s*\w+_begin\}', table)
    assert len(rows) == table.count("_begin")
    return {f"{method} {path.replace('{+}', '{}')}": (SOCKETS[classes], media)
            for method, path, classes, media in rows}


def test_the_document_has_the_routes_of_the_program_and_no_other():
    media = {"application/json": "JSON", "application/x-www-form-urlencoded": "FORM", None: "NONE"}
    assert {operation.of_table(): (operation.said["x-sockets"], media[operation.examples()[0].media])
            for operation in DOCUMENT.operations} == rows_of_the_program()


@pytest.mark.parametrize("socket", SOCKETS["ANYWHERE"])
@pytest.mark.parametrize("path", DOCUMENT.said["paths"])
def test_the_program_allows_the_methods_of_the_document(host, path, socket):
    known = [operation.method for operation in DOCUMENT.of_path(path)
             if socket in operation.said["x-sockets"]]
    reply = host.request("OPTIONS", re.sub(r"\{\w+\}", "x", path), web=socket == "web.sock")
    if not known:
        assert reply.status == 404
        return
    assert reply.status == 405
    assert set(reply.headers["allow"].split(", ")) - {"HEAD"} == set(known)
    assert ("HEAD" in reply.headers["allow"]) == ("GET" in known)


# Nobody's request lacks what has nothing to do with who he is; registration is closed.
OTHERWISE = {"POST /users": {"nobody": FORBIDDEN, "user": FORBIDDEN},
             "PUT /users/me/password": {"nobody": UNKNOWN, "admin_peer": UNKNOWN}}


@every_operation
def test_who_may_call_is_what_test_who_may_what_has_seen(operation):
    ways = operation.said["security"] or [{}]
    bearer = next((way["bearer"] for way in ways if "bearer" in way), None)
    anybody = {} in ways
    expected = {"nobody": IN if anybody else UNKNOWN,
                "admin_peer": IN if anybody or {"peer": []} in ways else UNKNOWN,
                "user": IN if anybody or bearer == [] else FORBIDDEN if bearer else UNKNOWN,
                **OTHERWISE.get(operation.of_table(), {})}
    seen = EXPECTED[operation.of_table()][2]
    assert {caller: seen[caller] for caller in expected} == expected


# --- the members of requests, both ways ---

def bodies(media):
    """[(operation, the properties of its body, in all its forms)]"""
    found = []
    for operation in DOCUMENT.operations:
        content = operation.said.get("requestBody", {}).get("content", {})
        if media in content:
            schema = DOCUMENT.plain(content[media]["schema"])
            forms = schema.get("anyOf", [schema])
            found.append((operation, {name for form in forms for name in form["properties"]}))
    return found


def members_within(operation):
    """Those of the objects that a JSON body has in an array."""
    schema = operation.said["requestBody"]["content"]["application/json"]["schema"]
    for property_ in DOCUMENT.plain(schema).get("properties", {}).values():
        yield from property_.get("items", {}).get("properties", {})


def asked_with(host, operation):
    """The credentials of whoever may do everything."""
    if operation.path.startswith("/users/me") or operation.path == "/login-codes":
        return {"token": host.token("first")}
    return {"peer": True}


@pytest.mark.parametrize("operation, members", bodies("application/json"),
                         ids=lambda value: named(value) if not isinstance(value, set) else "")
def test_a_json_body_may_have_the_members_of_the_document_and_no_other(host, operation, members):
    how = asked_with(host, operation)
    path = re.sub(r"\{\w+\}", "none", operation.path)

    def complaint(member):
        """Members are looked at in the program's order: the others are as they must be."""
        body = {**operation.examples()[0].value, member: {"an": "object"}}
        reply = host.request(operation.method, path, data=body, **how)
        assert reply.status == 400, reply
        return reply.json()["error_description"]

    unknown = complaint("no_such_member")
    assert "not known" in unknown
    for member in members:
        assert complaint(member) != unknown, member


def test_the_program_reads_no_member_that_the_document_does_not_name():
    sources = "\n".join(file.read_text() for file in FRONTEND.glob("*.c"))
    read = set(re.findall(r'\{"(\w+)",\s*JSON_KIND_', sources))
    named_within = {name for operation, _ in bodies("application/json")
                    for name in members_within(operation)}
    assert read == named_within | {name for _, members in bodies("application/json")
                                   for name in members}


def test_the_program_reads_no_parameter_that_the_document_does_not_name():
    sources = "\n".join(file.read_text() for file in FRONTEND.glob("*.c"))
    calls = re.findall(r"params_(?:get|has|number|list)\([^)]*\)", sources)
    read = {name for call in calls for name in re.findall(r'"(\w+)"', call)}
    documented = {name for _, members in bodies("application/x-www-form-urlencoded")
                  for name in members}
    documented |= {one["name"] for operation in DOCUMENT.operations for one in operation.parameters
                   if one["in"] == "query"}
    assert read - {"actor_token", "actor_token_type"} == documented - {"token_type_hint"}


def test_the_errors_of_the_document_are_those_of_the_program():
    files = [*FRONTEND.glob("*.c"), TOP / "daemon" / "authority" / "refusal.c"]
    said = {code for file in files for code in re.findall(r'\b\d{3},\s*"([a-z_]+)"', file.read_text())}
    assert said == set(DOCUMENT.said["components"]["schemas"]["Error"]["properties"]["error"]["enum"])


# --- the requests of the document, as they stand ---

class World:
    """What the examples speak of, made anew for each of them."""

    def __init__(self, host):
        self.host = host
        hashed = host.stored_hash("first")
        for name in ("alice", "bob", "carol"):
            self.remove(f"/users/{name}")
            host.post("/users", peer=True, data={
                "username": name, "password_hash": hashed, "roles": ["operator"],
                "uid": 4000 if name == "alice" else None})
        host.post("/users/bob/links", peer=True, data={
            "issuer": "https://accounts.google.com", "sub": "10769150350006150715113082367"})
        host.post("/clients", peer=True, data={"id": "reports", "audiences": [APP]})
        self.secret = host.post("/clients/reports/secret", peer=True).json()["secret"]
        self.client_token = self.log_in_as_client()

    def remove(self, path):
        assert self.host.request("DELETE", path, peer=True).status in (204, 404)

    def log_in_as_client(self):
        """Who is removed and made anew within a second must wait for it to be over."""
        deadline = time.monotonic() + 20
        while (reply := self.host.post("/token", form={
                "grant_type": "client_credentials", "audience": APP, "client_id": "reports",
                "client_secret": self.secret})).status == 503:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return reply.json()["access_token"]

    def log_in(self):
        return self.host.login("alice").json()

    def retired_key(self):
        self.host.post("/keys/rotate", peer=True, data={"now": True})
        keys = self.host.get("/keys", peer=True).json()
        return next(key["kid"] for key in keys if key["state"] == "retired")

    def value(self, word):
        """What a word of the examples stands for, also within; other words stand for themselves."""
        if isinstance(word, dict):
            return {name: self.value(each) for name, each in word.items()}
        if isinstance(word, list):
            return [self.value(each) for each in word]
        makers = {
            "ACCESS_TOKEN": lambda: self.log_in()["access_token"],
            "REFRESH_TOKEN": lambda: self.log_in()["refresh_token"],
            "CLIENT_SECRET": lambda: self.secret,
            "CLIENT_TOKEN": lambda: self.client_token,
            "PASSWORD_HASH": lambda: self.host.stored_hash("first"),
            "SID": lambda: claims_of(self.log_in()["access_token"])["sid"],
            "JTI": lambda: claims_of(self.log_in()["access_token"])["jti"],
            "KID": self.retired_key,
            "ISSUER_PATH": lambda: "a",
        }
        return makers[word]() if isinstance(word, str) and word in makers else word

    def credentials(self, operation, body, socket):
        """By the first way that works there. Administrators are peers on the host itself."""
        ways = [way for way in operation.said["security"] if socket == "jeton.sock" or "peer" not in way]
        way = ways[0] if ways else {}
        if operation.path == "/auth":
            return {"token": self.host.token("alice", audience=APP, scope="page:read")}
        if "peer" in way:
            return {"peer": True}
        is_named = operation.path == "/users/me/password" and "username" in body
        if "password" in way and not is_named:
            return {"token": self.host.token("keeper" if way["password"] or operation.path == "/sessions"
                                             else "alice")}
        return {}

    def target(self, operation):
        path, query = operation.path, []
        for parameter in operation.parameters:
            value = self.value(parameter["example"])
            if parameter["in"] == "path":
                path = path.replace("{%s}" % parameter["name"], value)
            else:
                query.append((parameter["name"], json.dumps(value) if value is True else value))
        return path + "?" * bool(query) + harness.encode_form(query).decode()


def requests_of_the_document():
    for operation in DOCUMENT.operations:
        for media, value, sockets in operation.examples():
            for socket in sockets:
                yield pytest.param(operation, media, value, socket, id=f"{named(operation)} {socket}")


@pytest.mark.parametrize("operation, media, value, socket", requests_of_the_document())
def test_a_request_of_the_document_is_answered_as_it_says(host, operation, media, value, socket):
    world = World(host)
    how = world.credentials(operation, value, socket)
    if media:
        body = world.value(value)
        how["data" if media == "application/json" else "form"] = body
    if str(operation) in ("POST /users", "POST /clients"):
        world.remove(f"{operation.path}/{value.get('username') or value.get('id')}")
    reply = host.request(operation.method, world.target(operation), web=socket == "web.sock", **how)
    assert reply.status in (200, 201, 204), reply
    assert str(reply.status) in operation.responses
    if operation.path == "/introspect":
        assert reply.json()["active"]


@every_operation
def test_a_body_of_another_type_is_refused_where_the_document_has_one(host, operation):
    path = re.sub(r"\{\w+\}", "none", operation.path)
    reply = host.request(operation.method, path, peer=True, body=b"<x/>",
                         headers=[("Content-Type", "text/xml")])
    assert (reply.status == 415) == ("415" in operation.responses)


def test_what_any_request_may_meet_is_described(host):
    assert host.get("/health", headers=[("X", "x" * 20000)]).status == 431
    assert host.post("/token", headers=[("Content-Length", "70000")]).status == 413
    assert host.get("/health", headers=[("Expect", "wonders")]).status == 417
    assert host.request("DELETE", "/health").status == 405


# --- the comparison itself ---

def reply_of(status, value, **fields):
    body = json.dumps(value).encode()
    head = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}",
            *(f"{name.replace('_', '-')}: {text}" for name, text in fields.items())]
    return Reply("\r\n".join(head).encode(), body)


HEALTHY = {"status": "ok"}


@pytest.mark.parametrize("status, value, fields", [
    (200, {"status": "ok", "more": 1}, {}), (200, {}, {}), (200, {"status": "good"}, {}),
    (200, HEALTHY, {"X_New": "1"}), (201, HEALTHY, {}), (409, {"error": "conflict"}, {}),
    (503, {"error": "temporarily_unavailable", "error_description": "x", "why": "y"}, {}),
    (503, {"error": "tired", "error_description": "x"}, {})])
def test_a_reply_that_is_not_described_is_noticed(status, value, fields):
    DOCUMENT.check("GET", "/health", reply_of(200, HEALTHY, X_Request_Id="1"))
    with pytest.raises(AssertionError):
        DOCUMENT.check("GET", "/health", reply_of(status, value, **fields))


def test_every_reply_of_the_tests_is_held_against_the_document(host, monkeypatch):
    assert harness.openapi is openapi
    monkeypatch.setitem(DOCUMENT.find("GET", "/health").said, "x-sockets", ["web.sock"])
    with pytest.raises(AssertionError):
        host.get("/health")


# --- how it is served ---

@pytest.mark.parametrize("web", [False, True])
def test_the_document_is_the_file_and_may_be_kept(host, web):
    reply = host.get("/openapi.json", web=web)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.body == openapi.FILE.read_bytes()
    assert reply.headers["cache-control"] == "public, max-age=300"
    head = host.request("HEAD", "/openapi.json", web=web)
    assert (head.status, head.body, head.headers) == (200, b"", reply.headers)
    again = host.get("/openapi.json", web=web, headers=[("If-None-Match", reply.headers["etag"])])
    assert (again.status, again.body) == (304, b"")


def test_the_password_flow_is_found_where_the_document_says(host):
    """Relative to the document, as a client resolves it: also behind a path."""
    flow = DOCUMENT.said["components"]["securitySchemes"]["password"]["flows"]["password"]
    assert flow["tokenUrl"] == flow["refreshUrl"] == "token"
    assert host.post("/" + flow["tokenUrl"], form={"username": "first", "password": PASSWORD}).status == 200


def test_the_page_is_the_file_and_may_run_nothing_but_what_is_in_it(host):
    reply = host.get("/docs")
    page = (FRONTEND / "docs.html").read_bytes()
    assert (reply.status, reply.body) == (200, page)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    policy = dict(part.split(" ", 1) for part in reply.headers["content-security-policy"].split("; "))

    def hash_of(tag):
        inside = page.split(f"<{tag}>".encode())[1].split(f"</{tag}>".encode())[0]
        digest = base64.urlsafe_b64encode(hashlib.sha256(inside).digest()).decode()
        return f"'sha256-{digest}'"

    assert policy == {"default-src": "'none'", "script-src": hash_of("script"),
                      "style-src": hash_of("style"), "img-src": "data:", "connect-src": "'self'",
                      "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'"}


def test_the_page_has_one_script_one_style_and_no_markup_made_of_text():
    page = (FRONTEND / "docs.html").read_text()
    assert page.count("<script") == page.count("<style") == 1
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|style=", page)
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


@pytest.mark.parametrize("web", [False, True])
def test_the_page_may_be_kept(host, web):
    reply = host.get("/docs", web=web)
    head = host.request("HEAD", "/docs", web=web)
    assert (head.status, head.body, head.headers) == (200, b"", reply.headers)
    again = host.get("/docs", web=web, headers=[("If-None-Match", reply.headers["etag"])])
    assert (again.status, again.body) == (304, b"")

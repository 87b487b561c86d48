"""daemon/frontend/openapi.json beside what the program really says.

`Document.check` holds one reply against the schema of its route and status. There every object is
closed: a member or a field that the document does not name is a failure. harness.py has each reply
checked that comes to a test.
"""
import collections
import functools
import json
import re
from pathlib import Path

import jsonschema

FILE = Path(__file__).resolve().parent.parent / "daemon" / "frontend" / "openapi.json"
METHODS = ("get", "post", "put", "patch", "delete")

# What stands in any reply (docs/protocol.md).
COMMON_FIELDS = {"content-type", "content-length", "cache-control", "pragma", "connection",
                 "x-request-id"}

# What may come before a route has looked at its request; the document has them as `default`.
BEFORE_THE_ROUTE = {400, 405, 408, 413, 417, 431, 500, 503}


Example = collections.namedtuple("Example", "media value sockets")


class Operation:
    """One request of the document, with what is shared put in its place."""

    def __init__(self, document, path, method, said, shared):
        self.document, self.path, self.method = document, path, method.upper()
        self.said = said
        self.parameters = [document.resolved(one) for one in [*shared, *said.get("parameters", [])]]
        self.pattern = re.compile(re.sub(r"\\\{\w+\\\}", "(.+)", re.escape(path)))
        self.responses = {status: document.resolved(response)
                          for status, response in said["responses"].items()}

    def __str__(self):
        return f"{self.method} {self.path}"

    def of_table(self):
        """As a row of the route table names it."""
        return re.sub(r"\{\w+\}", "{}", str(self))

    def examples(self):
        """Those of its body, and where they work; one without a body has neither media nor value."""
        everywhere = self.said["x-sockets"]
        found = [Example(media, example["value"], example.get("x-sockets", everywhere))
                 for media, content in self.said.get("requestBody", {"content": {}})["content"].items()
                 for example in content["examples"].values()]
        return found or [Example(None, None, everywhere)]

    def response(self, status):
        if str(status) not in self.responses and status in BEFORE_THE_ROUTE:
            return self.responses["default"]
        assert str(status) in self.responses, f"{self} does not answer {status} in openapi.json"
        return self.responses[str(status)]

    @functools.lru_cache(maxsize=None)
    def validator(self, status):
        """(media type, what checks it) of that status; (None, None) without a body."""
        content = self.response(status).get("content", {})
        for media, described in content.items():
            return media, validator_of(self.document.plain(described["schema"]))
        return None, None


def validator_of(schema):
    return jsonschema.Draft202012Validator(schema, format_checker=None)


class Document:
    def __init__(self, text):
        self.said = json.loads(text)
        self.operations = [Operation(self, path, method, item[method], item.get("parameters", []))
                           for path, item in self.said["paths"].items()
                           for method in METHODS if method in item]
        self.error = validator_of(self.plain(self.said["components"]["schemas"]["Error"]))

    def resolved(self, thing):
        """Follows a reference of a thing that may be one."""
        while "$ref" in thing:
            place = self.said
            for step in thing["$ref"].removeprefix("#/").split("/"):
                place = place[step]
            thing = place
        return thing

    def plain(self, schema):
        """The schema without references, every object closed that does not say otherwise."""
        if isinstance(schema, list):
            return [self.plain(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        rest = {name: self.plain(value) for name, value in schema.items() if name != "$ref"}
        if "$ref" in schema:
            referred = self.plain(self.resolved({"$ref": schema["$ref"]}))
            return {"allOf": [referred, rest]} if rest else referred
        if schema.get("type") == "object":
            rest.setdefault("additionalProperties", False)
        return rest

    @functools.lru_cache(maxsize=None)
    def of_path(self, path):
        """The operations of a path that was asked for; a fixed path goes before a pattern."""
        path = path.removesuffix("/") or "/"
        found = [each for each in self.operations if each.pattern.fullmatch(path)]
        fixed = [each for each in found if each.path == path]
        return fixed or [each for each in found if "/" not in each.pattern.fullmatch(path)[1]
                         or each.path.endswith("{path}")]

    def find(self, method, target):
        """None: no such route. HEAD follows GET."""
        wanted = "GET" if method == "HEAD" else method
        for operation in self.of_path(target.split("?")[0]):
            if operation.method == wanted:
                return operation
        return None

    def check(self, method, target, reply, socket="jeton.sock", as_peer=False):
        """AssertionError when the document says something else than this reply to this request."""
        operation = self.find(method, target)
        is_nowhere = operation is None or socket not in operation.said["x-sockets"]
        if is_nowhere or (reply.status == 401 and socket == "web.sock" and as_peer):
            assert reply.status in {401, 404, *BEFORE_THE_ROUTE}, f"{method} {target} is not in {FILE}: {reply}"
            check_body(self.error, "application/json", method, reply)
            return
        media, validator = operation.validator(reply.status)
        check_fields(operation, reply)
        if media is None:
            assert reply.body == b"" and "content-type" not in reply.headers, f"{operation}: {reply}"
        else:
            check_body(validator, media, method, reply)


def check_fields(operation, reply):
    documented = {name.lower() for name in operation.response(reply.status).get("headers", {})}
    said = set(reply.headers) - COMMON_FIELDS
    assert said <= documented, f"{operation}: {said - documented} is not in openapi.json: {reply}"


def check_body(validator, media, method, reply):
    assert reply.headers["content-type"].split(";")[0] == media, reply
    if method == "HEAD":
        return
    value = reply.json() if media == "application/json" else reply.body.decode()
    error = next(validator.iter_errors(value), None)
    assert error is None, f"{method} {reply}: openapi.json says otherwise: {error}"


@functools.lru_cache(maxsize=None)
def document():
    """The one of this tree."""
    return Document(FILE.read_text())

"""The tables of docs/from-fastapi.md: what they ask, and whether an answer is the one they state."""
import base64
import json
import re

SPAN = re.compile(r"`([^`]*)`|\b(without|header|claims|on web\.sock)\b")
FIELD = re.compile(r"[A-Z][A-Za-z0-9-]*: ")
NAME = re.compile(r"\$([a-z][a-z0-9]*)")
MISSING = object()
HEADS = {"the tutorials | request | answer | why": "requests",
         "claim | the tutorials | jeton | why": "claims",
         "in a request | is": "legend"}


class Row:
    """One row: the line it stands in, the kind of its table, its cells."""

    def __init__(self, number, kind, cells):
        self.number, self.kind, self.cells = number, kind, cells

    def __repr__(self):
        return f"line {self.number}: {self.cells[1]}"


def rows_of(page):
    """Every row of every table; a table with another head than those known here is an error."""
    kind = None
    for number, line in enumerate(page.splitlines(), 1):
        if not line.startswith("|"):
            kind = None
        elif kind is None:
            kind = HEADS[line.strip("| ")]
        elif not set(line) <= set("|- "):
            yield Row(number, kind, [cell.strip() for cell in line[1:-1].split(" | ")])


def settings_of(page):
    """The indented block of settings."""
    return "\n".join(line[4:] for line in page.splitlines() if line.startswith("    "))


def spans(cell):
    """(word before it or None, text between backticks), one by one; a word holds until the next."""
    word = None
    for text, keyword in SPAN.findall(cell):
        if keyword:
            word = keyword
        else:
            yield word, text


class Asked:
    """What a request cell says: a command, or a request."""

    def __init__(self, cell, names):
        found = [(word, fill(text, names)) for word, text in spans(cell)]
        raw = [text for _, text in spans(cell)]
        self.command = found[0][1] if re.match("jetond? ", found[0][1]) else None
        self.how = {"headers": [], "web": found[0][0] == "on web.sock"}
        if not self.command:
            self.method, self.path = found[0][1].split(" ")
        for said, (_, text) in zip(raw[1:], found[1:]):
            self.add(said, text)

    def add(self, said, text):
        if NAME.fullmatch(said):
            self.how["token"] = text
        elif said == "Peer":
            self.how["peer"] = True
        elif FIELD.match(said):
            self.how["headers"].append(tuple(text.split(": ", 1)))
        else:
            kind = "application/json" if said.startswith("{") else \
                "application/x-www-form-urlencoded"
            self.how["headers"].append(("Content-Type", kind))
            self.how["body"] = text.encode()


def fill(text, names):
    """What is called $name is put in its place; a $ before anything else is itself."""
    return NAME.sub(lambda found: names.get(found[1], found[0]), text)


def complaints(cell, answer, names):
    """What of an answer is not as its cell states; learns the names that it gives."""
    stated = list(spans(cell))
    wrong = [] if str(answer.status) == stated[0][1] else [f"the status is {answer.status}"]
    for word, text in stated[1:]:
        wrong += JUDGES.get(word, judge_plain)(text, answer, names)
    return wrong


def judge_plain(text, answer, names):
    if FIELD.match(text):
        name, value = text.split(": ", 1)
        seen = answer.headers.get(name.lower())
        pattern = re.escape(value).replace(re.escape("..."), ".+")
        good = isinstance(seen, str) and re.fullmatch(pattern, seen)
        return [] if good else [f"{name} is {seen!r}"]
    if text[0] in "{[":
        return differences(json.loads(text), answer.json(), names)
    return [] if text in answer.body.decode() else [f"{text!r} is not printed"]


def judge_absent(text, answer, names):
    del names
    everywhere = [answer.json(), *token_of(answer)]
    return [f"{text} is there" for found in everywhere if text in found]


JUDGES = {
    "without": judge_absent,
    "header": lambda text, answer, names: differences(json.loads(text), token_of(answer)[0], names),
    "claims": lambda text, answer, names: differences(json.loads(text), token_of(answer)[1], names),
}


def differences(stated, seen, names, where=""):
    """Where `seen` is not what is stated: members that are not named may be there."""
    if seen is MISSING:
        return [f"{where} is not there"]
    if stated == "...":
        return []
    if isinstance(stated, str) and NAME.fullmatch(stated):
        known = names.setdefault(stated[1:], seen)
        return [] if known == seen else [f"{where} is another {stated}"]
    if isinstance(stated, dict) and isinstance(seen, dict):
        return [line for key, value in stated.items()
                for line in differences(value, seen.get(key, MISSING), names, f"{where}.{key}")]
    if isinstance(stated, list) and isinstance(seen, list):
        open_end = stated[-1:] == ["..."]
        stated = stated[:-1] if open_end else stated
        if len(seen) < len(stated) or (len(seen) > len(stated) and not open_end):
            return [f"{where} has {len(seen)} entries"]
        return [line for number, value in enumerate(stated)
                for line in differences(value, seen[number], names, f"{where}[{number}]")]
    return [] if type(stated) is type(seen) and stated == seen else [f"{where} is {seen!r}"]


def token_of(answer):
    """Header and claims of the access token in a reply, if there is one."""
    token = answer.json().get("access_token") if isinstance(answer.json(), dict) else None
    return decode(token) if token else []


def decode(token):
    return [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            for part in token.split(".")[:2]]

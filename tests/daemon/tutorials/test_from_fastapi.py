"""docs/from-fastapi.md is so: every row of its tables is asked of a real daemon, in their order."""
import grp
import json
import os
import subprocess

import pytest
from harness import BUILD, TOP, Daemon, Reply
from outside import Issuer
from rows import Asked, complaints, decode, differences, rows_of, settings_of

PAGE = (TOP / "docs" / "from-fastapi.md").read_text()
ROWS = list(rows_of(PAGE))
ASKED = [row for row in ROWS if row.kind == "requests"]
CLAIMS = [row for row in ROWS if row.kind == "claims"]


GOOGLE = {"aud": "1234.apps.googleusercontent.com", "email": "ada@example.org",
          "email_verified": True}


def settings(google):
    """Those of the page, but for the proxy's group, which is ours here, and the file of keys."""
    text = settings_of(PAGE)
    for theirs, ours in (("www-data", grp.getgrgid(os.getegid()).gr_name),
                         ("/var/lib/jeton-issuers/google.json", google.file)):
        assert f'"{theirs}"' in text
        text = text.replace(f'"{theirs}"', f'"{ours}"')
    return text


def run(daemon, command):
    """A command of the page; its exit status and what it prints, as a reply."""
    environment = {"PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}",
                   "JETON_SOCKET": str(daemon.socket)}
    ended = subprocess.run(command, shell=True, cwd=daemon.state, env=environment, timeout=60,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, check=False)
    reply = Reply(b"HTTP/1.1 000 command", ended.stdout)
    reply.status = ended.returncode
    return reply


def ask(daemon, row, names):
    """What a row asks, and what of the answer is not as it states."""
    asked = Asked(row.cells[1], names)
    answer = run(daemon, asked.command) if asked.command else \
        daemon.request(asked.method, asked.path, **asked.how)
    return complaints(row.cells[2], answer, names), answer


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """All rows, asked once: what was wrong with each, and the names that the answers gave."""
    google, found = Issuer("https://accounts.google.com", tmp_path_factory.mktemp("keys")), {}
    names = {"google": google.token("10769150350006150715113", **GOOGLE)}
    with Daemon(settings(google)) as daemon:
        for row in ASKED:
            found[row.number] = ask(daemon, row, names)
            daemon.unlock()
        yield found, names


@pytest.mark.parametrize("row", ASKED, ids=lambda row: f"line {row.number}")
def test_the_answer_is_the_one_on_the_page(asked, row):
    wrong, answer = asked[0][row.number]
    assert not wrong, (row, answer)


@pytest.mark.parametrize("row", CLAIMS, ids=lambda row: row.cells[0].strip("`"))
def test_the_claim_is_the_one_on_the_page(asked, row):
    claims = decode(asked[1]["alice"])[1]
    name, stated = row.cells[0].strip("`"), row.cells[2].strip("`")
    if stated == "absent":
        assert name not in claims
    elif stated == '"iat + 900"':
        assert claims[name] == claims["iat"] + 900
    else:
        assert name in claims and not differences(json.loads(stated), claims[name], {})


def test_every_row_of_the_page_is_one_that_is_asked():
    assert all(len(row.cells) == 4 for row in ROWS if row.kind != "legend")
    assert all(row.cells[1].count("`") >= 2 and row.cells[2].startswith("`") for row in ASKED)
    assert len(ASKED) > 80 and len(CLAIMS) > 10


@pytest.mark.parametrize("stated,seen", [
    ('`200` `{"a": 1}`', {"a": 2}), ('`200` `{"a": "..."}`', {}), ('`200` `{"a": "$b"}`', {}),
    ('`200` `{"a": 1}`', {}), ('`200` `{"a": 1}`', {"a": True}),
    ('`201` `{"a": 1}`', {"a": 1}), ('`200` `{"a": [1]}`', {"a": [1, 2]}),
    ('`200` without `a`', {"a": None}), ('`200` `Allow: GET`', {}), ('`200` `words`', {}),
    ('`200` claims `{"sub": "1"}`', {"access_token": "e30.e30.x"}),
    ('`200` without `sub`', {"access_token": "e30.eyJzdWIiOiIxIn0.x"})])
def test_an_answer_that_is_another_is_noticed(stated, seen):
    answer = Reply(b"HTTP/1.1 200 OK", json.dumps(seen).encode())
    assert complaints(stated, answer, {})

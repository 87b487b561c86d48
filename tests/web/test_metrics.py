"""What Prometheus' own tool says of the metrics and of the alerts."""
import re
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest
from harness import PASSWORD, TOP
from metrics import look

RULES = TOP / "packaging" / "prometheus" / "jeton.rules.yml"
CASES = TOP / "tests" / "web" / "rules_test.yml"


@pytest.fixture(scope="module")
def promtool():
    program = shutil.which("promtool")
    assert program, "promtool is not installed: packaging/build-deps check"

    def run(*arguments, text=""):
        return subprocess.run([program, *arguments], input=text, capture_output=True, text=True,
                              timeout=60)

    return run


def test_promtool_finds_nothing_to_warn_of(front, promtool):
    front.daemon.token("alice")
    front.daemon.login("nobody_here")
    reply = front.daemon.get("/metrics", peer=True)
    assert reply.status == 200, reply
    said = promtool("check", "metrics", text=reply.body.decode())
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_promtool_would_warn(promtool):
    """So silence means something."""
    said = promtool("check", "metrics", text="# TYPE jeton_tokens counter\njeton_tokens 1\n")
    assert said.returncode != 0 and "_total" in said.stdout + said.stderr


def test_the_alerts_are_good_rules(promtool):
    said = promtool("check", "rules", str(RULES))
    assert said.returncode == 0, said


def test_the_alerts_fire_when_they_should_and_not_before(promtool, tmp_path):
    cases = tmp_path / "cases.yml"
    cases.write_text(CASES.read_text().replace("RULES", str(RULES)))
    said = promtool("test", "rules", str(cases))
    assert said.returncode == 0, said


def test_the_alerts_speak_of_metrics_that_are_there(front, promtool):
    metrics = look(front.daemon)
    names = set(re.findall(r"\bjeton_\w+", RULES.read_text()))
    assert names and {metrics.metric_of(name) for name in names} <= set(metrics.types)


def test_nothing_of_it_is_on_the_web(front):
    trust = ssl.create_default_context(cafile=str(front.authority))

    def status(**headers):
        request = urllib.request.Request(front.url("/metrics"), headers=headers)
        try:
            with urllib.request.urlopen(request, context=trust, timeout=20) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code

    front.daemon.add_user("metrics_admin", roles=["admin"])
    token = front.daemon.token("metrics_admin", PASSWORD)
    assert front.daemon.get("/metrics", token=token).status == 200
    assert status() == 404
    assert status(Authorization="Peer") == 401
    assert status(Authorization=f"Bearer {token}") == 404

"""The JavaScript clients: each function that node/CLIENT.mjs exports is a test, run by node in a
folder of its own with the packages that package-lock.json names."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import PASSWORD

SCRIPTS = Path(__file__).resolve().parent / "node"
CLIENTS = ("jose", "jsonwebtoken", "oauth4webapi", "openid-client")
INSTALL_SECONDS = 100
STEP_SECONDS = 30


def steps():
    for client in CLIENTS:
        text = (SCRIPTS / f"{client}.mjs").read_text()
        for step in re.findall(r"^export async function (\w+)", text, re.MULTILINE):
            yield pytest.param(client, step, id=f"{client}-{step}")


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """The scripts beside their packages. Without a registry this fails; it does not wait for one."""
    folder = tmp_path_factory.mktemp("node")
    shutil.copytree(SCRIPTS, folder, dirs_exist_ok=True)
    try:
        answer = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=INSTALL_SECONDS)
    except FileNotFoundError:
        pytest.fail("npm is not installed: packaging/build-deps check")
    except subprocess.TimeoutExpired:
        pytest.fail(f"npm ci was not done after {INSTALL_SECONDS} s: is there a registry?")
    if answer.returncode != 0:
        pytest.fail(f"npm ci: {answer.stderr}")
    return folder


@pytest.mark.parametrize("client,step", steps())
def test_node(front, token, tokens, workplace, client, step):
    context = {"issuer": front.issuer, "username": "alice", "password": PASSWORD, "token": token,
               "tokens": tokens, "local": front.local}
    answer = subprocess.run(["node", "run.mjs", client, step, json.dumps(context)], cwd=workplace,
                            capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            timeout=STEP_SECONDS,
                            env={"PATH": os.environ["PATH"],
                                 "NODE_EXTRA_CA_CERTS": str(front.authority)})
    assert answer.returncode == 0, answer.stderr

"""The keys of an outside issuer are fetched by a unit of its own, in its sandbox and under its user;
and read by a process of the service, in the service's."""
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from front import write_certificates
from machine import wait_until
from outside import GRANT, ID_TOKEN, Issuer, jwk_of

START_SECONDS = 20
URL = "https://issuer.test"
FILE = "/var/lib/jeton-issuers/test.json"
SECTION = f"""
issuer "{URL}" {{
    jwks = "{FILE}"
    jwks-uri = "https://127.0.0.1:8443/keys"
    audience = "app.example"
    alg = ES256
}}
"""
TRUST = "[Service]\nEnvironment=CURL_CA_BUNDLE=/etc/ssl/issuer-ca.pem\n"


def key_set():
    return {"keys": [jwk_of(ec.generate_private_key(ec.SECP256R1()), kid="k")]}


@pytest.fixture
def published(host, tmp_path):
    """An issuer on the machine itself that the unit's drop-in trusts: gives its folder of pages."""
    pages = Path(host.root, "srv/issuer")
    pages.mkdir()
    write_certificates(tmp_path)
    Path(host.root, "etc/ssl/issuer-ca.pem").write_bytes((tmp_path / "ca.pem").read_bytes())
    for name in ("server.pem", "server.key"):
        (pages / name).write_bytes((tmp_path / name).read_bytes())
    drop_in = Path(host.root, "etc/systemd/system/jeton-issuers.service.d")
    drop_in.mkdir(parents=True)
    (drop_in / "trust.conf").write_text(TRUST)
    host.get("systemctl", "daemon-reload")
    server = host.start("sh", "-c", "cd /srv/issuer && exec openssl s_server -quiet -WWW -port 8443 "
                                    "-cert server.pem -key server.key")
    wait_until("it listens", START_SECONDS,
               lambda: host.run("curl", "-sk", "https://127.0.0.1:8443/server.pem").returncode == 0)
    with host.config(SECTION):
        yield pages
    server.terminate()
    server.wait(START_SECONDS)
    host.get("rm", "-r", "/srv/issuer", "/etc/systemd/system/jeton-issuers.service.d")
    host.get("systemctl", "daemon-reload")


def fetched(host):
    """What one run of the unit came to: its result, and what it said."""
    began = host.get("date", "+%s").strip()
    host.run("systemctl", "start", "jeton-issuers")
    result = host.get("systemctl", "show", "--value", "-p", "Result", "jeton-issuers").strip()
    host.get("journalctl", "--sync")
    return result, host.get("journalctl", "--no-pager", "-u", "jeton-issuers", "--since", f"@{began}")


def test_the_unit_fetches_keys_and_keeps_the_old_where_it_cannot(host, published):
    first = key_set()
    (published / "keys").write_text(json.dumps(first))
    result, said = fetched(host)
    assert result == "success", said
    assert f"{FILE}: fetched from https://127.0.0.1:8443/keys" in said
    assert host.get("stat", "-c", "%U:%G %a %F", FILE).strip() == (
        "jeton-issuers:jeton-issuers 644 regular file")
    assert json.loads(host.get("cat", FILE, user="jeton-worker")) == first

    (published / "keys").write_text("maintenance")
    result, said = fetched(host)
    assert result == "exit-code" and f"{FILE}: stays as it was: " in said
    assert json.loads(host.get("cat", FILE)) == first


def test_the_timer_starts_it_once_it_is_enabled(host, published):
    fresh = key_set()
    (published / "keys").write_text(json.dumps(fresh))
    host.get("systemctl", "enable", "--now", "jeton-issuers.timer")
    try:
        wait_until("the keys are fetched", START_SECONDS, lambda: json.loads(
            host.run("cat", FILE).stdout or "null") == fresh)
    finally:
        host.get("systemctl", "disable", "--now", "jeton-issuers.timer")


# --- the service ---

@pytest.fixture
def anew(host):
    """Asked for before `published`: after it, the service runs without the section again."""
    yield
    host.get("systemctl", "restart", "jetond")


@pytest.fixture
def linked(host, anew, published, tmp_path):
    """The service has the section, the file has the keys, and pat is linked: gives the issuer."""
    issuer = Issuer(URL, tmp_path, alg="ES256")
    (published / "keys").write_text(issuer.file.read_text())
    result, said = fetched(host)
    assert result == "success", said
    host.get("systemctl", "restart", "jetond")
    link = ("jeton", "user", "link", "pat", "--issuer", URL, "--subject", "p")
    host.get(*link)
    yield issuer
    host.get(*link, "--remove")


def status_of_login(host, token):
    fields = {"grant_type": GRANT, "subject_token_type": ID_TOKEN, "subject_token": token}
    return host.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                    "--unix-socket", "/run/jeton/jeton.sock", "http://jeton/token",
                    *(part for pair in fields.items()
                      for part in ("--data-urlencode", "=".join(pair)))).stdout


def test_the_service_logs_in_by_the_keys_that_the_unit_fetched(host, linked):
    assert ("jetond-issuer", "jeton-worker") in host.processes().values()
    assert status_of_login(host, linked.token("p")) == "200", host.journal()
    assert status_of_login(host, linked.token("q")) == "400"


def test_a_killed_issuer_process_is_replaced_without_systemd(host, linked):
    killed, kept = host.pid_of("jetond-issuer"), (host.unit("MainPID"), host.unit("NRestarts"))
    host.get("sh", "-c", f"kill -KILL {killed}")
    token = linked.token("p")
    wait_until("pat logs in again", START_SECONDS, lambda: status_of_login(host, token) == "200")
    assert host.pid_of("jetond-issuer") != killed
    assert (host.unit("MainPID"), host.unit("NRestarts")) == kept

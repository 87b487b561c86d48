"""The keys of an outside issuer are fetched by a unit of its own, in its sandbox and under its user."""
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from front import write_certificates
from machine import wait_until
from outside import jwk_of

START_SECONDS = 20
FILE = "/var/lib/jeton-issuers/test.json"
SECTION = f"""
issuer "https://issuer.test" {{
    jwks = "{FILE}"
    jwks-uri = "https://127.0.0.1:8443/keys"
    audience = "app"
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

#!/usr/bin/python3
"""A login at jeton, and requests with its token: a new one is fetched before the token's end, and when
a server refuses it; logout ends the session.

    client.py https://login.example.org alice

reads the password, then paths, one a line, and shows what each of them answers.
"""
import getpass
import sys
import time
from typing import Any, Optional

import requests

PATIENCE_S = 20


class Refused(Exception):
    """jeton gave no token; `error` is its code (RFC 6749 5.2). After invalid_grant log in again."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error


class Login:
    """with Login(server, username, password) as login: login.get("/users/me").json()"""

    def __init__(self, server: str, username: str, password: str) -> None:
        self.server = server
        self.http = requests.Session()
        self.refresh_token: Optional[str] = None
        self._grant(grant_type="password", username=username, password=password)

    def __enter__(self) -> "Login":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def token(self) -> str:
        """The access token, good for a while yet."""
        if time.monotonic() > self.renewal:
            self.refresh()
        return self.access_token

    def refresh(self) -> None:
        """Trades the refresh token, which works once, for an access token and its own successor."""
        if self.refresh_token is None:
            raise Refused("invalid_grant", "there is no refresh token: log in again")
        self._grant(grant_type="refresh_token", refresh_token=self.refresh_token)

    def get(self, path: str) -> requests.Response:
        return self.call("GET", path)

    def call(self, method: str, path: str, **how: Any) -> requests.Response:
        """A token that was good here may have been revoked there: a 401 is worth one more try."""
        reply = self._send(method, path, **how)
        if reply.status_code == 401:
            self.refresh()
            reply = self._send(method, path, **how)
        return reply

    def logout(self) -> None:
        """Ends the session: its refresh token and every access token that it was given."""
        for session in self.get("/sessions").json():
            if session["current"]:
                self.call("DELETE", f"/sessions/{session['sid']}")

    def _send(self, method: str, path: str, **how: Any) -> requests.Response:
        return self.http.request(method, self.server + path, auth=self._sign, timeout=PATIENCE_S, **how)

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """As `auth`, because a header alone gives way to what is in ~/.netrc."""
        request.headers["Authorization"] = f"Bearer {self.token()}"
        return request

    def _grant(self, **form: str) -> None:
        reply = self.http.post(self.server + "/token", data=form, timeout=PATIENCE_S)
        answer = reply.json()
        if reply.status_code != 200:
            raise Refused(answer["error"], answer["error_description"])
        self.access_token: str = answer["access_token"]
        self.refresh_token = answer.get("refresh_token")
        self.renewal = time.monotonic() + 0.9 * answer["expires_in"]


def password_of(username: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"{username}'s password: ")
    return sys.stdin.readline().rstrip("\n")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: client.py https://login.example.org alice (the password and paths are read)")
    server, username = sys.argv[1:]
    try:
        with Login(server, username, password_of(username)) as login:
            for path in iter(sys.stdin.readline, ""):
                reply = login.get(path.strip())
                print(reply.status_code, reply.text, flush=True)
            login.logout()
    except Refused as refused:
        sys.exit(str(refused))
    except requests.RequestException as failure:
        sys.exit(f"no answer: {failure}")


if __name__ == "__main__":
    main()

"""Accounts and logins, which are jeton's: what comes here goes there as it is. No password and no hash
is looked at in this application, and none is kept by it.

Failed logins count for the caller's address, which jeton is told; so behind a proxy of its own the
application must know it too (uvicorn's --proxy-headers). nginx can do all of this module by itself
(packaging/nginx)."""
import os
from urllib.parse import urlencode

import httpx
import jeton
from fastapi import APIRouter, Body, Request, Response
from guard import AUDIENCE

WEB_SOCKET = os.environ.get("JETON_WEB_SOCKET", "/run/jeton/web.sock")
PASSED_ON = ("content-type", "www-authenticate", "retry-after", "cache-control", "x-request-id")

router = APIRouter(tags=["accounts"])
jetond = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=WEB_SOCKET),
                           base_url="http://jeton", timeout=20)


async def forward(request: Request, path: str, body: bytes) -> Response:
    headers = {"X-Forwarded-For": request.client.host if request.client else "unknown",
               "Content-Type": request.headers.get("content-type", "")}
    try:
        answer = await jetond.request(request.method, path, content=body, headers=headers)
    except httpx.TransportError:
        return Response(status_code=503, headers={"Retry-After": "1"})
    return Response(answer.content, answer.status_code,
                    {name: answer.headers[name] for name in PASSED_ON if name in answer.headers})


@router.post("/token")
async def token(request: Request) -> Response:
    """Login (the form of OAuth2PasswordRequestForm), renewal (`grant_type=refresh_token`), login with
    an outside ID token (token exchange)."""
    audience = b"&" + urlencode({"audience": AUDIENCE}).encode()
    return await forward(request, "/token", await request.body() + audience)


@router.post("/users", status_code=201)
async def register(request: Request) -> Response:
    """JSON: `username`, `password`, and optionally `full_name` and `email`."""
    return await forward(request, "/users", await request.body())


@router.put("/users/me/password", status_code=204)
async def change_password(request: Request) -> Response:
    """JSON: `username`, `current_password`, `new_password`."""
    return await forward(request, "/users/me/password", await request.body())


@router.post("/logout", status_code=204)
def logout(refresh_token: str = Body(embed=True, min_length=1)) -> Response:
    """Ends the session: its refresh token and its access tokens, at once and everywhere."""
    jeton.revoke(refresh_token)
    return Response(status_code=204)

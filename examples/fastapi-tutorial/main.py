"""The application of FastAPI's tutorial on security, with jeton behind it: what is left of it.

    python3 -m uvicorn --app-dir examples/fastapi-tutorial main:app

Then http://127.0.0.1:8000/docs, and its button "Authorize"."""
import time
from collections.abc import Awaitable
from typing import Any, Callable, Optional

import accounts
import items
import jeton
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from guard import admin, user, user_or_nobody
from jeton.fastapi import Claims

app = FastAPI(title="items")

# The pages of a front end elsewhere. The token is in Authorization, not in a cookie, so no
# credentials are allowed.
app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000"], allow_methods=["*"],
                   allow_headers=["Authorization"], expose_headers=["WWW-Authenticate"])


@app.middleware("http")
async def measure(request: Request,
                  call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    began = time.perf_counter()
    response = await call_next(request)
    response.headers["Server-Timing"] = f"app;dur={(time.perf_counter() - began) * 1000:.1f}"
    return response


@app.exception_handler(jeton.Failure)
def unavailable(_request: Request, _failure: Exception) -> Response:
    return Response(status_code=503, headers={"Retry-After": "1"})


@app.get("/")
def welcome(caller: Optional[Claims] = Depends(user_or_nobody)) -> "dict[str, str]":
    return {"welcome": caller.username or caller.subject if caller else "stranger"}


@app.get("/users/me")
def me(caller: Claims = Depends(user)) -> "dict[str, Any]":
    return {"id": caller.subject, "username": caller.username, "roles": caller.roles,
            "scope": caller.scope}


# A dependency of a router guards each route of it.
reports = APIRouter(prefix="/admin", tags=["admin"], dependencies=[Depends(admin)])


@reports.get("/items")
def all_items() -> "dict[str, dict[str, str]]":
    return items.titles


app.include_router(accounts.router)
app.include_router(items.router)
app.include_router(reports)

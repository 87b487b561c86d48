"""Items that belong to users, guarded by scopes: what a token was given for."""
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Security
from guard import editor, user
from jeton.fastapi import Claims

router = APIRouter(prefix="/items", tags=["items"])
titles: "dict[str, dict[str, str]]" = {}  # of each subject


@router.get("")
def mine(caller: Claims = Security(user, scopes=["items:read"])) -> "dict[str, str]":
    return titles.get(caller.subject, {})


@router.put("/{name}")
def store(name: str, title: str,
          caller: Claims = Security(user, scopes=["items:write"])) -> "dict[str, Any]":
    titles.setdefault(caller.subject, {})[name] = title
    return {"name": name, "title": title, "owner": caller.username}


@router.delete("/{owner}/{name}", status_code=204, dependencies=[Depends(editor)])
def remove(owner: str, name: str) -> None:
    """By the owner's subject, which names a user for ever; a name may be given again."""
    if titles.get(owner, {}).pop(name, None) is None:
        raise HTTPException(404, "there is no such item")

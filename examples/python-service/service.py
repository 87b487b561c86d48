"""A service that takes jeton's bearer tokens: readings that some may see and some may set.

    python3 -m uvicorn --app-dir examples/python-service --uds /run/metrics.sock service:app

    curl --unix-socket /run/metrics.sock http://metrics/readings/load \\
        -H "$(jeton token --header --audience https://metrics.example)"
"""
from fastapi import Depends, FastAPI, HTTPException
from jeton.fastapi import Claims, JetonBearer

AUDIENCE = "https://metrics.example"
reader = JetonBearer(audience=AUDIENCE, scope="metrics:read")
writer = JetonBearer(audience=AUDIENCE, scope="metrics:write", roles="operator")

app = FastAPI(title="metrics")
readings: "dict[str, float]" = {}


@app.get("/readings/{name}", dependencies=[Depends(reader)])
def show(name: str) -> "dict[str, float]":
    if name not in readings:
        raise HTTPException(404, "there is no such reading")
    return {name: readings[name]}


@app.put("/readings/{name}")
def store(name: str, value: float, caller: Claims = Depends(writer)) -> "dict[str, str]":
    readings[name] = value
    return {"stored": name, "by": caller.username or caller.subject}

"""What a FastAPI service with logins does, as FastAPI's own tutorial has it: a form with name and
password becomes a token, a bearer dependency verifies one and finds the user. ES256 by python3-jwt
with keys that are loaded once; served by uvicorn over a Unix socket.

`alice` has a yescrypt hash, compared by the host's libcrypt; `plain` a password in the open, which
nobody should have, to see what everything but the hash costs."""
import ctypes
import time
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm

PASSWORD = "correct horse battery"
ISSUER = "https://bench.example"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = KEY.public_key()

libcrypt = ctypes.CDLL("libcrypt.so.1")
libcrypt.crypt.restype = libcrypt.crypt_gensalt.restype = ctypes.c_char_p
libcrypt.crypt_gensalt.argtypes = [ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_int]


def crypt(password, setting):
    return libcrypt.crypt(password.encode(), setting)


USERS = {"alice": {"id": "1", "hash": crypt(PASSWORD, libcrypt.crypt_gensalt(b"$y$", 0, None, 0))},
         "plain": {"id": "2", "password": PASSWORD}}

app = FastAPI()
bearer = OAuth2PasswordBearer(tokenUrl="token")


def is_good(user, password):
    if "hash" in user:
        return crypt(password, user["hash"]) == user["hash"]
    return user["password"] == password


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.post("/token")
async def login(form: OAuth2PasswordRequestForm = Depends()):
    user = USERS.get(form.username)
    if not user or not is_good(user, form.password):
        raise HTTPException(400, "wrong name or password")
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": user["id"], "aud": ISSUER, "exp": now + 900, "iat": now,
              "jti": uuid.uuid4().hex, "sid": uuid.uuid4().hex, "client_id": "local",
              "scope": "read", "username": form.username, "auth_time": now, "amr": ["pwd"]}
    token = jwt.encode(claims, KEY, algorithm="ES256", headers={"typ": "at+jwt", "kid": "1"})
    return {"access_token": token, "token_type": "bearer", "expires_in": 900}


def current_user(token: str = Depends(bearer)):
    try:
        claims = jwt.decode(token, PUBLIC, algorithms=["ES256"], audience=ISSUER, issuer=ISSUER)
        return {"username": claims["username"], **USERS[claims["username"]]}
    except (jwt.InvalidTokenError, KeyError) as error:
        raise HTTPException(401, "not a good token") from error


@app.get("/users/me")
async def me(user: dict = Depends(current_user)):
    return {"sub": user["id"], "username": user["username"]}

"""Who may what: the dependencies that the routes name. Tokens are verified in this process."""
from functools import partial

from jeton.fastapi import JetonBearer

AUDIENCE = "https://items.example"
SCOPES = {"items:read": "See your items.", "items:write": "Change them."}

# token_url is for the button "Authorize" of /docs.
bearer = partial(JetonBearer, audience=AUDIENCE, token_url="token", scopes=SCOPES)

user = bearer()
user_or_nobody = bearer(auto_error=False)
editor = bearer(roles="editor")
admin = bearer(roles="admin")

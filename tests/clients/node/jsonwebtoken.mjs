// jsonwebtoken: the older service, which is handed a key.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import jsonwebtoken from "jsonwebtoken";
import { changed } from "./common.mjs";

async function judge({ issuer }, token, options = {}) {
	const reply = await fetch(issuer + "/.well-known/jwks.json");
	const { keys } = await reply.json();
	const { kid } = jsonwebtoken.decode(token, { complete: true }).header;
	const key = createPublicKey({ key: keys.find((one) => one.kid === kid), format: "jwk" });
	return jsonwebtoken.verify(token, key, {
		algorithms: ["ES256"],
		issuer,
		audience: issuer,
		...options,
	});
}

export async function verifies_a_login(context) {
	const claims = await judge(context, context.token);
	assert.equal(claims.username, "alice");
}

export async function verifies_rs256(context) {
	const [audience, token] = context.tokens.RS256;
	const claims = await judge(context, token, { audience, algorithms: ["RS256"] });
	assert.equal(claims.username, "alice");
}

export async function refuses_a_changed_token(context) {
	await assert.rejects(judge(context, changed(context.token)), { message: "invalid signature" });
}

export async function refuses_another_audience(context) {
	await assert.rejects(judge(context, context.token, { audience: "https://other.example" }), {
		name: "JsonWebTokenError",
	});
}

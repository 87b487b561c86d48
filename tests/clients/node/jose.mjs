// jose: a service that verifies by the published keys.
import assert from "node:assert/strict";
import * as jose from "jose";
import { changed } from "./common.mjs";

function judge({ issuer }, token, options = {}) {
	const keys = jose.createRemoteJWKSet(new URL(issuer + "/.well-known/jwks.json"));
	return jose.jwtVerify(token, keys, {
		issuer,
		audience: issuer,
		typ: "at+jwt",
		algorithms: ["ES256"],
		requiredClaims: ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"],
		...options,
	});
}

export async function verifies_a_login(context) {
	const { payload, protectedHeader } = await judge(context, context.token);
	assert.equal(payload.username, "alice");
	assert.deepEqual(Object.keys(protectedHeader).sort(), ["alg", "kid", "typ"]);
}

export async function verifies_each_algorithm(context) {
	for (const [algorithm, [audience, token]] of Object.entries(context.tokens)) {
		const { payload } = await judge(context, token, { audience, algorithms: [algorithm] });
		assert.equal(payload.username, "alice");
	}
}

export async function refuses_a_changed_token(context) {
	await assert.rejects(judge(context, changed(context.token)), {
		code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
	});
}

export async function refuses_another_audience(context) {
	await assert.rejects(judge(context, context.token, { audience: "https://other.example" }), {
		code: "ERR_JWT_CLAIM_VALIDATION_FAILED",
		claim: "aud",
	});
}

export async function computes_the_same_thumbprint(context) {
	const reply = await fetch(context.issuer + "/.well-known/jwks.json");
	const { keys } = await reply.json();
	for (const key of keys)
		assert.equal(await jose.calculateJwkThumbprint(key), key.kid);
}

// openid-client: what most JavaScript programs are written against.
import assert from "node:assert/strict";
import * as client from "openid-client";
import { changed } from "./common.mjs";

function discover({ issuer }, algorithm = "oauth2") {
	return client.discovery(new URL(issuer), "local", undefined, client.None(), { algorithm });
}

function log_in(config, { username, password }, parameters = {}) {
	return client.genericGrantRequest(config, "password", { username, password, ...parameters });
}

export async function discovers_by_either_document(context) {
	for (const algorithm of ["oauth2", "oidc"]) {
		const config = await discover(context, algorithm);
		assert.equal(config.serverMetadata().issuer, context.issuer);
	}
}

export async function logs_in_and_reads_userinfo(context) {
	const config = await discover(context);
	const tokens = await log_in(config, context);
	assert.ok(tokens.expiresIn() > 880 && tokens.expiresIn() <= 900);
	const info = await client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck);
	assert.equal(info.preferred_username, "alice");
}

export async function calls_a_protected_resource(context) {
	const config = await discover(context);
	const url = new URL(context.issuer + "/users/me");
	const reply = await client.fetchProtectedResource(config, context.token, url, "GET");
	assert.equal((await reply.json()).username, "alice");
	await assert.rejects(client.fetchProtectedResource(config, changed(context.token), url, "GET"), {
		name: "WWWAuthenticateChallengeError",
	});
}

export async function knows_our_refusals(context) {
	const config = await discover(context);
	await assert.rejects(log_in(config, { username: "oscar", password: "wrong" }), {
		error: "invalid_grant",
	});
}

export async function refreshes(context) {
	const config = await discover(context);
	const login = await log_in(config, context);
	const next = await client.refreshTokenGrant(config, login.refresh_token);
	assert.ok(next.expiresIn() > 880 && next.expiresIn() <= 900);
	assert.notEqual(next.access_token, login.access_token);
}

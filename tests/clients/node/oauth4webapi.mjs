// oauth4webapi: a strict client and a strict resource server, standard by standard.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { changed } from "./common.mjs";

const client = { client_id: "local" };

async function discover({ issuer }, algorithm = "oauth2") {
	const url = new URL(issuer);
	return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm }));
}

async function log_in(server, { username, password }, parameters = {}) {
	const reply = await oauth.genericTokenEndpointRequest(server, client, oauth.None(), "password", {
		username,
		password,
		...parameters,
	});
	return oauth.processGenericTokenEndpointResponse(server, client, reply);
}

export async function discovers_by_rfc_8414(context) {
	const server = await discover(context);
	assert.equal(server.token_endpoint, context.issuer + "/token");
}

export async function discovers_by_openid(context) {
	assert.deepEqual(await discover(context, "oidc"), await discover(context));
}

export async function logs_in_and_reads_userinfo(context) {
	const server = await discover(context);
	const { access_token, token_type, expires_in } = await log_in(server, context);
	assert.equal(token_type, "bearer");
	assert.equal(expires_in, 900);
	const reply = await oauth.userInfoRequest(server, client, access_token);
	const info = await oauth.processUserInfoResponse(server, client, oauth.skipSubjectCheck, reply);
	assert.equal(info.preferred_username, "alice");
}

export async function asks_for_a_scope_and_an_audience(context) {
	const answer = await log_in(await discover(context), context, {
		scope: "metrics:read",
		audience: "https://metrics.example",
	});
	assert.equal(answer.scope, "metrics:read");
}

export async function knows_our_refusals(context) {
	const server = await discover(context);
	await assert.rejects(log_in(server, { ...context, password: "wrong" }), {
		error: "invalid_grant",
		status: 400,
	});
	await assert.rejects(log_in(server, context, { scope: "frob" }), { error: "invalid_scope" });
}

function call_of_a_service(token) {
	return new Request("https://api.example/", { headers: { authorization: `Bearer ${token}` } });
}

export async function accepts_our_token_by_rfc_9068(context) {
	const server = await discover(context);
	const request = call_of_a_service(context.token);
	const claims = await oauth.validateJwtAccessToken(server, request, context.issuer);
	assert.equal(claims.username, "alice");
	assert.equal(claims.client_id, "local");
}

export async function accepts_each_algorithm_by_rfc_9068(context) {
	const server = await discover(context);
	for (const [algorithm, [audience, token]] of Object.entries(context.tokens)) {
		const options = { signingAlgorithms: [algorithm === "EdDSA" ? "Ed25519" : algorithm, algorithm] };
		const request = call_of_a_service(token);
		const claims = await oauth.validateJwtAccessToken(server, request, audience, options);
		assert.equal(claims.username, "alice");
	}
}

export async function refuses_a_changed_token(context) {
	const server = await discover(context);
	const request = call_of_a_service(changed(context.token));
	await assert.rejects(oauth.validateJwtAccessToken(server, request, context.issuer));
}

export async function reads_our_bearer_challenge(context) {
	const url = new URL(context.issuer + "/users/me");
	await assert.rejects(oauth.protectedResourceRequest(changed(context.token), "GET", url), (error) => {
		assert.equal(error.status, 401);
		assert.equal(error.cause[0].scheme, "bearer");
		assert.equal(error.cause[0].parameters.error, "invalid_token");
		return true;
	});
}

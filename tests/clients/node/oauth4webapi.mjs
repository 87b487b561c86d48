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
	await assert.rejects(log_in(server, { username: "trudy", password: "wrong" }), {
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

// As a service of the host asks, by the socket.
async function introspect(server, { local }, token) {
	const here = { ...server, introspection_endpoint: local + "/introspect" };
	const reply = await oauth.introspectionRequest(here, client, oauth.None(), token);
	return oauth.processIntrospectionResponse(here, client, reply);
}

export async function introspects_by_rfc_7662(context) {
	const server = await discover(context);
	const answer = await introspect(server, context, context.token);
	assert.equal(answer.active, true);
	assert.equal(answer.username, "alice");
	assert.deepEqual(await introspect(server, context, changed(context.token)), { active: false });
}

async function refresh(server, token) {
	const reply = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token);
	return oauth.processRefreshTokenResponse(server, client, reply);
}

export async function refreshes_and_a_spent_token_ends_the_family(context) {
	const server = await discover(context);
	const login = await log_in(server, context);
	const second = await refresh(server, login.refresh_token);
	assert.notEqual(second.refresh_token, login.refresh_token);
	const third = await refresh(server, second.refresh_token);
	assert.equal((await introspect(server, context, third.access_token)).active, true);
	await assert.rejects(refresh(server, login.refresh_token), { error: "invalid_grant" });
	await assert.rejects(refresh(server, third.refresh_token), { error: "invalid_grant" });
	assert.deepEqual(await introspect(server, context, third.access_token), { active: false });
}

export async function revokes_by_rfc_7009(context) {
	const server = await discover(context);
	const here = { ...server, revocation_endpoint: context.local + "/revoke" };
	assert.equal(server.revocation_endpoint, context.issuer + "/revoke");
	const login = await log_in(server, context);
	for (const token of [login.access_token, login.refresh_token, "unknown"]) {
		const reply = await oauth.revocationRequest(here, client, oauth.None(), token);
		assert.equal(await oauth.processRevocationResponse(reply), undefined);
	}
	assert.deepEqual(await introspect(server, context, login.access_token), { active: false });
	await assert.rejects(refresh(server, login.refresh_token), { error: "invalid_grant" });
}

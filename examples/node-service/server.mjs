// A service in Node that verifies jeton's tokens with jose, by the keys that jeton publishes. It knows
// of no revocation: a token is good here until it ends.
//
//     npm ci
//     node server.mjs https://login.example.org 8000
//
//     curl -H "Authorization: Bearer $token" http://127.0.0.1:8000/readings
import { createServer } from "node:http";
import { webcrypto } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

globalThis.crypto ??= webcrypto; // it is there only since Node 19

const [issuer, port] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(issuer + "/.well-known/jwks.json"), { cooldownDuration: 1000 });
const expected = {
	issuer,
	audience: "https://metrics.example",
	algorithms: ["ES256"], // what jetond.conf says of the audience; a token's header never chooses
	typ: "at+jwt", // RFC 9068 4: there are others than access tokens
	requiredClaims: ["sub", "iat", "exp"],
	clockTolerance: 10,
};

// What each page needs, in RFC 6750's words when it is not there.
const pages = {
	"/readings": { scope: "metrics:read" },
	"/operators": { role: "operator" },
};

function may({ scope, role }, claims) {
	return (!scope || (claims.scope ?? "").split(" ").includes(scope)) &&
		(!role || (claims.roles ?? []).includes(role));
}

async function answer(request) {
	const page = pages[request.url.split("?")[0]];
	if (!page)
		return [404, "no such page"];
	const [, token] = request.headers.authorization?.match(/^Bearer +(.*)$/i) ?? [];
	if (token === undefined)
		return [401, "this needs a token", "Bearer"];
	const { payload } = await jwtVerify(token, keys, expected);
	if (!may(page, payload))
		return [403, "the token is not enough", 'Bearer error="insufficient_scope"'];
	return [200, `welcome, ${payload.username ?? payload.sub}`];
}

// Without the keys nothing is said of a token.
const withoutKeys = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];

function refusal(error) {
	if (error instanceof errors.JOSEError && !withoutKeys.includes(error.code))
		return [401, "the token is not good", 'Bearer error="invalid_token"'];
	console.error("no token can be verified:", error.message);
	return [503, "no token can be verified now"];
}

const server = createServer(async (request, response) => {
	const [status, text, challenge] = await answer(request).catch(refusal);
	if (challenge)
		response.setHeader("WWW-Authenticate", challenge);
	response.writeHead(status, { "Content-Type": "text/plain" }).end(text + "\n");
});
server.listen(Number(port), "127.0.0.1", () =>
	console.log(`listening on http://127.0.0.1:${server.address().port}`));

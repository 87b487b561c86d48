// What several clients need.
export function changed(token) {
	const at = token.length - 10;
	return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

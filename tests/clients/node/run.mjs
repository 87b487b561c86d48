// run.mjs CLIENT STEP CONTEXT: one exported function of CLIENT.mjs. What it throws is the failure.
import { webcrypto } from "node:crypto";

// A global only since Node 19.
globalThis.crypto ??= webcrypto;

const [client, step, context] = process.argv.slice(2);
const steps = await import(`./${client}.mjs`);
await steps[step](JSON.parse(context));

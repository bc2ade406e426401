// One client in one process: `worker.mjs <redis|cluster|s3> <client> <target as JSON>`. It takes requests as JSON lines on stdin
// and answers with marked JSON lines on stdout, because a client may print lines of its own. Runs under Node and Bun.

import { createInterface } from "node:readline";
import { ANSWER_MARK, adapterUrl } from "./clients.mjs";
import { runCase, threadCount } from "./load.mjs";

const [kind, name, targetText] = process.argv.slice(2);
const target = JSON.parse(targetText);
const { CASES } = await import(`./cases/${kind}.mjs`);
let client;

const actions = {
  async connect() {
    const start = performance.now();
    const adapter = await import(adapterUrl(kind, name));
    const importMs = performance.now() - start;
    client = await adapter.connect(target);
    return { importMs, version: process.versions.bun ?? process.version, ...footprint() };
  },

  async run({ caseName, ms, maxCalls }) {
    const test = CASES.find((each) => each.name === caseName);
    return { ...(await runCase(test, client, target, { ms, maxCalls })), ...footprint() };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { action, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = await actions[action](request);
  } catch (error) {
    answer = { error: describe(error) };
  }
  process.stdout.write(`${ANSWER_MARK}${JSON.stringify(answer)}\n`);
}
await client?.close?.();
process.exit(0);

function footprint() {
  return { rssMb: process.memoryUsage().rss / 2 ** 20, threads: threadCount() };
}

function describe(error) {
  const cause = error.cause ? ` (${error.cause.message})` : "";
  const text = `${error.code ? `${error.code}: ` : ""}${error.message}${cause}`;
  // Some errors have no message, some bring a stack.
  return text.split("\n")[0] || String(error);
}

// node bench/run.mjs redis|cluster|cache|pool|s3 [options]: every client runs every case, in turns, in one run. See README.md.

import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chart } from "./chart.mjs";
import { CLIENTS } from "./clients.mjs";
import { Worker, pinSelf } from "./process.mjs";
import { printCase, printProcesses, summarize } from "./report.mjs";

const USAGE = `node bench/run.mjs redis|cluster|cache|pool|s3 [options]
  --cases a,b     only these cases            --clients a,b   only these clients
  --quick         short slices, two rounds    --rounds N      rounds per case (5)
  --slice MS      length of a slice (700)     --json FILE     write the figures
  --svg FILE      write a bar chart           --list          print cases and clients
  --apart         clients have the first processor, servers the others (Linux)
  --url URL       redis: use this server instead of starting one
  --store URL --bucket NAME --key ID --secret KEY [--region NAME]    s3: a real store instead of nginx`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...Object.fromEntries(
      ["cases", "clients", "rounds", "slice", "json", "svg", "url", "store", "bucket", "key", "secret", "region"].map(
        (name) => [name, { type: "string" }],
      ),
    ),
    quick: { type: "boolean" },
    list: { type: "boolean" },
    apart: { type: "boolean" },
  },
});

const [kind] = positionals;
if (!(kind in CLIENTS) || positionals.length !== 1) {
  console.error(USAGE);
  process.exit(2);
}
installDependencies();
// The AWS SDK would announce the end of its support for older versions of Node, here and in its worker.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const { CASES } = await import(`./cases/${kind}.mjs`);
if (options.list) {
  for (const { name, title } of CASES) console.log(`${name.padEnd(14)} ${title}`);
  console.log(`clients: ${CLIENTS[kind].map(({ name }) => name).join(", ")}`);
  process.exit(0);
}
const cases = chosen(CASES, options.cases, "case");
const clients = chosen(CLIENTS[kind], options.clients, "client");
const rounds = positive(options.rounds, options.quick ? 2 : 5, "--rounds");
const sliceMs = positive(options.slice, options.quick ? 200 : 700, "--slice");

// Servers are children of this process, and stay where it is.
if (options.apart) pinSelf(`1-${cpus().length - 1}`);
const failures = [];
const processes = new Map();
const results = [];
const workers = new Map();
const { startTarget } = await import(`./targets/${kind}.mjs`);
const target = await startTarget(options, cases).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
let interrupted = false;
// Children end in the finally block below, so that no server stays behind.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => (interrupted = true));
try {
  await connectAll();
  for (const test of cases) {
    if (interrupted) break;
    const summaries = await compare(test);
    results.push({ name: test.name, title: test.title, clients: Object.fromEntries(summaries) });
    printCase(test, summaries);
  }
  printProcesses(processes);
} finally {
  for (const worker of workers.values()) await worker.stop();
  await target.stop();
}

const report = {
  kind,
  date: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
  settings: { rounds, sliceMs },
  processes: Object.fromEntries(processes),
  cases: results,
  failures,
};
if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
if (options.svg) writeFileSync(options.svg, chart(report));
if (failures.length > 0 || interrupted) {
  if (interrupted) failures.unshift("interrupted");
  console.error(`\nThe run failed:\n${failures.map((failure) => `  ${failure}`).join("\n")}`);
  process.exitCode = 1;
}

async function connectAll() {
  for (const client of clients) {
    const worker = new Worker(kind, client, target.connection, options.apart ? "0" : undefined);
    workers.set(client.name, worker);
    const answer = await worker.ask({ action: "connect" });
    if (answer.error) {
      failures.push(`${client.name} did not start: ${answer.error}`);
      console.error(failures.at(-1));
      workers.delete(client.name);
      await worker.stop();
    } else {
      processes.set(client.name, { ...answer, peakRssMb: answer.rssMb });
    }
  }
}

/** One case: a slice to warm up, then rounds in which each client has one slice. Only one client works at a time. */
async function compare(test) {
  const slices = new Map([...workers.keys()].map((name) => [name, []]));
  const summaries = new Map();
  for (let round = -1; round < rounds && !interrupted; round++) {
    for (const name of rotated([...slices.keys()], round)) {
      const answer = await workers.get(name).ask({
        action: "run",
        caseName: test.name,
        ms: sliceMs,
        maxCalls: round < 0 ? test.warmUpCalls : undefined,
      });
      if (answer.error) {
        failures.push(`${name}, ${test.name}: ${answer.error}`);
        summaries.set(name, { error: answer.error });
        slices.delete(name);
        continue;
      }
      const figures = processes.get(name);
      figures.peakRssMb = Math.max(figures.peakRssMb, answer.rssMb);
      figures.threads = Math.max(figures.threads, answer.threads);
      if (round >= 0) slices.get(name).push(answer);
    }
  }
  for (const [name, measured] of slices) if (measured.length > 0) summaries.set(name, summarize(measured));
  return new Map([...workers.keys()].filter((name) => summaries.has(name)).map((name) => [name, summaries.get(name)]));
}

/** Each round starts with another client, so that nobody always follows the same neighbour. */
function rotated(names, round) {
  const shift = names.length === 0 ? 0 : Math.max(round, 0) % names.length;
  return [...names.slice(shift), ...names.slice(0, shift)];
}

function chosen(all, list, what) {
  if (list === undefined) return all;
  const names = list.split(",");
  for (const name of names) {
    if (!all.some((each) => each.name === name)) {
      console.error(`no ${what} named ${name}; there are ${all.map((each) => each.name).join(", ")}`);
      process.exit(2);
    }
  }
  return all.filter((each) => names.includes(each.name));
}

function positive(text, preset, option) {
  const value = text === undefined ? preset : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`${option} wants a positive whole number`);
  process.exit(2);
}

function installDependencies() {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  if (existsSync(`${folder}node_modules`)) return;
  console.error("installing the other clients (npm ci in bench/) …");
  const { status } = spawnSync("npm", ["ci"], { cwd: folder, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    console.error("npm ci in bench/ failed");
    process.exit(1);
  }
}

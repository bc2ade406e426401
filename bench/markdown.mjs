// Turns figures that `run.mjs --json FILE` wrote into the table of docs/performance.md: for each case this package's own
// throughput and cost, then how many times each peer's throughput and CPU cost that is.
//
// usage: node bench/markdown.mjs FILE
import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("usage: node bench/markdown.mjs FILE");
const { cases, processes, machine, settings } = JSON.parse(readFileSync(file, "utf8"));
const [own, ...peers] = Object.keys(processes);

const rows = cases.map(({ title, clients }) => {
  const ours = clients[own];
  const ratios = peers.map((name) => (clients[name] ? ratio(ours, clients[name]) : "-"));
  const latency = ours.p50Micros ? ` (p50 ${round(ours.p50Micros)} µs)` : "";
  return [title, `${Math.round(ours.best).toLocaleString("en")}/s${latency}`, round(ours.cpuMicros), round(ours.loopMicros), ...ratios];
});
const head = ["case", own, "CPU µs/op", "loop µs/op", ...peers.map((name) => `× ${name}`)];
console.log(`${machine.cores} cores, Node ${machine.node}, ${settings.rounds} rounds of ${settings.sliceMs} ms.`);
console.log("Ratios: throughput / CPU per operation / median latency where one call is in flight.\n");
for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);

function ratio(ours, peer) {
  const parts = [ours.best / peer.best, peer.cpuMicros / ours.cpuMicros];
  if (ours.p50Micros && peer.p50Micros) parts.push(peer.p50Micros / ours.p50Micros);
  return parts.map((value) => value.toFixed(value < 10 ? 2 : 0)).join(" / ");
}

function round(value) {
  return value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString("en");
}

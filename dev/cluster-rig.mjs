// A cluster of dev/cluster.mjs for programs in another language:
//
//   node dev/cluster-rig.mjs '{"primaries": 3, "replicas": 1}'
//
// prints a line of JSON: the nodes, as an array of { url, port, pid, id }. Each line on its standard input is an order, and
// is answered with such a line when it is done (or with { "error": message }). Nodes are named by their position.
//
//   migrate SLOT NODE      failover NODE [FORCE|TAKEOVER]      kill NODE      restart NODE      pause NODE      resume NODE
//   add [PRIMARY]          remove NODE                         ready
//
// The servers are stopped when the input ends.

import { createInterface } from "node:readline";

import { startCluster } from "./cluster.mjs";

const cluster = await startCluster(JSON.parse(process.argv[2] ?? "{}"));

/** @param {string | undefined} position */
function nodeAt(position) {
  const node = cluster.nodes[Number(position)];
  if (node === undefined) throw new Error(`there is no node ${position}`);
  return node;
}

/** @type {Record<string, (...words: (string | undefined)[]) => unknown>} */
const orders = {
  migrate: (slot, node) => cluster.migrate(Number(slot), nodeAt(node)),
  failover: (node, how) => cluster.failover(nodeAt(node), /** @type {any} */ (how)),
  kill: (node) => nodeAt(node).kill(),
  restart: (node) => nodeAt(node).restart(),
  pause: (node) => nodeAt(node).pause(),
  resume: (node) => nodeAt(node).resume(),
  add: (primary) => cluster.add(primary === undefined ? undefined : nodeAt(primary)),
  remove: (node) => cluster.remove(nodeAt(node)),
  ready: () => cluster.ready(),
};

/** @param {unknown} answer */
const print = (answer) => console.log(JSON.stringify(answer));
const report = () => print(cluster.nodes.map(({ url, port, pid, id }) => ({ url, port, pid, id })));

report();
for await (const line of createInterface({ input: process.stdin })) {
  const [order = "", ...words] = line.trim().split(/\s+/);
  try {
    const run = orders[order];
    if (run === undefined) throw new Error(`there is no order ${order}`);
    await run(...words);
    report();
  } catch (error) {
    print({ error: String(error) });
  }
}
await cluster.stop();

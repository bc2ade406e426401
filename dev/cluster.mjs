// A Redis Cluster of real servers on this machine, for tests, bench and examples; see startCluster. Programs in another
// language direct one by dev/cluster-rig.mjs.

import { ClusterNode, SLOTS } from "./cluster-node.mjs";
import { until } from "./resp.mjs";

/** A server tries for five seconds to fail over. */
const FAILOVER_MS = 6000;

/**
 * @typedef {object} ClusterOptions
 * @property {number} [primaries] Default 3.
 * @property {number} [replicas] Of each primary; default 0.
 * @property {string} [server] Which server, as in dev/redis-programs.mjs; default the variable `REDIS_SERVER`.
 * @property {string[]} [config] Further lines for each configuration file.
 * @property {string} [password] Of all nodes.
 * @property {{ cert: string, key: string, ca: string }} [tls] Paths of PEM files: all nodes speak TLS only. The
 *   certificate must do for a server and a client.
 * @property {string} [hostname] What the nodes announce instead of their address.
 * @property {number} [nodeTimeout] Milliseconds after which a silent node has failed; default 1000.
 */

/**
 * Starts the servers and joins them. All slots are served and all replicas are in step when it resolves.
 * @param {ClusterOptions} [options]
 * @returns {Promise<Cluster>}
 */
export async function startCluster(options = {}) {
  const { primaries = 3, replicas = 0 } = options;
  const cluster = new Cluster(options);
  try {
    const count = primaries * (1 + replicas);
    await Promise.all(Array.from({ length: count }, () => cluster.startNode()));
    const { nodes } = cluster;
    await Promise.all(
      nodes.slice(0, primaries).map(async (node, index) => {
        // Of their own, so that none has to change it later.
        await node.ask("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
        const [first, next] = [index, index + 1].map((at) => Math.floor((at * SLOTS) / primaries));
        await node.ask("CLUSTER", "ADDSLOTSRANGE", /** @type {number} */ (first), /** @type {number} */ (next) - 1);
      }),
    );
    for (const [index, node] of nodes.entries()) {
      for (const other of nodes.slice(index + 1)) await node.meet(other);
    }
    await Promise.all(
      nodes.slice(primaries).map((node, index) => node.replicate(/** @type {ClusterNode} */ (nodes[index % primaries]))),
    );
    await cluster.ready();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** The nodes of a cluster, and what can be done to them. */
export class Cluster {
  /** @param {ClusterOptions} options */
  constructor(options) {
    this.options = options;
    /** Those that were started and not removed. @type {ClusterNode[]} */
    this.nodes = [];
  }

  /** URLs of all nodes. */
  get urls() {
    return this.nodes.map((node) => node.url);
  }

  /** The nodes that serve, as far as this program has not ended or stopped them. */
  get running() {
    return this.nodes.filter((node) => node.running);
  }

  /** Starts a node that knows no other. */
  async startNode() {
    const node = await ClusterNode.start(this.options);
    this.nodes.push(node);
    return node;
  }

  /**
   * Resolves when all running nodes agree: who serves which slots, and who is whose replica, in step.
   */
  async ready() {
    const nodes = this.running;
    await until("the nodes agree", async () => {
      const settled = await Promise.all(nodes.map((node) => node.isSettled()));
      if (settled.includes(false)) return false;
      const views = await Promise.all(nodes.map((node) => node.known()));
      const [view = "", ...others] = views.map((known) => this.#view(known));
      return others.every((other) => other === view) && nodes.every(({ id }) => view.includes(id));
    });
  }

  /**
   * What a node knows of the running ones, to be compared; nothing unless all are in order and all slots are served.
   * @param {import("./cluster-node.mjs").KnownNode[]} known
   */
  #view(known) {
    const ids = this.running.map(({ id }) => id);
    const running = known.filter(({ id, failing, connected }) => ids.includes(id) && connected && !failing);
    const slots = running.flatMap(({ ranges }) => ranges).reduce((sum, [first, last]) => sum + last - first + 1, 0);
    if (running.length < ids.length || slots < SLOTS) return "";
    return JSON.stringify(running.sort((one, other) => (one.id < other.id ? -1 : 1)));
  }

  /**
   * The primary of a slot.
   * @param {number} slot
   */
  primaryOf(slot) {
    return until(`slot ${slot} has a primary`, async () => {
      for (const node of this.running) {
        if ((await node.role()) === "master" && (await node.ranges()).some(([first, last]) => first <= slot && slot <= last)) {
          return node;
        }
      }
    });
  }

  /** The running nodes that are primaries now. */
  async primaries() {
    const roles = await Promise.all(this.running.map(async (node) => ({ node, role: await node.role() })));
    return roles.filter(({ role }) => role === "master").map(({ node }) => node);
  }

  /**
   * The running replicas of a primary.
   * @param {ClusterNode} primary
   */
  async replicasOf(primary) {
    const known = await primary.known();
    const ids = known.filter(({ primaryId }) => primaryId === primary.id).map(({ id }) => id);
    return this.running.filter((node) => ids.includes(node.id));
  }

  /**
   * Begins to move a slot: from now on the source answers ASK for the keys that it has not.
   * @param {number} slot
   * @param {ClusterNode} target
   * @returns {Promise<{ move(): Promise<void>, finish(): Promise<void> }>} moves the keys; tells all nodes of the end
   */
  async beginMigration(slot, target) {
    const source = await this.primaryOf(slot);
    await target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id);
    await source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id);
    const move = () => source.moveKeys(slot, target);
    return {
      move,
      finish: async () => {
        await move();
        // The target first: then there is always somebody who serves the slot.
        await target.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id);
        await source.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id);
        const others = (await this.primaries()).filter((node) => node !== source && node !== target);
        await Promise.all(others.map((node) => node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id)));
      },
    };
  }

  /**
   * Moves a slot with its keys.
   * @param {number} slot
   * @param {ClusterNode} target
   */
  async migrate(slot, target) {
    const migration = await this.beginMigration(slot, target);
    await migration.finish();
  }

  /**
   * Makes a primary of a replica. Resolves when it is one.
   * @param {ClusterNode} replica
   * @param {"FORCE" | "TAKEOVER"} [how] without it the primary agrees, and nothing is lost
   */
  async failover(replica, how) {
    let asked = 0;
    await until(`node ${replica.port} is a primary`, async () => {
      if (await replica.isPrimary()) return true;
      // The other primaries may not agree at first, and the server gives up after a while.
      if (Date.now() - asked > FAILOVER_MS) {
        asked = Date.now();
        await replica.ask("CLUSTER", "FAILOVER", ...(how === undefined ? [] : [how]));
      }
      return false;
    });
  }

  /**
   * Adds an empty primary, or a replica.
   * @param {ClusterNode} [primary] whose replica it is
   */
  async add(primary) {
    const known = this.running;
    const node = await this.startNode();
    for (const other of known) await node.meet(other);
    await this.ready();
    if (primary !== undefined) await node.replicate(primary);
    await this.ready();
    return node;
  }

  /**
   * Gives a node's slots to the other primaries, lets all forget it and stops it.
   * @param {ClusterNode} node
   */
  async remove(node) {
    const others = (await this.primaries()).filter((other) => other !== node);
    let turn = 0;
    for (const [first, last] of await node.ranges()) {
      for (let slot = first; slot <= last; slot++) {
        await this.migrate(slot, /** @type {ClusterNode} */ (others[turn++ % others.length]));
      }
    }
    await Promise.all(this.running.filter((other) => other !== node).map((other) => other.ask("CLUSTER", "FORGET", node.id)));
    this.nodes.splice(this.nodes.indexOf(node), 1);
    await node.stop();
  }

  async stop() {
    await Promise.all(this.nodes.splice(0).map((node) => node.stop()));
  }
}

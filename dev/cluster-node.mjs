// One server of a cluster of dev/cluster.mjs.

import { RigNode } from "./rig-node.mjs";
import { until } from "./resp.mjs";
import { lastingFolder, onFreePort, startRedis } from "./servers.mjs";

/** Slots of a cluster. */
export const SLOTS = 16_384;
const MIGRATE_TIMEOUT_MS = 5000;
/** Longer than whatever happens meanwhile. */
const PAUSE_MS = 60_000;
/** Keys that MIGRATE moves at once. */
const KEYS_AT_ONCE = 100;

/**
 * What a node tells of another one, or of itself.
 * @typedef {object} KnownNode
 * @property {string} id
 * @property {boolean} failing
 * @property {boolean} connected not in the middle of the first handshake
 * @property {string | undefined} primaryId of a replica
 * @property {string | undefined} epoch of a primary: of two who claim a slot the later one has it
 * @property {[number, number][]} ranges first and last slot
 */

export class ClusterNode extends RigNode {
  /** Its id in the cluster. */
  id = "";

  /**
   * @param {import("./servers.mjs").RedisServer} server
   * @param {import("./servers.mjs").RedisServerOptions} startOptions to start it again
   * @param {string | undefined} ca path of the authority of its certificate
   * @param {number} busPort
   * @param {() => void} removeFolder
   */
  constructor(server, startOptions, ca, busPort, removeFolder) {
    super(server, startOptions, ca);
    this.busPort = busPort;
    this.removeFolder = removeFolder;
  }

  /** @param {import("./cluster.mjs").ClusterOptions} options */
  static start(options) {
    const { server, password, tls } = options;
    return onFreePort(async (busPort) => {
      const { folder, remove } = lastingFolder("node");
      const config = configuration(options, folder, busPort);
      const startOptions = { server, password, tls: tls && { cert: tls.cert, key: tls.key }, config };
      try {
        const redis = await startRedis(startOptions);
        const node = new ClusterNode(redis, startOptions, tls?.ca, busPort, remove);
        node.id = `${await node.ask("CLUSTER", "MYID")}`;
        return node;
      } catch (error) {
        remove();
        throw error;
      }
    });
  }

  /** @param {ClusterNode} other */
  async meet(other) {
    await this.ask("CLUSTER", "MEET", "127.0.0.1", other.port, other.busPort);
  }

  /**
   * Becomes the replica of a primary, and is in step with it when this resolves.
   * @param {ClusterNode} primary
   */
  async replicate(primary) {
    await until(`node ${this.port} knows ${primary.port}`, async () => {
      const known = (await this.known()).find(({ id }) => id === primary.id);
      return known !== undefined && known.connected;
    });
    await this.ask("CLUSTER", "REPLICATE", primary.id);
    await until(`node ${this.port} is in step with ${primary.port}`, () => this.isInStep());
  }

  /** What this node knows of the cluster. @returns {Promise<KnownNode[]>} */
  async known() {
    const lines = `${await this.ask("CLUSTER", "NODES")}`.trim().split("\n");
    return lines.map((line) => {
      const [id = "", , flags = "", primary = "-", , , epoch, link, ...slots] = line.split(" ");
      const words = flags.split(",");
      // What is in brackets is on its way.
      const ranges = slots.filter((slot) => !slot.startsWith("[")).map((slot) => slot.split("-").map(Number));
      return {
        id,
        failing: words.includes("fail") || words.includes("fail?"),
        connected: !words.includes("handshake") && (link === "connected" || words.includes("myself")),
        primaryId: primary === "-" ? undefined : primary,
        // Who has an old one in mind, and takes over a slot, is overruled later.
        epoch: primary === "-" ? epoch : undefined,
        ranges: ranges.map(([first = 0, last = first]) => /** @type {[number, number]} */ ([first, last])),
      };
    });
  }

  /** The slots that it has, as it says. */
  async ranges() {
    return (await this.known()).find(({ id }) => id === this.id)?.ranges ?? [];
  }

  /** Whether it is a primary with slots. */
  async isPrimary() {
    return (await this.role()) === "master" && (await this.ranges()).length > 0;
  }

  /** Resolves when it is a primary with slots. */
  async promoted() {
    await until(`node ${this.port} is a primary`, () => this.isPrimary());
  }

  /** Whether it serves, and is in step with its primary if it has one. */
  async isSettled() {
    const info = `${await this.ask("CLUSTER", "INFO")}`;
    return info.includes("cluster_state:ok") && ((await this.role()) === "master" || (await this.isInStep()));
  }

  /**
   * Lets no client write until `release`, and resolves when the replicas have all that was acknowledged. What a server
   * that ends has not sent to its replicas is lost, whatever its clients do.
   * @param {ClusterNode[]} replicas
   */
  async quiesce(replicas) {
    await this.ask("CLIENT", "PAUSE", PAUSE_MS, "WRITE");
    const offset = await this.#offset();
    const reached = (/** @type {ClusterNode} */ replica) =>
      until(`node ${replica.port} has all of ${this.port}`, async () => (await replica.#offset()) >= offset);
    await Promise.all(replicas.map(reached));
  }

  async release() {
    await this.ask("CLIENT", "UNPAUSE");
  }

  async #offset() {
    const info = `${await this.ask("INFO", "replication")}`;
    const name = info.includes("role:master") ? "master_repl_offset" : "slave_repl_offset";
    return Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1]);
  }

  /**
   * @param {number} slot
   * @param {ClusterNode} target
   */
  async moveKeys(slot, target) {
    for (;;) {
      const keys = /** @type {string[]} */ (await this.ask("CLUSTER", "GETKEYSINSLOT", slot, KEYS_AT_ONCE));
      if (keys.length === 0) return;
      const { password } = this.startOptions;
      const auth = password === undefined ? [] : ["AUTH", password];
      await this.ask("MIGRATE", "127.0.0.1", target.port, "", 0, MIGRATE_TIMEOUT_MS, ...auth, "KEYS", ...keys);
    }
  }

  async stop() {
    await super.stop();
    this.removeFolder();
  }
}

/**
 * @param {import("./cluster.mjs").ClusterOptions} options
 * @param {string} folder for what must outlast the process
 * @param {number} busPort
 */
function configuration({ password, tls, hostname, nodeTimeout = 1000, config = [] }, folder, busPort) {
  const lines = [
    `dir ${folder}`,
    "cluster-enabled yes",
    `cluster-port ${busPort}`,
    `cluster-node-timeout ${nodeTimeout}`,
    // A replica takes over however long it was alone, and one shard that has failed stops no other.
    "cluster-replica-validity-factor 0",
    "cluster-require-full-coverage no",
    // A primary without slots stays one.
    "cluster-allow-replica-migration no",
    "repl-diskless-sync-delay 0",
    "repl-ping-replica-period 1",
  ];
  if (password !== undefined) lines.push(`masterauth ${JSON.stringify(password)}`);
  if (hostname !== undefined) lines.push(`cluster-announce-hostname ${hostname}`, "cluster-preferred-endpoint-type hostname");
  if (tls !== undefined) lines.push("tls-cluster yes", "tls-replication yes", `tls-ca-cert-file ${tls.ca}`);
  return [...lines, ...config];
}

// A primary with replicas, and the sentinels that watch them: real servers on this machine, for tests and examples.

import { RigNode } from "./rig-node.mjs";
import { until } from "./resp.mjs";
import { startRedis } from "./servers.mjs";

/** The name of the group. */
export const NAME = "mymaster";

/**
 * @typedef {object} SentinelGroupOptions
 * @property {number} [replicas] Default 2.
 * @property {number} [sentinels] Default 3.
 * @property {string} [server] Which server, as in dev/redis-programs.mjs; default the variable `REDIS_SERVER`.
 * @property {string[]} [config] Further lines for the configuration file of each server.
 * @property {string} [password] Of the servers.
 * @property {string} [sentinelPassword] Of the sentinels.
 * @property {{ cert: string, key: string, ca: string }} [tls] Paths of PEM files: all speak TLS only.
 * @property {string} [hostname] What the sentinels announce instead of addresses.
 * @property {number} [downAfter] Milliseconds after which a silent server is down; default 1000.
 */

/**
 * Starts the servers. All replicas are in step and all sentinels know each other when it resolves.
 * @param {SentinelGroupOptions} [options]
 * @returns {Promise<SentinelGroup>}
 */
export async function startSentinelGroup(options = {}) {
  const group = new SentinelGroup(options);
  try {
    await group.start();
    return group;
  } catch (error) {
    await group.stop();
    throw error;
  }
}

export class SentinelGroup {
  /** The primary at first, then the replicas. @type {RigNode[]} */
  servers = [];
  /** @type {RigNode[]} */
  sentinels = [];

  /** @param {SentinelGroupOptions} options */
  constructor(options) {
    this.options = options;
  }

  /** `host:port` of all sentinels. */
  get addresses() {
    return this.sentinels.map(({ port }) => `${this.host}:${port}`);
  }

  get host() {
    return this.options.hostname ?? "127.0.0.1";
  }

  async start() {
    const { replicas = 2, sentinels = 3 } = this.options;
    const primary = await this.#startServer();
    const follow = [`replicaof ${this.host} ${primary.port}`];
    await Promise.all(Array.from({ length: replicas }, () => this.#startServer(follow)));
    await this.inStep();
    await Promise.all(Array.from({ length: sentinels }, () => this.#startSentinel(primary.port)));
    await until("the sentinels know each other and the replicas", async () => {
      const known = await Promise.all(this.sentinels.map((sentinel) => this.#knows(sentinel)));
      return known.every((counts) => counts.replicas === replicas && counts.sentinels === sentinels - 1);
    });
  }

  /** @param {string[]} [more] lines of the configuration */
  async #startServer(more = []) {
    const { server, password, tls, hostname, config = [] } = this.options;
    const lines = [...more, ...this.#tlsLines(), "repl-diskless-sync-delay 0", "repl-ping-replica-period 1", ...config];
    if (hostname !== undefined) lines.push(`replica-announce-ip ${hostname}`);
    if (password !== undefined) lines.push(`masterauth ${JSON.stringify(password)}`);
    this.servers.push(await start({ server, password, tls: tls && { cert: tls.cert, key: tls.key }, config: lines }, tls?.ca));
    return /** @type {RigNode} */ (this.servers.at(-1));
  }

  /** @param {number} port of the primary */
  async #startSentinel(port) {
    const { server, password, sentinelPassword, tls, hostname, sentinels = 3, downAfter = 1000 } = this.options;
    const lines = [...this.#tlsLines()];
    if (hostname !== undefined) {
      lines.push("sentinel resolve-hostnames yes", "sentinel announce-hostnames yes", `sentinel announce-ip ${hostname}`);
    }
    lines.push(
      `sentinel monitor ${NAME} ${this.host} ${port} ${Math.floor(sentinels / 2) + 1}`,
      `sentinel down-after-milliseconds ${NAME} ${downAfter}`,
      `sentinel failover-timeout ${NAME} 2000`,
    );
    if (password !== undefined) lines.push(`sentinel auth-pass ${NAME} ${password}`);
    if (sentinelPassword !== undefined) lines.push(`sentinel sentinel-pass ${sentinelPassword}`);
    const certificate = tls && { cert: tls.cert, key: tls.key };
    const options = { server, password: sentinelPassword, tls: certificate, config: lines, sentinel: true };
    this.sentinels.push(await start(options, tls?.ca));
  }

  #tlsLines() {
    const { tls } = this.options;
    return tls === undefined ? [] : ["tls-replication yes", `tls-ca-cert-file ${tls.ca}`];
  }

  /**
   * How many it knows that are up.
   * @param {RigNode} sentinel
   */
  async #knows(sentinel) {
    const [replicas, sentinels] = await Promise.all(
      ["REPLICAS", "SENTINELS"].map(async (list) => {
        const records = /** @type {string[][]} */ (await sentinel.ask("SENTINEL", list, NAME));
        return records.filter((record) => /^(slave|sentinel)$/.test(field(record, "flags"))).length;
      }),
    );
    return { replicas, sentinels };
  }

  /** The server that the sentinel says is the primary. @param {RigNode} [sentinel] */
  async primary(sentinel = this.#anySentinel()) {
    const [, port] = /** @type {[string, string]} */ (await sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME));
    const primary = this.servers.find((server) => server.port === Number(port));
    if (primary === undefined) throw new Error(`The sentinel names a stranger: ${port}`);
    return primary;
  }

  #anySentinel() {
    const sentinel = this.sentinels.find(({ running }) => running);
    if (sentinel === undefined) throw new Error("No sentinel runs");
    return sentinel;
  }

  /** Lets a replica take over; resolves with it when it has. */
  async failover() {
    const former = await this.primary();
    /** @param {unknown} why */
    const demand = async (why) => {
      await this.#demand(former);
      throw why;
    };
    return until("a replica takes over as it was told", () => this.#follower(former).catch(demand), 60);
  }

  /** Resolves with the primary that follows the `former` one when all sentinels agree. @param {RigNode} former */
  takenOver(former) {
    return until("a replica takes over", () => this.#follower(former), 60);
  }

  /** @param {RigNode} former */
  async #follower(former) {
    const running = this.sentinels.filter((sentinel) => sentinel.running);
    const named = new Set(await Promise.all(running.map((sentinel) => this.primary(sentinel))));
    const [primary] = named;
    if (primary === undefined || named.size > 1 || primary === former) {
      throw new Error(`the sentinels name ${[...named].map(({ port }) => port).join(" and ")}, and ${former.port} was it before`);
    }
    if ((await primary.role()) !== "master") throw new Error(`${primary.port} does not know yet that it is the primary`);
    return primary;
  }

  /**
   * Asks for a failover unless one goes on. It is refused until a replica is known to be fit, and given up by the
   * sentinel when the replica needs more than `failover-timeout`.
   * @param {RigNode} former
   */
  async #demand(former) {
    const sentinel = await this.#actingSentinel();
    const master = /** @type {string[]} */ (await sentinel.ask("SENTINEL", "MASTER", NAME));
    const going = field(master, "flags").includes("failover_in_progress");
    if (!going && Number(field(master, "port")) === former.port) await sentinel.ask("SENTINEL", "FAILOVER", NAME);
  }

  /** A sentinel that acts at once: one that was stopped for two seconds mistrusts its clock and does nothing for thirty. */
  async #actingSentinel() {
    for (const sentinel of this.sentinels.filter((one) => one.running)) {
      if (`${await sentinel.ask("INFO", "sentinel")}`.includes("sentinel_tilt:0")) return sentinel;
    }
    throw new Error("every sentinel mistrusts its clock");
  }

  /** Resolves when every server that runs but one is a replica in step with that one. */
  async inStep() {
    await until("the replicas are in step", async () => {
      const running = this.servers.filter((server) => server.running);
      const steps = await Promise.all(running.map((server) => server.isInStep()));
      return steps.filter((inStep) => inStep).length === running.length - 1;
    });
  }

  async stop() {
    await Promise.all([...this.sentinels, ...this.servers].map((node) => node.stop()));
  }
}

/**
 * What a sentinel says about a server.
 * @param {string[]} record names and values
 * @param {string} name
 */
function field(record, name) {
  return record[record.indexOf(name) + 1] ?? "";
}

/**
 * @param {import("./servers.mjs").RedisServerOptions} options
 * @param {string} [ca]
 */
async function start(options, ca) {
  return new RigNode(await startRedis(options), options, ca);
}

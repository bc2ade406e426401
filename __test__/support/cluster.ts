/** A cluster of real servers for a test file, and clients of it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { RedisCluster, type RedisClusterOptions } from "../../index.js";
import { startCluster, type Cluster, type ClusterOptions } from "../../dev/cluster.mjs";
import type { ClusterNode } from "../../dev/cluster-node.mjs";
import { makeCertificates } from "./certificates.js";

export type { Cluster, ClusterNode };

/** Keys in three different slots, one for each of three primaries. */
export const KEYS = ["bar", "qux", "foo"] as const;

export interface LabOptions extends Omit<ClusterOptions, "tls"> {
  /** Nodes speak TLS, with a certificate for the host name alone. */
  tls?: boolean;
}

/** Starts the cluster before the file's tests. Clients are closed behind each test. */
export function useCluster({ tls = false, ...options }: LabOptions = {}) {
  const clients: RedisCluster[] = [];
  let folder = "";
  let cluster: Cluster | undefined;
  const running = () => {
    if (cluster === undefined) throw new Error("the cluster is not there yet");
    return cluster;
  };
  const path = (name: string) => join(folder, name);

  beforeAll(async () => {
    if (!tls) {
      cluster = await startCluster(options);
      return;
    }
    folder = mkdtempSync(join(tmpdir(), "s3-valkey-cluster-"));
    makeCertificates(folder);
    const paths = { cert: path("node.crt"), key: path("node.key"), ca: path("ca.crt") };
    cluster = await startCluster({ hostname: "localhost", ...options, tls: paths });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    await cluster?.stop();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  return {
    get cluster() {
      return running();
    },
    /** As a client finds it. */
    get seeds() {
      return running().urls.map((url) => (tls ? url.replace("127.0.0.1", "localhost") : url));
    },
    get options(): RedisClusterOptions {
      return tls ? { tls: { ca: readFileSync(path("ca.crt"), "utf8") } } : {};
    },
    connect(more: RedisClusterOptions = {}, seeds?: string[]) {
      const client = new RedisCluster(seeds ?? this.seeds, { ...this.options, ...more });
      clients.push(client);
      return client;
    },
    /** Slot of a key, as a server says. */
    async slotOf(key: string) {
      return Number(await running().running[0]!.ask("CLUSTER", "KEYSLOT", key));
    },
    async primaryOf(key: string) {
      return running().primaryOf(await this.slotOf(key));
    },
    /**
     * The primary of a key with a replica that has all that it acknowledged. Writes wait until it is released, or
     * another takes over.
     */
    async quiet(key: string) {
      const primary = await this.primaryOf(key);
      const replicas = await running().replicasOf(primary);
      await primary.quiesce(replicas);
      return { primary, replica: replicas[0]! };
    },
    /** Kills the primary of a key, waits until its replica has taken over, and returns it. */
    async killPrimaryOf(key: string) {
      const { primary, replica } = await this.quiet(key);
      await primary.kill();
      await replica.promoted();
      return primary;
    },
    /** Lets a replica take over a key with its primary's consent. */
    async handOver(key: string) {
      const [replica] = await running().replicasOf(await this.primaryOf(key));
      await running().failover(replica!);
    },
    /** A primary that has not the key. */
    async otherThan(key: string): Promise<ClusterNode> {
      const owner = await this.primaryOf(key);
      const primaries = await running().primaries();
      return primaries.find((node) => node !== owner)!;
    },
  };
}

/** How often a node was asked a command. */
export async function calls(node: ClusterNode, command: string) {
  const stats = `${await node.ask("INFO", "commandstats")}`;
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** How many commands wait on a node. */
export async function blocked(node: ClusterNode) {
  return Number(/blocked_clients:(\d+)/.exec(`${await node.ask("INFO", "clients")}`)?.[1]);
}

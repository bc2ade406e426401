/** The client of a Redis Cluster: declarations. */
import type { RedisAcquireOptions, RedisLease, RedisPoolMetrics } from "../pool/types.js";
import type { RedisCallOptions, RedisClient, RedisOptions, RedisView } from "../types.js";

/** Where a cluster is found: the URL or address of one of its nodes. */
export type RedisClusterSeed = string | URL | { host: string; port?: number };

/** The address of a node: a host, or an address, with its port. */
export type RedisNodeAddress = string | { host: string; port?: number };

/** Where addresses lead from here, by `host:port` or asked for each; `undefined` leaves one as it is. */
export type RedisAddressMap =
  | Record<string, RedisNodeAddress>
  | Map<string, RedisNodeAddress>
  | ((host: string, port: number) => RedisNodeAddress | undefined | Promise<RedisNodeAddress | undefined>);

/** Which nodes answer commands that only read. */
export type RedisReadFrom = "primary" | "replica" | "preferReplica" | "nearest";

/**
 * Options of a {@link RedisCluster}. All connections have the options of a {@link RedisClient}; user, password and
 * database are those of the first seed unless the options say something else.
 */
export interface RedisClusterOptions extends Omit<RedisOptions, "host" | "port" | "path"> {
  /**
   * Which nodes answer commands that only read. A replica may not have seen the latest writes.
   *
   * - `primary`: the primary of the slot
   * - `replica`: its replicas in turn; without one that works the slot cannot be read
   * - `preferReplica`: its replicas in turn, or else the primary
   * - `nearest`: the nodes of the {@link zone} in turn, or else other replicas, or else the primary
   *
   * Default `primary`.
   */
  readFrom?: RedisReadFrom;
  /** Availability zone that this program runs in, as the servers name theirs. Needed for `nearest`. */
  zone?: string;
  /** How often one command may be sent elsewhere, or again, because a server said so. Default 16. */
  maxRedirections?: number;
  /**
   * Milliseconds between looks for changes of the cluster, give or take a quarter; 0 looks only when there is a reason,
   * such as a redirection or a lost connection. Default 60,000.
   */
  refreshInterval?: number;
  /**
   * Translates the addresses that nodes announce into those that can be reached from here, as behind a NAT or a tunnel:
   * an object or a `Map` by `host:port`, or a function, which is asked before each new connection.
   *
   * @example
   * ```ts
   * const cluster = new RedisCluster("localhost:7000", {
   *   addressMap: { "10.0.0.1:6379": "localhost:7000", "10.0.0.2:6379": "localhost:7001" },
   * });
   * ```
   */
  addressMap?: RedisAddressMap;
}

/**
 * Where commands go, instead of where their keys say.
 *
 * - `allPrimaries`, `allNodes`: to all of them, which makes one reply: numbers are added, lists put together, one `OK`
 *   stands for all. Of commands whose replies cannot be one, such as `INFO`, it is an object by address.
 * - `random`: to any primary
 * - `{ key }`: to where this key is
 * - `{ address }`: to this node
 */
export type RedisRoute = "allPrimaries" | "allNodes" | "random" | { key: string | ArrayBufferView } | { address: string };

/** What {@link RedisCluster.with} changes for the commands of a view. */
export interface RedisClusterCallOptions extends RedisCallOptions {
  /** Where the commands go. Default: where their keys are. */
  route?: RedisRoute;
}

/** To which node {@link RedisCluster.acquire} leases a connection, and how it waits. One of `key`, `slot` and `node` is needed. */
export type RedisClusterAcquireOptions = RedisAcquireOptions &
  (
    | {
        /** To the primary that has this key. */
        key: string | ArrayBufferView;
      }
    | {
        /** To the primary of this slot, from 0 to 16,383. */
        slot: number;
      }
    | {
        /** To this node: `host:port` as {@link RedisCluster.nodes} gives it, or such a node. */
        node: string | { address: string };
      }
  );

/** A node of a cluster, as {@link RedisCluster.nodes} gives it. */
export interface RedisClusterNode {
  /** `host:port`, as the node announces it. */
  address: string;
  host: string;
  port: number;
  role: "primary" | "replica";
  /** Address of a replica's primary. */
  primary?: string;
  /** Its availability zone, if it tells. */
  zone?: string;
  /** First and last slots that it serves. */
  slots: [first: number, last: number][];
  /** Whether there is a connection to it. One is made when it is needed. */
  connected: boolean;
}

/** The commands of a cluster under other conditions; see {@link RedisCluster.with}. */
export interface RedisClusterView<Text = string> extends RedisView<Text> {
  with(options: RedisClusterCallOptions & { buffers: true }): RedisClusterView<Buffer>;
  with(options: RedisClusterCallOptions & { buffers: false }): RedisClusterView<string>;
  with(options: RedisClusterCallOptions): RedisClusterView<Text>;
  readonly buffers: RedisClusterView<Buffer>;
}

/**
 * A Redis Cluster, with the methods of a {@link RedisClient}. Each command goes to the node that has its keys, and is
 * followed when they move. Commands that take any number of keys (`MGET`, `MSET`, `DEL`, `UNLINK`, `EXISTS`, `TOUCH`)
 * may have keys anywhere: they are sent in parts, which are not one atomic step. Others whose keys are in several slots
 * are rejected with `ERR_REDIS_CROSSSLOT`.
 *
 * @example
 * ```ts
 * const cluster = new RedisCluster(["redis://node-1:6379", "redis://node-2:6379"]);
 * await cluster.set("greeting", "hello");
 * console.log(await cluster.get("greeting")); // "hello"
 * cluster.close();
 * ```
 */
export class RedisCluster extends RedisClient {
  /**
   * @param seeds nodes that are asked for the others, in this order: URLs, `host:port`, or objects with host and port
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, RangeError with code
   *   `ERR_OUT_OF_RANGE` for an unusable seed or option
   */
  constructor(seeds: RedisClusterSeed | readonly RedisClusterSeed[], options?: RedisClusterOptions);

  /**
   * The nodes as far as they are known; connects if none are.
   *
   * @example
   * ```ts
   * for (const { address, role, slots } of await cluster.nodes()) console.log(address, role, slots);
   * ```
   */
  nodes(): Promise<RedisClusterNode[]>;

  /**
   * A view whose commands go to one node.
   *
   * @param address `host:port` as {@link nodes} gives it, or such a node
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` if it is no address
   * @example
   * ```ts
   * for (const node of await cluster.nodes()) console.log(node.address, await cluster.node(node).dbsize());
   * ```
   */
  node(address: string | { address: string }): RedisClusterView;

  /**
   * A connection of one's own to one node. It stays there: a command whose keys are served by another node is rejected with
   * `ERR_REDIS_CLUSTER_WRONG_NODE`, and the connection ends when the node leaves the cluster.
   *
   * Rejects with `ERR_REDIS_POOL_TIMEOUT` when there is none in time, because `maxBlockingConnections` of the node are in use
   * or it cannot be reached, with `ERR_REDIS_CLUSTER_UNKNOWN_NODE` for a node that does not belong to the cluster, and with
   * `ERR_REDIS_CONNECTION_CLOSED` when the client is closed.
   *
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, RangeError with code `ERR_OUT_OF_RANGE`
   *   for an unusable option, as rejections
   * @example
   * ```ts
   * await using connection = await cluster.acquire({ key: "balance" });
   * await connection.incrby("balance", 20);
   * await connection.wait(1, 100); // for the write of this connection
   * ```
   */
  acquire(options: RedisClusterAcquireOptions): Promise<RedisLease>;

  /**
   * How many connections of one's own there are to all nodes, and how many callers wait for one. The connections that
   * commands share do not count.
   *
   * @example
   * ```ts
   * await using connection = await cluster.acquire({ key: "balance" });
   * console.log(cluster.metrics); // { total: 1, inUse: 1, idle: 0, waiting: 0 }
   * ```
   */
  readonly metrics: RedisPoolMetrics;

  /**
   * A view whose commands have a deadline, a signal, another form of reply, or another way.
   *
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for an unusable option
   * @example
   * ```ts
   * await cluster.with({ route: "allNodes" }).configSet("maxmemory", "1gb");
   * await cluster.with({ route: { key: "user:1" } }).eval("return redis.call('TIME')", 0);
   * ```
   */
  with(options: RedisClusterCallOptions & { buffers: true }): RedisClusterView<Buffer>;
  with(options: RedisClusterCallOptions): RedisClusterView;

  readonly buffers: RedisClusterView<Buffer>;

  /** Makes a client with the same seeds and options; connected if this one is. */
  duplicate(): Promise<RedisCluster>;
}

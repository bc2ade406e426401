/** Connections of one's own, and pools: declarations. */
import { RedisClient, type RedisOptions } from "../types.js";

/** How {@link RedisLeasing.acquire} waits. */
export interface RedisAcquireOptions {
  /**
   * Milliseconds to wait for a connection that is free; then `ERR_REDIS_POOL_TIMEOUT`. 0 is no limit. Default 0, and the
   * `acquireTimeout` of a pool.
   */
  timeout?: number;
  /** Gives up the wait with its reason. */
  signal?: AbortSignal;
}

/** What has connections beside its own. */
export interface RedisLeasing {
  /**
   * A connection of one's own: for `WATCH`, subscriptions, `WAIT`, `SELECT` and whatever else must not be mixed with the
   * commands of others. It is in the database that the client has selected.
   *
   * Rejects with `ERR_REDIS_POOL_TIMEOUT` when none has become free in time, with `ERR_REDIS_POOL_EXHAUSTED` when more
   * wait than a pool's `maxWaiting`, and with `ERR_REDIS_CONNECTION_CLOSED` when the client is closed.
   *
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` for an unusable option
   * @example
   * ```ts
   * await using connection = await client.acquire({ timeout: 1000 });
   * await connection.set("key", "value");
   * await connection.wait(1, 100); // for the write of this connection
   * ```
   */
  acquire(options?: RedisAcquireOptions): Promise<RedisLease>;
}

/**
 * A connection that nobody else uses, with everything that a client has. It ends with its connection, which is never
 * made again: what was built up on the server, such as a `WATCH`, would be gone.
 */
export interface RedisLease extends RedisClient {
  /**
   * Gives the connection back. Commands that were issued are still answered, but for one that blocks; later ones are
   * rejected with `ERR_REDIS_CONNECTION_CLOSED`. Keys are unwatched and a transaction is discarded; a connection with
   * other state, such as subscriptions or a name, is closed.
   */
  release(): void;
  /** Closes the connection instead of giving it back. */
  close(): void;
  /** Gives the connection back: `using connection = await client.acquire()`. */
  [Symbol.dispose](): void;
  /** Drains, then gives the connection back: `await using connection = await client.acquire()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of a {@link RedisPool}: those of each connection, and the bounds of the pool. */
export interface RedisPoolOptions
  extends Omit<RedisOptions, "idleTimeout" | "maxBlockingConnections" | "idleConnectionTimeout"> {
  /** Connections that are kept although nobody needs them. Default 1. */
  min?: number;
  /** There are never more connections, of which one is never leased. At least 2. Default 10. */
  max?: number;
  /** Milliseconds after which an idle connection beyond `min` is closed; 0 is never. Default 10,000. */
  idleTimeout?: number;
  /** Milliseconds that `acquire` waits; 0 is no limit. Default 10,000. */
  acquireTimeout?: number;
  /**
   * Callers that may wait for a connection of their own, those of commands that block included. More are rejected with
   * `ERR_REDIS_POOL_EXHAUSTED`. Default: no limit.
   */
  maxWaiting?: number;
}

/** What {@link RedisPool.metrics} tells. */
export interface RedisPoolMetrics {
  /** All connections. */
  total: number;
  /** Those that are leased, serve a command that blocks, have commands to answer, or are being made. */
  inUse: number;
  /** The others. */
  idle: number;
  /** Callers that wait for a connection of their own. */
  waiting: number;
}

/**
 * Several connections to one server, with everything that a client has but subscriptions. Each command goes to the
 * connection with the least to do, so commands that do not wait for each other are in no order. One that blocks has a
 * connection for itself.
 *
 * What changes the state of a connection (`SELECT`, `WATCH`, `SUBSCRIBE`, `AUTH` and others) is rejected with
 * `ERR_REDIS_INVALID_STATE`: it needs {@link RedisLeasing.acquire}.
 *
 * @example
 * ```ts
 * await using pool = new RedisPool("redis://localhost:6379", { min: 2, max: 8 });
 * await pool.set("greeting", "hello");
 * {
 *   await using connection = await pool.acquire();
 *   await connection.send("WATCH", ["greeting"]);
 * }
 * console.log(pool.metrics); // { total: 2, inUse: 0, idle: 2, waiting: 0 }
 * ```
 */
export class RedisPool extends RedisClient {
  /**
   * @param url as for a {@link RedisClient}
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE`, or RangeError with code `ERR_OUT_OF_RANGE`, for unusable options
   */
  constructor(url?: string | URL | null, options?: RedisPoolOptions);
  constructor(options: RedisPoolOptions & { url?: string | URL | null });

  /** How many connections there are. */
  readonly metrics: RedisPoolMetrics;

  /** Makes a pool with the same URL and options; connected if this one is. */
  duplicate(): Promise<RedisPool>;
}

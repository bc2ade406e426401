/** The Redis/Valkey client: declarations. Each command's method is in `commands.d.ts`. */
import type { RedisCommands } from "./commands.js";
import type { RedisCache, RedisCacheOptions } from "./cache/types.js";
import type { RedisIterators } from "./iterators/types.js";
import type { RedisLeasing } from "./pool/types.js";
import type { RedisScripting } from "./scripts/types.js";
import type { RedisStreams } from "./streams/types.js";
import type { RedisBatching } from "./transaction/types.js";

export type { RedisCommands };
export * from "./cache/types.js";
export * from "./cluster/types.js";
export * from "./iterators/types.js";
export * from "./pool/types.js";
export * from "./scripts/types.js";
export * from "./sentinel/types.js";
export * from "./streams/types.js";
export * from "./transaction/types.js";

/** What clients and their views offer on top of single commands. */
export interface RedisFeatures<Text = string>
  extends RedisIterators<Text>, RedisScripting, RedisStreams<Text>, RedisBatching<Text> {}

/** TLS settings of a connection. */
export interface RedisTlsOptions {
  /** PEM certificates that replace the platform's roots: text or bytes, or several of them. */
  ca?: string | ArrayBufferView | (string | ArrayBufferView)[];
  /** Path of a file with PEM certificates, used like `ca`. */
  caFile?: string;
  /** PEM certificate chain shown to the server; needs a key. */
  cert?: string | ArrayBufferView;
  /** Path of a file with such a chain. */
  certFile?: string;
  /** PEM private key that belongs to `cert`. */
  key?: string | ArrayBufferView;
  /** Path of a file with such a key. */
  keyFile?: string;
  /** `false` accepts any certificate. Default: true, unless `NODE_TLS_REJECT_UNAUTHORIZED` is `0`. */
  rejectUnauthorized?: boolean;
  /** Name for SNI and verification. Default: the URL's host. */
  serverName?: string;
}

/** Parts of an address, beside a URL or instead of one. They win over the URL. */
export interface RedisAddress {
  /** Name or address of the server. Default `localhost`. */
  host?: string;
  /** TCP port. Default 6379. */
  port?: number;
  /** Path of a Unix socket, instead of host and port. */
  path?: string;
  /** User name. */
  username?: string;
  /** Password, taken as it is: nothing in it needs escaping. */
  password?: string;
  /** Database that is selected after each connect. Default 0. */
  db?: number;
}

/** Options of a {@link RedisClient}. */
export interface RedisOptions extends RedisAddress {
  /** Milliseconds for dialling, TLS and handshake; 0 is no limit. Default 10,000. */
  connectionTimeout?: number;
  /** Milliseconds of silence after which the connection is closed; 0 is never. Default 0. */
  idleTimeout?: number;
  /** Whether a lost connection is made again. Default true. */
  autoReconnect?: boolean;
  /** Consecutive failed attempts after which the client gives up. Default 20. */
  maxRetries?: number;
  /** Whether commands wait while there is no connection. Default true. */
  enableOfflineQueue?: boolean;
  /** Whether the commands of one turn are sent together. Default true. */
  enableAutoPipelining?: boolean;
  /** TLS: `true`, or settings. A TLS scheme in the URL turns it on whatever this says. */
  tls?: boolean | RedisTlsOptions;
  /**
   * Milliseconds from the call of a command to its reply, the wait for a connection included; then
   * it is rejected with `ERR_REDIS_COMMAND_TIMEOUT`. Commands that wait on the server, such as
   * `BLPOP`, have no limit unless {@link RedisClient.with} gives them one. Default 0: no limit.
   */
  commandTimeout?: number;
  /** Put before each key of each command; not before patterns, channels and what replies hold. */
  keyPrefix?: string | ArrayBufferView;
  /**
   * Bytes of commands that may wait to be sent. A command for which there is no room is rejected
   * with `ERR_REDIS_QUEUE_FULL`. Default: no limit.
   */
  maxQueueBytes?: number;
  /** Number of commands that may wait to be sent, likewise. Default: no limit. */
  maxQueueCommands?: number;
  /** Whether integers beyond ±(2^53 - 1) come as `bigint` instead of the nearest number. Default false. */
  bigint?: boolean;
  /**
   * Milliseconds of silence after which the kernel asks a TCP peer whether it is still there;
   * `false` or 0 never asks. Default 30,000.
   */
  keepAlive?: number | false;
  /**
   * Milliseconds that a command waits without a byte from the server before the server is asked
   * with `PING`; after as long again the connection is given up and made anew. Blocking commands
   * may wait for as long as they like; a server that is busy with a script of a minute is taken for
   * dead. 0 never gives up. Default 30,000.
   */
  deadPeerTimeout?: number;
  /**
   * Connections beside the first one, for commands that block (`BLPOP`, `XREAD` with `BLOCK` and others) and for
   * `acquire()`; what needs another waits. At least 1. Default 100.
   */
  maxBlockingConnections?: number;
  /** Milliseconds after which such a connection is closed when nobody needs it; 0 keeps it. Default 10,000. */
  idleConnectionTimeout?: number;
  /** Name of the connection, as `CLIENT LIST` shows it. */
  name?: string;
  /** Tells the server which library this is (`CLIENT SETINFO`): this one, or another. Default false. */
  library?: boolean | { name?: string; version?: string };
  /**
   * Shows the life cycle of the connection on stderr, as `NODE_DEBUG=s3-valkey` does; never a
   * value or a secret. Default false.
   */
  debug?: boolean;
  /**
   * Answers reads from memory, until the server tells that a key has changed. `true` takes the defaults of
   * {@link RedisCacheOptions}. A server that cannot tell, because it speaks RESP2 only, is refused with
   * `ERR_REDIS_TRACKING_UNSUPPORTED`. Default false.
   */
  clientCache?: boolean | RedisCacheOptions;
  /** Asked for the user and password of each new connection; replaces those of the URL. */
  credentials?: RedisCredentialsProvider;
}

/**
 * Finds credentials that change, such as tokens that expire. It is called for each new connection
 * and must answer within the `connectionTimeout`. What it throws counts as a failed attempt to
 * connect, and is the `cause` of the error that the last one is told by.
 *
 * @example
 * ```ts
 * const client = new RedisClient("rediss://cache.example:6379", {
 *   credentials: async () => ({ username: "app", password: await fetchToken() }),
 * });
 * ```
 */
export type RedisCredentialsProvider = () => RedisCredentials | Promise<RedisCredentials>;

/** A user name and a password; without a user name the server's `default` user. */
export interface RedisCredentials {
  username?: string;
  password?: string;
}


/** What {@link RedisClient.with} changes for the commands of a view. */
export interface RedisCallOptions {
  /** Rejects the view's waiting commands with its reason when it is aborted. */
  signal?: AbortSignal;
  /** Milliseconds from the call to the reply, as `commandTimeout`; 0 is no limit. */
  timeout?: number;
  /** Whether strings in replies come as `Buffer`. */
  buffers?: boolean;
  /** Whether integers beyond ±(2^53 - 1) come as `bigint`. */
  bigint?: boolean;
}

/** Messages that may have been missed because the connection was lost. */
export interface RedisGap {
  /** The channels that are subscribed to again. */
  channels: string[];
  /** The patterns, likewise. */
  patterns: string[];
  /** The sharded channels, likewise. */
  shardChannels: string[];
  /** How long messages were missed, as far as the event loop was free to notice. */
  milliseconds: number;
  /** Why some are not subscribed to again; `null` when all are. */
  error: Error | null;
}

/** Options of a listener. */
export interface RedisListenerOptions {
  /** Messages come as text; {@link RedisBufferListenerOptions} gives the bytes that were published. */
  buffer?: false;
  /** Called when this listener may have missed messages; see {@link RedisClient.ongap}. */
  ongap?: ((gap: RedisGap) => unknown) | null;
}

/** Options of a listener that takes bytes. */
export interface RedisBufferListenerOptions extends Omit<RedisListenerOptions, "buffer"> {
  /** Messages come as `Buffer`, with the bytes that were published. */
  buffer: true;
}

/**
 * An error of the client or of the server.
 *
 * @example
 * ```ts
 * try {
 *   await redis.incr("a list");
 * } catch (error) {
 *   if (error instanceof RedisError) console.log(error.code, error.message);
 * }
 * ```
 */
export class RedisError extends Error {
  constructor(code: string, message: string, options?: { cause?: unknown });
  readonly name: string;
  /** Which failure: `ERR_REDIS_SERVER_ERROR`, `ERR_REDIS_CONNECTION_CLOSED` and so on. */
  readonly code: string;
}

/** Receives the messages of a channel. */
export type RedisListener = (message: string, channel: string) => unknown;

/** Receives the messages of a channel as bytes. */
export type RedisBufferListener = (message: Buffer, channel: string) => unknown;

/** Receives the messages of the channels that match a pattern. */
export type RedisPatternListener = (message: string, channel: string, pattern: string) => unknown;

/** Receives the messages of the channels that match a pattern, as bytes. */
export type RedisBufferPatternListener = (message: Buffer, channel: string, pattern: string) => unknown;

/** The confirmation of a subscription command without a listener. */
export interface RedisPush {
  type: string;
  data: any[];
}

/**
 * The commands of a client under other conditions: with a deadline, a signal, or replies as bytes.
 * It is light, and shares the client's connection.
 */
export interface RedisView<Text = string> extends RedisCommands<Text>, RedisFeatures<Text> {
  /** Sends any command; see {@link RedisClient.send}. */
  send: RedisClient["send"];
  /** A view with further conditions, which win over those that this one has. */
  with(options: RedisCallOptions & { buffers: true }): RedisView<Buffer>;
  with(options: RedisCallOptions & { buffers: false }): RedisView<string>;
  with(options: RedisCallOptions): RedisView<Text>;
  /** The view whose replies have `Buffer`s for strings. */
  readonly buffers: RedisView<Buffer>;
}

export interface RedisClient extends RedisCommands, RedisFeatures, RedisLeasing {}

/**
 * A connection to a Redis or Valkey server. It dials at the first command; commands of one turn
 * are sent together, and an idle client does not keep the process from exiting.
 *
 * @example
 * ```ts
 * const client = new RedisClient("redis://localhost:6379");
 * await client.set("greeting", "hello");
 * console.log(await client.get("greeting")); // "hello"
 * client.close();
 * ```
 */
export class RedisClient {
  /**
   * @param url `redis://`, `rediss://`, `redis+unix://` and so on; default `REDIS_URL`, then
   *   `VALKEY_URL`, then `valkey://localhost:6379`
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` for an unusable URL or option
   */
  constructor(url?: string | URL | null, options?: RedisOptions);
  /**
   * @param options the address and everything else; `url` may hold parts of the address
   * @example
   * ```ts
   * const client = new RedisClient({ host: "cache.example", password: secret, db: 2, tls: true });
   * ```
   */
  constructor(options: RedisOptions & { url?: string | URL | null });

  /** Whether the server has accepted the handshake. */
  readonly connected: boolean;

  /** The cache, if the option `clientCache` has made one. */
  readonly cache: RedisCache | null;

  /** Bytes of sent commands that the socket has not taken yet. */
  readonly bufferedAmount: number;

  /** Called after every connect with the client and the server's HELLO reply. */
  get onconnect(): ((this: any) => void) | null;
  set onconnect(callback: ((client: RedisClient, hello: any) => void) | null | undefined);

  /** Called when the client is closed or has failed for good; the error's `cause` tells why. */
  get onclose(): ((this: any, error: Error) => void) | null;
  set onclose(callback: ((this: RedisClient, error: Error) => void) | null | undefined);

  /**
   * Called after a lost connection when subscriptions have been made again: messages that were
   * published in between were missed.
   *
   * @example
   * ```ts
   * subscriber.ongap = ({ channels, milliseconds }) => reload(channels, milliseconds);
   * ```
   */
  get ongap(): ((gap: RedisGap) => void) | null;
  set ongap(callback: ((this: RedisClient, gap: RedisGap) => void) | null | undefined);

  /**
   * Connects now instead of at the first command, and revives a closed client.
   *
   * @returns the server's HELLO reply
   */
  connect(): Promise<any>;

  /** Closes the connection. What waits is rejected with `ERR_REDIS_CONNECTION_CLOSED`. */
  close(): void;

  /**
   * Resolves when every command that was issued so far has settled, whichever way.
   *
   * @example
   * ```ts
   * await client.drain();
   * client.close();
   * ```
   */
  drain(): Promise<void>;

  /** Drains, then closes: `await using client = new RedisClient()`. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * A view whose commands have a deadline, a signal, or another form of reply.
   *
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` for an unusable option
   * @example
   * ```ts
   * await client.with({ timeout: 100, signal: request.signal }).get("key");
   * ```
   */
  with(options: RedisCallOptions & { buffers: true }): RedisView<Buffer>;
  with(options: RedisCallOptions): RedisView;

  /**
   * The view whose replies have `Buffer`s for strings.
   *
   * @example
   * ```ts
   * const bytes = await client.buffers.hget("sessions", "42"); // Buffer or null
   * ```
   */
  readonly buffers: RedisView<Buffer>;

  /** Makes a client with the same URL and options; connected if this one is. */
  duplicate(): Promise<RedisClient>;

  /**
   * Sends any command.
   *
   * @example
   * ```ts
   * await client.send("CLIENT", ["SETNAME", "worker"]);
   * ```
   */
  send(command: string, args: readonly (string | number | ArrayBufferView | ArrayBuffer)[]): Promise<any>;

  /**
   * Receives the messages of one or several channels. While there are subscriptions, typed
   * commands throw `ERR_REDIS_INVALID_STATE`; use a {@link duplicate} for them.
   *
   * @returns the number of channels that have listeners
   * @example
   * ```ts
   * const subscriber = await client.duplicate();
   * await subscriber.subscribe("news", (message, channel) => console.log(channel, message));
   * ```
   */
  subscribe(
    channels: string | readonly string[],
    listener: RedisBufferListener,
    options: RedisBufferListenerOptions,
  ): Promise<number>;
  subscribe(channel: string, listener: RedisListener, options?: RedisListenerOptions): Promise<number>;
  subscribe(channels: readonly string[], listener: RedisListener, options?: RedisListenerOptions): Promise<number>;

  /** Ends all subscriptions, those of a channel or of several, or one listener's. */
  unsubscribe(): Promise<void>;
  unsubscribe(channel: string, listener?: RedisListener | RedisBufferListener): Promise<void>;
  unsubscribe(channels: readonly string[]): Promise<void>;

  /**
   * Receives the messages of all channels that match a pattern.
   *
   * @returns the number of patterns that have listeners
   * @example
   * ```ts
   * await subscriber.psubscribe("news.*", (message, channel, pattern) => console.log(channel, message));
   * ```
   */
  psubscribe(
    patterns: string | readonly string[],
    listener: RedisBufferPatternListener,
    options: RedisBufferListenerOptions,
  ): Promise<number>;
  psubscribe(
    patterns: string | readonly string[],
    listener: RedisPatternListener,
    options?: RedisListenerOptions,
  ): Promise<number>;
  /** Sends the command alone, as in Bun: nobody receives the messages. */
  psubscribe(...patterns: string[]): Promise<RedisPush>;

  /** Ends one listener's subscription to a pattern. */
  punsubscribe(pattern: string, listener: RedisPatternListener | RedisBufferPatternListener): Promise<void>;
  /** Ends the subscriptions to these patterns, or to all. */
  punsubscribe(patterns: readonly string[]): Promise<RedisPush>;
  punsubscribe(...patterns: string[]): Promise<RedisPush>;

  /**
   * Receives the messages of sharded channels, which `spublish` sends.
   *
   * @returns the number of sharded channels that have listeners
   * @example
   * ```ts
   * await subscriber.ssubscribe("orders:{eu}", (message) => console.log(message));
   * ```
   */
  ssubscribe(
    channels: string | readonly string[],
    listener: RedisBufferListener,
    options: RedisBufferListenerOptions,
  ): Promise<number>;
  ssubscribe(
    channels: string | readonly string[],
    listener: RedisListener,
    options?: RedisListenerOptions,
  ): Promise<number>;

  /** Ends all subscriptions to sharded channels, those of a channel or of several, or one listener's. */
  sunsubscribe(): Promise<void>;
  sunsubscribe(channel: string, listener?: RedisListener | RedisBufferListener): Promise<void>;
  sunsubscribe(channels: readonly string[]): Promise<void>;

  /** Lets subscriptions keep the process from exiting again, which is the default. */
  ref(): void;

  /** Lets the process exit although there are subscriptions. */
  unref(): void;
}

/** The client that takes its URL from the environment, at first use. */
export const redis: RedisClient;

/** The Redis/Valkey client: declarations. Each command's method is in `commands.d.ts`. */
import type { RedisCommands } from "./commands.js";

export type { RedisCommands };

/** TLS settings of a connection. */
export interface RedisTlsOptions {
  /** PEM certificates that replace the platform's roots: text or bytes, or several of them. */
  ca?: string | ArrayBufferView | (string | ArrayBufferView)[];
  /** Path of a file with PEM certificates, used like `ca`. */
  caFile?: string;
  /** PEM certificate chain shown to the server. */
  cert?: string | ArrayBufferView;
  /** PEM private key that belongs to `cert`. */
  key?: string | ArrayBufferView;
  /** `false` accepts any certificate. Default: true, unless `NODE_TLS_REJECT_UNAUTHORIZED` is `0`. */
  rejectUnauthorized?: boolean;
  /** Name for SNI and verification. Default: the URL's host. */
  serverName?: string;
}

/** Options of a {@link RedisClient}. */
export interface RedisOptions {
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
   * Milliseconds of silence after which the kernel asks a TCP peer whether it is still there;
   * `false` or 0 never asks. Default 30,000.
   */
  keepAlive?: number | false;
  /**
   * Milliseconds that a command waits without a byte from the server before the server is asked
   * with `PING`; after as long again the connection is given up and made anew. Blocking commands
   * may wait for as long as they like. 0 never gives up. Default 30,000.
   */
  deadPeerTimeout?: number;
  /** Name of the connection, as `CLIENT LIST` shows it. */
  name?: string;
  /** Tells the server which library this is (`CLIENT SETINFO`): this one, or another. Default false. */
  library?: boolean | { name?: string; version?: string };
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
  readonly name: "RedisError";
  /** Which failure: `ERR_REDIS_SERVER_ERROR`, `ERR_REDIS_CONNECTION_CLOSED` and so on. */
  readonly code: string;
}

/** Receives the messages of a channel. */
export type RedisListener = (message: string, channel: string) => unknown;

export interface RedisClient extends RedisCommands {}

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

  /** Whether the server has accepted the handshake. */
  readonly connected: boolean;

  /** Bytes of sent commands that the socket has not taken yet. */
  readonly bufferedAmount: number;

  /** Called after every connect with the client and the server's HELLO reply. */
  get onconnect(): ((this: any) => void) | null;
  set onconnect(callback: ((client: RedisClient, hello: any) => void) | null | undefined);

  /** Called when the client is closed or has failed for good; the error's `cause` tells why. */
  get onclose(): ((this: any, error: Error) => void) | null;
  set onclose(callback: ((this: RedisClient, error: Error) => void) | null | undefined);

  /**
   * Connects now instead of at the first command, and revives a closed client.
   *
   * @returns the server's HELLO reply
   */
  connect(): Promise<any>;

  /** Closes the connection. What waits is rejected with `ERR_REDIS_CONNECTION_CLOSED`. */
  close(): void;

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
  subscribe(channel: string, listener: RedisListener): Promise<number>;
  subscribe(channels: readonly string[], listener: RedisListener): Promise<number>;

  /** Ends all subscriptions, those of a channel or of several, or one listener's. */
  unsubscribe(): Promise<void>;
  unsubscribe(channel: string, listener?: RedisListener): Promise<void>;
  unsubscribe(channels: readonly string[]): Promise<void>;

  /** Lets subscriptions keep the process from exiting again, which is the default. */
  ref(): void;

  /** Lets the process exit although there are subscriptions. */
  unref(): void;
}

/** The client that takes its URL from the environment, at first use. */
export const redis: RedisClient;

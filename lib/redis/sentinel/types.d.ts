/** A client of a group of servers that sentinels watch: declarations. */
import type { RedisAddressMap } from "../cluster/types.js";
import type { RedisClient, RedisOptions, RedisTlsOptions } from "../types.js";

/** Options of a {@link RedisSentinel}: its own, and those of any client. */
export interface RedisSentinelOptions extends Omit<RedisOptions, "host" | "port" | "path" | "name"> {
  /**
   * Sentinels to ask first, as URLs, `host:port` or objects; the port is 26379 by default. Others are learnt from them.
   * A user name and a password in a URL are used for all sentinels, and so is the TLS of its scheme.
   */
  sentinels: (string | URL | { host: string; port?: number })[];
  /** The name by which the sentinels know the group of servers. */
  name: string;
  /** Name of the connection to the server, as `CLIENT LIST` shows it. Default none. */
  clientName?: string;
  /** User name at the sentinels. Default: that of the URLs. */
  sentinelUsername?: string;
  /** Password at the sentinels. Default: that of the URLs. */
  sentinelPassword?: string;
  /** TLS of the sentinels: `true`, or settings. Default: as the URLs' schemes say. `tls` is for the servers. */
  sentinelTls?: boolean | RedisTlsOptions;
  /**
   * Who serves the commands that only read: the primary, a replica, or a replica if one is connected. What a replica
   * answers may be older than what was written. Transactions and blocking commands stay at the primary. Default `primary`.
   */
  readFrom?: "primary" | "replica" | "preferReplica";
  /**
   * Translates addresses of servers and sentinels into those that can be reached from here, as behind a NAT or a tunnel: an
   * object or a `Map` by `host:port`, or a function, which is asked before each new connection. Default none.
   *
   * @example
   * ```ts
   * const client = new RedisSentinel({
   *   sentinels: ["localhost:26379"],
   *   name: "mymaster",
   *   addressMap: async (host, port) => (await tunnels.find(host, port)) ?? { host, port },
   * });
   * ```
   */
  addressMap?: RedisAddressMap;
}

/**
 * A client of the primary of a group that sentinels watch. It finds the primary before each connection, verifies it with
 * `ROLE`, and goes to the new one when another server takes over; everything else is as with a {@link RedisClient}.
 *
 * @example
 * ```ts
 * const client = new RedisSentinel({ sentinels: ["10.0.0.1", "10.0.0.2", "10.0.0.3"], name: "mymaster" });
 * await client.set("greeting", "hello");
 * ```
 */
export class RedisSentinel extends RedisClient {
  /**
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for options that cannot be used
   */
  constructor(options: RedisSentinelOptions);

  /** Another client with the same options; it connects if this one is connected. */
  duplicate(): Promise<RedisSentinel>;
}

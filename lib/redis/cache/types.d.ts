/** The client-side cache: declarations. */

/** Options of a client's cache, `clientCache`. */
export interface RedisCacheOptions {
  /** Bytes that the replies may need, with what belongs to them; those used longest ago make room. Default 64 MiB. */
  maxBytes?: number;
  /** Milliseconds after which a reply is not used any more, even if the server tells of no change. Default: no limit. */
  ttl?: number;
  /**
   * What the server tells changes of: by default the keys that were read, which it has to remember. With `true` all keys (with
   * the client's `keyPrefix`), with a list those that begin with one of these; it remembers nothing then, and other keys are
   * not cached.
   */
  broadcast?: boolean | readonly (string | ArrayBufferView)[];
}

/** What a cache has done, since the client was made. */
export interface RedisCacheStats {
  /** Commands that were answered without a request of their own. */
  hits: number;
  /** Commands that could have been, and went to the server. */
  misses: number;
  /** Replies that were dropped because the server told of a change. */
  invalidations: number;
  /** Replies that were dropped because of their age. */
  expirations: number;
  /** Replies that were dropped to make room. */
  evictions: number;
  /** Bytes in use now, roughly. */
  bytes: number;
  /** Replies that are there or on their way now. */
  entries: number;
}

/**
 * The cache of a client.
 *
 * @example
 * ```ts
 * const client = new RedisClient("redis://localhost:6379", { clientCache: { maxBytes: 16 * 1024 * 1024, ttl: 60_000 } });
 * await client.get("settings"); // asks the server
 * await client.get("settings"); // does not
 * const { hits, misses } = client.cache!.stats; // 1, 1
 * ```
 */
export interface RedisCache {
  /** Counters, and what is in use. */
  readonly stats: RedisCacheStats;
  /** Forgets all replies. */
  clear(): void;
}

/** Iterators over keys and their elements: declarations. */
import type { KeyLike } from "../commands.js";

/** Options of an iterator. */
export interface RedisScanOptions {
  /** Only what matches this pattern, such as `user:*`. A `keyPrefix` is not put before it. */
  match?: string | ArrayBufferView;
  /** About how many elements the server looks at for one page. Default: the server's, 10. */
  count?: number;
  /** Whether whole pages are given instead of one element at a time. A page is never empty. Default false. */
  batches?: boolean;
}

/** Options of {@link RedisIterators.scanIterator}. */
export interface RedisKeyScanOptions extends RedisScanOptions {
  /** Only keys of this type: `string`, `list`, `set`, `zset`, `hash`, `stream`. Since Redis 6.0. */
  type?: string;
}

/** Options of {@link RedisIterators.hscanIterator}. */
export interface RedisHashScanOptions extends RedisScanOptions {
  /** Whether only the fields are given, which are all that is sent then. Since Redis 7.4. Default false. */
  noValues?: boolean;
}

/**
 * Iterators. They ask for the next page only when the last one is used up, so that nothing is left behind by a `break`,
 * and they end with the error of a page that failed. What is there from the beginning to the end comes at least once;
 * what is added, removed or moved meanwhile may come or not, and some may come twice.
 */
export interface RedisIterators<Text = string> {
  /**
   * The keys of the database; in a cluster those of all primaries.
   *
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE`, RangeError with code `ERR_OUT_OF_RANGE` for an unusable option
   * @example
   * ```ts
   * for await (const keys of client.scanIterator({ match: "session:*", count: 500, batches: true })) {
   *   await client.unlink(...keys);
   * }
   * ```
   */
  scanIterator(options: RedisKeyScanOptions & { batches: true }): AsyncGenerator<Text[], void, undefined>;
  scanIterator(options?: RedisKeyScanOptions & { batches?: false }): AsyncGenerator<Text, void, undefined>;

  /**
   * The fields and values of a hash.
   *
   * @example
   * ```ts
   * for await (const [field, value] of client.hscanIterator("settings", { match: "color*" })) console.log(field, value);
   * ```
   */
  hscanIterator(
    key: KeyLike,
    options: RedisHashScanOptions & { noValues: true; batches: true },
  ): AsyncGenerator<Text[], void, undefined>;
  hscanIterator(
    key: KeyLike,
    options: RedisHashScanOptions & { noValues: true; batches?: false },
  ): AsyncGenerator<Text, void, undefined>;
  hscanIterator(
    key: KeyLike,
    options: RedisHashScanOptions & { noValues?: false; batches: true },
  ): AsyncGenerator<[field: Text, value: Text][], void, undefined>;
  hscanIterator(
    key: KeyLike,
    options?: RedisHashScanOptions & { noValues?: false; batches?: false },
  ): AsyncGenerator<[field: Text, value: Text], void, undefined>;

  /**
   * The members of a set.
   *
   * @example
   * ```ts
   * for await (const member of client.sscanIterator("tags")) console.log(member);
   * ```
   */
  sscanIterator(
    key: KeyLike,
    options: RedisScanOptions & { batches: true },
  ): AsyncGenerator<Text[], void, undefined>;
  sscanIterator(
    key: KeyLike,
    options?: RedisScanOptions & { batches?: false },
  ): AsyncGenerator<Text, void, undefined>;

  /**
   * The members of a sorted set with their scores, in no particular order.
   *
   * @example
   * ```ts
   * for await (const [member, score] of client.zscanIterator("board")) console.log(member, score);
   * ```
   */
  zscanIterator(
    key: KeyLike,
    options: RedisScanOptions & { batches: true },
  ): AsyncGenerator<[member: Text, score: number][], void, undefined>;
  zscanIterator(
    key: KeyLike,
    options?: RedisScanOptions & { batches?: false },
  ): AsyncGenerator<[member: Text, score: number], void, undefined>;
}

/** Scripts and functions: declarations. */
import type { KeyLike, Value } from "../commands.js";
import type { RedisPipeline, RedisTransaction } from "../transaction/types.js";

/** What is known about the calls of a script or a function. */
export interface RedisCallableOptions {
  /** How many keys every call has; a call with another number throws. Default: any number. */
  keys?: number;
  /**
   * Whether it only reads. It is called by `EVALSHA_RO` or `FCALL_RO` then, which replicas take as well, and may not
   * write. Since Redis 7.0. Default false.
   */
  readOnly?: boolean;
}

/** What can be called with keys and arguments. */
export interface RedisCallable<Reply = any> {
  /**
   * Calls it.
   *
   * @param keys what it works with, `KEYS` of a script
   * @param args everything else, `ARGV` of a script
   * @returns what it answers, as a reply to any command
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for unusable arguments
   */
  run(keys?: readonly KeyLike[], args?: readonly Value[]): Promise<Reply>;
}

/** What is called as one of the commands of a transaction or a pipeline. */
export interface RedisChainedCallable<Builder> {
  /** Adds the call, which is sent with the text of a script. Takes arguments as {@link RedisCallable.run} does. */
  run(keys?: readonly KeyLike[], args?: readonly Value[]): Builder;
}

/** What can be called in several places. */
export interface RedisMovable<Reply, This> {
  /**
   * The same on another client, view or pool, or in a transaction or a pipeline, where `run` returns the builder.
   *
   * @example
   * ```ts
   * const bytes = await script.on(client.buffers).run(["key"]);
   * const replies = await script.on(client.multi().incr("calls")).run(["key"]).exec();
   * ```
   */
  on<Text, Replies extends readonly unknown[]>(
    transaction: RedisTransaction<Text, Replies>,
  ): RedisChainedCallable<RedisTransaction<Text, [...Replies, Reply]>>;
  on<Text, Replies extends readonly unknown[]>(
    pipeline: RedisPipeline<Text, Replies>,
  ): RedisChainedCallable<RedisPipeline<Text, [...Replies, Reply]>>;
  on(target: RedisScripting): This;
}

/**
 * A Lua script. It is sent as a whole only when the server does not have it, and called by its digest otherwise.
 *
 * @example
 * ```ts
 * const claim = redis.defineScript<number>(
 *   `if redis.call("GET", KEYS[1]) then return 0 end
 *    redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2])
 *    return 1`,
 *   { keys: 1 },
 * );
 * if ((await claim.run(["lock:42"], ["me", 30])) === 1) work();
 * ```
 */
export interface RedisScript<Reply = any> extends RedisCallable<Reply>, RedisMovable<Reply, RedisScript<Reply>> {
  /** The text of the script. */
  readonly lua: string;
  /** The digest by which servers know it, in hexadecimal digits. */
  readonly sha1: string;
  /**
   * Loads it now, in a cluster on all primaries, although the first call would do so.
   *
   * @returns the digest
   */
  load(): Promise<string>;
}

/**
 * A library of functions, which a server keeps like data. The first call of a function loads the library where it is
 * missing, and leaves one that is there as it is.
 *
 * @example
 * ```ts
 * const library = redis.defineLibrary(`#!lua name=counters
 *   redis.register_function("bump", function(keys, args) return redis.call("INCRBY", keys[1], args[1]) end)
 * `);
 * const bump = library.function<number>("bump", { keys: 1 });
 * await bump.run(["visits"], [2]);
 * ```
 */
export interface RedisLibrary {
  /** The name in the first line of the code. */
  readonly name: string;
  /** The code. */
  readonly code: string;
  /** The same library on another client, view or pool. */
  on(target: RedisScripting): RedisLibrary;
  /**
   * Loads it now, in a cluster on all primaries.
   *
   * @param options `replace`: whether a library of this name is replaced; default true
   * @returns the library's name
   * @example
   * ```ts
   * await library.load(); // when a new version is rolled out
   * ```
   */
  load(options?: { replace?: boolean }): Promise<string>;
  /**
   * One of its functions.
   *
   * @throws TypeError or RangeError with a code for unusable options
   */
  function<Reply = any>(name: string, options?: RedisCallableOptions): RedisFunction<Reply>;
}

/** A function of a library. */
export interface RedisFunction<Reply = any> extends RedisCallable<Reply>, RedisMovable<Reply, RedisFunction<Reply>> {
  /** The name under which the library registers it. */
  readonly name: string;
}

/** What scripts and functions run on. */
export interface RedisScripting {
  /**
   * Makes an object of a Lua script. Nothing is sent, and the object can be kept for as long as the program runs.
   * (The command `SCRIPT` is {@link RedisClient.script}.)
   *
   * @throws TypeError with code `ERR_INVALID_ARG_TYPE`, RangeError with code `ERR_OUT_OF_RANGE`
   * @example
   * ```ts
   * const sum = client.defineScript<number>("return redis.call('GET', KEYS[1]) + redis.call('GET', KEYS[2])", {
   *   keys: 2,
   *   readOnly: true,
   * });
   * const total = await sum.run(["{cart}:goods", "{cart}:shipping"]);
   * ```
   */
  defineScript<Reply = any>(lua: string, options?: RedisCallableOptions): RedisScript<Reply>;
  /**
   * Makes an object of a library of functions. Nothing is sent. Since Redis 7.0.
   *
   * @throws TypeError with code `ERR_INVALID_ARG_VALUE` for code without a first line that names the library
   * @example
   * ```ts
   * const library = client.defineLibrary(await readFile("counters.lua", "utf8"));
   * ```
   */
  defineLibrary(code: string): RedisLibrary;
}

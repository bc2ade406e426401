/** Transactions, pipelines and watched keys: declarations. */
import type { KeyLike } from "../commands.js";
import type { RedisError, RedisView } from "../types.js";
import type { RedisChain } from "./commands.js";

/** The error of one command among several. */
export interface RedisCommandError extends RedisError {
  /** The command's place, from 0. */
  readonly index: number;
  /** The command's name. */
  readonly command: string;
}

/**
 * Several commands failed that were sent as one. Its `code` is `ERR_REDIS_TRANSACTION_ABORTED` when the server refused
 * commands of a transaction, of which then none was executed, and `ERR_REDIS_COMMANDS_FAILED` with `throwOnError`.
 *
 * @example
 * ```ts
 * try {
 *   await redis.multi().set("key", "value").send("NOSUCHCOMMAND", []).exec();
 * } catch (error) {
 *   if (error instanceof RedisBatchError) for (const { index, command } of error.errors) console.log(index, command);
 * }
 * ```
 */
export class RedisBatchError extends RedisError {
  constructor(
    code: string,
    message: string,
    errors: readonly RedisCommandError[],
    options?: { cause?: unknown; replies?: readonly unknown[] },
  );
  readonly name: "RedisBatchError";
  /** The error of each command that failed, in order. */
  readonly errors: readonly RedisCommandError[];
  /** What all commands came to, if they were executed. */
  readonly replies: readonly unknown[] | undefined;
}

/**
 * A watched key was changed, or the connection that watched it was lost, before the transaction: nothing of it was
 * executed. Its `code` is `ERR_REDIS_WATCH_CONFLICT`.
 *
 * @example
 * ```ts
 * try {
 *   await redis.watch("seats", book, { retries: 3 });
 * } catch (error) {
 *   if (error instanceof RedisWatchError) console.log("too many book at once, try again");
 * }
 * ```
 */
export class RedisWatchError extends RedisError {
  constructor(message: string, options?: { cause?: unknown });
  readonly name: "RedisWatchError";
}

/** The builder of the same kind with further replies. */
export type RedisChained<Kind, Text, Replies extends readonly unknown[]> = Kind extends "transaction"
  ? RedisTransaction<Text, Replies>
  : RedisPipeline<Text, Replies>;

/** The replies of commands, of which each may have failed. */
export type RedisResults<Replies extends readonly unknown[]> = {
  [Index in keyof Replies]: Replies[Index] | RedisCommandError;
};

/** Options of `exec`. */
export interface RedisExecOptions {
  /**
   * Whether to reject with a {@link RedisBatchError} if a command has failed, instead of having its error among the
   * replies. The other commands were executed all the same. Default false.
   */
  throwOnError?: boolean;
}

/** What transactions and pipelines have in common: the commands, which return the builder. */
export interface RedisBuilder<Kind, Text, Replies extends readonly unknown[]> extends RedisChain<Kind, Text, Replies> {
  /** How many commands there are. */
  readonly length: number;

  /**
   * Adds any command.
   *
   * @throws RedisError with code `ERR_REDIS_INVALID_STATE` for one that cannot be among others, such as `SUBSCRIBE`
   * @example
   * ```ts
   * const [name] = await client.pipeline().send<string>("CLIENT", ["GETNAME"]).exec({ throwOnError: true });
   * ```
   */
  send<Reply = any>(
    command: string,
    args: readonly (string | number | ArrayBufferView | ArrayBuffer)[],
  ): RedisChained<Kind, Text, [...Replies, Reply]>;

  /** Drops the commands; nothing was sent. */
  discard(): void;
}

/**
 * Commands that the server executes together, with no other in between. They are gathered here and sent by `exec`, all
 * at once; a transaction that is lost with its connection is never executed in part.
 *
 * @example
 * ```ts
 * const [balance, entry] = await client
 *   .multi()
 *   .decrby("balance", 20)
 *   .rpush("ledger", "-20")
 *   .exec({ throwOnError: true }); // numbers
 * ```
 */
export interface RedisTransaction<Text = string, Replies extends readonly unknown[] = []>
  extends RedisBuilder<"transaction", Text, Replies> {
  /**
   * Executes the transaction, once. Resolves with the replies in order; that of a command which failed while it was
   * executed is an error. Without commands nothing is sent.
   *
   * Rejects with a {@link RedisBatchError} when the server refused commands, so that none was executed, and with a
   * {@link RedisWatchError} when a watched key was changed.
   *
   * @example
   * ```ts
   * const replies = await client.multi().incr("visits").get("name").exec(); // [1, "Ada"]
   * ```
   */
  exec(options: RedisExecOptions & { throwOnError: true }): Promise<Replies>;
  exec(options?: RedisExecOptions): Promise<RedisResults<Replies>>;
}

/**
 * Commands that are sent together and do not depend on each other: each has its own result.
 *
 * @example
 * ```ts
 * const pipeline = client.pipeline<string[]>();
 * for (const id of ids) pipeline.hget("names", id);
 * const names = await pipeline.exec();
 * ```
 */
export interface RedisPipeline<Text = string, Replies extends readonly unknown[] = []>
  extends RedisBuilder<"pipeline", Text, Replies> {
  /**
   * Sends the commands, once. Resolves with their results in order, when all have one; that of a command which failed
   * is its error, whatever the reason. Only an aborted signal rejects.
   *
   * @example
   * ```ts
   * const [count, error] = await client.pipeline().incr("visits").incr("a list").exec();
   * ```
   */
  exec(options: RedisExecOptions & { throwOnError: true }): Promise<Replies>;
  exec(options?: RedisExecOptions): Promise<RedisResults<Replies>>;
}

/** Options of {@link RedisBatching.watch}. */
export interface RedisWatchOptions {
  /** How often the callback runs again after a conflict, at most; `Infinity` for ever. Default 16. */
  retries?: number;
}

/**
 * What the callback of {@link RedisBatching.watch} works with: commands on the connection that watches the keys, and
 * `multi` for the one transaction that depends on them.
 */
export type RedisWatchView<Text = string> = Omit<RedisView<Text>, "watch">;

/** What clients and their views offer for several commands at once. */
export interface RedisBatching<Text = string> {
  /**
   * Begins a transaction. Its commands are gathered and sent by `exec`; a deadline is that of the whole. `Replies` is for
   * commands that are added in a loop.
   *
   * @example
   * ```ts
   * const [visits, name] = await client.multi().incr("visits").get("name").exec();
   * ```
   */
  multi<Replies extends readonly unknown[] = []>(): RedisTransaction<Text, Replies>;

  /**
   * Begins a pipeline: commands that `exec` sends together, each with its own result. Commands that are issued in one
   * turn without awaiting go out together as well, each with its own promise.
   *
   * @example
   * ```ts
   * const pipeline = client.pipeline<(string | null)[]>();
   * for (const key of keys) pipeline.get(key);
   * const values = await pipeline.exec();
   * ```
   */
  pipeline<Replies extends readonly unknown[] = []>(): RedisPipeline<Text, Replies>;

  /**
   * Runs a transaction that depends on keys: the callback reads them and executes a transaction, which comes to nothing
   * if anybody has changed a key in between. Then the callback runs again, after a short random pause. It has a connection
   * of its own; a connection that is lost before the transaction is a conflict too.
   *
   * @returns what the callback returns
   * @throws RedisWatchError when there was a conflict at the last attempt as well
   * @example
   * ```ts
   * const [balance] = await client.watch("balance", async (tx) => {
   *   const balance = Number(await tx.get("balance"));
   *   if (balance < 20) throw new Error("not enough");
   *   return tx.multi().decrby("balance", 20).rpush("ledger", "-20").exec({ throwOnError: true });
   * });
   * ```
   */
  watch<Result>(
    keys: KeyLike | readonly KeyLike[],
    callback: (tx: RedisWatchView<Text>) => Result | Promise<Result>,
    options?: RedisWatchOptions,
  ): Promise<Result>;
}

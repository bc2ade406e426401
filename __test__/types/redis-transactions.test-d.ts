/** The types of transactions and pipelines. */
import { RedisBatchError, RedisClient, RedisError, RedisWatchError } from "../../index.js";
import type { RedisCommandError, RedisPipeline, RedisTransaction } from "../../index.js";

declare const client: RedisClient;
declare const signal: AbortSignal;

async function replies() {
  const clean: ["OK" | null, number, boolean, Record<string, string>, Buffer | null] = await client
    .multi()
    .set("k", "v")
    .incr("n")
    .exists("k")
    .hgetall("h")
    .getBuffer("k")
    .exec({ throwOnError: true });
  const [count, text]: [number | RedisCommandError, string | null | RedisCommandError] = await client
    .pipeline()
    .incr("n")
    .get("k")
    .exec();
  // @ts-expect-error a command may have failed
  const sum: number = (await client.multi().incr("n").exec())[0];
  if (count instanceof RedisError) console.log(count.index, count.command, count.code);
  const bytes: [Buffer | null, number] = await client.buffers.multi().get("k").incr("n").exec({ throwOnError: true });
  const none: [] = await client.with({ timeout: 1, signal }).multi().exec();
  const any: [string, number] = await client.multi().send<string>("ECHO", ["a"]).incr("n").exec({ throwOnError: true });
  return [clean, text, sum, bytes, none, any];
}

async function loops(keys: string[]) {
  const pipeline = client.pipeline<(string | null)[]>();
  for (const key of keys) pipeline.get(key);
  const values: (string | null)[] = await pipeline.exec({ throwOnError: true });
  const transaction: RedisTransaction<string, number[]> = client.multi<number[]>();
  for (const key of keys) transaction.incr(key);
  const counts: (number | RedisCommandError)[] = await transaction.exec();
  return [values, counts, transaction.length];
}

async function watched() {
  const clean: [number] = await client.watch(["a", Buffer.from("b")], async (tx) => {
    const value: string | null = await tx.get("a");
    const bytes: Buffer | null = await tx.buffers.get("a");
    // @ts-expect-error the keys are watched already
    tx.watch("c", () => {});
    return tx.multi().incrby("a", `${value}`.length + bytes!.length).exec({ throwOnError: true });
  });
  const text: string = await client.watch("a", () => "text", { retries: Infinity });
  const view: Buffer | null = await client.buffers.watch("a", (tx) => tx.get("a"));
  return [clean, text, view];
}

const named: RedisPipeline<Buffer> = client.buffers.pipeline();
const nothing: void = client.multi().get("k").discard();
// @ts-expect-error a transaction has no connection of its own
client.multi().connect();
// @ts-expect-error neither is it a promise
client.multi().then(() => {});
// @ts-expect-error the arguments are those of the command
client.multi().incr();

const conflict: RedisError = new RedisWatchError("changed");
const errors: readonly RedisCommandError[] = new RedisBatchError("CODE", "message", []).errors;

export { replies, loops, watched, named, nothing, conflict, errors };

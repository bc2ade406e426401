/** Transactions that depend on keys of a cluster. */
import { afterEach, describe, expect, it } from "vitest";
import { RedisBatchError, RedisWatchError, type RedisCluster } from "../../../index.js";
import { KEYS, useCluster } from "../../support/cluster.js";

const lab = useCluster();
const CONFLICT = { name: "RedisWatchError", code: "ERR_REDIS_WATCH_CONFLICT" };

afterEach(() => lab.cluster.ready());

/** Moves the slot of a key. Moved again before all nodes know, they would not agree who has it. */
async function moveSlot(key: string) {
  await lab.cluster.migrate(await lab.slotOf(key), await lab.otherThan(key));
  await lab.cluster.ready();
}

/** One step of a counter, that depends on what was read. */
function step(client: RedisCluster, key: string, between: () => unknown = () => {}, retries = 16) {
  let runs = 0;
  const ended = client.watch(
    key,
    async (tx) => {
      const count = Number(await tx.get(key));
      if (runs++ === 0) await between();
      return tx.multi().set(key, `${count + 1}`).get(key).exec({ throwOnError: true });
    },
    { retries },
  );
  return ended.then((replies) => ({ replies, runs }));
}

describe("watch", () => {
  it.each(KEYS)("executes what depends on a key such as %s", async (key) => {
    const client = lab.connect();
    await client.set(`{${key}}n`, "1");
    expect(await step(client, `{${key}}n`)).toEqual({ replies: ["OK", "2"], runs: 1 });
    await expect.poll(() => client.metrics).toEqual({ total: 1, inUse: 0, idle: 1, waiting: 0 });
  });

  it("runs again when somebody else has changed a key", async () => {
    const client = lab.connect();
    await client.set("{watch}n", "1");
    const ended = await step(client, "{watch}n", () => client.set("{watch}n", "41"));
    expect(ended).toEqual({ replies: ["OK", "42"], runs: 2 });
    await expect(step(client, "{watch}n", () => client.set("{watch}n", "7"), 0)).rejects.toMatchObject(CONFLICT);
  });

  it("counts right for callers of all slots", async () => {
    const client = lab.connect();
    const keys = KEYS.map((key) => `{${key}}counted`);
    await client.del(...keys);
    const steps = Array.from({ length: 60 }, (_, index) => step(client, keys[index % 3]!, undefined, Infinity));
    await Promise.all(steps);
    expect(await client.mget(...keys)).toEqual(["20", "20", "20"]);
  });

  it("refuses keys of several slots, and names them", async () => {
    const client = lab.connect();
    const untouched = () => Promise.reject(new Error("not to be called"));
    await expect(client.watch([...KEYS], untouched)).rejects.toMatchObject({
      code: "ERR_REDIS_CROSSSLOT",
      message: expect.stringContaining('"bar"'),
    });
    const outside = client.watch("{bar}a", (tx) => tx.multi().incr("{bar}b").incr("foo").exec(), { retries: 0 });
    await expect(outside).rejects.toMatchObject({ code: "ERR_REDIS_CROSSSLOT", message: expect.stringContaining('"foo"') });
    expect(await client.get("{bar}b")).toBeNull();
    await expect(client.watch("bar", (tx) => tx.get("foo"))).rejects.toMatchObject({ code: "ERR_REDIS_CLUSTER_WRONG_NODE" });
  });

  it("has a prefix, buffers, and a deadline as any view", async () => {
    const client = lab.connect({ keyPrefix: "{foo}" });
    await client.set("text", "x");
    const seen = await client.buffers.watch(["text", "other"], async (tx) => {
      const [reply] = await tx.multi().get("text").exec({ throwOnError: true });
      return [await tx.get("text"), reply];
    });
    expect(seen).toEqual([Buffer.from("x"), Buffer.from("x")]);
    const routed = client.with({ route: "allNodes", timeout: 5000 }).watch("text", (tx) => tx.get("text"));
    expect(await routed).toBe("x");
    const gone = client.with({ signal: AbortSignal.abort(new Error("enough")) }).watch("text", () => 1);
    await expect(gone).rejects.toThrow("enough");
  });

  it("tells commands that were refused, and errors of the callback, as they are", async () => {
    const client = lab.connect();
    await client.set("{watch}text", "x");
    const refused = client.watch("{watch}text", (tx) => tx.multi().send("NOSUCH", []).exec());
    await expect(refused).rejects.toBeInstanceOf(RedisBatchError);
    const failed = client.watch("{watch}text", async (tx) => (await tx.multi().incr("{watch}text").ping().exec()) as unknown[]);
    expect(await failed).toEqual([expect.objectContaining({ message: expect.stringContaining("not an integer") }), "PONG"]);
    await expect(client.watch("{watch}text", () => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  });
});

describe("a slot that moves between WATCH and the transaction", () => {
  it("is a conflict, and the callback runs again where it is", async () => {
    const client = lab.connect({ refreshInterval: 0 });
    await client.set("{moves}n", "1");
    const target = await lab.otherThan("moves");
    const ended = await step(client, "{moves}n", async () => lab.cluster.migrate(await lab.slotOf("moves"), target));
    expect(ended).toEqual({ replies: ["OK", "2"], runs: 2 });
    expect(await target.ask("GET", "{moves}n")).toBe("2");
  });

  it.each([
    ["nothing", 0, (tx: any) => tx.multi().exec()],
    ["commands without keys", 1, (tx: any) => tx.multi().ping().exec()],
    ["writes", 1, (tx: any) => tx.multi().set("{empty}seen", "1").exec()],
  ])("is one when the key was not there and the transaction is of %s", async (_, replies, execute) => {
    const client = lab.connect({ refreshInterval: 0 });
    await client.del("{empty}n", "{empty}seen");
    const move = async () => {
      await moveSlot("empty");
      await client.set("{empty}n", "changed");
    };
    const once = client.watch("{empty}n", async (tx) => (await tx.get("{empty}n")) ?? (await move(), await execute(tx)), { retries: 0 });
    await expect(once).rejects.toBeInstanceOf(RedisWatchError);
    let runs = 0;
    const again = client.watch("{empty}n", async (tx) => (runs++ === 0 && (await move()), execute(tx)));
    expect(await again).toHaveLength(replies);
    expect(runs).toBe(2);
  });

  it("is one as long as it is on its way", async () => {
    const client = lab.connect();
    const key = "{onway}n";
    const migration = await lab.cluster.beginMigration(await lab.slotOf("onway"), await lab.otherThan("onway"));
    await expect(step(client, key, undefined, 2)).rejects.toMatchObject(CONFLICT);
    const ended = step(client, key, undefined, Infinity);
    await migration.finish();
    expect((await ended).replies).toEqual(["OK", "1"]);
  });

  it("is none when the transaction was executed, whatever else was refused", async () => {
    const client = lab.connect();
    await client.set("{partly}n", "1");
    const migration = await lab.cluster.beginMigration(await lab.slotOf("partly"), await lab.otherThan("partly"));
    let runs = 0;
    const ended = client.watch("{partly}n", async (tx) => {
      runs++;
      const refusal: unknown = await tx.get("{partly}absent").catch((error: unknown) => error);
      expect(await tx.multi().incr("{partly}n").exec()).toEqual([2]);
      throw refusal;
    });
    await expect(ended).rejects.toMatchObject({ code: "ERR_REDIS_CLUSTER_WRONG_NODE", message: expect.stringMatching(/^ASK /) });
    await migration.finish();
    expect([await client.get("{partly}n"), runs]).toEqual(["2", 1]);
  });

  it("is one for those who read only, too", async () => {
    const client = lab.connect();
    let runs = 0;
    const value = await client.watch("{reads}n", async (tx) => {
      if (runs++ === 0) await moveSlot("reads");
      return tx.get("{reads}n");
    });
    expect([value, runs]).toEqual([null, 2]);
  });
});

/** Transactions, pipelines, scripts and commands that wait, in a cluster. */
import { describe, expect, it } from "vitest";
import { KEYS, useCluster } from "../../support/cluster.js";

const lab = useCluster();

describe("transactions", () => {
  it.each(KEYS)("of keys in the slot of %s", async (key) => {
    const client = lab.connect();
    const [written, count, wrong, read] = await client.multi().set(`{${key}}a`, "1").incr(`{${key}}a`).lpush(`{${key}}a`, "x").get(`{${key}}a`).exec();
    expect([written, count, read]).toEqual(["OK", 2, "2"]);
    expect(wrong).toMatchObject({ code: "ERR_REDIS_SERVER_ERROR", message: expect.stringContaining("WRONGTYPE") });
  });

  it("of several slots are refused, and nothing of them is done", async () => {
    const client = lab.connect();
    await expect(client.multi().set("foo", "never").set("bar", "never").exec()).rejects.toMatchObject({ code: "ERR_REDIS_CROSSSLOT" });
    expect(await client.mget("foo", "bar")).not.toContain("never");
  });

  it("many at once, beside other commands", async () => {
    const client = lab.connect();
    const runs = Array.from({ length: 100 }, (_, index) => {
      const key = `{${KEYS[index % KEYS.length]}}many:${index}`;
      void client.set(`noise:${index}`, "x");
      return client.multi().set(key, `${index}`).get(key).del(key).exec();
    });
    expect(await Promise.all(runs)).toEqual(runs.map((_, index) => ["OK", `${index}`, 1]));
  });

  it("follow their slot as a whole", async () => {
    const client = lab.connect();
    await client.set("{whole}n", "1");
    await lab.cluster.migrate(await lab.slotOf("whole"), await lab.otherThan("whole"));
    const runs = Array.from({ length: 20 }, () => client.multi().incr("{whole}n").incr("{whole}n").exec());
    const answers = await Promise.all(runs);
    for (const [one, other] of answers) expect(other).toBe(Number(one) + 1);
    expect(await client.get("{whole}n")).toBe("41");
  });
});

describe("pipelines", () => {
  it("go to all nodes, each command with its own result", async () => {
    const client = lab.connect();
    const pipeline = client.pipeline();
    for (const key of KEYS) pipeline.set(key, key).lpush(key, "x").get(key);
    const results = await pipeline.exec();
    const wrong = expect.objectContaining({ message: expect.stringContaining("WRONGTYPE") });
    expect(results).toEqual(KEYS.flatMap((key) => ["OK", wrong, key]));
  });
});

describe("scripts", () => {
  it("run where their keys are, whether they are known there or not", async () => {
    const client = lab.connect();
    const script = client.defineScript("redis.call('SET', KEYS[1], ARGV[1]) return KEYS[1]", { keys: 1 });
    expect(await Promise.all(KEYS.map((key) => script.run([key], ["by script"])))).toEqual([...KEYS]);
    expect(await client.mget(...KEYS)).toEqual(["by script", "by script", "by script"]);
  });
});

describe("commands that wait", () => {
  it("keep nobody else waiting, and are answered in the end", async () => {
    const client = lab.connect();
    const waiting = KEYS.map((key) => client.send("BLPOP", [`{${key}}queue`, "0"]));
    expect(await Promise.all(KEYS.map((key) => client.set(`{${key}}beside`, "1")))).toEqual(["OK", "OK", "OK"]);
    await Promise.all(KEYS.map((key) => client.rpush(`{${key}}queue`, key)));
    expect(await Promise.all(waiting)).toEqual(KEYS.map((key) => [`{${key}}queue`, key]));
  });

  it("are cancelled by close", async () => {
    const client = lab.connect();
    await client.connect();
    const waiting = client.send("BLPOP", ["none", "0"]);
    client.close();
    await expect(waiting).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
  });
});

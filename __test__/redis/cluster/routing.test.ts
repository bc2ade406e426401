/** Where commands go, and what becomes of those whose keys are on several nodes. */
import { beforeEach, describe, expect, it } from "vitest";
import { KEYS, calls, useCluster } from "../../support/cluster.js";

const lab = useCluster();
const CROSSSLOT = { code: "ERR_REDIS_CROSSSLOT" };

beforeEach(async () => {
  await Promise.all(lab.cluster.nodes.map((node) => node.ask("FLUSHALL")));
});

/** Which node, by its position, has a key. */
async function holder(key: string) {
  const found = await Promise.all(lab.cluster.nodes.map((node) => node.ask("EXISTS", key).catch(() => 0)));
  return found.indexOf(1);
}

describe("commands with keys", () => {
  it("go to the node of their slot", async () => {
    const client = lab.connect();
    const names = Array.from({ length: 300 }, (_, index) => `key:${index}`);
    await Promise.all(names.map((name) => client.set(name, name)));
    expect(await Promise.all(names.map((name) => client.get(name)))).toEqual(names);
    const sizes = await Promise.all(lab.cluster.nodes.map((node) => node.ask("DBSIZE")));
    expect(sizes.reduce<number>((sum, size) => sum + Number(size), 0)).toBe(names.length);
    expect(Math.min(...sizes.map(Number))).toBeGreaterThan(50);
    expect(await Promise.all(KEYS.map((key) => client.set(key, key)))).toEqual(["OK", "OK", "OK"]);
    expect(new Set(await Promise.all(KEYS.map(holder))).size).toBe(3);
  });

  it.each(KEYS)("wherever the key %s stands among the arguments", async (key) => {
    const client = lab.connect();
    const other = `{${key}}other`;
    expect(await client.xadd(key, "1-1", "field", "value")).toBe("1-1");
    expect(await client.send("XREAD", ["COUNT", "1", "STREAMS", key, "0"])).toMatchObject({ [key]: [["1-1", ["field", "value"]]] });
    expect(await client.send("XGROUP", ["CREATE", key, "group", "$"])).toBe("OK");
    expect(await client.send("XINFO", ["STREAM", key])).toMatchObject({ length: 1 });
    expect(await client.send("OBJECT", ["ENCODING", key])).toBe("stream");
    expect(await client.del(key)).toBe(1);
    expect(await client.send("EVAL", ["return redis.call('SET', KEYS[1], ARGV[1])", "1", key, "by script"])).toBe("OK");
    expect(await client.get(key)).toBe("by script");
    expect(await client.send("EVAL", ["return #KEYS", "0"])).toBe(0);
    expect(await client.rename(key, other)).toBe("OK");
    expect(await client.send("BITOP", ["NOT", key, other])).toBe(9);
    expect(await client.del(key, other)).toBe(2);
    await client.zadd(key, 1, "one", 2, "two");
    expect(await client.send("ZUNIONSTORE", [other, "1", key, "WEIGHTS", "10"])).toBe(2);
    expect(await client.zscore(other, "two")).toBe(20);
    expect(await client.send("SORT", [key, "BY", "nosort", "STORE", `{${key}}sorted`])).toBe(2);
    expect(await client.send("MEMORY", ["USAGE", key])).toBeGreaterThan(0);
    expect(await client.send("GEOADD", [`{${key}}geo`, "13.4", "52.5", "Berlin"])).toBe(1);
    expect(await client.send("GEOSEARCHSTORE", [`{${key}}found`, `{${key}}geo`, "FROMMEMBER", "Berlin", "BYRADIUS", "1", "km", "ASC"])).toBe(1);
  });

  it("keep their order by key, in one turn and over many", async () => {
    const client = lab.connect();
    const rounds = Array.from({ length: 50 }, (_, round) => KEYS.flatMap((key) => [client.incr(`{${key}}n`), client.set(key, `${round}`)]));
    const answers = await Promise.all(rounds.flat());
    expect(answers).toEqual(rounds.flatMap((_, round) => KEYS.flatMap(() => [round + 1, "OK"])));
    expect(await Promise.all(KEYS.map((key) => client.get(key)))).toEqual(["49", "49", "49"]);
  });

  it("with large and binary values", async () => {
    const client = lab.connect();
    const large = "x".repeat(1_000_000);
    const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    for (const key of KEYS) {
      expect(await Promise.all([client.set(key, large), client.get(key), client.set(`{${key}}b`, binary)])).toEqual(["OK", large, "OK"]);
      expect(await client.buffers.get(`{${key}}b`)).toEqual(binary);
      const [long, short] = await client.with({ buffers: true }).mget(key, `{${key}}b`);
      // A deep comparison of a million elements takes seconds.
      expect([long!.equals(Buffer.from(large)), short]).toEqual([true, binary]);
    }
    const keys = [Buffer.from([0xff, 0xfe]), Buffer.from([0, 1]), "é{ü}ß"];
    await Promise.all(keys.map((key) => client.set(key, "found")));
    expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(["found", "found", "found"]);
  });
});

describe("commands with keys of several slots", () => {
  it("MGET and MSET are split, and the answer has the order of the question", async () => {
    const client = lab.connect();
    const names = Array.from({ length: 100 }, (_, index) => `many:${index}`);
    expect(await client.mset(...names.flatMap((name) => [name, `value of ${name}`]))).toBe("OK");
    const asked = [...names.slice(50), "missing", names[0]!, ...names.slice(0, 50), names[0]!];
    expect(await client.mget(...asked)).toEqual(asked.map((name) => (name === "missing" ? null : `value of ${name}`)));
  });

  it("numbers of keys are added", async () => {
    const client = lab.connect();
    await client.mset(...KEYS.flatMap((key) => [key, key]));
    expect(await client.send("EXISTS", [...KEYS, "missing", KEYS[0]])).toBe(4);
    expect(await client.touch(...KEYS, "missing")).toBe(3);
    expect(await client.unlink(KEYS[0], "missing")).toBe(1);
    expect(await client.del(...KEYS)).toBe(2);
  });

  it.each([
    ["RENAME", ["foo", "bar"]],
    ["MSETNX", ["foo", "1", "bar", "2"]],
    ["SINTER", ["foo", "bar"]],
    ["EVAL", ["return 1", "2", "foo", "bar"]],
    ["XREAD", ["STREAMS", "foo", "bar", "0", "0"]],
  ])("%s is refused, and the error names the keys", async (command, args) => {
    const client = lab.connect();
    const before = await Promise.all(lab.cluster.nodes.map((node) => calls(node, command.toLowerCase())));
    await expect(client.send(command, args)).rejects.toMatchObject(CROSSSLOT);
    await expect(client.send(command, args)).rejects.toThrow(/"foo" \(slot 12182\).*"bar" \(slot 5061\)/);
    expect(await Promise.all(lab.cluster.nodes.map((node) => calls(node, command.toLowerCase())))).toEqual(before);
  });

  it("commands around a refused one are answered", async () => {
    const client = lab.connect();
    const answers = await Promise.allSettled([client.set("foo", "1"), client.rename("foo", "bar"), client.get("foo")]);
    expect(answers).toMatchObject([{ value: "OK" }, { reason: CROSSSLOT }, { value: "1" }]);
  });

  it("keyPrefix counts for the slot", async () => {
    const client = lab.connect({ keyPrefix: "{same}" });
    expect(await client.send("MSETNX", ["foo", "1", "bar", "2"])).toBe(1);
    expect(await client.rename("foo", "other")).toBe("OK");
    expect(await lab.connect().mget("{same}other", "{same}bar")).toEqual(["1", "2"]);
  });
});

/** Slots that move, while commands for their keys are on their way. */
import { describe, expect, it } from "vitest";
import { KEYS, blocked, calls, useCluster } from "../../support/cluster.js";

const lab = useCluster();

describe("a slot that has moved", () => {
  it("is found by the first command, and by later ones at once", async () => {
    const client = lab.connect();
    await client.set("moved", "here");
    const target = await lab.otherThan("moved");
    const source = await lab.primaryOf("moved");
    await lab.cluster.migrate(await lab.slotOf("moved"), target);
    expect(await client.get("moved")).toBe("here");
    const before = await calls(source, "get");
    expect(await Promise.all(Array.from({ length: 20 }, () => client.get("moved")))).toEqual(Array(20).fill("here"));
    expect(await calls(source, "get")).toBe(before);
  });

  it("takes a burst of commands with it, each answered once and in order", async () => {
    const client = lab.connect();
    await client.set("{burst}n", "0");
    await lab.cluster.migrate(await lab.slotOf("burst"), await lab.otherThan("burst"));
    const counts = Array.from({ length: 500 }, () => client.incr("{burst}n"));
    const answers = await Promise.all(counts);
    expect([...answers].sort((one, other) => one - other)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect(await client.get("{burst}n")).toBe("500");
  });

  it("takes the parts of a split command with it", async () => {
    const client = lab.connect();
    await client.mset(...KEYS.flatMap((key) => [`{${key}}split`, key]));
    await lab.cluster.migrate(await lab.slotOf("foo"), await lab.otherThan("foo"));
    expect(await client.mget(...KEYS.map((key) => `{${key}}split`))).toEqual([...KEYS]);
    await lab.cluster.migrate(await lab.slotOf("foo"), await lab.otherThan("foo"));
    expect(await client.del(...KEYS.map((key) => `{${key}}split`))).toBe(3);
  });

  it("takes a command that waits with it, which still can be given up", async () => {
    const client = lab.connect();
    const waiting = client.blpop("{wait}one", 0);
    const controller = new AbortController();
    const aborted = client.with({ signal: controller.signal }).blpop("{wait}other", 0);
    const source = await lab.primaryOf("wait");
    const target = await lab.otherThan("wait");
    await expect.poll(() => blocked(source)).toBe(2);
    await lab.cluster.migrate(await lab.slotOf("wait"), target);
    await expect.poll(() => blocked(target)).toBe(2);
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    expect(await client.rpush("{wait}other", "kept")).toBe(1);
    expect(await client.lrange("{wait}other", 0, -1)).toEqual(["kept"]);
    await client.rpush("{wait}one", "taken");
    expect(await waiting).toEqual(["{wait}one", "taken"]);
  });

  it("gives up after maxRedirections", async () => {
    const client = lab.connect({ maxRedirections: 0 });
    await client.set("limited", "1");
    await lab.cluster.migrate(await lab.slotOf("limited"), await lab.otherThan("limited"));
    await expect(client.get("limited")).rejects.toThrow(/MOVED/);
    await expect.poll(() => client.get("limited").catch((error: Error) => error.message)).toBe("1");
  });
});

describe("a slot that is moving", () => {
  it("keys are found on both sides", async () => {
    const client = lab.connect();
    const slot = await lab.slotOf("ask");
    const target = await lab.otherThan("ask");
    const names = Array.from({ length: 10 }, (_, index) => `{ask}${index}`);
    await client.mset(...names.flatMap((name) => [name, name]));
    const source = await lab.primaryOf("ask");
    const migration = await lab.cluster.beginMigration(slot, target);
    // One key is there already, and new ones are made there.
    await source.ask("MIGRATE", "127.0.0.1", target.port, names[0]!, 0, 5000);
    expect(await Promise.all(names.map((name) => client.get(name)))).toEqual(names);
    expect(await Promise.all([client.set("{ask}new", "made"), client.get("{ask}new"), client.incr("{ask}count")])).toEqual(["OK", "made", 1]);
    await migration.move();
    expect(await client.mget(...names)).toEqual(names);
    await migration.finish();
    expect(await client.mget(...names, "{ask}new")).toEqual([...names, "made"]);
  });

  it("several keys that are apart are tried again until they are together", async () => {
    const client = lab.connect();
    const slot = await lab.slotOf("try");
    const target = await lab.otherThan("try");
    await client.mset("{try}a", "1", "{try}b", "2");
    const source = await lab.primaryOf("try");
    const migration = await lab.cluster.beginMigration(slot, target);
    await source.ask("MIGRATE", "127.0.0.1", target.port, "{try}a", 0, 5000);
    const together = client.mget("{try}a", "{try}b");
    // The source or the target has said so, depending on the version.
    const errors = async () => (await Promise.all([source, target].map((node) => node.ask("INFO", "errorstats")))).join();
    await expect.poll(errors).toContain("errorstat_TRYAGAIN");
    await migration.finish();
    expect(await together).toEqual(["1", "2"]);
  });
});

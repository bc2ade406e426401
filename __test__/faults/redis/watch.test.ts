/** Transactions and watched keys over connections that break at random places: nothing is counted twice or in part. */
import { describe, expect, it } from "vitest";
import { RedisWatchError } from "../../../index.js";
import type { Ending } from "../../support/proxy.js";
import { Seeded, seeds } from "../../support/seeded.js";
import { TRANSPORTS, outcome, useTransport } from "../../support/transports.js";
import { LOST, Twins } from "../../support/twins.js";

const CALLERS = 12;
const TURNS = 10;
/** Connections that break; those behind them last. */
const BREAKS = 25;

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);
  const server = lab.useServer();

  it.each(seeds(3))("schedule %i", async (seed) => {
    const random = new Seeded(seed);
    const proxy = await lab.proxy(server.port);
    proxy.plan = (connection) => {
      if (connection >= BREAKS) return {};
      const after = 200 + random.integer(random.pick([400, 3000, 400_000]));
      const kind = random.pick<Ending>(["reset", "close", "halfClose"]);
      const cut = random.percent(50) ? (available: number) => 1 + random.integer(available) : undefined;
      return { cut, ending: { kind, towards: random.pick(["client", "server"]), after } };
    };
    const client = lab.connect(proxy.port, { maxRetries: 100 });
    const direct = lab.connect(server.port);
    await direct.flushall();
    const counted = new Twins(["counted:a", "counted:b"]);
    const watched = new Twins(["watched:a", "watched:b"]);

    const count = () => {
      const filler = "x".repeat(random.integer(random.pick([10, 200_000])));
      return client.multi().incr("counted:a").set("filler", filler).incr("counted:b").exec({ throwOnError: true });
    };
    const caller = async () => {
      for (let turn = 0; turn < TURNS; turn++) {
        await (random.percent(50) ? counted.note(count()) : watched.note(watched.step(client)));
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    await counted.check(direct);
    await watched.check(direct);
    expect(counted.acknowledged + counted.unknown + watched.acknowledged + watched.unknown).toBe(CALLERS * TURNS);
    expect(watched.acknowledged).toBeGreaterThan(0);
  }, 60_000);

  it("a server that stays away is told in the end, and nothing hangs", async () => {
    const proxy = await lab.proxy(server.port);
    const client = lab.connect(proxy.port, { maxRetries: 1 });
    await client.connect();
    const ended = await outcome(
      client.watch("a", async (tx) => {
        proxy.plan = () => ({ ending: { kind: "reset", towards: "server", after: 0 } });
        for (const link of proxy.links) link.end("reset");
        return tx.get("a");
      }),
    );
    expect(ended).toMatchObject({ error: { code: expect.stringMatching(/^ERR_REDIS_(CONNECTION_CLOSED|WATCH_CONFLICT)$/) } });
    expect("error" in ended && (ended.error instanceof RedisWatchError || ended.error.code === LOST)).toBe(true);
  });
});

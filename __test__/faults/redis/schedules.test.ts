/** Random work over connections that break at random places, by schedules that a seed repeats. */
import { describe, expect, it } from "vitest";
import type { RedisClient } from "../../../index.js";
import type { Ending, Plan } from "../../support/proxy.js";
import { Seeded, seeds } from "../../support/seeded.js";
import { TRANSPORTS, useTransport } from "../../support/transports.js";

/** Commands of one schedule. */
const COMMANDS = 400;
/** Connections that break; the next one lasts, so that the schedule comes to its end. */
const BREAKS = 6;
/** What a command is told that was lost with its connection, or given up by its caller. */
const LOST = "ERR_REDIS_CONNECTION_CLOSED";
const LATE = "ERR_REDIS_COMMAND_TIMEOUT";
const ABORTED = { code: "ABORTED" };

type Commands = Pick<RedisClient, "incr" | "send">;

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);
  const server = lab.useServer();

  it.each(seeds(4))("schedule %i", async (seed) => {
    const random = new Seeded(seed);
    const proxy = await lab.proxy(server.port);
    proxy.plan = (connection) => makePlan(random, connection);
    const client = lab.connect(proxy.port, { deadPeerTimeout: 100, connectionTimeout: 1000, maxRetries: 50 });
    const ledger = new Ledger(`counter:${transport}:${seed}:${Date.now()}`);
    while (ledger.issued < COMMANDS) {
      const burst = 1 + random.integer(random.percent(20) ? 100 : 8);
      const settled = Array.from({ length: burst }, () => ledger.issue(client, random));
      // Closing while work is on its way, and a new connection at once.
      if (random.percent(4)) {
        client.close();
        void client.connect().catch(() => {});
      }
      if (random.percent(70)) await Promise.all(settled);
      else await settled[random.integer(burst)];
    }
    await ledger.allSettled();
    proxy.plan = () => ({});
    const value = Number(await lab.connect(proxy.port).get(ledger.counter));
    expect(value).toBeGreaterThanOrEqual(ledger.acknowledged);
    expect(value).toBeLessThanOrEqual(ledger.acknowledged + ledger.unknown);
    expect(ledger.wrong).toEqual([]);
  });
});

function makePlan(random: Seeded, connection: number): Plan {
  const plan: Plan = {};
  if (random.percent(60)) {
    // Single bytes at first, and pieces of any size behind them.
    let single = random.integer(200);
    plan.cut = (available) => (single-- > 0 ? 1 : 1 + random.integer(random.pick([16, available, 65_536])));
  }
  if (connection < BREAKS) {
    const kind = random.pick<Ending>(["reset", "reset", "close", "halfClose", "halfClose", "blackHole"]);
    // The handshake takes some of them; large values take most.
    const after = 1 + random.integer(random.pick([100, 3000, 30_000, 2_000_000]));
    plan.ending = { kind, towards: random.pick(["client", "server"]), after };
  }
  return plan;
}

/** Some commands are given up after a while, whatever has become of them. */
function limited(client: RedisClient, random: Seeded): Commands {
  if (random.percent(10)) return client.with({ timeout: 1 + random.integer(30) });
  if (!random.percent(10)) return client;
  const controller = new AbortController();
  let turns = random.integer(4);
  const wait = () => (turns-- > 0 ? setImmediate(wait) : controller.abort(ABORTED));
  setImmediate(wait);
  return client.with({ signal: controller.signal });
}

/** What was asked and what came back. */
class Ledger {
  issued = 0;
  acknowledged = 0;
  unknown = 0;
  /** Answers that belong to no command, or to another one. */
  readonly wrong: unknown[] = [];
  readonly #counts = new Set<number>();
  readonly #all: Promise<void>[] = [];

  constructor(readonly counter: string) {}

  issue(client: RedisClient, random: Seeded): Promise<void> {
    const token = `${this.counter}:${this.issued++}:`;
    const kind = random.pick(["incr", "incr", "incr", "echo", "long", "list"] as const);
    const settled = this[kind](limited(client, random), token, random).catch((error) => {
      if (kind === "incr") this.unknown++;
      if (![LOST, LATE, ABORTED.code].includes(error?.code)) this.wrong.push(error);
    });
    this.#all.push(settled);
    return settled;
  }

  async allSettled() {
    await Promise.all(this.#all);
  }

  async incr(client: Commands) {
    const count = await client.incr(this.counter);
    this.acknowledged++;
    if (typeof count !== "number" || this.#counts.has(count)) this.wrong.push(count);
    this.#counts.add(count);
  }

  async echo(client: Commands, token: string) {
    this.#compare(await client.send("ECHO", [token]), token);
  }

  /** Too much for one write, and enough to be handed over without a copy. */
  async long(client: Commands, token: string, random: Seeded) {
    const text = token.padEnd(100_000 + random.integer(200_000), token);
    this.#compare(await client.send("ECHO", [text]), text);
  }

  async list(client: Commands, token: string, random: Seeded) {
    const words = Array.from({ length: 1 + random.integer(20) }, (_, index) => `${token}${index}`);
    const script = "return ARGV";
    const answer = (await client.send("EVAL", [script, "0", ...words])) as string[];
    this.#compare(answer.join(), words.join());
  }

  #compare(answer: unknown, expected: string) {
    if (answer !== expected) this.wrong.push({ answer: `${answer}`.slice(0, 80), expected: expected.slice(0, 80) });
  }
}

/** What befalls a primary that sentinels watch, while callers read and write. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { RedisClient, RedisSentinel } from "../../../index.js";
import { NAME, startSentinelGroup, type SentinelGroup } from "../../../dev/sentinel.mjs";
import { inbox } from "../../support/inbox.js";
import { useSentinels } from "../../support/sentinel.js";
import { outcome } from "../../support/transports.js";

const CALLERS = 200;
/** Callers are in so many groups. */
const SQUADS = 4;
const REPLICAS = 2;
const TEST_MS = 90_000;
/** What a command is told that was lost with its connection, or met a server that had just changed its role. */
const EXPECTED = /^(Connection closed|READONLY|UNBLOCKED|LOADING|MASTERDOWN)/;

const { client } = useSentinels();
let group: SentinelGroup;
beforeAll(async () => {
  group = await startSentinelGroup({ replicas: REPLICAS });
}, TEST_MS);
// Each test begins with a group that is whole.
beforeEach(async () => {
  await group.inStep();
}, TEST_MS);
afterAll(async () => {
  await group?.stop();
});

const connect = (options: Partial<ConstructorParameters<typeof RedisSentinel>[0]> = {}) =>
  client({ sentinels: group.addresses, name: NAME, maxRetries: 1000, ...options });

it("SENTINEL FAILOVER, again and again, under load", async () => {
  const load = new Load(connect());
  for (let round = 0; round < 2; round++) {
    await load.progress();
    await group.failover();
    await load.progress();
    await group.inStep();
  }
  await load.end();
}, TEST_MS);

it("the primary is killed under load, and comes back as what it was", async () => {
  const load = new Load(connect());
  const mortal = await group.primary();
  await load.progress();
  await mortal.kill();
  await group.takenOver(mortal);
  await load.progress();
  // Until the sentinels see it, it says that it is a primary too, and has nothing of the data.
  await mortal.restart();
  await load.progress();
  await expect.poll(() => mortal.role(), { timeout: 30_000 }).toBe("slave");
  await load.end();
}, TEST_MS);

it("the primary is stopped under load and goes on when it is none any more", async () => {
  const load = new Load(connect({ deadPeerTimeout: 200 }));
  const stopped = await group.primary();
  await load.progress();
  stopped.pause();
  await group.takenOver(stopped);
  await load.progress();
  stopped.resume();
  await load.progress();
  await expect.poll(() => stopped.role(), { timeout: 30_000 }).toBe("slave");
  await load.end();
}, TEST_MS);

it("a client that connects while the stopped primary is still believed in gets to the next one", async () => {
  const stopped = await group.primary();
  stopped.pause();
  const redis = connect({ connectionTimeout: 60_000 });
  const answer = redis.set("patient", "1");
  const next = await group.takenOver(stopped);
  expect(await answer).toBe("OK");
  expect(await next.ask("GET", "patient")).toBe("1");
  stopped.resume();
  await expect.poll(() => stopped.role(), { timeout: 30_000 }).toBe("slave");
}, TEST_MS);

it("sentinels end and stop under load, one after the other, and a failover is still followed", async () => {
  const load = new Load(connect());
  const [first, second, third] = group.sentinels as [Member, Member, Member];
  await load.progress();
  await first.kill();
  second.pause();
  // Whoever was listened to, one is left.
  await load.progress();
  second.resume();
  await group.failover();
  await load.progress();
  third.pause();
  await load.progress();
  third.resume();
  await load.end();
}, TEST_MS);
type Member = SentinelGroup["sentinels"][number];

it("subscriptions come back after a failover, with what was missed told", async () => {
  const [subscriber, publisher] = [connect(), connect()];
  const [messages, gaps] = [inbox(), inbox<[unknown]>()];
  subscriber.ongap = gaps.listener;
  await subscriber.subscribe("news", messages.listener);
  await group.failover();
  await gaps.count(1);
  await expect.poll(() => publisher.publish("news", "after"), { timeout: 20_000 }).toBeGreaterThan(0);
  await messages.count(1);
  expect(messages.received.every(([message]) => message === "after")).toBe(true);
}, TEST_MS);

/**
 * Callers that write and read without a pause. A write counts as acknowledged when it was answered and every replica
 * that runs has it: without that the servers themselves may lose it. Afterwards: each call has settled once, each answer
 * was the caller's own, and every counter is between what was acknowledged and that plus what is unknown.
 */
class Load {
  readonly #counts = Array.from({ length: CALLERS }, () => ({ acknowledged: 0, unknown: 0 }));
  readonly #wrong: unknown[] = [];
  readonly #name = `load:${Math.random().toString(36).slice(2)}`;
  readonly #squads: Promise<void>[];
  /** Counts connections. */
  #connection = 0;
  #issued = 0;
  #settled = 0;
  #served = 0;
  #done = false;

  constructor(readonly redis: RedisClient) {
    redis.onconnect = () => this.#connection++;
    const size = CALLERS / SQUADS;
    this.#squads = Array.from({ length: SQUADS }, (_, index) => this.#work(index * size, (index + 1) * size));
  }

  /** Some callers, whose writes are confirmed together. */
  async #work(first: number, end: number) {
    const callers = Array.from({ length: end - first }, (_, index) => first + index);
    while (!this.#done) {
      const connection = this.#connection;
      const replicas = group.servers.filter(({ running }) => running).length - 1;
      const answers = Promise.all(callers.map((caller) => this.#call(caller)));
      const copies = await outcome(this.redis.send("WAIT", [`${replicas}`, "100"]));
      const written = await answers;
      const confirmed = "value" in copies && Number(copies.value) >= replicas && connection === this.#connection;
      for (const [index, caller] of callers.entries()) this.#count(caller, written[index], confirmed);
      // A refusal may be as quick as an answer: everybody must have a turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** One write and one read; gives the number that was written, if there was an answer. */
  async #call(caller: number) {
    const token = `${this.#name}:${caller}:${this.#issued++}`;
    const [written, echo] = await Promise.all([
      outcome(this.redis.incr(`${this.#name}:${caller}`)).finally(() => this.#settled++),
      outcome(this.redis.send("ECHO", [token])),
    ]);
    for (const { error } of [written, echo] as { error?: Error }[]) {
      if (error !== undefined && !EXPECTED.test(error.message)) this.#wrong.push(error);
    }
    if ("value" in echo && echo.value !== token) this.#wrong.push(echo.value);
    if ("value" in written) this.#served++;
    return "value" in written ? Number(written.value) : undefined;
  }

  #count(caller: number, written: number | undefined, confirmed: boolean) {
    const counts = this.#counts[caller] as { acknowledged: number; unknown: number };
    if (written === undefined || !confirmed) {
      counts.unknown++;
      return;
    }
    counts.acknowledged++;
    if (written < counts.acknowledged || written > counts.acknowledged + counts.unknown) this.#wrong.push(written);
  }

  /** Resolves when every caller has been served some more times. */
  async progress() {
    const goal = this.#served + 5 * CALLERS;
    await expect.poll(() => this.#served, { timeout: 30_000 }).toBeGreaterThan(goal);
  }

  async end() {
    this.#done = true;
    await Promise.all(this.#squads);
    await group.inStep();
    expect(this.#wrong).toEqual([]);
    expect(this.#settled).toBe(this.#issued);
    let acknowledgements = 0;
    for (const [caller, { acknowledged, unknown }] of this.#counts.entries()) {
      const value = Number(await this.redis.get(`${this.#name}:${caller}`));
      expect(value).toBeGreaterThanOrEqual(acknowledged);
      expect(value).toBeLessThanOrEqual(acknowledged + unknown);
      acknowledgements += acknowledged;
    }
    // What is known of nothing proves nothing.
    expect(acknowledgements).toBeGreaterThan(5 * CALLERS);
  }
}

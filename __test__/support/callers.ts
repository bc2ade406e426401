/** Many callers that read and write without pause, and keep account of what they were told. */
import type { RedisCluster } from "../../index.js";

/** What callers may be told instead of an answer; then nobody knows whether a write was made. */
const UNKNOWN = ["ERR_REDIS_CONNECTION_CLOSED", "ERR_REDIS_CLUSTER_DOWN", "ERR_REDIS_COMMAND_TIMEOUT"];

/** Keys that are never written again, all over the slots. */
const FIXED = Array.from({ length: 12 }, (_, index) => [`fixed:${index}`, `value of ${index}`] as const);

export class Callers {
  /** Commands that were issued, and ends that were told. */
  issued = 0;
  settled = 0;
  /** What no caller may be told. */
  readonly wrong: unknown[] = [];
  readonly #loops: Promise<void>[];
  readonly #callers: Caller[];
  #stopped = false;

  private constructor(client: RedisCluster, count: number, run: string) {
    this.#callers = Array.from({ length: count }, (_, index) => new Caller(`${run}:${index}`));
    this.#loops = this.#callers.map((caller) => this.#loop(client, caller));
  }

  /** @param run tells keys of one test from those of another */
  static async start(client: RedisCluster, count: number, run: string) {
    await client.mset(...FIXED.flat());
    return new Callers(client, count, run);
  }

  /** Resolves when each caller has got so many more answers. */
  async progress(answers: number) {
    const goals = this.#callers.map((caller) => caller.answered + answers);
    while (this.#callers.some((caller, index) => caller.answered < goals[index]!)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Resolves when each caller has been told the end of its last command. */
  async stop() {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  /** What is wrong with the counters, as `client` reads them: nothing if the accounts are right. */
  async audit(client: RedisCluster) {
    const values = await client.mget(...this.#callers.map(({ counter }) => counter));
    return this.#callers.flatMap((caller, index) => {
      const value = Number(values[index] ?? 0);
      const right = caller.acknowledged <= value && value <= caller.acknowledged + caller.unknown;
      return right ? [] : [{ value, acknowledged: caller.acknowledged, unknown: caller.unknown }];
    });
  }

  async #loop(client: RedisCluster, caller: Caller) {
    for (let round = 0; !this.#stopped; round++) {
      await this.#count(client, caller);
      await this.#write(client, caller, `${caller.name} ${round}`);
      await this.#read(client, caller);
      if (round % 8 === 0) await this.#readMany(client, caller);
    }
  }

  async #count(client: RedisCluster, caller: Caller) {
    const count = await this.#ask(caller, () => client.incr(caller.counter));
    if (count === undefined) {
      caller.unknown++;
    } else {
      caller.acknowledged++;
      if (typeof count !== "number" || count <= caller.last) this.wrong.push({ count, last: caller.last });
      caller.last = count;
    }
  }

  async #write(client: RedisCluster, caller: Caller, token: string) {
    caller.possible.add(token);
    const answer = await this.#ask(caller, () => client.set(caller.key, token));
    if (answer === "OK") caller.possible = new Set([token]);
    else if (answer !== undefined) this.wrong.push({ answer, of: "SET" });
  }

  async #read(client: RedisCluster, caller: Caller) {
    const token = await this.#ask(caller, () => client.get(caller.key));
    if (token === undefined) return;
    if (!caller.possible.has(token)) this.wrong.push({ token, possible: [...caller.possible] });
  }

  async #readMany(client: RedisCluster, caller: Caller) {
    const shift = caller.name.length % FIXED.length;
    const pairs = [...FIXED.slice(shift), ...FIXED.slice(0, shift)];
    const values = await this.#ask(caller, () => client.mget(...pairs.map(([key]) => key)));
    if (values !== undefined && pairs.some(([, value], index) => values[index] !== value)) this.wrong.push(values);
  }

  /** The answer, or nothing if there is none; each command must end once. */
  async #ask<T>(caller: Caller, issue: () => Promise<T>): Promise<T | undefined> {
    this.issued++;
    let ends = 0;
    const end = () => {
      this.settled++;
      if (++ends > 1) this.wrong.push("settled twice");
    };
    return issue().then(
      (answer) => {
        end();
        caller.answered++;
        return answer;
      },
      (error) => {
        end();
        if (!UNKNOWN.includes(error?.code)) this.wrong.push(error);
        return undefined;
      },
    );
  }
}

class Caller {
  acknowledged = 0;
  unknown = 0;
  answered = 0;
  /** The latest count. */
  last = 0;
  /** What the key may hold: nobody else writes it. */
  possible = new Set<string | null>([null]);

  constructor(readonly name: string) {}

  get counter() {
    return `counter:${this.name}`;
  }

  get key() {
    return `key:${this.name}`;
  }
}

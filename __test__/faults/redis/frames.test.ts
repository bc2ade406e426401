/** Replies of every kind cut anywhere, and bytes that are no replies at all. */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { GREETING, TRANSPORTS, outcome, useTransport } from "../../support/transports.js";

/** One frame of each kind, and what becomes of it. */
const FRAMES: [string, unknown][] = [
  ["+simple\r\n", "simple"],
  [":-42\r\n", -42],
  ["$12\r\nbulk\r\nstring\r\n", "bulk\r\nstring"],
  ["$0\r\n\r\n", ""],
  ["$-1\r\n", null],
  ["*-1\r\n", null],
  ["*3\r\n+a\r\n*2\r\n:1\r\n$1\r\nb\r\n*0\r\n", ["a", [1, "b"], []]],
  ["_\r\n", null],
  ["#t\r\n", true],
  [",3.5\r\n", 3.5],
  ["(123456789012345678901234567890\r\n", 123456789012345678901234567890n],
  ["=9\r\ntxt:a\r\nb!\r\n", "a\r\nb!"],
  ["%2\r\n+k\r\n:1\r\n$1\r\nl\r\n_\r\n", Object.assign(Object.create(null), { k: 1, l: null })],
  ["~2\r\n+x\r\n+y\r\n", ["x", "y"]],
  ["|1\r\n+ttl\r\n:60\r\n+attributed\r\n", "attributed"],
  ["$8\r\nh\u00e9llo w\r\n", "héllo w"],
];

const PROTOCOL_ERROR = /^ERR_REDIS_INVALID_(RESPONSE_TYPE|INTEGER|BULK_STRING|RESPONSE)$/;

const MALFORMED = [
  ..."?@x\0 ".split("").map((kind) => `${kind}1\r\n`),
  "\r\n",
  "\n",
  "+no carriage return\n",
  ":\r\n",
  ":1.5\r\n",
  ":9223372036854775808\r\n",
  ":--1\r\n",
  "$-2\r\n",
  "$1x\r\nab\r\n",
  "$2\r\nabc\r\n",
  "$536870913\r\n",
  "$99999999999999999999\r\n",
  "!-1\r\n",
  "=3\r\ntxt\r\n",
  "=536870913\r\n",
  "*-2\r\n",
  "*x\r\n",
  "%-1\r\n",
  "%9223372036854775807\r\n*-5\r\n",
  "~-1\r\n",
  ">0\r\n",
  ">-1\r\n",
  "|-1\r\n",
  "_x\r\n",
  "#true\r\n",
  ",one\r\n",
];

/** Deeper than anything a server sends. */
const TOO_DEEP = [..."*%~|"].map((kind) => [`129 levels of ${kind}`, `${`${kind}1\r\n`.repeat(129)}:1\r\n`]);

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);

  it("replies cut at every position are put together", async () => {
    const whole = Buffer.from(FRAMES.map(([frame]) => frame).join(""));
    let cut = 0;
    const peer = await lab.script((command, args) => {
      if (command === "HELLO") return GREETING;
      // All commands of a round are answered at once, with one cut.
      return args[0] === "last" ? { pieces: [whole.subarray(0, cut), whole.subarray(cut)] } : "";
    });
    const client = lab.connect(peer.port);
    const expected = FRAMES.map(([, value]) => value);
    for (cut = 0; cut <= whole.length; cut++) {
      const words = FRAMES.map((_, index) => (index === FRAMES.length - 1 ? "last" : "other"));
      expect(await Promise.all(words.map((word) => client.send("X", [word]))), `cut at ${cut}`).toEqual(expected);
    }
  });

  it("replies that trickle byte by byte are put together, and messages among them", async () => {
    const message = ">3\r\n+message\r\n+news\r\n+extra\r\n";
    const peer = await lab.script((command) => {
      if (command === "HELLO") return { trickle: GREETING };
      return { trickle: FRAMES.map(([frame]) => message + frame).join("") };
    });
    const client = lab.connect(peer.port);
    const answers = [client.send("X", []), ...FRAMES.slice(1).map(() => client.send("X", []))];
    expect(await Promise.all(answers)).toEqual(FRAMES.map(([, value]) => value));
  });

  it.each([...MALFORMED.map((bytes) => [JSON.stringify(bytes), bytes]), ...TOO_DEEP])("%s ends the connection for good", async (_, bytes = "") => {
    const peer = await lab.script((command, args) => {
      if (command === "HELLO") return GREETING;
      return args[0] === "bad" ? bytes : `+${args[0]}\r\n`;
    });
    const client = lab.connect(peer.port);
    const closed = new Promise<any>((resolve) => (client.onclose = resolve));
    const words = ["good", "bad", "good"];
    const [first, ...rest] = await Promise.all(words.map((word) => outcome(client.send("X", [word]))));
    expect(first).toEqual({ value: "good" });
    const malformed = { error: { code: expect.stringMatching(PROTOCOL_ERROR) } };
    expect(rest).toMatchObject([malformed, malformed]);
    await closed;
    expect(await outcome(client.ping())).toMatchObject({ error: { message: "Connection has failed" } });
    expect(peer.connections()).toBe(1);
  });

  it.each(["?\r\n", ":1\r\n$x\r\n", "$5\r\nabcdefgh", "%1\r\n+a\r\n"])("%j is no answer to HELLO", async (bytes) => {
    const peer = await lab.script(() => bytes, {});
    const client = lab.connect(peer.port, { connectionTimeout: 200, maxRetries: 0 });
    const [connecting, command] = await Promise.all([outcome(client.connect()), outcome(client.get("k"))]);
    expect([connecting, command]).toMatchObject([{ error: { code: expect.any(String) } }, { error: {} }]);
    expect(client.connected).toBe(false);
  });

  it.each(["$536870912\r\n", "*9223372036854775807\r\n", "%4611686018427387903\r\n", "=536870912\r\n", "!536870912\r\n"])(
    "%j alone takes no memory",
    async (bytes) => {
      let answered = () => {};
      const sent = new Promise<void>((resolve) => (answered = resolve));
      const peer = await lab.script((command) => {
        if (command === "HELLO") return GREETING;
        answered();
        return bytes;
      });
      const client = lab.connect(peer.port);
      await client.connect();
      const before = process.memoryUsage().rss;
      const waiting = outcome(client.get("k"));
      await sent.then(() => turn());
      // Elements of the aggregate, or text of the string: received, and no reason to take more either.
      for (let round = 0; round < 100; round++) await peer.push(":1\r\n".repeat(100));
      client.close();
      expect(await waiting).toMatchObject({ error: { message: "Connection closed" } });
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    },
  );

  it("replies that nobody waits for, and pushes of unknown kinds, disturb nothing", async () => {
    const strays = [">1\r\n+unknown\r\n", ">3\r\n+message\r\n+nobody\r\n+x\r\n", ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n"];
    const odd = [">1\r\n+message\r\n", ">3\r\n$7\r\nmessage\r\n:1\r\n_\r\n", ">2\r\n+subscribe\r\n_\r\n"];
    const peer = await lab.script((command, args) => {
      if (command === "HELLO") return GREETING + strays.join("");
      return `${odd.join("")}+${args[0]}\r\n${strays.join("")}`;
    });
    const client = lab.connect(peer.port);
    expect(await client.send("X", ["a"])).toBe("a");
    peer.push("+stray\r\n:7\r\n");
    await expect.poll(() => client.send("X", ["b"])).toBe("b");
    expect(await Promise.all(["c", "d"].map((word) => client.send("X", [word])))).toEqual(["c", "d"]);
  });

  it("what comes behind the greeting and is no reply answers nobody", async () => {
    const peer = await lab.script((command) => (command === "HELLO" ? `${GREETING}+early\r\n?bad\r\n` : "+late\r\n"));
    for (let round = 0; round < 10; round++) {
      const client = lab.connect(peer.port);
      const answers = await Promise.all(["a", "b", "c"].map((word) => outcome(client.send("X", [word]))));
      // The early answer is that of the first command if it was sent by then. If it was about to be sent, it is lost with
      // the connection, and the next one is the first of another connection.
      const codes = expect.stringMatching(/^ERR_REDIS_(INVALID_RESPONSE_TYPE|CONNECTION_CLOSED)$/);
      for (const answer of answers) {
        expect(answer).toMatchObject("error" in answer ? { error: { code: codes } } : { value: "early" });
      }
      expect(answers.at(-1)).toMatchObject({ error: {} });
    }
  });

  it("a flood of messages behind the greeting is delivered whole", async () => {
    const count = 20_000;
    let confirmed = false;
    const flood = Array.from({ length: count }, (_, index) => `>3\r\n+message\r\n+news\r\n+${index}\r\n`).join("");
    const peer = await lab.script((command) => {
      if (command === "HELLO") return confirmed ? GREETING + flood : GREETING;
      confirmed = true;
      return ">3\r\n+subscribe\r\n+news\r\n:1\r\n";
    });
    const client = lab.connect(peer.port);
    const received: string[] = [];
    await client.subscribe("news", (message) => received.push(message));
    const again = new Promise((resolve) => (client.onconnect = resolve));
    await peer.push({ bytes: "", leave: "close" });
    await again;
    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(count);
    expect(received.every((message, index) => message === `${index}`)).toBe(true);
  });

  it("a string that JavaScript cannot hold is an error of its call alone", { timeout: 120_000 }, async () => {
    // The longest that Redis gives, and a little longer than V8 can hold.
    const length = 512 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024, "x");
    const pieces = [`$${length}\r\n`, ...Array<Buffer>(length / piece.length).fill(piece), "\r\n"];
    const peer = await lab.script((command) => {
      if (command === "HELLO") return GREETING;
      return command === "GET" ? { pieces } : "+PONG\r\n";
    });
    const client = lab.connect(peer.port);
    const read = client.get("large");
    const next = client.ping();
    await expect(read).rejects.toMatchObject({ name: "RedisError", code: "ERR_RESULT_TOO_LARGE" });
    expect(await next).toBe("PONG");
  });
});

/** A connection that ends abruptly, or in one direction only, in each state that it can be in. */
import { describe, expect, it } from "vitest";
import { inbox } from "../../support/inbox.js";
import type { Answer, Leave } from "../../support/scripted.js";
import { GREETING, TRANSPORTS, outcome, useTransport } from "../../support/transports.js";

const LEAVES: Leave[] = ["reset", "halfClose", "close"];

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);

  describe.each(LEAVES)("%s", (leave) => {
    const leaving = (bytes = ""): Answer => ({ bytes, leave });
    const half = (text: string) => leaving(text.slice(0, text.length >> 1));

    /** Attempts that end like this one are followed by one that succeeds, and what waited goes out on it. */
    it.each<[string, string, (attempt: number) => Answer | undefined]>([
      ["while HELLO is answered", "HELLO", () => half(GREETING)],
      ["instead of an answer to HELLO", "HELLO", () => leaving()],
      ["behind the answer to HELLO", "HELLO", () => leaving(GREETING)],
      ["while SELECT is answered", "SELECT", () => half("+OK\r\n")],
      ["instead of an answer to SELECT", "SELECT", () => leaving()],
    ])("%s", async (_, state, end) => {
      let attempts = 0;
      const peer = await lab.script((command, args) => {
        if (command === state && attempts++ < 2) return end(attempts) as Answer;
        if (command === "HELLO") return GREETING;
        return command === "ECHO" ? `+${args[0]}\r\n` : "+OK\r\n";
      });
      const client = lab.connect(peer.port, { database: 2 });
      const answers = [client.send("ECHO", ["first"]), client.send("ECHO", ["second"])];
      expect(await Promise.all(answers)).toEqual(["first", "second"]);
      expect(peer.connections()).toBe(3);
    });

    it("before HELLO", async () => {
      const peer = await lab.script((command) => (command === "HELLO" ? GREETING : "+PONG\r\n"), {
        greet: (connection) => (connection < 2 ? leaving() : ""),
      });
      expect(await lab.connect(peer.port).ping()).toBe("PONG");
      expect(peer.connections()).toBe(3);
    });

    it("idle", async () => {
      const peer = await lab.script((command) => (command === "HELLO" ? GREETING : "+PONG\r\n"));
      const client = lab.connect(peer.port);
      await client.ping();
      const again = new Promise((resolve) => (client.onconnect = resolve));
      await peer.push(leaving());
      await again;
      expect(await client.ping()).toBe("PONG");
      expect(peer.connections()).toBe(2);
    });

    it.each([
      ["with commands in flight", ""],
      ["in the middle of a reply", "$5\r\nhel"],
      ["behind one byte of a reply", "$"],
      ["in an array", "*3\r\n+a\r\n+b"],
      ["in a long string", `$300000\r\n${"x".repeat(200_000)}`],
    ])("%s", async (_, bytes) => {
      let first = true;
      const peer = await lab.script((command, args) => {
        if (command === "HELLO") return GREETING;
        if (args[0] !== "break" || !first) return `+${args[0]}\r\n`;
        first = false;
        return leaving(bytes);
      });
      const client = lab.connect(peer.port);
      const words = ["a", "b", "break", "c", "d"];
      const answers = await Promise.all(words.map((word) => outcome(client.send("ECHO", [word]))));
      // What was answered before the end has its answer; the rest was sent and is lost.
      const lost = { error: { code: "ERR_REDIS_CONNECTION_CLOSED", message: "Connection closed" } };
      expect(answers).toMatchObject([{ value: "a" }, { value: "b" }, lost, lost, lost]);
      expect(await client.send("ECHO", ["later"])).toBe("later");
    });

    it("while subscribed, in the middle of a message", async () => {
      const message = (text: string) => `>3\r\n+message\r\n+news\r\n+${text}\r\n`;
      let lives = 0;
      const peer = await lab.script((command) => {
        if (command === "HELLO") return GREETING;
        const confirmed = ">3\r\n+subscribe\r\n+news\r\n:1\r\n";
        lives++;
        if (lives === 1) return leaving(`${confirmed}${message("one")}${message("two").slice(0, -4)}`);
        return `${confirmed}${message("three")}`;
      });
      const client = lab.connect(peer.port);
      const news = inbox();
      const subscribed = outcome(client.subscribe("news", news.listener));
      expect(await subscribed).toEqual({ value: 1 });
      await news.count(2);
      expect(news.received).toEqual([
        ["one", "news"],
        ["three", "news"],
      ]);
    });
  });
});

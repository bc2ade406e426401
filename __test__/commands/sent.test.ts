/** What the generated methods send, and which arguments they refuse. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readMethods } from "../../commands/read.mjs";
import { RedisClient } from "../../index.js";
import { thrownBy } from "../support/thrown.js";
import { untyped } from "../support/untyped.js";
import { startScripted, type Scripted } from "../support/scripted.js";

const methods = [...readMethods()].filter(([, { takes }]) => takes !== "custom");
const listed = methods.filter(([, { takes }]) => takes === "listed");

let server: Scripted;
let client: RedisClient;
/** Calls one of its methods. */
const call = (name: string, ...args: unknown[]) => untyped(client)[name](...args);

beforeAll(async () => {
  server = await startScripted((command) =>
    command === "HELLO" ? "%1\r\n$5\r\nproto\r\n:3\r\n" : command === "PSUBSCRIBE" || command === "PUNSUBSCRIBE" ? "" : "+OK\r\n",
  );
  client = new RedisClient(`redis://localhost:${server.port}`);
  await client.connect();
  // Makes the connection for commands that block.
  await client.blpop("key", 0);
});

afterAll(async () => {
  client.close();
  await server.stop();
});

const frame = (args: string[]) => `*${args.length}\r\n${args.map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`).join("")}`;

describe("methods send their command and then their arguments", () => {
  const answered = methods.filter(([, { command }]) => !command.endsWith("SUBSCRIBE"));
  test.each(answered)("%s", async (name, { command, takes, names = [] }) => {
    const more = takes === "none" || takes === "fixed" ? [] : ["more", "and more"];
    const args = [...names, ...more];
    const before = server.received().length;
    await call(name, ...args);
    expect(server.received().slice(before)).toBe(frame([...command.split(" "), ...args]));
  });

  test.each(methods)("%s has its name and length", (name, { length }) => {
    const method = untyped(client)[name];
    expect([method.name, method.length]).toEqual([name, length]);
  });
});

describe("methods with named arguments", () => {
  test.each(listed.flatMap(([name, { names = [] }]) => names.map((argument, index) => ({ name, argument, before: names.slice(0, index) }))))(
    "$name requires $argument",
    ({ name, argument, before }) => {
      const expected = {
        name: "TypeError",
        code: "ERR_INVALID_ARG_TYPE",
        message: `Expected ${argument} to be a string or buffer for '${name}'.`,
      };
      for (const wrong of [undefined, null, {}, true]) expect(thrownBy(() => call(name, ...before, wrong))).toMatchObject(expected);
    },
  );

  test("leave out undefined behind them, and refuse everything else that cannot be sent", async () => {
    const before = server.received().length;
    await client.pubsubChannels(undefined);
    await call("clusterMeet", "::1", 7000, undefined);
    await call("memoryUsage", Buffer.from("k"), undefined, 5);
    expect(server.received().slice(before)).toBe(
      frame(["PUBSUB", "CHANNELS"]) + frame(["CLUSTER", "MEET", "::1", "7000"]) + frame(["MEMORY", "USAGE", "k", "5"]),
    );
    for (const wrong of [null, {}, true, 5n]) {
      expect(thrownBy(() => call("pubsubChannels", wrong))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        message: "Expected additional arguments to be a string or buffer for 'pubsubChannels'.",
      });
    }
  });

  test("need a client", () => {
    expect(thrownBy(() => client.aclWhoami.call(untyped({})))).toMatchObject({ code: "ERR_INVALID_THIS" });
  });
});

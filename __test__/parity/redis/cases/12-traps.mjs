// Section 12: traps that the other scripts do not pass by, and what goes beyond Bun.
import { AsyncLocalStorage } from "node:async_hooks";
import { readdirSync } from "node:fs";
import { inspect } from "node:util";
import {
  GREETING,
  RedisClient,
  attempt,
  connect,
  confirming,
  finish,
  greeting,
  note,
  observe,
  outcome,
  push,
  serve,
  settled,
  turn,
} from "../support/index.mjs";

/** Confirms no more than a number of the channels of each command. */
const confirmingSome = (count) =>
  greeting(([name, ...channels]) =>
    /^SUBSCRIBE$/.test(name)
      ? channels
          .slice(0, count)
          .map((channel, index) => push("subscribe", channel, index + 1))
          .join("")
      : `+${name}\r\n`,
  );

{
  // A subscription to several channels of which one is confirmed. A message tells that this was read.
  const server = await serve(confirmingSome(1));
  const client = connect(server.url());
  const order = [];
  const heard = new Promise((resolve) => void client.subscribe("z", resolve));
  await server.received("SUBSCRIBE");
  const subscribed = client
    .subscribe(["a", "b", "c"], () => {})
    .then((count) => void order.push(`subscribed ${count}`));
  const peer = await server.received("SUBSCRIBE");
  await peer.write(push("message", "z", "m"));
  await heard;
  await turn();
  order.push("after the first confirmation");
  await peer.write(push("subscribe", "b", 3) + push("subscribe", "c", 4));
  await subscribed;
  observe("traps.subscribe.several", order);
}
{
  // A subscription whose connection dies before it is confirmed.
  const server = await serve(
    greeting(([name, channel], peer) => {
      if (name !== "SUBSCRIBE") return `+${name}\r\n`;
      return peer.index === 0 ? void peer.destroy() : push("subscribe", channel, 1);
    }),
  );
  const client = connect(server.url());
  const heard = [];
  const listener = (message) => void heard.push(message);
  note("traps.subscribe.failed", await outcome(() => client.subscribe("c", listener)));
  await client.subscribe("c", listener);
  const peer = server.peers.at(-1);
  await peer.write(push("message", "c", "once"));
  observe("traps.subscribe.failed.heard", [await client.send("PING", []), heard]);
}
{
  // Two messages in one packet, and the microtasks of their listeners.
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  await client.subscribe("c", (message) => {
    heard.push(message);
    queueMicrotask(() => heard.push(`after ${message}`));
  });
  await server.peers[0].write(push("message", "c", "1") + push("message", "c", "2"));
  await client.send("PING", []);
  observe("traps.microtasks", heard);
}
{
  // Pushes of another kind on a connection with subscriptions.
  const server = await serve(confirming());
  const client = connect(server.url());
  await client.subscribe("c", () => {});
  const ended = new Promise((resolve) => (client.onclose = () => resolve("closed")));
  await server.peers[0].write(push("invalidate", "k"));
  observe(
    "traps.push.unknown",
    await Promise.race([ended, settled(client.send("PING", [])).then((text) => turn().then(() => text))]),
  );
}
{
  // Each attempt waits twice as long as the one before.
  const times = [];
  const server = await serve((command, peer) => {
    times.push(performance.now());
    peer.destroy();
  });
  note("traps.delays.result", await outcome(() => connect(server.url(), { maxRetries: 4 }).get("k")));
  const waited = [50, 100, 200, 400].map((delay, index) => times[index + 1] - times[index] >= delay - 2);
  observe("traps.delays", [times.length, waited]);
}
if (process.platform === "linux") {
  // Failed connections leave no descriptors.
  const open = () => readdirSync("/proc/self/fd").length;
  const closed = await serve(() => {});
  await closed.stop();
  const fail = async () =>
    void (await Promise.all(
      Array.from({ length: 20 }, () => settled(connect(closed.url(), { maxRetries: 0 }).get("k"))),
    ));
  await fail();
  const before = open();
  await fail();
  observe("traps.descriptors", open() - before);
}
{
  // A long line and a long string in small pieces.
  const server = await serve(greeting(() => {}));
  const client = connect(server.url());
  await client.connect();
  const [peer] = server.peers;
  for (const [kind, bytes] of Object.entries({
    line: `+${"l".repeat(20000)}\r\n`,
    bulk: `$20000\r\n${"b".repeat(20000)}\r\n`,
  })) {
    const asked = server.received("X");
    const reply = client.send("X", []);
    await asked;
    for (let at = 0; at < bytes.length; at += 16) await peer.write(bytes.slice(at, at + 16));
    observe(`traps.pieces.${kind}`, (await reply).length);
  }
}
{
  // Much at once, in both directions.
  const server = await serve(greeting(([, text]) => `$${text.length}\r\n${text}\r\n`));
  const client = connect(server.url());
  const texts = Array.from({ length: 5000 }, (_, index) => `${index}`);
  const answers = await Promise.all(texts.map((text) => client.send("ECHO", [text])));
  observe(
    "traps.many",
    answers.every((answer, index) => answer === texts[index]),
  );
  const large = "x".repeat(3 << 20);
  observe("traps.large", [
    (await client.send("ECHO", [large])) === large,
    (await client.send("ECHO", [Buffer.from(large)])) === large,
  ]);
}
{
  // Calls in a row that await each other, and calls from many places at once.
  const server = await serve(greeting(([, text]) => `$${text.length}\r\n${text}\r\n`));
  const client = connect(server.url());
  const worker = async (name) => {
    const seen = [];
    for (let index = 0; index < 50; index++) seen.push(await client.send("ECHO", [`${name}${index}`]));
    return seen.every((text, index) => text === `${name}${index}`);
  };
  observe("traps.interleaved", await Promise.all(["a", "b", "c", "d"].map(worker)));
}
{
  // An integer that a double cannot hold, with the option for it.
  const server = await serve(greeting(() => ":9007199254740993\r\n"));
  note("beyond.bigint", await outcome(() => connect(server.url(), { bigint: true }).incr("k")));
  const subscribing = await serve(confirming());
  const client = connect(subscribing.url());
  const heard = [];
  await client.subscribe("c", (message) => void heard.push(message), { buffer: true });
  await subscribing.peers[0].write(push("message", "c", "bytes"));
  await client.send("PING", []);
  observe("beyond.buffer", heard);
}
{
  // A server that says nothing any more. There is no sign of being left alone, so this waits for a while.
  const server = await serve(greeting(() => {}));
  const client = connect(server.url(), { deadPeerTimeout: 50 });
  const asked = server.received("PING").then(() => "asked");
  client.send("HANG", []).catch(() => {});
  observe(
    "beyond.silent",
    await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 2000, "left alone"))]),
  );
}
{
  // The context of a listener.
  const server = await serve(confirming());
  const storage = new AsyncLocalStorage();
  const client = connect(server.url());
  const seen = {};
  storage.run("context", () => {
    client.onconnect = () => void (seen.onconnect = storage.getStore());
    client.onclose = () => void (seen.onclose = storage.getStore());
  });
  await storage.run("context", () => client.subscribe("c", () => void (seen.listener = storage.getStore())));
  await server.peers[0].write(push("message", "c", "m"));
  observe(
    "beyond.context.await",
    await storage.run("awaited", async () => (await client.send("PING", []), storage.getStore())),
  );
  client.close();
  observe("beyond.context", Object.entries(seen).sort());
}
observe("beyond.inspect", inspect(connect("redis://user:secret@localhost:1")).replace(/\s+/g, " "));
observe("beyond.inspect.secret", inspect(connect("redis://user:secret@localhost:1")).includes("secret"));
for (const name of ["ref", "unref", "with", "buffers", "drain", "ongap", "ssubscribe", "sunsubscribe"]) {
  observe(`beyond.${name}`, name in RedisClient.prototype);
}
observe("beyond.asyncDispose", Symbol.asyncDispose in RedisClient.prototype);
{
  // A greeting cut in the middle, and one that comes after a while.
  const server = await serve(() => {});
  const client = connect(server.url());
  const greeted = server.received("HELLO");
  const result = settled(client.ping());
  const peer = await greeted;
  for (const byte of GREETING) await peer.write(byte);
  await server.received("PING");
  await peer.write("+PONG\r\n");
  observe("traps.greeting.pieces", await result);
}
await attempt("traps.thenable", () =>
  Promise.resolve(connect("redis://localhost:1")).then((client) => client instanceof RedisClient),
);

await finish();

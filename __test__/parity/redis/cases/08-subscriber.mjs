// Section 8: subscriber mode, listeners, raw forms and failures.
import { readFileSync } from "node:fs";
import {
  attempt,
  confirming,
  connect,
  finish,
  greeting,
  keep,
  observe,
  outcome,
  push,
  serve,
  settled,
  show,
  turn,
} from "../support/index.mjs";

const names = JSON.parse(readFileSync(new URL("../../../commands/bun-methods.json", import.meta.url), "utf8"));
const real = process.env.PARITY_REDIS;
const nothing = () => {};

// --- Subscriber mode ---------------------------------------------------------------------------
{
  // Every typed method in subscriber mode. Nothing is executed but what is allowed.
  const server = await serve(confirming());
  const client = connect(server.url());
  await client.subscribe("c", nothing);
  for (const name of names) {
    if (
      ["connect", "close", "duplicate", "send", "subscribe", "unsubscribe", "psubscribe", "punsubscribe"].includes(name)
    )
      continue;
    await attempt(`pubsub.guard.${name}`, () => client[name]("a", "1", "c"));
  }
  await attempt("pubsub.guard.arguments", () => client.get());
  const copy = keep(await client.duplicate());
  observe("pubsub.guard.duplicate", [copy.connected, await outcome(() => copy.get("k"))]);
}
// --- Listeners ---------------------------------------------------------------------------------
{
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  const uncaught = [];
  const rejected = [];
  process.on("uncaughtException", (error) => void uncaught.push(error.message));
  process.on("unhandledRejection", (error) => void rejected.push(error.message));
  await client.subscribe("c", (message) => {
    heard.push(`first ${message}`);
    throw new Error(`thrown for ${message}`);
  });
  await client.subscribe("c", async (message) => {
    heard.push(`second ${message}`);
    throw new Error(`rejected for ${message}`);
  });
  await client.subscribe("c", (message) => void heard.push(`third ${message}`));
  for (const message of ["1", "2"]) await client.send("PUBLISH", ["c", message]);
  while (uncaught.length < 2 || rejected.length < 2) await turn();
  observe("pubsub.listener.throws", [heard, uncaught.sort(), rejected.sort(), client.connected]);
  process.removeAllListeners("uncaughtException");
  process.removeAllListeners("unhandledRejection");
}
{
  // A listener that ends its own subscription, and one that adds another.
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  let ended;
  const once = (message) => {
    heard.push(`once ${message}`);
    ended = client.unsubscribe("c", once);
  };
  await client.subscribe("c", once);
  await client.subscribe("c", (message) => void heard.push(`always ${message}`));
  for (const message of ["1", "2"]) await client.send("PUBLISH", ["c", message]);
  observe("pubsub.listener.once", [heard, await ended]);
}
{
  // Messages before, between and after replies take no reply's place.
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  await client.subscribe("c", (message) => void heard.push(message));
  const asked = server.received("HANG", ({ packets }) => packets.join().includes("HANG 2"));
  const results = ["1", "2"].map((text) => settled(client.send("HANG", [text])));
  const peer = await asked;
  const between = push("message", "c", "between") + push("message", "other", "unheard");
  await peer.write(`${push("message", "c", "before")}+one\r\n${between}+two\r\n${push("message", "c", "after")}`);
  observe("pubsub.interleaved.replies", await Promise.all(results));
  observe("pubsub.interleaved.next", [await client.ping(), heard]);
}
{
  // Pushes on a connection without subscriptions.
  const server = await serve(
    greeting(
      ([name]) =>
        push("message", "c", "m") + push("pmessage", "p", "c", "m") + push("invalidate", "k") + `+${name}\r\n`,
    ),
  );
  const client = connect(server.url());
  observe("pubsub.unasked", [await client.get("k"), await client.get("k"), await outcome(() => client.unsubscribe())]);
}

// --- Raw forms ---------------------------------------------------------------------------------
{
  const server = await serve(confirming());
  const client = connect(server.url());
  observe("pubsub.raw.psubscribe", await settled(client.psubscribe("p*")));
  await attempt("pubsub.raw.psubscribe.guard", () => client.get("k"));
  observe("pubsub.raw.punsubscribe", await settled(client.punsubscribe("p*")));
  await attempt("pubsub.raw.punsubscribe.guard", () => client.get("k"));
  observe("pubsub.raw.packets", server.peers[0].packets.slice(1).join(" | "));
}
for (const name of ["SUBSCRIBE", "SSUBSCRIBE"]) {
  const server = await serve(confirming());
  const client = connect(server.url());
  observe(`pubsub.raw.${name}`, await settled(client.send(name, ["c"])));
  await attempt(`pubsub.raw.${name}.guard`, () => client.get("k"));
  observe(`pubsub.raw.${name}.end`, await settled(client.send(name.replace("SUB", "UNSUB"), ["c"])));
  await attempt(`pubsub.raw.${name}.end.guard`, () => client.get("k"));
}
{
  const client = connect(real);
  const publisher = connect(real);
  observe("pubsub.spublish", await publisher.spublish("shard", "m"));
  observe("pubsub.real.psubscribe", await settled(client.psubscribe("p*")));
  observe("pubsub.real.numpat", await publisher.pubsub("NUMPAT"));
  observe("pubsub.real.pmessage", [await publisher.publish("p1", "m"), await client.ping()]);
  observe("pubsub.real.punsubscribe", await settled(client.punsubscribe("p*")));
}

// --- Failures ----------------------------------------------------------------------------------
{
  // A server that refuses.
  const server = await serve(greeting(([name]) => (name === "SUBSCRIBE" ? "-NOPERM no channel\r\n" : "+OK\r\n")));
  const client = connect(server.url());
  await attempt("pubsub.refused.subscribe", () => client.subscribe("c", nothing));
  await attempt("pubsub.refused.after", () => client.get("k"));
}
{
  // An error reply while there are subscriptions.
  const confirm = confirming();
  const server = await serve((command, peer) => (command[0] === "BAD" ? "-ERR bad\r\n" : confirm(command, peer)));
  const client = connect(server.url());
  const closed = [];
  client.onclose = (error) => void closed.push(show(error));
  await client.subscribe("c", nothing);
  const asked = server.received("HANG");
  const refused = settled(client.send("BAD", []));
  const other = settled(client.send("HANG", []));
  await asked;
  server.peers[0].end();
  // Under Bun the refused command is never settled.
  observe(
    "pubsub.error-reply.refused",
    await Promise.race([refused, other.then(() => new Promise((resolve) => setImmediate(resolve, "nothing")))]),
  );
  observe("pubsub.error-reply.other", await other);
  observe("pubsub.error-reply.closed", closed);
}
{
  // close() and connect(): listeners stay on the client.
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  await client.subscribe("c", (message) => void heard.push(message));
  client.close();
  observe("pubsub.close.command", await outcome(() => client.send("GET", ["k"])));
  await attempt("pubsub.close.guard", () => client.get("k"));
  await client.connect();
  await attempt("pubsub.reopened.guard", () => client.get("k"));
  observe("pubsub.reopened.subscribe", await client.subscribe("d", nothing));
}
{
  // A reconnect: the server knows nothing any more.
  const server = await serve(confirming());
  const client = connect(server.url());
  await client.subscribe("c", nothing);
  const again = new Promise((resolve) => (client.onconnect = resolve));
  server.peers[0].destroy();
  await again;
  await attempt("pubsub.reconnected.guard", () => client.get("k"));
  observe("pubsub.reconnected.ping", await client.ping());
  observe("pubsub.reconnected.packets", server.peers[1].packets.join(" | "));
}
{
  // Before there is a connection, and without a queue.
  const server = await serve(confirming());
  const client = connect(server.url());
  observe("pubsub.lazy", await client.subscribe("c", nothing));
  const impatient = connect(server.url(), { enableOfflineQueue: false });
  await attempt("pubsub.offline", () => impatient.subscribe("c", nothing));
}

await finish();

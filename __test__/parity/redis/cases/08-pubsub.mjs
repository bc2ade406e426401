// Section 8: subscriptions, on a real server where it can be shown there and on a scripted one else.
import { readFileSync } from "node:fs";
import { attempt, connect, finish, greeting, keep, observe, outcome, serve, settled, show } from "../support/index.mjs";

const names = JSON.parse(readFileSync(new URL("../../../commands/bun-methods.json", import.meta.url), "utf8"));
const real = process.env.PARITY_REDIS;
const push = (...parts) => `>${parts.length}\r\n${parts.map((part) => (typeof part === "number" ? `:${part}\r\n` : part === null ? "_\r\n" : `$${part.length}\r\n${part}\r\n`)).join("")}`;

/** Confirms subscriptions as a server does, one push for each name. */
function confirming() {
  const channels = new Set();
  return greeting(([name, ...rest]) => {
    switch (name) {
      case "SUBSCRIBE": case "PSUBSCRIBE": case "SSUBSCRIBE":
        return rest.map((channel) => push(name.toLowerCase(), channel, channels.add(channel).size)).join("");
      case "UNSUBSCRIBE": case "PUNSUBSCRIBE": case "SUNSUBSCRIBE": {
        const gone = rest.length > 0 ? rest : [...channels];
        if (gone.length === 0) return push(name.toLowerCase(), null, 0);
        return gone.map((channel) => (channels.delete(channel), push(name.toLowerCase(), channel, channels.size))).join("");
      }
      case "PUBLISH": return push("message", rest[0], rest[1]) + ":1\r\n";
      case "HANG": return "";
      default: return `+${name}\r\n`;
    }
  });
}

// --- Arguments ---------------------------------------------------------------------------------
const nothing = () => {};
{
  const client = connect("redis://127.0.0.1:1", { maxRetries: 0 });
  /** Each on a client of its own: what a refused connection makes of a client comes first. */
  const subscribe = (args) => connect("redis://127.0.0.1:1", { maxRetries: 0 }).subscribe(...args);
  const lists = {
    none: [], channel: ["c"], "listener.null": ["c", null], "listener.object": ["c", {}], "listener.string": ["c", "x"], "channel.undefined": [undefined, nothing],
    "channel.null": [null, nothing], "channel.number": [5, nothing], "channel.buffer": [Buffer.from("c"), nothing], "channel.object": [{}, nothing],
    "channel.boxed": [new String("c"), nothing], "channel.function": [nothing, nothing], "channels.empty": [[], nothing], "channels.null": [["c", null], nothing],
    "channels.undefined": [["c", undefined], nothing], "channels.object": [["c", {}], nothing], "channels.nested": [[["c"]], nothing], "channels.true": [[true], nothing],
    "channels.hole": [[, "c"], nothing], "both-wrong": [5, 5], "channels.listener": [["c"], 5],
  };
  for (const [kind, args] of Object.entries(lists)) await attempt(`pubsub.subscribe.arguments.${kind}`, () => subscribe(args));
  for (const args of [[], ["c"], [undefined], [["c"]], ["c", nothing], [5]]) {
    await attempt(`pubsub.unsubscribe.idle.${show(args)}`, () => client.unsubscribe(...args));
  }
  for (const method of ["psubscribe", "punsubscribe"]) {
    for (const [kind, args] of Object.entries({ undefined: [undefined], null: ["p", null], function: ["p", nothing], array: [["p"]], true: [true] })) {
      await attempt(`pubsub.${method}.arguments.${kind}`, () => client[method](...args));
    }
  }
}

// --- A real server -----------------------------------------------------------------------------
{
  const client = connect(real);
  const publisher = connect(real);
  const heard = [];
  /** Publishes, and waits until the client has heard all. */
  const publish = async (channel, message) => {
    // What was sent before has reached the server then.
    await client.ping();
    const before = heard.length;
    const receivers = await publisher.publish(channel, message);
    if (receivers > 0 && client.expected > 0) while (heard.length < before + client.expected) await new Promise((resolve) => setImmediate(resolve));
    return receivers;
  };
  const listener = (name) =>
    function (...args) {
      heard.push(`${name} ${args.length} ${show(args)} ${this === undefined}`);
    };
  const [one, two] = [listener("one"), listener("two")];
  observe("pubsub.publish.nobody", await publisher.publish("a", "x"));
  observe("pubsub.subscribe.first", await client.subscribe("a", one));
  client.expected = 1;
  observe("pubsub.publish.one", await publish("a", "hello"));
  observe("pubsub.subscribe.second", await client.subscribe("b", one));
  observe("pubsub.subscribe.again", await client.subscribe("a", two));
  client.expected = 2;
  observe("pubsub.publish.two", await publish("a", "both"));
  observe("pubsub.subscribe.same", await client.subscribe("a", two));
  client.expected = 3;
  observe("pubsub.publish.same", await publish("a", "thrice"));
  observe("pubsub.subscribe.empty-name", await client.subscribe("", one));
  client.expected = 1;
  observe("pubsub.publish.empty", await publish("", ""));
  observe("pubsub.publish.unicode", await publish("b", "é🎉\r\n"));
  await publisher.send("PUBLISH", ["b", Buffer.from([0xff, 0x61, 0x00])]);
  while (!heard.at(-1).includes("a\\u0000")) await new Promise((resolve) => setImmediate(resolve));
  observe("pubsub.heard", heard);
  observe("pubsub.ping", [await client.ping(), await client.ping("text")]);
  observe("pubsub.pubsub", [await client.pubsub("NUMSUB", "a", "b"), await client.pubsub("NUMPAT"), (await client.pubsub("CHANNELS")).sort()]);
  observe("pubsub.send", [await client.send("SET", ["pubsub:k", "v"]), await client.send("GET", ["pubsub:k"])]);
  observe("pubsub.client", await client.client("GETNAME"));

  observe("pubsub.unsubscribe.listener", await client.unsubscribe("a", two));
  heard.length = 0;
  observe("pubsub.publish.left", await publish("a", "one left"));
  observe("pubsub.unsubscribe.unknown-listener", await client.unsubscribe("a", two));
  observe("pubsub.unsubscribe.unknown-channel", [await client.unsubscribe("nope"), await client.unsubscribe("nope", one)]);
  for (const [kind, args] of Object.entries({ undefined: [undefined], null: [null], number: [5], empty: [[]], "listener.string": ["a", "x"], "listener.null": ["a", null],
    "listener.undefined": ["a", undefined], "array.listener": [["a"], one], "number.listener": [5, one] })) {
    await attempt(`pubsub.unsubscribe.arguments.${kind}`, () => client.unsubscribe(...args));
  }
  observe("pubsub.unsubscribe.last-listener", await client.unsubscribe("a", one));
  client.expected = 0;
  observe("pubsub.publish.none-left", await publish("a", "nobody"));
  observe("pubsub.unsubscribe.three-arguments", [await client.unsubscribe("b", one, 1), await publish("b", "x")]);
  await attempt("pubsub.guard.still", () => client.get("k"));
  observe("pubsub.unsubscribe.rest", await client.unsubscribe());
  await attempt("pubsub.guard.left", () => client.get("pubsub:k"));
  await attempt("pubsub.unsubscribe.left", () => client.unsubscribe());
  observe("pubsub.heard.end", heard);
  client.close();
}
{
  // Every typed method in subscriber mode. Nothing is executed but what is allowed.
  const server = await serve(confirming());
  const client = connect(server.url());
  await client.subscribe("c", nothing);
  for (const name of names) {
    if (["connect", "close", "duplicate", "send", "subscribe", "unsubscribe", "psubscribe", "punsubscribe"].includes(name)) continue;
    await attempt(`pubsub.guard.${name}`, () => client[name]("a", "1", "c"));
  }
  await attempt("pubsub.guard.arguments", () => client.get());
  const copy = keep(await client.duplicate());
  observe("pubsub.guard.duplicate", [copy.connected, await outcome(() => copy.get("k"))]);
}
{
  // Several channels; ending all of them at once.
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  const all = server.received("UNSUBSCRIBE");
  observe("pubsub.several.subscribe", await client.subscribe(["x", "y", "z"], (message, channel) => heard.push([channel, message])));
  await Promise.all(["x", "y", "z"].map((channel) => client.send("PUBLISH", [channel, `to ${channel}`])));
  observe("pubsub.several.heard", heard);
  observe("pubsub.several.repeated", await client.subscribe(["x", "x"], nothing));
  client.unsubscribe();
  await all;
  observe("pubsub.several.packets", server.peers[0].packets.slice(1).join(" | "));
}
{
  const server = await serve(confirming());
  const client = connect(server.url());
  await client.subscribe("a", nothing);
  await client.subscribe("b", nothing);
  observe("pubsub.unsubscribe.array", await client.unsubscribe(["a", "b"]));
  await attempt("pubsub.unsubscribe.array.left", () => client.get("k"));
  observe("pubsub.unsubscribe.array.packets", server.peers[0].packets.slice(1).join(" | "));
}
{
  // A list with a wrong element.
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  await client.subscribe("a", (message) => void heard.push(message));
  await attempt("pubsub.unsubscribe.wrong-element", () => client.unsubscribe(["a", null]));
  await client.send("PUBLISH", ["a", "still"]);
  observe("pubsub.unsubscribe.wrong-element.heard", heard);
}
{
  // Numbers and bytes as names.
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  const listener = (...args) => heard.push(args);
  observe("pubsub.names.subscribe", [await client.subscribe([5], listener), await client.subscribe([Buffer.from("bytes")], listener)]);
  await client.send("PUBLISH", ["bytes", "to bytes"]);
  await client.send("PUBLISH", ["5", "to 5"]);
  observe("pubsub.names.packets", server.peers[0].packets.slice(1).join(" | "));
  observe("pubsub.names.heard", heard);
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
  while (uncaught.length < 2 || rejected.length < 2) await new Promise((resolve) => setImmediate(resolve));
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
  await peer.write(`${push("message", "c", "before")}+one\r\n${push("message", "c", "between")}${push("message", "other", "unheard")}+two\r\n${push("message", "c", "after")}`);
  observe("pubsub.interleaved.replies", await Promise.all(results));
  observe("pubsub.interleaved.next", [await client.ping(), heard]);
}
{
  // Pushes on a connection without subscriptions.
  const server = await serve(greeting(([name]) => push("message", "c", "m") + push("pmessage", "p", "c", "m") + push("invalidate", "k") + `+${name}\r\n`));
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
  observe("pubsub.error-reply.refused", await Promise.race([refused, other.then(() => new Promise((resolve) => setImmediate(resolve, "nothing")))]));
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

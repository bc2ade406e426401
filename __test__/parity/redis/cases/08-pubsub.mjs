// Section 8: subscribing and unsubscribing, on a real server where it can be shown there and on a scripted one else.
import { attempt, confirming, connect, finish, observe, serve, show, turn } from "../support/index.mjs";

const real = process.env.PARITY_REDIS;
const nothing = () => {};

// --- Arguments ---------------------------------------------------------------------------------
{
  const client = connect("redis://127.0.0.1:1", { maxRetries: 0 });
  /** Each on a client of its own: what a refused connection makes of a client comes first. */
  const subscribe = (args) => connect("redis://127.0.0.1:1", { maxRetries: 0 }).subscribe(...args);
  const lists = {
    none: [],
    channel: ["c"],
    "listener.null": ["c", null],
    "listener.object": ["c", {}],
    "listener.string": ["c", "x"],
    "channel.undefined": [undefined, nothing],
    "channel.null": [null, nothing],
    "channel.number": [5, nothing],
    "channel.buffer": [Buffer.from("c"), nothing],
    "channel.object": [{}, nothing],
    "channel.boxed": [new String("c"), nothing],
    "channel.function": [nothing, nothing],
    "channels.empty": [[], nothing],
    "channels.null": [["c", null], nothing],
    "channels.undefined": [["c", undefined], nothing],
    "channels.object": [["c", {}], nothing],
    "channels.nested": [[["c"]], nothing],
    "channels.true": [[true], nothing],
    "channels.hole": [[, "c"], nothing],
    "both-wrong": [5, 5],
    "channels.listener": [["c"], 5],
  };
  for (const [kind, args] of Object.entries(lists))
    await attempt(`pubsub.subscribe.arguments.${kind}`, () => subscribe(args));
  for (const args of [[], ["c"], [undefined], [["c"]], ["c", nothing], [5]]) {
    await attempt(`pubsub.unsubscribe.idle.${show(args)}`, () => client.unsubscribe(...args));
  }
  for (const method of ["psubscribe", "punsubscribe"]) {
    for (const [kind, args] of Object.entries({
      undefined: [undefined],
      null: ["p", null],
      function: ["p", nothing],
      array: [["p"]],
      true: [true],
    })) {
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
    if (receivers > 0 && client.expected > 0) while (heard.length < before + client.expected) await turn();
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
  while (!heard.at(-1).includes("a\\u0000")) await turn();
  observe("pubsub.heard", heard);
  observe("pubsub.ping", [await client.ping(), await client.ping("text")]);
  observe("pubsub.pubsub", [
    await client.pubsub("NUMSUB", "a", "b"),
    await client.pubsub("NUMPAT"),
    (await client.pubsub("CHANNELS")).sort(),
  ]);
  observe("pubsub.send", [await client.send("SET", ["pubsub:k", "v"]), await client.send("GET", ["pubsub:k"])]);
  observe("pubsub.client", await client.client("GETNAME"));

  observe("pubsub.unsubscribe.listener", await client.unsubscribe("a", two));
  heard.length = 0;
  observe("pubsub.publish.left", await publish("a", "one left"));
  observe("pubsub.unsubscribe.unknown-listener", await client.unsubscribe("a", two));
  observe("pubsub.unsubscribe.unknown-channel", [
    await client.unsubscribe("nope"),
    await client.unsubscribe("nope", one),
  ]);
  for (const [kind, args] of Object.entries({
    undefined: [undefined],
    null: [null],
    number: [5],
    empty: [[]],
    "listener.string": ["a", "x"],
    "listener.null": ["a", null],
    "listener.undefined": ["a", undefined],
    "array.listener": [["a"], one],
    "number.listener": [5, one],
  })) {
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
  // Several channels; ending all of them at once.
  const server = await serve(confirming());
  const client = connect(server.url());
  const heard = [];
  const all = server.received("UNSUBSCRIBE");
  observe(
    "pubsub.several.subscribe",
    await client.subscribe(["x", "y", "z"], (message, channel) => heard.push([channel, message])),
  );
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
  observe("pubsub.names.subscribe", [
    await client.subscribe([5], listener),
    await client.subscribe([Buffer.from("bytes")], listener),
  ]);
  await client.send("PUBLISH", ["bytes", "to bytes"]);
  await client.send("PUBLISH", ["5", "to 5"]);
  observe("pubsub.names.packets", server.peers[0].packets.slice(1).join(" | "));
  observe("pubsub.names.heard", heard);
}

await finish();

// Section 4: what goes out together, in which order, and what counts as buffered.
import { connect, finish, greeting, note, observe, serve, settled, turn } from "../support/index.mjs";

/** Packets after the handshake, for commands that `run` issues at once on a connected client. */
async function packets(key, run, options) {
  const server = await serve(greeting(([name]) => `+${name}\r\n`));
  const client = connect(server.url(), options);
  await client.connect();
  const results = await Promise.all(run(client).map(settled));
  observe(`sending.${key}.packets`, server.peers[0].packets.slice(1));
  observe(`sending.${key}.results`, results);
}

/** The order of commands, whatever the packets. */
async function order(key, run, options) {
  const server = await serve(greeting(([name]) => `+${name}\r\n`));
  const client = connect(server.url(), options);
  const results = await Promise.all(run(client).map(settled));
  observe(`sending.${key}.order`, server.peers[0].packets.slice(1).join(" | "));
  observe(`sending.${key}.results`, results);
}

await packets("turn", (client) => [client.get("a"), client.get("b"), client.set("c", 1)]);
await packets("methods", (client) => [client.ping(), client.send("X", ["1"]), client.incr("n"), client.getBuffer("b")]);
await packets("large", (client) => Array.from({ length: 20 }, (_, i) => client.get(`key-${i}`)));

// A turn ends after its microtasks and its nextTicks.
await packets("microtasks", (client) => {
  const all = [];
  const issue = async () => {
    for (const key of ["a", "b", "c", "d", "e"]) {
      all.push(client.get(key));
      await null;
    }
  };
  return [issue().then(() => Promise.all(all))];
});
await packets("promise-chain", (client) => [
  client.get("a"),
  Promise.resolve().then(() => client.get("b")),
  Promise.resolve()
    .then(() => {})
    .then(() => client.get("c")),
]);
await packets("nextTick", (client) => [
  client.get("a"),
  new Promise((resolve) => process.nextTick(() => resolve(client.get("b")))),
  new Promise((resolve) => queueMicrotask(() => resolve(client.get("c")))),
]);
await packets("nextTick.nested", (client) => [
  new Promise((resolve) => process.nextTick(() => process.nextTick(() => resolve(client.get("b"))))),
  client.get("a"),
]);

const excluded = [
  "AUTH",
  "EXEC",
  "INFO",
  "QUIT",
  "MULTI",
  "WATCH",
  "SCRIPT",
  "SELECT",
  "CLUSTER",
  "DISCARD",
  "UNWATCH",
  "PIPELINE",
];
const included = [
  "HELLO",
  "RESET",
  "MONITOR",
  "CLIENT",
  "BLPOP",
  "XREAD",
  "WAIT",
  "ASKING",
  "READONLY",
  "multi",
  "info",
  "Exec",
];
for (const name of [...excluded, ...included]) {
  await packets(`command.${name}`, (client) => [client.ping(), client.send(name, []), client.get("k")]);
}
await packets("transaction", (client) => [
  client.get("a"),
  client.send("MULTI", []),
  client.get("b"),
  client.send("EXEC", []),
  client.get("c"),
]);
await packets("info", (client) => [client.get("a"), client.info(), client.get("b")]);
await packets("script", (client) => [client.get("a"), client.script("EXISTS", "x"), client.get("b")]);

await order("before-connect", (client) => [
  client.get("a"),
  client.get("b"),
  client.send("MULTI", []),
  client.get("c"),
  client.send("EXEC", []),
  client.get("d"),
]);
await order("before-connect.connect", (client) => [
  client.get("a"),
  client.connect().then(() => client.get("c")),
  client.get("b"),
]);
await order("off", (client) => ["a", "b", "c", "d"].map((key) => client.get(key)), { enableAutoPipelining: false });
await order(
  "off.excluded",
  (client) => [client.get("a"), client.send("MULTI", []), client.get("b"), client.send("EXEC", [])],
  {
    enableAutoPipelining: false,
  },
);
await order("many", (client) => [
  Promise.all(Array.from({ length: 2000 }, (_, i) => client.get(`k${i}`))).then((all) => all.length),
]);

// Without pipelining commands do not wait for the answers to earlier ones.
{
  const server = await serve(greeting(() => {}));
  const client = connect(server.url(), { enableAutoPipelining: false });
  await client.connect();
  const last = server.received("GET", ({ packets }) => packets.join().includes("GET c"));
  const results = ["a", "b", "c"].map((key) => settled(client.get(key)));
  const peer = await last;
  observe("sending.off.waiting", peer.packets.slice(1).join(" | "));
  await peer.write("+1\r\n+2\r\n+3\r\n");
  observe("sending.off.answers", await Promise.all(results));
}

// Arguments are taken when the call is made.
{
  const server = await serve(greeting(([, argument]) => `$${argument.length}\r\n${argument}\r\n`));
  const client = connect(server.url());
  const bytes = Buffer.from("before");
  const result = client.send("ECHO", [bytes]);
  bytes.fill("x");
  observe("sending.copied", await result);
  const list = ["before"];
  const second = client.send("ECHO", list);
  list[0] = "after";
  observe("sending.copied.list", await second);
  const long = Buffer.alloc(100_000, "a");
  const third = client.send("ECHO", [long]);
  long.fill("b");
  observe("sending.copied.long", (await third).slice(0, 3));
}

// What the kernel does not take is buffered.
{
  const server = await serve(greeting(() => "+OK\r\n"));
  const client = connect(server.url());
  observe("sending.buffered.unconnected", client.bufferedAmount);
  await client.connect();
  observe("sending.buffered.connected", client.bufferedAmount);
  const small = client.set("k", "small");
  observe("sending.buffered.issued", client.bufferedAmount);
  await small;
  observe("sending.buffered.answered", client.bufferedAmount);
  server.peers[0].socket.pause();
  const large = settled(client.set("k", Buffer.alloc(32 << 20)));
  while (client.bufferedAmount === 0) await new Promise((resolve) => setImmediate(resolve));
  note("sending.buffered.stalled", String(client.bufferedAmount > 1 << 20));
  client.close();
  observe("sending.buffered.closed", client.bufferedAmount);
  observe("sending.buffered.result", await large);
}

// A reply that has not come to its end.
{
  const server = await serve(greeting(() => {}));
  const client = connect(server.url());
  await client.connect();
  const asked = server.received("X");
  const result = settled(client.send("X", []));
  const peer = await asked;
  await peer.write("$10\r\nhalf ");
  for (let turns = 0; turns < 1000 && client.bufferedAmount === 0; turns++) await turn();
  observe("sending.buffered.partial", client.bufferedAmount);
  await peer.write("reply\r\n");
  observe("sending.buffered.whole", [await result, client.bufferedAmount]);
}

await finish();

// Section 7: connect(), close(), duplicate(), callbacks, the offline queue and reconnecting.
import { GREETING, attempt, connect, finish, greeting, keep, note, observe, serve, settled, show } from "../support/index.mjs";

const answering = greeting(([name]) => ({ HANG: "", SELECT: "+OK\r\n" })[name] ?? `+${name}\r\n`);

/** What a client goes through, in order. */
function journal(client) {
  const events = [];
  client.onconnect = (...args) => void events.push(`onconnect ${args.length}`);
  client.onclose = (error) => void events.push(`onclose ${show(error)}`);
  const track = (name, promise) => settled(promise).then((text) => void events.push(`${name} ${text}`));
  return { events, track };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Waits until the client has noticed that its connection is gone. */
async function lost(client) {
  while (client.connected) await turn();
}

/** The outcomes of commands that were sent but not answered when `act` was called. */
async function inFlight(key, act, options, answer = answering) {
  const server = await serve(answer);
  const client = connect(server.url(), options);
  await client.connect();
  const { events, track } = journal(client);
  const asked = server.received("HANG");
  const all = [track("first", client.send("HANG", ["1"])), track("second", client.send("HANG", ["2"]))];
  await asked;
  await act(client, server, track, all);
  await Promise.all(all);
  await turn();
  observe(`life.${key}.events`, events);
  observe(`life.${key}.connected`, client.connected);
  return { client, server };
}

// --- Callbacks ---------------------------------------------------------------------------------
{
  const server = await serve(answering);
  const client = connect(server.url());
  const events = [];
  client.onconnect = function (...args) {
    events.push(["onconnect", this, args.length, args[0] === client, show(args[1])]);
  };
  client.onclose = function (...args) {
    events.push(["onclose", this === client, args.length, show(args[0]), client.connected]);
  };
  const connecting = client.connect().then((hello) => events.push(["connect()", show(hello)]));
  observe("life.callbacks.connecting", [client.connected, client.connect() === client.connect()]);
  await connecting;
  observe("life.callbacks.connected", [client.connected, client.connect() === client.connect()]);
  observe("life.callbacks.again", await settled(client.connect()));
  observe("life.callbacks.close", [client.close(), client.connected, events.length]);
  observe("life.callbacks.close.again", [client.close(), events.length]);
  observe("life.callbacks.events", events);
  for (const value of [null, undefined, 5, "text", {}]) {
    client.onconnect = value;
    client.onclose = value;
    await client.connect();
    client.close();
    observe(`life.callbacks.${value}`, [client.connected, events.length]);
  }
}

// An exception in a callback is uncaught and breaks nothing.
for (const [name, throwing] of [["onconnect", "connect"], ["onclose", "close"]]) {
  const server = await serve(answering);
  const client = connect(server.url());
  const uncaught = new Promise((resolve) => process.once("uncaughtException", resolve));
  client[name] = () => {
    throw new RangeError(`from ${name}`);
  };
  await client.connect();
  await attempt(`life.callbacks.throwing.${throwing}`, () => client.close());
  observe(`life.callbacks.throwing.${throwing}.uncaught`, await uncaught);
  client[name] = undefined;
  observe(`life.callbacks.throwing.${throwing}.after`, [await settled(client.connect().then(() => client.ping()))]);
}

// onconnect comes before the reactions of connect(), for each connection anew.
{
  const server = await serve(answering);
  const client = connect(server.url());
  const { events, track } = journal(client);
  await Promise.all([track("ping", client.ping()), track("connect()", client.connect())]);
  const again = server.received("AGAIN");
  server.peers[0].destroy();
  await new Promise((resolve) => {
    const { onconnect } = client;
    client.onconnect = (...args) => (onconnect(...args), resolve());
  });
  await Promise.all([track("again", client.send("AGAIN", [])), again]);
  observe("life.onconnect.order", events);
}

// --- close() -----------------------------------------------------------------------------------
{
  const server = await serve(answering);
  const client = connect(server.url());
  const { events } = journal(client);
  observe("life.close.unconnected", [client.close(), client.connected, events]);
  observe("life.close.unconnected.command", [await settled(client.ping()), server.peers.length]);
}
await inFlight("close.in-flight", (client) => client.close());
await inFlight("close.same-turn", (client, server, track, all) => {
  all.push(track("third", client.send("X", ["3"])));
  client.close();
  all.push(track("fourth", client.send("X", ["4"])));
});
{
  const { client, server } = await inFlight("close.then", (client) => client.close());
  for (let time = 1; time <= 2; time++) await attempt(`life.close.then.command.${time}`, () => client.get("k"));
  await attempt("life.close.then.sync-error", () => client.get(null));
  observe("life.close.then.dialled", server.peers.length);
  observe("life.close.then.connect", [await settled(client.connect()), await settled(client.ping()), server.peers.length]);
}
{
  // While it is being connected.
  const server = await serve(() => {});
  const client = connect(server.url());
  const { events, track } = journal(client);
  const greeted = server.received("HELLO");
  const all = [track("connect()", client.connect()), track("command", client.ping())];
  await greeted;
  client.close();
  observe("life.close.connecting.sync", [...events]);
  await Promise.all(all);
  observe("life.close.connecting.events", events);
  observe("life.close.connecting.after", [client.connected, await settled(client.ping()), server.peers.length]);
}
{
  // In the turn of the first command.
  const server = await serve(answering);
  const client = connect(server.url());
  const { events, track } = journal(client);
  const all = [track("command", client.ping()), track("connect()", client.connect())];
  client.close();
  await Promise.all(all);
  observe("life.close.at-once.events", events);
}
{
  // While it waits for the next attempt.
  const server = await serve(answering);
  const client = connect(server.url());
  await client.connect();
  const { events, track } = journal(client);
  await server.stop();
  await lost(client);
  const waiting = track("waiting", client.send("X", []));
  client.close();
  await waiting;
  observe("life.close.retrying.events", events);
  observe("life.close.retrying.after", await settled(client.get("k")));
}
{
  // From within callbacks.
  const server = await serve(answering);
  const client = connect(server.url());
  const events = [];
  client.onconnect = () => {
    events.push("onconnect");
    client.close();
  };
  client.onclose = () => void events.push("onclose");
  observe("life.close.in-onconnect.connect", await settled(client.connect()));
  observe("life.close.in-onconnect.events", [events, client.connected, await settled(client.ping())]);
}
{
  const server = await serve(answering);
  const client = connect(server.url());
  await client.connect();
  const revived = new Promise((resolve) => {
    client.onclose = () => {
      client.onclose = undefined;
      resolve(settled(client.connect()));
    };
  });
  client.close();
  observe("life.connect.in-onclose", [await revived, client.connected, await settled(client.ping()), server.peers.length]);
}

// --- The server drops the connection ------------------------------------------------------------
const drops = {
  fin: (server) => server.peers.at(-1).end(),
  reset: (server) => server.peers.at(-1).socket.resetAndDestroy(),
  destroy: (server) => server.peers.at(-1).destroy(),
};
for (const [kind, drop] of Object.entries(drops)) {
  const { client, server } = await inFlight(`drop.${kind}`, async (client, server) => {
    const reconnected = new Promise((resolve) => {
      const { onconnect } = client;
      client.onconnect = (...args) => (onconnect(...args), resolve());
    });
    drop(server);
    await reconnected;
  });
  observe(`life.drop.${kind}.after`, [await settled(client.ping()), server.peers.length]);
  // Without reconnecting.
  const { client: final } = await inFlight(`drop.${kind}.final`, async (client, server, track, all) => {
    drop(server);
    await Promise.all(all);
  }, { autoReconnect: false });
  await attempt(`life.drop.${kind}.final.command`, () => final.ping());
  observe(`life.drop.${kind}.final.connect`, [Object.keys(await final.connect()), await settled(final.ping())]);
}
{
  // Commands wait for the new connection and keep their order.
  const server = await serve(answering);
  const client = connect(server.url());
  await client.connect();
  const dropped = settled(client.send("HANG", []));
  await server.received("HANG");
  server.peers[0].destroy();
  observe("life.queue.dropped", await dropped);
  const connecting = client.connect();
  const results = ["a", "b", "c"].map((key) => settled(client.get(key)));
  observe("life.queue.waiting", client.connected);
  observe("life.queue.results", await Promise.all(results));
  observe("life.queue.connect", Object.keys(await connecting));
  observe("life.queue.order", server.peers.at(-1).packets.slice(1).join(" | "));
}
{
  // A reply that was cut.
  const server = await serve(answering);
  const client = connect(server.url());
  await client.connect();
  const result = settled(client.send("HANG", []));
  const [peer] = server.peers;
  await server.received("HANG");
  await peer.write("$10\r\nhalf");
  peer.end();
  observe("life.drop.partial", await result);
  observe("life.drop.partial.after", await settled(client.ping()));
}
{
  // QUIT is answered, and the drop behind it is like any other.
  const server = await serve(answering);
  const client = connect(server.url());
  await client.connect();
  observe("life.quit", await settled(client.send("QUIT", [])));
  server.peers[0].end();
  const again = new Promise((resolve) => (client.onconnect = resolve));
  await again;
  observe("life.quit.after", [await settled(client.ping()), server.peers.length]);
}
{
  // Each accepted HELLO resets the counter.
  const server = await serve(answering);
  const client = connect(server.url(), { maxRetries: 1 });
  await client.connect();
  for (let round = 1; round <= 4; round++) {
    const again = new Promise((resolve) => (client.onconnect = resolve));
    server.peers.at(-1).destroy();
    await again;
  }
  observe("life.retries.reset", [await settled(client.ping()), server.peers.length]);
}

// --- Nobody listens ----------------------------------------------------------------------------
for (const maxRetries of [0, 1, 3]) {
  const closed = await serve(() => {});
  await closed.stop();
  const client = connect(closed.url(), { maxRetries });
  const { events, track } = journal(client);
  const started = Date.now();
  await Promise.all([track("first", client.get("a")), track("second", client.get("b")), track("connect()", client.connect())]);
  observe(`life.refused.${maxRetries}.events`, events);
  observe(`life.refused.${maxRetries}.waited`, Date.now() - started >= [0, 50, , 50 + 100 + 200][maxRetries] - 5);
  await attempt(`life.refused.${maxRetries}.after`, () => client.get("k"));
}
for (const kind of ["command", "connect"]) {
  const closed = await serve(() => {});
  await closed.stop();
  const client = connect(closed.url(), { autoReconnect: false });
  const { events, track } = journal(client);
  await track(kind, kind === "connect" ? client.connect() : client.get("k"));
  observe(`life.refused.final.${kind}.events`, events);
  await attempt(`life.refused.final.${kind}.after`, () => client.get("k"));
}
{
  // What waits is sent when the server is there again.
  const server = await serve(answering);
  const client = connect(server.url());
  await client.connect();
  await server.stop();
  await lost(client);
  const results = ["a", "b"].map((key) => settled(client.get(key)));
  const again = await serve(answering, { port: server.port });
  observe("life.return.commands", [await Promise.all(results), again.peers.length]);
}
{
  // connect() while waiting dials at once.
  let accepted = 0;
  const server = await serve(([name], peer) => {
    if (name !== "HELLO") return "+PONG\r\n";
    accepted++;
    if (accepted === 2 || accepted === 3) return void peer.destroy();
    return GREETING;
  });
  const client = connect(server.url(), { maxRetries: 5 });
  await client.connect();
  server.peers[0].destroy();
  await server.received("HELLO", ({ index }) => index === 1);
  observe("life.connect.retrying", [Object.keys(await client.connect()), await settled(client.ping())]);
}

// --- enableOfflineQueue: false -----------------------------------------------------------------
{
  const server = await serve(answering);
  const client = connect(server.url(), { enableOfflineQueue: false });
  const connected = new Promise((resolve) => (client.onconnect = resolve));
  await attempt("life.offline.first", () => client.get("k"));
  await attempt("life.offline.second", () => client.get("k"));
  await attempt("life.offline.argument", () => client.get());
  await connected;
  observe("life.offline.connected", [await settled(client.ping()), server.peers.length, server.peers[0].packets]);
  const dropped = settled(client.send("HANG", []));
  await server.received("HANG");
  server.peers[0].destroy();
  observe("life.offline.dropped", await dropped);
  await attempt("life.offline.retrying", () => client.get("k"));
  await client.connect();
  await attempt("life.offline.again", () => client.ping());
  client.close();
  await attempt("life.offline.closed", () => client.get("k"));
}
{
  const server = await serve(answering);
  const client = connect(server.url(), { enableOfflineQueue: false });
  const connecting = client.connect();
  const early = settled(client.ping());
  observe("life.offline.connecting", [Object.keys(await connecting), await early, await settled(client.ping())]);
}

// --- Time-outs ---------------------------------------------------------------------------------
for (const queued of [true, false]) {
  const server = await serve(() => {});
  const client = connect(server.url(), { connectionTimeout: 40, maxRetries: 0 });
  const { events, track } = journal(client);
  const all = [track("connect()", client.connect())];
  if (queued) all.push(track("first", client.get("a")), track("second", client.get("b")));
  await Promise.all(all);
  await turn();
  observe(`life.connection-timeout.${queued}.events`, events);
  observe(`life.connection-timeout.${queued}.after`, [await settled(client.get("k")), server.peers.length]);
}
{
  // Whether a time-out is worth another attempt.
  const server = await serve(() => {});
  const client = connect(server.url(), { connectionTimeout: 40, maxRetries: 1 });
  observe("life.connection-timeout.retried", [await settled(client.get("k")), server.peers.length]);
}
{
  const { client, server } = await inFlight("idle-timeout", async (client, server, track, all) => void (await Promise.all(all)), { idleTimeout: 60 },
    greeting(() => {}));
  observe("life.idle-timeout.after", [await settled(client.get("k")), server.peers.length]);
}
{
  const server = await serve(answering);
  const client = connect(server.url(), { idleTimeout: 60 });
  const closed = new Promise((resolve) => (client.onclose = resolve));
  await client.connect();
  observe("life.idle-timeout.idle", await closed);
  observe("life.idle-timeout.idle.after", [client.connected, await settled(client.get("k"))]);
  observe("life.idle-timeout.revived", [Object.keys(await client.connect()), await settled(client.ping())]);
}

// --- duplicate() -------------------------------------------------------------------------------
{
  const server = await serve(answering);
  const client = connect(server.url("/2").replace("//", "//u:p@"), { maxRetries: 0 });
  client.onconnect = () => {};
  client.onclose = () => {};
  const lazy = keep(await client.duplicate());
  observe("life.duplicate.unconnected", [lazy === client, lazy.connected, lazy.onconnect, lazy.onclose, server.peers.length]);
  await client.connect();
  const copy = keep(await client.duplicate());
  observe("life.duplicate.connected", [copy.connected, copy.onconnect, copy.onclose, server.peers.map(({ packets }) => packets)]);
  observe("life.duplicate.command", await settled(copy.ping()));
  client.close();
  observe("life.duplicate.independent", [copy.connected, await settled(copy.ping())]);
  const after = keep(await client.duplicate());
  observe("life.duplicate.closed", [after.connected, await settled(after.ping())]);
}
{
  let accept = true;
  const server = await serve(([name]) => (name !== "HELLO" ? "+PONG\r\n" : accept ? GREETING : "-ERR no\r\n"));
  const client = connect(server.url());
  await client.connect();
  accept = false;
  await attempt("life.duplicate.refused", () => client.duplicate());
  note("life.duplicate.refused.original", await settled(client.ping()));
}

await finish();

// Section 7: lost connections, refused ones, the offline queue and time-outs.
import {
  GREETING,
  answering,
  attempt,
  connect,
  finish,
  greeting,
  inFlight,
  journal,
  keep,
  lost,
  observe,
  serve,
  settled,
  turn,
} from "../support/index.mjs";

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
  const { client: final } = await inFlight(
    `drop.${kind}.final`,
    async (client, server, track, all) => {
      drop(server);
      await Promise.all(all);
    },
    { autoReconnect: false },
  );
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
  await server.stop();
  observe("life.queue.dropped", await dropped);
  const connecting = client.connect();
  const results = ["a", "b", "c"].map((key) => settled(client.get(key)));
  observe("life.queue.waiting", client.connected);
  const again = await serve(answering, { port: server.port });
  observe("life.queue.results", await Promise.all(results));
  observe("life.queue.connect", Object.keys(await connecting));
  observe("life.queue.order", again.peers.at(-1).packets.slice(1).join(" | "));
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
  await Promise.all([track("first", client.get("a")), track("second", client.get("b"))]);
  observe(`life.refused.${maxRetries}.events`, events);
  observe(`life.refused.${maxRetries}.waited`, Date.now() - started >= [0, 50, , 50 + 100 + 200][maxRetries] - 5);
  await attempt(`life.refused.${maxRetries}.after`, () => client.get("k"));
  // On a client of its own: the answer may be there before a second call is.
  await attempt(`life.refused.${maxRetries}.connect`, () => connect(closed.url(), { maxRetries }).connect());
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
  await server.stop();
  observe("life.offline.dropped", await dropped);
  await attempt("life.offline.retrying", () => client.get("k"));
  await serve(answering, { port: server.port });
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
  const client = connect(server.url(), { connectionTimeout: 150, maxRetries: 0 });
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
  const client = connect(server.url(), { connectionTimeout: 150, maxRetries: 1 });
  observe("life.connection-timeout.retried", [await settled(client.get("k")), server.peers.length]);
}
{
  const { client, server } = await inFlight(
    "idle-timeout",
    async (client, server, track, all) => void (await Promise.all(all)),
    { idleTimeout: 250 },
    greeting(() => {}),
  );
  observe("life.idle-timeout.after", [await settled(client.get("k")), server.peers.length]);
}
{
  const server = await serve(answering);
  const client = connect(server.url(), { idleTimeout: 250 });
  const closed = new Promise((resolve) => (client.onclose = resolve));
  await client.connect();
  observe("life.idle-timeout.idle", await closed);
  observe("life.idle-timeout.idle.after", [client.connected, await settled(client.get("k"))]);
  observe("life.idle-timeout.revived", [Object.keys(await client.connect()), await settled(client.ping())]);
}

await finish();

// Section 7: callbacks, connect(), close() and duplicate().
import {
  GREETING,
  answering,
  attempt,
  connect,
  finish,
  inFlight,
  journal,
  keep,
  lost,
  note,
  observe,
  serve,
  settled,
  show,
  turn,
} from "../support/index.mjs";

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
for (const [name, throwing] of [
  ["onconnect", "connect"],
  ["onclose", "close"],
]) {
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
  observe("life.close.then.connect", [
    await settled(client.connect()),
    await settled(client.ping()),
    server.peers.length,
  ]);
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
  observe("life.connect.in-onclose", [
    await revived,
    client.connected,
    await settled(client.ping()),
    server.peers.length,
  ]);
}

// --- duplicate() -------------------------------------------------------------------------------
{
  const server = await serve(answering);
  const client = connect(server.url("/2").replace("//", "//u:p@"), { maxRetries: 0 });
  client.onconnect = () => {};
  client.onclose = () => {};
  const lazy = keep(await client.duplicate());
  observe("life.duplicate.unconnected", [
    lazy === client,
    lazy.connected,
    lazy.onconnect,
    lazy.onclose,
    server.peers.length,
  ]);
  await client.connect();
  const copy = keep(await client.duplicate());
  observe("life.duplicate.connected", [
    copy.connected,
    copy.onconnect,
    copy.onclose,
    server.peers.map(({ packets }) => packets),
  ]);
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

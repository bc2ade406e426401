// Section 3: what is sent first, and what becomes of the server's answers to it.
import { GREETING, connect, finish, note, observe, outcome, serve, settled, show } from "../support/index.mjs";

/** What HELLO may be answered with. */
const hellos = {
  map: GREETING,
  "map.simple-keys": "%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n",
  "map.proto2": "%1\r\n$5\r\nproto\r\n:2\r\n",
  "map.simple.proto2": "%1\r\n+proto\r\n:2\r\n",
  "map.empty": "%0\r\n",
  "map.nested": "%1\r\n$7\r\nmodules\r\n*1\r\n%1\r\n$4\r\nname\r\n$1\r\nx\r\n",
  ok: "+OK\r\n",
  simple: "+HELLO\r\n",
  "simple.empty": "+\r\n",
  bulk: "$2\r\nOK\r\n",
  "bulk.null": "$-1\r\n",
  verbatim: "=6\r\ntxt:OK\r\n",
  array: "*2\r\n$5\r\nproto\r\n:3\r\n",
  "array.empty": "*0\r\n",
  "array.null": "*-1\r\n",
  set: "~1\r\n+OK\r\n",
  integer: ":3\r\n",
  double: ",3\r\n",
  boolean: "#t\r\n",
  null: "_\r\n",
  bignumber: "(3\r\n",
  attribute: `|1\r\n+a\r\n+b\r\n${GREETING}`,
  push: `>2\r\n+invalidate\r\n_\r\n${GREETING}`,
  "error.wrongpass": "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
  "error.loading": "-LOADING Redis is loading the dataset in memory\r\n",
  "error.maxclients": "-ERR max number of clients reached\r\n",
  "error.unknown": "-ERR unknown command 'HELLO', with args beginning with: '3'\r\n",
  "error.noperm": "-NOPERM User default has no permissions to run the 'hello' command\r\n",
  "error.noauth": "-NOAUTH HELLO must be called with the client already authenticated\r\n",
  "error.noproto": "-NOPROTO unsupported protocol version\r\n",
  "error.empty": "-\r\n",
  "error.blob": "!9\r\nERR large\r\n",
  "protocol.type": "?\r\n",
  "protocol.integer": ":x\r\n",
  "protocol.text": "HTTP/1.1 400 Bad Request\r\n\r\n",
};
for (const [kind, hello] of Object.entries(hellos)) {
  await handshake(`handshake.hello.${kind}`, "", ([name]) => (name === "HELLO" ? hello : "+PONG\r\n"));
}

// Whether a refusal that may pass is worth another attempt.
for (const [kind, hello] of [
  ["loading", "-LOADING busy\r\n"],
  ["maxclients", "-ERR max number of clients reached\r\n"],
  ["wrongpass", "-WRONGPASS no\r\n"],
]) {
  const server = await serve(([name], { index }) =>
    name === "HELLO" && index === 0 ? hello : name === "HELLO" ? GREETING : "+PONG\r\n",
  );
  const client = connect(server.url(), { maxRetries: 1 });
  observe(`handshake.passing.${kind}`, [await settled(client.ping()), server.peers.length]);
}

const selects = {
  ok: "+OK\r\n",
  simple: "+PONG\r\n",
  bulk: "$2\r\nOK\r\n",
  integer: ":1\r\n",
  null: "_\r\n",
  array: "*0\r\n",
  error: "-ERR DB index is out of range\r\n",
  "error.blob": "!7\r\nERR bad\r\n",
  boolean: "#t\r\n",
  protocol: "?\r\n",
};
for (const [kind, select] of Object.entries(selects)) {
  await handshake(
    `handshake.select.${kind}`,
    "/5",
    ([name]) => ({ HELLO: GREETING, SELECT: "" })[name] ?? "+PONG\r\n",
    select,
  );
}

await early("database", "/2", { commands: ["PING"] });
await early("password", "/", { userInfo: ":pw@", commands: ["PING", "PING"] });
await early("credentials.database", "/9", { userInfo: "u:p@", commands: ["PING", "GET"] });
await early("plain", "", { commands: ["GET", "GET", "GET"] });

// Nothing is dialled before it is needed, and connect() alone is enough.
{
  const server = await serve(() => "+OK\r\n");
  const client = connect(server.url());
  observe("handshake.lazy.before", server.peers.length);
  await client.connect();
  observe(
    "handshake.lazy.after",
    server.peers.map(({ packets }) => packets),
  );
  observe("handshake.lazy.again", show(await client.connect()));
  observe("handshake.lazy.dialled", server.peers.length);
}

// A reply that is held back: commands wait for SELECT, not connect().
{
  let peer;
  const server = await serve(([name], from) => {
    peer = from;
    return name === "HELLO" ? GREETING : name === "SELECT" ? undefined : "+PONG\r\n";
  });
  const client = connect(server.url("/1"));
  const command = client.ping();
  observe("handshake.held.connect", Object.keys(await client.connect()));
  observe("handshake.held.connected", client.connected);
  observe("handshake.held.packets", peer.packets);
  const pinged = server.received("PING");
  await peer.write("+OK\r\n");
  await pinged;
  observe("handshake.held.released", [peer.packets, await command]);
}

// A reconnect repeats the handshake of the URL; a select of the program's own is forgotten.
{
  const server = await serve(([name]) => (name === "HELLO" ? GREETING : "+OK\r\n"));
  const client = connect(server.url("/3").replace("//", "//u:p@"));
  await client.connect();
  observe("handshake.reconnect.select", await client.select(7));
  const again = server.received("SELECT", ({ index }) => index === 1);
  server.peers[0].destroy();
  await again;
  observe("handshake.reconnect.command", await settled(client.get("k")));
  observe(
    "handshake.reconnect.packets",
    server.peers.map(({ packets }) => packets),
  );
  const copy = await client.duplicate();
  observe("handshake.duplicate.packets", server.peers[2].packets);
  copy.close();
}

// A connection of RESP2 after the handshake.
{
  const answers = {
    HGETALL: "*2\r\n$1\r\nf\r\n$1\r\nv\r\n",
    ZSCORE: "$3\r\n1.5\r\n",
    SMEMBERS: "*1\r\n$1\r\nm\r\n",
    EXISTS: ":1\r\n",
  };
  const server = await serve(([name]) => answers[name] ?? GREETING);
  const client = connect(server.url());
  observe("handshake.resp2.hello", Object.keys(await client.send("HELLO", ["2"])));
  for (const name of ["hgetall", "zscore", "smembers", "exists"]) {
    observe(`handshake.resp2.${name}`, await client[name]("k", "m"));
  }
}

await finish();

/**
 * A command and a connect() against a server that answers the handshake in some way, a part of it
 * only after connect() was settled.
 */
async function handshake(key, path, answer, later) {
  const server = await serve(answer);
  const client = connect(server.url(path), { connectionTimeout: 2000, maxRetries: 0 });
  const events = [];
  client.onconnect = () => void events.push("onconnect");
  client.onclose = (error) => void events.push(`onclose ${show(error)}`);
  const [command, connecting] = await Promise.all([
    settled(client.ping()),
    settled(client.connect()).then((text) => {
      events.push("connect() settled");
      if (later !== undefined) server.peers[0].write(later);
      return text;
    }),
  ]);
  note(`${key}.command`, command);
  note(`${key}.connect`, connecting);
  observe(`${key}.events`, events);
  observe(`${key}.after`, [client.connected, await outcome(() => client.ping())]);
  observe(`${key}.dialled`, server.peers.length);
  await server.stop();
}

/** The packets that commands lead to which are issued before there is a connection. */
async function early(key, path, { userInfo = "", commands }) {
  const server = await serve(([name]) => (name === "HELLO" ? GREETING : "+OK\r\n"));
  const client = connect(server.url(path).replace("//", `//${userInfo}`));
  await Promise.all(commands.map((command) => client.send(command, [])));
  observe(
    `handshake.packets.${key}`,
    server.peers.map(({ packets }) => packets),
  );
}

// Section 2.1 to 2.3: which URLs are accepted, what is said about the others, and what the server sees.
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisClient, attempt, connect, escape, finish, note, outcome, serve, settled } from "../support/index.mjs";

/** The constructor's part of an observation. */
const construct = (url) => outcome(() => new RedisClient(url));

const schemes = ["redis", "valkey", "rediss", "valkeys", "redis+tls", "valkey+tls"];
const unixSchemes = ["redis+unix", "valkey+unix", "redis+tls+unix", "valkey+tls+unix"];
const foreign = ["http", "https", "redis+ssl", "unix", "redis-sentinel", "tcp", "ws", "red", "redisss", "tls+redis"];
for (const scheme of [...schemes, ...foreign]) {
  for (const spelling of [scheme, scheme.toUpperCase()]) {
    note(`url.scheme.${spelling}`, await construct(`${spelling}://localhost:6379`));
  }
}
for (const scheme of unixSchemes) {
  const rests = ["///tmp/s.sock", "//", "///", "//host/s.sock", "///a%20b", "//u:pw@/tmp/s.sock", ":/tmp/s.sock", ""];
  for (const rest of rests) {
    note(`url.scheme.${scheme}.${rest}`, await construct(`${scheme}:${rest}`));
  }
}

const texts = [
  "", " ", "  localhost", "localhost", "localhost:6379", "localhost:6379/3", "user:pw@localhost:6379", "127.0.0.1",
  "redis:", "redis:/", "redis://", "redis:///", "redis:///1", "redis://:1", "redis://@", "redis://:@localhost",
  "redis:localhost", "://", "://localhost", "//localhost", "/", "?", "#", ":", ":6379", "a b", "redis://a b",
  "redis://[::1]", "redis://[::1]:6379/2", "redis://[::1", "redis://::1", "redis://%", "redis://localhost:",
  "redis://localhost:0", "redis://localhost:1", "redis://localhost:65535", "redis://localhost:65536",
  "redis://localhost:-1", "redis://localhost:+1", "redis://localhost:6379x", "redis://localhost:x",
  "redis://localhost: 1", "redis://localhost:00006379", "rediss://localhost:0", "redis://user:p@w@localhost",
  "redis://user@localhost", "redis://:pw@localhost", "redis://us%40er:p%2Fw@localhost", "redis://user:%zz@localhost",
  "redis://user:p#w@localhost", "redis://user:p?w@localhost", "redis://user:p/w@localhost",
  "redis://user:p w@localhost", "redis://1.2.3.4.5", "redis://256.256.256.256", "redis://exämple", "redis://ex_ample",
  "redis://local\nhost", "redis://local\0host", "redis://localhost\\1", "REDIS+TLS+UNIX:///tmp/s",
  "redis+unix://localhost", "null", "undefined", "redis://localhost\n", " redis://localhost ",
  "\tredis://localhost:1\r\n", "localhost ", "localhost\n", "redis://localhost?db=2", "redis://localhost#2",
  "redis://localhost/?db=2", "redis://localhost/1?db=2",
];
for (const text of texts) note(`url.text.${JSON.stringify(text)}`, await construct(text));

const databases = [
  "", "/", "/0", "/1", "/15", "/007", "/4294967295", "/4294967296", "/-1", "/+2", "/1_0", "/abc", "/1a", "/1/2", "/1/",
  "//5", "/%31", "/1.5", "/1e1", "/0x1", "/ 1", "/1?a=b", "/1#a", "/?", "/99999999999999999999",
];
for (const database of databases) note(`url.database.${database}`, await construct(`redis://localhost${database}`));

const others = {
  number: 5, zero: 0, true: true, false: false, bigint: 5n, array: ["redis://localhost"], "array.two": ["a", "b"],
  object: {}, "object.toString": { toString: () => "redis://localhost" }, url: new URL("redis://localhost/2"),
  boxed: new String("redis://localhost/1"), function: () => {}, null: null, undefined: undefined, date: NaN,
  "object.throws": { toString: () => { throw new RangeError("own"); } },
};
for (const [kind, value] of Object.entries(others)) note(`url.other.${kind}`, await construct(value));
note("url.other.symbol", (await construct(Symbol("s"))).slice(0, 16));
for (const length of [2000, 2030, 2100, 5000]) {
  note(`url.long.${length}`, await construct(`localhost:6379/${"0".repeat(length)}`));
  note(`url.long.password.${length}`, await construct(`redis://:${"p".repeat(length)}@localhost`));
}

// What the server sees.
const server = await serve(() => "+OK\r\n");
const authorities = [
  "", "user:pw@", ":pw@", "user:@", "user@", ":@", "@", "us%40er:p%2fw%3a@", "%C3%A9:%E2%82%AC@", "é:€@", "user:%zz%4@",
  "user:a@b@", "user:a%00b@", "user:%0d%0a@", "user:a+b@", "user:a:b@", "user%3Apw@", "%75ser:%70w@", "user:pw%25@",
];
for (const authority of authorities) {
  await greetingOf(`url.wire.${JSON.stringify(authority)}`, `redis://${authority}127.0.0.1:${server.port}`);
}
for (const rest of ["", "/", "/0", "/1", "/15", "/007", "/4294967295", "/1?db=4", "?db=4", "#4", "/2#4"]) {
  await greetingOf(`url.wire.path.${rest}`, `redis://127.0.0.1:${server.port}${rest}`);
}
for (const prefix of ["valkey://", "REDIS://", "ValKey://", ""]) {
  await greetingOf(`url.wire.prefix.${prefix}`, `${prefix}127.0.0.1:${server.port}/3`);
}
for (const prefix of ["user:pw@", ":pw@"]) {
  await greetingOf(`url.wire.bare.${prefix}`, `${prefix}127.0.0.1:${server.port}`);
}
await greetingOf("url.wire.url-object", new URL(`redis://u:p@127.0.0.1:${server.port}/2`));
await greetingOf("url.wire.localhost", `redis://localhost:${server.port}`);

const folder = mkdtempSync(join(tmpdir(), "parity-"));
for (const name of ["plain.sock", "a b.sock", "a%20b.sock", "é.sock", "a?b.sock", "a#b.sock"]) {
  const unix = await serve(() => "+OK\r\n", { path: join(folder, name) });
  const client = connect(`redis+unix://${join(folder, name)}`, { maxRetries: 0 });
  const result = await settled(client.connect());
  note(`url.unix.${name}`, `${result}; ${unix.peers.map(({ packets }) => packets.join(" || ")).join(" ||| ")}`);
  client.close();
  await unix.stop();
}
const plain = join(folder, "plain.sock");
for (const rest of [`host${plain}`, `${plain}?a=b`, `${plain}#a`, `${plain}\n`]) {
  const unix = await serve(() => "+OK\r\n", { path: plain });
  const key = `url.unix.rest.${JSON.stringify(rest.replace(folder, ""))}`;
  await attempt(key, () => connect(`redis+unix://${rest}`, { maxRetries: 0 }).connect());
  await unix.stop();
}
await attempt("url.unix.missing", () => connect(`redis+unix://${folder}/none`, { maxRetries: 0 }).get("k"));
rmSync(folder, { recursive: true });

// A port where nobody listens, and hosts that do not exist.
const closed = await serve(() => {});
await closed.stop();
await new Promise((resolve) => createConnection(closed.port, "127.0.0.1").on("error", resolve));
const unreachable = { port: closed.url(), host: "redis://does-not-exist.invalid", space: " ", empty: "redis://" };
for (const [kind, url] of Object.entries(unreachable)) {
  await attempt(`url.unreachable.${kind}.command`, () => connect(url, { maxRetries: 0 }).get("k"));
  await attempt(`url.unreachable.${kind}.connect`, () => connect(url, { maxRetries: 0 }).connect());
}

await finish();

/** Connects, and tells what arrived first. */
async function greetingOf(key, url) {
  const before = server.peers.length;
  const client = connect(url);
  const result = await settled(client.connect());
  const greetings = server.peers.slice(before).map(({ packets }) => packets[0].split(" ").map(escape).join(" "));
  note(key, `${result}; ${greetings.join(" ||| ")}`);
  client.close();
}

// Section 2.5: TLS by scheme and by option, verification, names, client certificates, Unix sockets.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect, finish, greeting, note, observe, serve, settled, show } from "../support/index.mjs";

const {
  PARITY_CERTIFICATES: folder,
  PARITY_TLS: port,
  PARITY_TLS_SOCKET: socket,
  PARITY_TLS_STRICT: strict,
  PARITY_TLS_SELF: self,
} = process.env;
const script = fileURLToPath(import.meta.url);
const path = (name) => join(folder, name);
const text = (name) => readFileSync(path(name), "utf8");
const bytes = (name) => readFileSync(path(name));
const ca = text("ca.crt");
const client = { cert: text("client.crt"), key: text("client.key") };

if (process.argv[2] === "child") {
  console.log(
    JSON.stringify(
      await Promise.all([
        handshake(`rediss://localhost:${port}`),
        handshake(`rediss://localhost:${port}`, { tls: true }),
        handshake(`rediss://localhost:${self}`),
      ]),
    ),
  );
} else {
  await parent();
}
await finish();

async function parent() {
  for (const scheme of ["rediss", "valkeys", "redis+tls", "valkey+tls"]) {
    await attempt(`scheme.${scheme}`, `${scheme}://localhost:${port}`, { tls: { ca } });
    await attempt(`scheme.${scheme}.unverified`, `${scheme}://localhost:${port}`);
  }
  const options = {
    true: true,
    false: false,
    "ca.string": { ca },
    "ca.buffer": { ca: bytes("ca.crt") },
    "ca.array": { ca: [ca] },
    "ca.array.two": { ca: [text("self.crt"), bytes("ca.crt")] },
    "ca.arraybuffer": { ca: Uint8Array.from(bytes("ca.crt")).buffer },
    "ca.concatenated": { ca: text("self.crt") + ca },
    "ca.other": { ca: text("self.crt") },
    "ca.file": { caFile: path("ca.crt") },
    "ca.file.other": { caFile: path("self.crt") },
    unverified: { rejectUnauthorized: false },
    verified: { rejectUnauthorized: true },
    "unverified.ca": { ca: text("self.crt"), rejectUnauthorized: false },
    "name.other": { ca, serverName: "other.test" },
    "name.other.unverified": { ca, serverName: "other.test", rejectUnauthorized: false },
    "name.lower": { ca, servername: "other.test" },
    "name.lower.unverified": { servername: "other.test", rejectUnauthorized: false },
    "name.both": { serverName: "one.test", servername: "two.test", rejectUnauthorized: false },
    "name.right": { ca, serverName: "localhost" },
    "name.ip": { ca, serverName: "127.0.0.1" },
    "name.ip.other": { ca, serverName: "127.0.0.9" },
    "name.empty": { ca, serverName: "" },
    check: { ca, checkServerIdentity: () => new Error("never called") },
    client: { ca, ...client },
    "client.files": { ca, certFile: path("client.crt"), keyFile: path("client.key") },
    "client.buffers": { ca, cert: bytes("client.crt"), key: bytes("client.key") },
    "client.unknown": { ca, cert: text("self.crt"), key: text("self.key") },
  };
  for (const [kind, tls] of Object.entries(options)) {
    await attempt(`option.${kind}`, `redis://localhost:${port}`, { tls }, kind === "false");
    await attempt(`option.scheme.${kind}`, `rediss://localhost:${port}`, { tls });
  }
  // Settings of no use fail before there is a connection, perhaps before connect() could be called as well.
  const unusable = {
    name: { ca, serverName: "not a name" },
    mismatch: { ca, cert: client.cert, key: text("self.key") },
    client: { ca, cert: "nonsense", key: "nonsense" },
    ca: { ca: "nonsense" },
    "ca.empty": { ca: "" },
  };
  for (const [kind, tls] of Object.entries(unusable)) {
    const one = connect(`rediss://localhost:${port}`, { tls });
    const closed = new Promise((resolve) => (one.onclose = resolve));
    note(`tls.unusable.${kind}`, await settled(one.ping()));
    observe(`tls.unusable.${kind}.closed`, await closed);
  }
  for (const host of ["localhost", "127.0.0.1", "LOCALHOST"])
    await attempt(`host.${host}`, `rediss://${host}:${port}`, { tls: { ca } });

  // A server that insists on a certificate.
  await attempt("strict.with", `rediss://localhost:${strict}`, { tls: { ca, ...client } });
  observe(
    "tls.strict.without",
    (await handshake(`rediss://localhost:${strict}`, { tls: { ca }, maxRetries: 0 })).command.slice(0, 8),
  );

  // Certificates that nobody vouches for.
  await attempt("self", `rediss://localhost:${self}`);
  await attempt("self.ca", `rediss://localhost:${self}`, { tls: { ca } });
  await attempt("self.trusted", `rediss://localhost:${self}`, { tls: { ca: text("self.crt") } });
  await attempt("self.unverified", `rediss://localhost:${self}`, { tls: { rejectUnauthorized: false } });
  await attempt("self.no-retry", `rediss://localhost:${self}`, { autoReconnect: true, maxRetries: 5 });

  for (const scheme of ["redis+tls+unix", "valkey+tls+unix"])
    await attempt(`unix.${scheme}`, `${scheme}://${socket}`, { tls: { ca } });
  await attempt("unix.option", `redis+unix://${socket}`, { tls: { ca } });
  await attempt("unix.unverified", `redis+tls+unix://${socket}`);
  await attempt("unix.off", `redis+tls+unix://${socket}`, { tls: { rejectUnauthorized: false } });
  await attempt("unix.client", `redis+tls+unix://${socket}`, { tls: { ca, ...client } });
  await attempt("unix.name", `redis+tls+unix://${socket}`, { tls: { ca, serverName: "other.test" } });

  // One side speaks TLS and the other does not.
  const plain = await serve(greeting(() => "+PONG\r\n"));
  observe(
    "tls.plain-server",
    await handshake(`rediss://127.0.0.1:${plain.port}`, { connectionTimeout: 100, maxRetries: 0 }),
  );
  observe("tls.plain-client", await handshake(`redis://localhost:${port}`, { maxRetries: 0 }));

  // What a duplicate keeps.
  const original = connect(`rediss://localhost:${port}`, { tls: { ca, serverName: "localhost", ...client } });
  await original.connect();
  const copy = await original.duplicate();
  observe("tls.duplicate", [await settled(copy.connect()), await settled(copy.ping())]);
  copy.close();

  // Node's environment variables.
  const run = promisify(execFile);
  for (const [kind, variables] of Object.entries({
    none: {},
    unverified: { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    verified: { NODE_TLS_REJECT_UNAUTHORIZED: "1" },
    extra: { NODE_EXTRA_CA_CERTS: path("ca.crt") },
  })) {
    const env = {
      PATH: process.env.PATH,
      PARITY_CERTIFICATES: folder,
      PARITY_TLS: port,
      PARITY_TLS_SELF: self,
      NODE_NO_WARNINGS: "1",
      ...variables,
    };
    observe(`tls.environment.${kind}`, JSON.parse((await run(process.execPath, [script, "child"], { env })).stdout));
  }
}

/** What became of a command, and of connect() on another client, and what onclose was told. */
async function handshake(url, options = {}) {
  const closed = [];
  // Each on a client of its own: the servers are in another process, and a second call may come too late.
  const [one, other] = [connect(url, options), connect(url, options)];
  one.onclose = (error) => void closed.push(show(error));
  const [command, connected] = await Promise.all([settled(one.ping()), settled(other.connect())]);
  one.onclose = undefined;
  one.close();
  other.close();
  return { command, connected, closed };
}

async function attempt(key, url, options, plain = false) {
  // Without TLS a server of TLS says nothing that is understood.
  const { command, connected, closed } = await handshake(url, plain ? { ...options, maxRetries: 0 } : options);
  note(`tls.${key}.command`, command);
  note(`tls.${key}.connect`, connected);
  observe(`tls.${key}.closed`, closed);
}

// Section 2.4 and 2.5: the options that the constructor checks, and the environment.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  RedisClient,
  connect,
  finish,
  library,
  note,
  observe,
  outcome,
  serve,
  settled,
  show,
} from "../support/index.mjs";

const self = fileURLToPath(import.meta.url);

if (process.argv[2] === "child") {
  child();
} else {
  await parent();
}

async function parent() {
  const construct = (options) => outcome(() => new RedisClient("redis://localhost", options));
  const numbers = {
    zero: 0, "negative-zero": -0, one: 1, largest: 4294967295, beyond: 4294967296, negative: -1, fraction: 1.5,
    "negative-fraction": -1.5, "large-fraction": 4294967295.5, unsafe: 2 ** 60, nan: NaN, infinity: Infinity,
    "negative-infinity": -Infinity, null: null, undefined: undefined, string: "5", "string.empty": "", true: true,
    false: false, bigint: 5n, symbol: Symbol("s"), object: {}, array: [5], function: () => {}, boxed: new Number(5),
    date: new Date(0),
  };
  for (const option of ["connectionTimeout", "idleTimeout", "maxRetries"]) {
    for (const [kind, value] of Object.entries(numbers)) {
      note(`options.${option}.${kind}`, await construct({ [option]: value }));
    }
  }
  for (const option of ["autoReconnect", "enableOfflineQueue", "enableAutoPipelining"]) {
    for (const [kind, value] of Object.entries(numbers)) {
      note(`options.${option}.${kind}`, await construct({ [option]: value }));
    }
  }
  const whole = {
    string: "x", number: 1, true: true, null: null, undefined: undefined, symbol: Symbol("s"), bigint: 1n,
    function: () => {}, array: [], object: {}, "null-prototype": Object.create(null),
    unknown: { db: 2, username: 1, url: {}, keyPrefix: null }, inherited: Object.create({ maxRetries: "x" }),
    date: new Date(0), throwing: { get maxRetries() { throw new RangeError("own"); } },
  };
  for (const [kind, value] of Object.entries(whole)) note(`options.whole.${kind}`, await construct(value));

  const certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const tls = {
    true: true, false: false, null: null, undefined: undefined, zero: 0, one: 1, string: "x", "string.empty": "",
    bigint: 1n, symbol: Symbol("s"), function: () => {}, empty: {}, array: [], "array.one": [1], date: new Date(0),
    "null-prototype": Object.create(null), unknown: { foo: 1 }, "ca.number": { ca: 1 }, "ca.true": { ca: true },
    "ca.object": { ca: {} }, "ca.array": { ca: [] }, "ca.array.number": { ca: [1] }, "ca.null": { ca: null },
    "ca.undefined": { ca: undefined }, "ca.string": { ca: certificate }, "ca.empty": { ca: "" },
    "ca.text": { ca: "nonsense" }, "ca.buffer": { ca: Buffer.from(certificate) },
    "ca.array.string": { ca: [certificate, Buffer.from(certificate)] },
    "ca.arraybuffer": { ca: new Uint8Array(4).buffer }, "ca.false": { ca: false }, "ca.zero": { ca: 0 },
    "cert.number": { cert: 1 }, "cert.string": { cert: certificate }, "cert.object": { cert: {} },
    "key.number": { key: 1 }, "key.true": { key: true }, "key.string": { key: "nonsense" },
    "caFile.number": { caFile: 1 }, "caFile.missing": { caFile: "/does/not/exist" }, "caFile.null": { caFile: null },
    "caFile.empty": { caFile: "" }, "caFile.object": { caFile: {} },
    "rejectUnauthorized.true": { rejectUnauthorized: true }, "rejectUnauthorized.false": { rejectUnauthorized: false },
    "rejectUnauthorized.null": { rejectUnauthorized: null }, "rejectUnauthorized.zero": { rejectUnauthorized: 0 },
    "rejectUnauthorized.one": { rejectUnauthorized: 1 }, "rejectUnauthorized.string": { rejectUnauthorized: "x" },
    "rejectUnauthorized.object": { rejectUnauthorized: {} }, "serverName.string": { serverName: "h" },
    "serverName.number": { serverName: 1 }, "serverName.null": { serverName: null },
    "serverName.empty": { serverName: "" }, "serverName.object": { serverName: {} },
    "servername.string": { servername: "h" }, "servername.number": { servername: 1 },
    "passphrase.number": { passphrase: 1 }, "passphrase.string": { passphrase: "x" }, "ciphers.number": { ciphers: 1 },
    "ciphers.string": { ciphers: "x" }, "sessionTimeout.string": { sessionTimeout: "x" },
    "certFile.missing": { certFile: "/does/not/exist" }, "certFile.number": { certFile: 1 },
    "keyFile.missing": { keyFile: "/does/not/exist" }, "keyFile.number": { keyFile: 1 },
    "checkServerIdentity": { checkServerIdentity: () => {} }, "requestCert.string": { requestCert: "x" },
  };
  for (const [kind, value] of Object.entries(tls)) note(`options.tls.${kind}`, await construct({ tls: value }));

  await environment();
  await finish();
}

async function environment() {
  const server = await serve(() => "+OK\r\n");
  const url = (rest) => `redis://127.0.0.1:${server.port}/${rest}`;
  const cases = {
    none: {}, redis: { REDIS_URL: "redis://a/1" }, valkey: { VALKEY_URL: "redis://a/2" },
    both: { REDIS_URL: "redis://a/abc", VALKEY_URL: "redis://a/def" }, "redis.empty": { REDIS_URL: "" },
    "redis.empty.valkey": { REDIS_URL: "", VALKEY_URL: "redis://a/def" }, "valkey.empty": { VALKEY_URL: "" },
    "redis.scheme": { REDIS_URL: "http://a" }, "redis.database": { REDIS_URL: "redis://a/x" },
    "redis.blank": { REDIS_URL: " " },
    others: { BUN_REDIS_URL: "http://a", REDIS_TLS_URL: "http://a", VALKEY_TLS_URL: "http://a", REDIS_HOST: "x y" },
  };
  const run = promisify(execFile);
  const outputs = Object.entries(cases).map(async ([kind, variables]) => {
    const { stdout } = await run(process.execPath, [self, "child"], { env: { PATH: process.env.PATH, ...variables } });
    return stdout.trim().split("\n").map((line) => ({ kind, ...JSON.parse(line) }));
  });
  for (const { kind, key, text } of (await Promise.all(outputs)).flat()) note(`environment.${kind}.${key}`, text);
  // What is given wins over the environment, which stays unread then.
  process.env.REDIS_URL = "http://a";
  observe("environment.argument", await settled(connect(url("1")).connect()));
}

/** Prints what this process's environment leads to. */
function child() {
  const attempts = {
    property: () => library.redis instanceof RedisClient, "property.again": () => library.redis instanceof RedisClient,
    command: () => (library.redis.get.length, "there"), connected: () => library.redis.connected,
    constructor: () => new RedisClient() instanceof RedisClient,
    null: () => new RedisClient(null) instanceof RedisClient,
    options: () => new RedisClient(undefined, { maxRetries: 1 }) instanceof RedisClient,
    argument: () => new RedisClient("redis://localhost") instanceof RedisClient,
  };
  for (const [key, run] of Object.entries(attempts)) {
    let text;
    try {
      text = `returns ${show(run())}`;
    } catch (error) {
      text = `throws ${show(error)}`;
    }
    console.log(JSON.stringify({ key, text }));
  }
}

// Section 10: what error objects look like, and what they tell.
import { GREETING, connect, finish, greeting, observe, serve } from "../support/index.mjs";

/** The rejection or exception of a call. */
async function failure(run) {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

const server = await serve(
  greeting(([name]) =>
    name === "FAIL" ? "-WRONGTYPE Operation against a key\r\n" : name === "LIST" ? "*1\r\n-ERR inner\r\n" : "",
  ),
);
const subscribed = await serve(
  greeting(([name, channel]) => (name === "SUBSCRIBE" ? `>3\r\n+subscribe\r\n+${channel}\r\n:1\r\n` : "+OK\r\n")),
);
const silent = await serve(() => {});
const refusing = await serve(() => "-WRONGPASS no\r\n");
const closed = await serve(() => {});
await closed.stop();
const subscriber = connect(subscribed.url());
await subscriber.subscribe("c", () => {});

const client = connect(server.url());
const lost = async () => {
  const one = connect(server.url());
  await one.connect();
  const command = one.send("HANG", []);
  one.close();
  await command;
};
const failed = async () => {
  const one = connect(closed.url(), { maxRetries: 0 });
  await one.get("a").catch(() => {});
  await one.get("b");
};
const options = { maxRetries: 0 };
const impatient = { maxRetries: 0, connectionTimeout: 30 };
const asynchronous = {
  server: () => client.send("FAIL", []),
  closed: lost,
  failed,
  "retries-exhausted": () => connect(closed.url(), options).get("k"),
  connect: () => connect(closed.url(), options).connect(),
  "connection-timeout": () => connect(silent.url(), impatient).get("k"),
  "connection-timeout.connect": () => connect(silent.url(), impatient).connect(),
  authentication: () => connect(refusing.url(), options).get("k"),
  "authentication.connect": () => connect(refusing.url(), options).connect(),
  offline: () => connect(server.url(), { enableOfflineQueue: false }).get("k"),
};
const synchronous = {
  argument: () => client.get(null),
  "argument.missing": () => client.del(),
  "argument.range": () => client.expire("k", -1),
  "argument.text": () => client.sadd("k"),
  receiver: () => client.get.call({}),
  guard: () => subscriber.get("k"),
  "guard.unsubscribe": () => client.unsubscribe(),
  url: () => connect("http://h"),
  "url.format": () => connect("redis://h:x"),
  option: () => connect(server.url(), { maxRetries: "x" }),
};
for (const [kind, run] of Object.entries({ ...asynchronous, ...synchronous })) {
  const error = await failure(run);
  observe(`errors.${kind}.text`, [String(error), error.name, error.code, error.message]);
  observe(`errors.${kind}.class`, [
    error instanceof Error,
    error instanceof TypeError,
    error instanceof RangeError,
    Object.prototype.toString.call(error),
  ]);
  observe(`errors.${kind}.constructor`, error.constructor.name);
  observe(`errors.${kind}.json`, JSON.stringify(error));
  observe(`errors.${kind}.keys`, Object.keys(error));
  observe(
    `errors.${kind}.own`,
    ["message", "code", "name", "cause"].filter((name) => Object.hasOwn(error, name)),
  );
  observe(`errors.${kind}.stack`, typeof error.stack);
  observe(`errors.${kind}.cause`, error.cause);
  observe(
    `errors.${kind}.absent`,
    ["command", "args", "errno", "syscall"].filter((name) => name in error),
  );
}
{
  const [inner] = await client.send("LIST", []);
  observe("errors.nested", [String(inner), inner instanceof Error, inner.code]);
}

// Who is told what when the end has a reason.
for (const [kind, { url, more }] of Object.entries({
  refused: { url: closed.url() },
  timeout: { url: silent.url(), more: { connectionTimeout: 30 } },
  authentication: { url: refusing.url() },
})) {
  const one = connect(url, { maxRetries: 0, ...more });
  const told = new Promise((resolve) => (one.onclose = resolve));
  const connecting = failure(() => one.connect());
  const error = await told;
  observe(`errors.onclose.${kind}`, [String(error), error === (await connecting)]);
  observe(`errors.onclose.${kind}.cause`, error.cause);
}

// Arguments are checked before anything is dialled or queued, on a failed client too.
{
  const untouched = await serve(() => GREETING);
  const one = connect(untouched.url());
  for (const run of [
    () => one.get(),
    () => one.set("k"),
    () => one.hset("k"),
    () => one.send("X", "y"),
    () => one.expire("k", "x"),
  ])
    await failure(run);
  await new Promise((resolve) => setImmediate(resolve));
  observe("errors.undialled", [untouched.peers.length, one.connected]);
}

await finish();

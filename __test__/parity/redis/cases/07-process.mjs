// Section 7.7: what keeps the process alive. Each case is a process of its own; the server is here.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { GREETING, RedisClient, confirming, finish, observe, push, serve, settled } from "../support/index.mjs";

const self = fileURLToPath(import.meta.url);
const confirm = confirming();

/** What a process does, by name. It prints, and says nothing about its end. */
const programs = {
  unused: () => new RedisClient(process.env.PARITY_URL),
  idle: () => new RedisClient(process.env.PARITY_URL).ping().then(console.log),
  connected: () => new RedisClient(process.env.PARITY_URL).connect().then(() => console.log("connected")),
  closed: async () => {
    const client = new RedisClient(process.env.PARITY_URL);
    await client.connect();
    client.close();
    console.log(await settled(client.ping()));
  },
  connecting: () => settled(new RedisClient(process.env.PARITY_URL).connect()).then(console.log),
  queued: () => settled(new RedisClient(process.env.PARITY_URL).ping()).then(console.log),
  pending: () => settled(new RedisClient(process.env.PARITY_URL).send("HANG", [])).then(console.log),
  retrying: () => settled(new RedisClient(process.env.PARITY_URL, { maxRetries: 2 }).ping()).then(console.log),
  "retrying.idle": async () => {
    const client = new RedisClient(process.env.PARITY_URL);
    await client.connect();
    let count = 0;
    client.onconnect = () => console.log(`again ${++count}`);
    await settled(client.send("DROP", [])).then(console.log);
  },
  subscribed: async () => {
    const client = new RedisClient(process.env.PARITY_URL);
    await client.subscribe("c", (message) => {
      console.log(message);
      client.close();
    });
    console.log("subscribed");
    await client.send("READY", []);
  },
  unsubscribed: async () => {
    const client = new RedisClient(process.env.PARITY_URL);
    await client.subscribe("c", () => {});
    await client.unsubscribe("c");
    console.log("unsubscribed");
  },
  unhandled: async () => {
    process.on("unhandledRejection", (error) => console.log(`unhandled ${error.code}`));
    const client = new RedisClient(process.env.PARITY_URL, { maxRetries: 0 });
    client.get("k");
    client.connect();
  },
  exit: async () => {
    const client = new RedisClient(process.env.PARITY_URL);
    await client.connect();
    for (let i = 0; i < 100; i++) client.send("HANG", []).catch(() => {});
    process.exit(3);
  },
  // Calls that throw, and clients that never connect, can be collected.
  discarded: async () => {
    for (let i = 0; i < 1000; i++) {
      try {
        new RedisClient(process.env.PARITY_URL).get({});
      } catch {}
    }
    (globalThis.Bun?.gc ?? globalThis.gc ?? (() => {}))(true);
    console.log("discarded");
  },
};

/** Nobody listens there, and no other test ever will. */
const NOWHERE = "redis://127.0.0.1:1";

if (process.argv[2] === "program") {
  programs[process.argv[3]]();
} else {
  await parent();
}

async function parent() {
  for (const name of Object.keys(programs)) observe(`process.${name}`, await run(name));
  await finish();
}

/** Runs a program against a server that helps it to its end; returns its output and its exit code. */
async function run(name) {
  const answers = { PING: "+PONG\r\n", HANG: "", DROP: null };
  const server = await serve((command, peer) => {
    if (command[0] === "HELLO") return GREETING;
    if (answers[command[0]] === null) return void peer.destroy();
    return answers[command[0]] ?? confirm(command, peer);
  });
  // Later, so that the program has nothing else to do by then; it is right at any time.
  const wanted = { pending: ["HANG", "+late\r\n"], subscribed: ["READY", push("message", "c", "heard")] }[name];
  if (wanted) server.received(wanted[0]).then((peer) => setTimeout(() => peer.write(wanted[1]), 50));
  const env = {
    PATH: process.env.PATH,
    PARITY_URL: name === "retrying" || name === "unhandled" ? NOWHERE : server.url(),
  };
  const child = spawn(process.execPath, [self, "program", name], { env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  const [code] = await once(child, "close");
  await server.stop();
  return [output.trim().split("\n"), code];
}

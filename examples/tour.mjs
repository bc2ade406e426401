// The tour: everything this package is for, once. `npm start` runs it against local servers; with
// S3_* and REDIS_URL set it runs by itself: node examples/tour.mjs

import { createHash, randomBytes } from "node:crypto";
import { RedisClient, S3Client, redis, s3 } from "../index.js";

const MIB = 1024 * 1024;
const BIG_OBJECT = 256 * MIB;
const CHUNK = 1 * MIB;
const BURST = 10_000;

// Whatever else is in the bucket or the database stays untouched.
const prefix = `tour-${randomBytes(4).toString("hex")}`;

await tourOfS3();
await tourOfRedis();
console.log("\nThe tour is complete.");

async function tourOfS3() {
  heading("S3");
  const file = s3.file(`${prefix}/hello.json`);

  await step("write", async () => `${await file.write(JSON.stringify({ hello: "world", n: 42 }))} bytes`);
  await step("text", () => file.text());
  await step("json", async () => show(await file.json()));
  await step("bytes", async () => show(await file.bytes()));
  await step("slice(2, 7)", () => file.slice(2, 7).text());
  await step("stat", async () => {
    const { size, etag, type } = await file.stat();
    return show({ size, etag, type });
  });
  await step("exists", async () => {
    const missing = s3.file(`${prefix}/missing`);
    return `${await file.exists()}, and for another key ${await missing.exists()}`;
  });
  await step("list", async () => {
    const { contents = [] } = await s3.list({ prefix: `${prefix}/` });
    return contents.map((/** @type {any} */ { key, size }) => `${key} (${size} bytes)`).join(", ");
  });
  await step("presign + fetch", async () => {
    const response = await fetch(file.presign({ expiresIn: 60 }));
    return `${response.status} ${await response.text()}`;
  });
  await step("an error's code", () => failure(() => s3.file(`${prefix}/missing`).text()));
  await step("S3Client", async () => {
    const client = new S3Client({ bucket: process.env.S3_BUCKET });
    await client.write(`${prefix}/by-client.txt`, "from a client of its own");
    const text = await client.file(`${prefix}/by-client.txt`).text();
    await client.delete(`${prefix}/by-client.txt`);
    return text;
  });

  const big = s3.file(`${prefix}/big.bin`);
  let sent = "";
  await step("upload 256 MiB", async () => {
    const started = performance.now();
    sent = await upload(big);
    return `${rate(BIG_OBJECT, started)}, ${memory()}, sha256 ${sent.slice(0, 16)}…`;
  });
  await step("download it", async () => {
    const started = performance.now();
    const received = await download(big);
    check(received === sent, "the hashes of what was sent and what was received differ");
    return `${rate(BIG_OBJECT, started)}, ${memory()}, sha256 is the same`;
  });
  await step("delete", async () => {
    await Promise.all([file.delete(), big.delete()]);
    return `exists: ${await file.exists()}, ${await big.exists()}`;
  });
}

/**
 * Makes the object while it is sent: it is never in memory as a whole.
 * @param {import("../index.js").S3File} file
 */
async function upload(file) {
  const hash = createHash("sha256");
  const writer = file.writer({ partSize: 8 * MIB, queueSize: 4 });
  for (let made = 0; made < BIG_OBJECT; made += CHUNK) {
    const chunk = randomBytes(CHUNK);
    hash.update(chunk);
    // Waits while the parts on their way fill the queue.
    await writer.write(chunk);
  }
  await writer.end();
  return hash.digest("hex");
}

/** @param {import("../index.js").S3File} file */
async function download(file) {
  const hash = createHash("sha256");
  const progress = progressOf(BIG_OBJECT);
  let received = 0;
  for await (const chunk of file.stream()) {
    hash.update(chunk);
    received += chunk.byteLength;
    progress(received);
  }
  check(received === BIG_OBJECT, `received ${received} bytes of ${BIG_OBJECT}`);
  return hash.digest("hex");
}

async function tourOfRedis() {
  heading("Redis");
  /** @param {string} name */
  const key = (name) => `${prefix}:${name}`;

  await step("set, get", async () => {
    await redis.set(key("greeting"), "hello");
    return await redis.get(key("greeting"));
  });
  await step("incr", async () => `${await redis.incr(key("count"))}, ${await redis.incr(key("count"))}`);
  await step("expire, ttl", async () => `${await redis.expire(key("count"), 60)}, ${await redis.ttl(key("count"))} s`);
  await step("hash", async () => {
    await redis.hset(key("user"), { name: "Ada", born: "1815" });
    return show(await redis.hgetall(key("user")));
  });
  await step("list", async () => {
    await redis.rpush(key("list"), "one", "two", "three");
    return show(await redis.lrange(key("list"), 0, -1));
  });
  await step("set of members", async () => {
    await redis.sadd(key("set"), "red", "green", "red");
    return `${await redis.scard(key("set"))} members, red is one: ${await redis.sismember(key("set"), "red")}`;
  });
  await step("10,000 commands", async () => {
    const started = performance.now();
    const pending = [];
    for (let i = 0; i < BURST; i++) pending.push(redis.incr(key("burst")));
    const replies = await Promise.all(pending);
    check(replies.every((reply, i) => reply === i + 1), "the replies are not in order");
    const perSecond = BURST / ((performance.now() - started) / 1000);
    return `${Math.round(perSecond).toLocaleString("en-US")} commands/s on one connection, in order`;
  });
  await step("publish, subscribe", async () => {
    const publisher = new RedisClient();
    const subscriber = await redis.duplicate();
    try {
      const message = new Promise((resolve, reject) => {
        const subscribed = subscriber.subscribe(key("news"), (text, channel) => resolve(`${text} (on ${channel})`));
        subscribed.then(() => publisher.publish(key("news"), "it works")).catch(reject);
      });
      return await message;
    } finally {
      subscriber.close();
      publisher.close();
    }
  });
  await step("an error's code", () => failure(() => redis.incr(key("greeting"))));
  await step("del", async () => {
    const names = ["greeting", "count", "user", "list", "set", "burst"].map(key);
    return `${await redis.del(...names)} keys`;
  });
  redis.close();
}

/** @param {string} text */
function heading(text) {
  console.log(`\n${text}`);
}

/**
 * @param {string} name
 * @param {() => Promise<string | null>} run
 */
async function step(name, run) {
  const result = await run();
  console.log(`  ${name.padEnd(18)} ${result}`);
}

/** @param {unknown} value */
function show(value) {
  if (value instanceof Uint8Array) return `Uint8Array(${value.byteLength}) ${Buffer.from(value.subarray(0, 8)).toString("hex")}…`;
  return JSON.stringify(value);
}

/** @param {() => Promise<unknown>} run */
async function failure(run) {
  const error = await run().then(
    () => undefined,
    (/** @type {any} */ reason) => reason,
  );
  check(error !== undefined, "an error was expected");
  return `${error.name} ${error.code}: ${error.message}`;
}

/**
 * @param {boolean} holds
 * @param {string} otherwise
 */
function check(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

/**
 * @param {number} bytes
 * @param {number} started
 */
function rate(bytes, started) {
  return `${Math.round(bytes / MIB / ((performance.now() - started) / 1000))} MiB/s`;
}

function memory() {
  return `${Math.round(process.memoryUsage.rss() / MIB)} MiB of memory`;
}

/**
 * A bar on a terminal; elsewhere a line for every quarter.
 * @param {number} total
 */
function progressOf(total) {
  const { stdout } = process;
  let shown = 0;
  return (/** @type {number} */ done) => {
    const percent = Math.floor((done / total) * 100);
    if (stdout.isTTY) {
      if (percent === shown) return;
      shown = percent;
      const bar = "█".repeat(percent / 4).padEnd(25, "░");
      stdout.write(percent < 100 ? `\r  ${bar} ${percent} %` : "\r\u001b[K");
    } else if (percent >= shown + 25) {
      shown = percent - (percent % 25);
      console.log(`  ${"".padEnd(18)} ${shown} %`);
    }
  };
}

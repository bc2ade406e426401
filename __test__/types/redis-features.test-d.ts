/** What the client has beyond Bun's. */
import { RedisClient, type RedisGap, type RedisView } from "../../index.js";

declare const client: RedisClient;
declare const signal: AbortSignal;

const text: Promise<string | null> = client.with({ timeout: 100, signal }).get("k");
const bytes: Promise<Buffer | null> = client.buffers.get("k");
const again: Promise<Buffer[]> = client.with({ buffers: true }).with({ timeout: 1 }).lrange("k", 0, -1);
const back: RedisView<string> = client.buffers.with({ buffers: false });
const fields: Promise<Record<string, Buffer>> = client.buffers.hgetall("k");
const status: Promise<"OK"> = client.mset("k", "v");
const statusBytes: Promise<Buffer> = client.buffers.mset("k", "v");
const extra: Promise<number> = client.bitcount("k", 0, 5, "BIT");
// @ts-expect-error a view has no connection of its own
client.buffers.connect();
// @ts-expect-error misspelled
client.with({ timeuot: 1 });

client.subscribe("c", (message: Buffer, channel: string) => [message, channel], { buffer: true });
client.subscribe(["c"], (message) => message.toUpperCase(), { ongap: ({ milliseconds }) => milliseconds.toFixed() });
client.psubscribe("c*", (message, channel, pattern) => message + channel + pattern);
client.ssubscribe("c", (message) => message.byteLength, { buffer: true });
// @ts-expect-error text listeners do not take bytes
client.subscribe("c", (message: string) => message, { buffer: true });

client.ongap = (gap: RedisGap) => gap.channels.concat(gap.patterns, gap.shardChannels);
new RedisClient({ url: "redis://h", host: "h", port: 1, path: "/s", username: "u", password: "p", db: 1 });
new RedisClient("redis://h", { commandTimeout: 1, keyPrefix: "a:", maxQueueBytes: 1, maxQueueCommands: 1, bigint: true });
new RedisClient(null, { keyPrefix: new Uint8Array() });

async function disposed() {
  await using scoped = new RedisClient();
  await scoped.drain();
}

export { text, bytes, again, back, fields, status, statusBytes, extra, disposed };

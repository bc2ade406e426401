/** The elements that iterators give. */
import { RedisClient } from "../../index.js";

declare const client: RedisClient;

async function keys() {
  for await (const key of client.scanIterator({ match: "a*", count: 1, type: "hash" })) key.toUpperCase();
  for await (const page of client.scanIterator({ batches: true })) page.map((key) => key.toUpperCase());
  for await (const key of client.buffers.scanIterator({ match: new Uint8Array() })) key.readUInt8(0);
  // @ts-expect-error a number is no pattern
  client.scanIterator({ match: 1 });
  // @ts-expect-error only databases have types of keys
  client.sscanIterator("s", { type: "hash" });
}

async function elements() {
  for await (const [field, value] of client.hscanIterator("h")) field.concat(value);
  for await (const field of client.hscanIterator("h", { noValues: true })) field.toUpperCase();
  for await (const page of client.hscanIterator("h", { batches: true })) page[0]?.[1].toUpperCase();
  for await (const page of client.hscanIterator("h", { noValues: true, batches: true })) page[0]?.toUpperCase();
  for await (const [member, score] of client.zscanIterator("z")) member.repeat(score);
  for await (const [member, score] of client.buffers.zscanIterator("z")) member.readUInt8(score);
  for await (const page of client.sscanIterator(new Uint8Array(), { batches: true })) page[0]?.toUpperCase();
}

export { keys, elements };

/** The ways in which all bytes of an object are read. */
import type { S3File } from "../../index.js";

/** All of a stream. */
export async function drained(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export const READERS: [name: string, read: (file: S3File) => Promise<Buffer>][] = [
  ["into memory", async (file) => Buffer.from(await file.bytes())],
  ["as a stream", (file) => drained(file.stream())],
];

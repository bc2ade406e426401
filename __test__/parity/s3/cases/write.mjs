/** Every kind of data that can be written, by every method that writes. */
import { client, file, options, S3Client, wire, write } from "../harness.mjs";

const text = "héllo";
const bytes = new TextEncoder().encode(text);
const padded = new Uint8Array([0, ...bytes, 0]);

const DATA = {
  string: () => text,
  empty: () => "",
  Uint8Array: () => bytes,
  subarray: () => padded.subarray(1, -1),
};

for (const [name, make] of Object.entries(DATA)) {
  await wire(`write.client.${name}`, () => client.write("key", make()));
  await wire(`write.static.${name}`, () => S3Client.write("key", make(), options));
  await wire(`write.file.${name}`, () => client.file("key").write(make()));
  await wire(`write.function.${name}`, () => write(client.file("key"), make()));
}

/** Our classes can stand wherever Bun's are expected. */
import type { S3Client as BunS3Client, S3File as BunS3File } from "bun";
import { S3Client, file, s3, write, type S3File } from "../../index.js";

export const client: BunS3Client = new S3Client();
export const shared: BunS3Client = s3;
export const Class: Pick<typeof BunS3Client, keyof typeof BunS3Client> = S3Client;
declare const ours: S3File;
export const object: BunS3File = ours;
export const blob: Blob = ours;
export const opened: S3File = file("s3://bucket/key", { type: "text/plain" });
export const written: Promise<number> = write("s3://bucket/key", "data");
export const page = s3.list({ prefix: "a/" }).then(({ contents }) => contents?.map(({ key, size }) => [key, size]));
/** Whatever Bun's `write` takes. */
export const data: Promise<number>[] = [new Uint8Array(1), new ArrayBuffer(1), new Blob([]), ours, ["a", new Blob([])]].map(
  (item) => ours.write(item),
);
const { signal } = new AbortController();
export const limited = new S3Client({ connectTimeout: 1, responseTimeout: 1, stallTimeout: 1, timeout: 1, proxy: "" });
export const ended: [Promise<string>, ReadableStream<Uint8Array>, Promise<number>] = [
  ours.text({ signal }),
  ours.stream({ signal }),
  limited.write("key", "data", { signal }),
];
export const listed = limited.list({}, { signal });
export const noted: Promise<string | undefined> = s3
  .write("key", "data", { metadata: { author: "Zoë" }, checksumAlgorithm: "CRC64NVME" })
  .then(() => s3.stat("key"))
  .then(({ metadata }) => metadata["author"]);
export const oldest: Promise<string> = s3
  .listVersions({ prefix: "key" })
  .then(({ versions: [version] }) => s3.file("key", { versionId: version?.versionId ?? "null" }).text());
// @ts-expect-error not an algorithm
s3.file("key", { checksumAlgorithm: "crc32" });
// @ts-expect-error not a signal
ours.writer({ signal: "abort" });
// @ts-expect-error not an ACL
new S3Client({ acl: "public" });

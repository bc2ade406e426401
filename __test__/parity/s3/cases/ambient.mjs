/** Clients and functions that take everything from the environment, with which the process must begin. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { file, observe, S3Client, s3, secretOf, wire, write } from "../harness.mjs";

const { PARITY_ENDPOINT, S3_ENDPOINT } = process.env;
if (S3_ENDPOINT === undefined) {
  const ambient = { S3_ENDPOINT: PARITY_ENDPOINT, S3_ACCESS_KEY_ID: "AMBIENT", S3_SECRET_ACCESS_KEY: secretOf("AMBIENT") };
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    env: { ...process.env, ...ambient },
    stdio: "inherit",
  });
  process.exit(status ?? 1);
}

const CALLS = {
  "write.url": () => write("s3://bucket/folder/key.txt", "data"),
  "write.url.options": () => write("s3://bucket/key", "data", { type: "text/x", acl: "private" }),
  "write.url.bucket": () => write("s3://a/key", "data", { bucket: "b" }),
  "write.file": () => write(file("s3://bucket/key"), "data"),
  "write.file-to-file": () => write(file("s3://bucket/copy"), file("s3://bucket/key").slice(1, 3)),
  "file.text": () => file("s3://bucket/folder/key").text(),
  "file.options": () => file("s3://bucket/key", { region: "mars-1", sessionToken: "t" }).text(),
  "file.bucket-option": () => file("s3://a/key", { bucket: "b" }).text(),
  "file.stat": () => file("s3://bucket/key").stat(),
  "file.exists": () => file("s3://bucket/key").exists(),
  "file.delete": () => file("s3://bucket/key").delete(),
  "file.slice": () => file("s3://bucket/key").slice(2, 4).text(),
  "file.writer": () => file("s3://bucket/key").writer().end(),
  "file.empty": () => file("s3://").text(),
  "file.bucket-only": () => file("s3://bucket").text(),
  "s3.file": () => s3.file("bucket/key").text(),
  "s3.write": () => s3.write("s3://bucket/key", "x"),
  "s3.exists": () => s3.exists("bucket/key"),
  "s3.size": () => s3.size("bucket/key"),
  "s3.stat": () => s3.stat("bucket/key"),
  "s3.delete": () => s3.delete("bucket/key"),
  "s3.list": () => s3.list(),
  "s3.list.bucket": () => s3.list({}, { bucket: "bucket" }),
  "client.file": () => new S3Client({ bucket: "mine" }).file("key").text(),
  "client.none": () => new S3Client().file("bucket/key").text(),
  "static.write": () => S3Client.write("bucket/key", "x"),
  "static.exists": () => S3Client.exists("bucket/key"),
  "static.stat": () => S3Client.stat("bucket/key"),
  "static.size": () => S3Client.size("bucket/key"),
  "static.delete": () => S3Client.delete("bucket/key"),
  "static.unlink": () => S3Client.unlink("bucket/key"),
  "static.list": () => S3Client.list({}, { bucket: "bucket" }),
  "static.file": () => S3Client.file("s3://bucket/key").text(),
};
for (const [name, call] of Object.entries(CALLS)) await wire(`ambient.${name}`, call);
for (const [name, path] of Object.entries({ plain: "s3://b/k", slash: "s3:///b/k", options: "s3://b/k?x=1" })) {
  await observe(`ambient.name.${name}`, () => [file(path).name, file(path).bucket]);
}

import { Readable } from "node:stream";
import { Client } from "minio";
import { slices } from "../../cases/s3-data.mjs";

export function connect({ endpoint, bucket, region, accessKeyId, secretAccessKey }) {
  const { hostname, port, protocol } = new URL(endpoint);
  const useSSL = protocol === "https:";
  const options = {
    endPoint: hostname,
    port: Number(port) || (useSSL ? 443 : 80),
    useSSL,
    // Named, so that it does not ask the server for the bucket's region.
    region,
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
  };
  const client = new Client(options);
  return {
    presign: (key, expiresIn) => client.presignedGetObject(bucket, key, expiresIn),
    get: async (key) => Buffer.concat(await (await client.getObject(bucket, key)).toArray()),
    stream: (key) => client.getObject(bucket, key),
    put: (key, bytes) => client.putObject(bucket, key, bytes, bytes.length),
    head: async (key) => (await client.statObject(bucket, key)).size,
    async list(prefix) {
      const keys = [];
      for await (const { name } of client.listObjectsV2(bucket, prefix, true)) keys.push(name);
      return keys;
    },
    // It cuts streams only, by the client's part size, and uploads one part after the other.
    multipart: (key, bytes, partSize) =>
      new Client({ ...options, partSize }).putObject(bucket, key, Readable.from(slices(bytes, partSize)), bytes.length),
  };
}

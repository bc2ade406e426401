import { slices } from "../../cases/s3-data.mjs";

/** Bun's own client and this package have the same API. */
export function connectWith(S3Client, { endpoint, bucket, region, accessKeyId, secretAccessKey }) {
  const client = new S3Client({ endpoint, bucket, region, accessKeyId, secretAccessKey });
  return {
    presign: (key, expiresIn) => client.presign(key, { expiresIn }),
    get: (key) => client.file(key).bytes(),
    stream: (key) => client.file(key).stream(),
    put: (key, bytes) => client.write(key, bytes),
    head: async (key) => (await client.stat(key)).size,
    list: async (prefix) => (await client.list({ prefix })).contents.map(({ key }) => key),
    async multipart(key, bytes, partSize, queueSize) {
      const writer = client.file(key).writer({ partSize, queueSize });
      for (const part of slices(bytes, partSize)) await writer.write(part);
      await writer.end();
    },
  };
}

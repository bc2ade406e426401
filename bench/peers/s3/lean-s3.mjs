import { S3Client } from "lean-s3";
import { slices } from "../../cases/s3-data.mjs";

export function connect({ endpoint, bucket, region, accessKeyId, secretAccessKey }) {
  const client = new S3Client({ endpoint, bucket, region, accessKeyId, secretAccessKey });
  return {
    presign: (key, expiresIn) => client.presign(key, { expiresIn }),
    get: (key) => client.file(key).bytes(),
    stream: (key) => client.file(key).stream(),
    put: (key, bytes) => client.file(key).write(bytes),
    head: async (key) => (await client.file(key).stat()).size,
    list: async (prefix) => (await client.list({ prefix })).contents.map(({ key }) => key),
    // It has the operations but no manager, so this is what its user writes.
    async multipart(key, bytes, partSize, queueSize) {
      const { uploadId } = await client.createMultipartUpload(key);
      const waiting = slices(bytes, partSize).map((part, i) => ({ part, number: i + 1 }));
      const parts = [];
      const lane = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          parts.push(await client.uploadPart(key, uploadId, next.part, next.number));
        }
      };
      await Promise.all(Array.from({ length: queueSize }, lane));
      await client.completeMultipartUpload(key, uploadId, parts.sort((a, b) => a.partNumber - b.partNumber));
    },
  };
}

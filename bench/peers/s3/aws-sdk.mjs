import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

export function connect({ endpoint, bucket, region, accessKeyId, secretAccessKey }) {
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
  const at = (key) => ({ Bucket: bucket, Key: key });
  const body = async (key) => (await client.send(new GetObjectCommand(at(key)))).Body;
  return {
    presign: (key, expiresIn) => getSignedUrl(client, new GetObjectCommand(at(key)), { expiresIn }),
    get: async (key) => (await body(key)).transformToByteArray(),
    stream: body,
    put: (key, bytes) => client.send(new PutObjectCommand({ ...at(key), Body: bytes })),
    head: async (key) => (await client.send(new HeadObjectCommand(at(key)))).ContentLength,
    list: async (prefix) =>
      (await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }))).Contents.map(({ Key }) => Key),
    multipart: (key, bytes, partSize, queueSize) =>
      new Upload({ client, partSize, queueSize, params: { ...at(key), Body: bytes } }).done(),
    close: () => client.destroy(),
  };
}

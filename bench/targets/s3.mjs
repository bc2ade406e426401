import { DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { LARGE_KEY, LIST_KEYS, PREFIX, SMALL, SMALL_KEY, largeBytes } from "../cases/s3-data.mjs";
import { startStandIn } from "../standin/standin.mjs";

const STAND_IN = { bucket: "bench", region: "us-east-1", accessKeyId: "AKIDEXAMPLE", secretAccessKey: "bench-secret" };

/** Where the S3 cases go: nginx in the place of a store, or the store at `--store`. */
export async function startTarget(options, cases) {
  if (options.store) return prepareStore(options);
  if (cases.every(({ offline }) => offline)) {
    return { connection: { ...STAND_IN, endpoint: "http://127.0.0.1:9000" }, stop: async () => {} };
  }
  const { endpoint, stop } = await startStandIn(STAND_IN.bucket);
  return { connection: { ...STAND_IN, endpoint }, stop };
}

async function prepareStore({ store, bucket, region = "us-east-1", key, secret }) {
  if (!bucket || !key || !secret) throw new Error("--store also needs --bucket, --key and --secret");
  const connection = { endpoint: store, bucket, region, accessKeyId: key, secretAccessKey: secret };
  const client = new S3Client({
    endpoint: store,
    region,
    credentials: { accessKeyId: key, secretAccessKey: secret },
    forcePathStyle: true,
  });
  const put = (Key, Body) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  const stop = async () => {
    await removeAll(client, bucket);
    client.destroy();
  };
  try {
    await put(SMALL_KEY, SMALL);
    await put(LARGE_KEY, largeBytes());
    for (const name of LIST_KEYS) await put(name, Buffer.alloc(0));
  } catch (error) {
    await stop();
    throw error;
  }
  return { connection, stop };
}

/** Only what lies under this benchmark's own prefix. */
async function removeAll(client, bucket) {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: PREFIX }));
    if (Contents.length === 0) return;
    const Objects = Contents.map(({ Key }) => ({ Key }));
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
  }
}

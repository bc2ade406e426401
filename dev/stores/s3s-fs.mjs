// The store of dev/s3-server: s3s-fs over a folder, made from source with the tests and up at once.

import { startS3 } from "../servers.mjs";

/** @returns {Promise<import("./index.mjs").Store>} */
export async function start() {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey, stop } = await startS3();
  return { endpoint, region, bucket, credentials: { accessKeyId, secretAccessKey }, stop };
}

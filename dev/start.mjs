// npm start: from a fresh clone to S3 and Redis working from Node, then everything is put away.
//
//   npm start              set up, start both servers, run examples/tour.mjs, stop them
//   npm start -- --keep    the same, but the servers stay up until Ctrl-C
//
// With S3_ENDPOINT or REDIS_URL set, those servers are used instead.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { startRedis, startS3 } from "./servers.mjs";
import { ensureAddon, ensureModules, root } from "./setup.mjs";

const keep = process.argv.includes("--keep");

ensureModules();
ensureAddon();

/** @type {Record<string, string>} */
const variables = {};
/** @type {(() => Promise<void>)[]} */
const stops = [];

try {
  if (!process.env.S3_ENDPOINT) {
    const s3 = await startS3({ bucket: "tour" });
    stops.push(s3.stop);
    variables.S3_ENDPOINT = s3.endpoint;
    variables.S3_ACCESS_KEY_ID = s3.accessKeyId;
    variables.S3_SECRET_ACCESS_KEY = s3.secretAccessKey;
    variables.S3_BUCKET = s3.bucket;
    variables.S3_REGION = s3.region;
  }
  if (!process.env.REDIS_URL) {
    const redis = await startRedis();
    stops.push(redis.stop);
    variables.REDIS_URL = redis.url;
  }

  process.exitCode = await runTour();

  if (keep && stops.length > 0) {
    console.log("\nThe servers stay up until Ctrl-C. To use them from another shell, paste:\n");
    for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`);
    await untilInterrupted();
  }
} finally {
  for (const stop of stops) await stop();
}

/** @returns {Promise<number>} */
async function runTour() {
  const tour = spawn(process.execPath, [join(root, "examples", "tour.mjs")], {
    stdio: "inherit",
    env: { ...process.env, ...variables },
  });
  const stopTour = () => tour.kill();
  process.once("exit", stopTour);
  const [code] = await once(tour, "exit");
  process.off("exit", stopTour);
  return code ?? 1;
}

async function untilInterrupted() {
  // Neither a listener for signals nor a server that was let go keeps Node running.
  const awake = setInterval(() => {}, 2 ** 30);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  clearInterval(awake);
}

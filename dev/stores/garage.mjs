// Garage with one node, made by Cargo once.

import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, temporaryFolder } from "../servers.mjs";
import { cached, launch, ready, run } from "./processes.mjs";
import { signedFetch } from "./signed.mjs";

const VERSION = "2.5.0";
// Not the usual one: a client that assumes a region is found out.
const REGION = "garage";
const BUILD_TIMEOUT_MS = 60 * 60_000;

/** @returns {Promise<import("./index.mjs").Store>} */
export async function start() {
  const program = join(await built(), "bin", "garage");
  const [port, internal] = await Promise.all([freePort(), freePort()]);
  const folder = temporaryFolder("garage");
  const credentials = {
    accessKeyId: `GK${randomBytes(12).toString("hex")}`,
    secretAccessKey: randomBytes(32).toString("hex"),
  };
  const configuration = join(folder, "garage.toml");
  writeFileSync(configuration, settings(folder, port, internal));
  const store = { endpoint: `http://127.0.0.1:${port}`, region: REGION, bucket: "test-bucket", credentials };
  const env = {
    ...process.env,
    GARAGE_DEFAULT_ACCESS_KEY: credentials.accessKeyId,
    GARAGE_DEFAULT_SECRET_KEY: credentials.secretAccessKey,
    GARAGE_DEFAULT_BUCKET: store.bucket,
  };
  const parameters = ["-c", configuration, "server", "--single-node", "--default-bucket"];
  const server = launch(program, parameters, { folder, log: join(folder, "garage.out"), env });
  try {
    await ready(server, "garage", () => signedFetch(store, { path: `/${store.bucket}` }));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...store, stop: server.stop };
}

/** The folder of the program. */
function built() {
  return cached(`garage-${VERSION}`, async (folder) => {
    process.stderr.write("Building Garage (about ten minutes, once) …\n");
    const build = join(folder, "build");
    const parameters = ["cargo", "install", "--quiet", "--locked", "--root", folder, `garage@${VERSION}`];
    // It has to be there soon; nobody waits for its answers.
    const quick = { CARGO_PROFILE_RELEASE_OPT_LEVEL: "1", CARGO_PROFILE_RELEASE_LTO: "off" };
    await run("nice", parameters, {
      env: { ...process.env, ...quick, CARGO_TARGET_DIR: build },
      timeout: BUILD_TIMEOUT_MS,
      maxBuffer: Infinity,
    });
    rmSync(build, { recursive: true });
  });
}

/**
 * @param {string} folder
 * @param {number} port
 * @param {number} internal
 */
function settings(folder, port, internal) {
  return `metadata_dir = "${folder}/meta"
data_dir = "${folder}/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:${internal}"
rpc_public_addr = "127.0.0.1:${internal}"
rpc_secret = "${randomBytes(32).toString("hex")}"
[s3_api]
s3_region = "${REGION}"
api_bind_addr = "127.0.0.1:${port}"
root_domain = ".localhost"
`;
}

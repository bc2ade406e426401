// MinIO's community edition, which is distributed as source: made by Go once, on one disk.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, temporaryFolder } from "../servers.mjs";
import { cached, launch, ready, run } from "./processes.mjs";
import { element, signedFetch } from "./signed.mjs";

const VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c";
const REGION = "us-east-1";
const BUILD_TIMEOUT_MS = 40 * 60_000;
const SESSION = { Action: "AssumeRole", Version: "2011-06-15", DurationSeconds: "900" };

/** @returns {Promise<import("./index.mjs").Store>} */
export async function start() {
  const program = join(await built(), "minio");
  const [port, consolePort] = await Promise.all([freePort(), freePort()]);
  const folder = temporaryFolder("minio");
  const data = join(folder, "data");
  mkdirSync(data);
  const credentials = {
    accessKeyId: `AK${randomBytes(8).toString("hex").toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString("hex"),
  };
  const parameters = ["server", "--quiet", "--address", `127.0.0.1:${port}`, "--console-address", `127.0.0.1:${consolePort}`, data];
  const env = {
    ...process.env,
    MINIO_ROOT_USER: credentials.accessKeyId,
    MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
    MINIO_SITE_REGION: REGION,
    MINIO_BROWSER: "off",
    MINIO_UPDATE: "off",
    // Makes virtual hosts of this domain.
    MINIO_DOMAIN: "localhost",
  };
  const server = launch(program, parameters, { folder, log: join(folder, "minio.out"), env });
  const store = { endpoint: `http://127.0.0.1:${port}`, region: REGION, bucket: "test-bucket", credentials };
  try {
    await ready(server, "minio", () => signedFetch(store, { method: "PUT", path: `/${store.bucket}` }));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...store, stop: server.stop };
}

/** The folder of the program. */
function built() {
  return cached(`minio-${VERSION}`, async (folder) => {
    process.stderr.write("Building MinIO (several minutes, once) …\n");
    const go = existsSync("/usr/local/go/bin/go") ? "/usr/local/go/bin/go" : "go";
    const env = { ...process.env, GOBIN: folder, CGO_ENABLED: "0" };
    await run("nice", [go, "install", "-trimpath", "-ldflags=-s -w", `github.com/minio/minio@${VERSION}`], {
      env,
      timeout: BUILD_TIMEOUT_MS,
      maxBuffer: Infinity,
    });
  });
}

/**
 * @param {{ endpoint: string, region: string, credentials: import("./signed.mjs").Credentials }} store
 * @returns {Promise<import("./signed.mjs").Credentials>}
 */
export async function temporaryCredentials(store) {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams(SESSION).toString();
  const xml = await (await signedFetch(store, { method: "POST", headers, body, service: "sts" })).text();
  return {
    accessKeyId: element(xml, "AccessKeyId"),
    secretAccessKey: element(xml, "SecretAccessKey"),
    sessionToken: element(xml, "SessionToken"),
  };
}

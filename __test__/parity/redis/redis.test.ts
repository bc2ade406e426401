/**
 * The scripts of `cases/` observe the same under Bun and under Node with this package, except for
 * what `allowed.json` lists: on scripted servers and on a real one.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedis } from "../../../dev/servers.mjs";
import { makeCertificates } from "../../support/certificates.js";
import { compareCases } from "../suite.js";
import { startTlsPeers } from "./tls-peers.js";

async function startServers() {
  const folder = mkdtempSync(join(tmpdir(), "s3-valkey-parity-"));
  makeCertificates(folder);
  const [server, tls] = await Promise.all([startRedis({ unixsocket: true }), startTlsPeers(folder)]);
  return {
    environment: { PARITY_REDIS: server.url, PARITY_SOCKET: server.socketPath!, ...tls.variables },
    async stop() {
      await Promise.all([server.stop(), tls.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

compareCases(import.meta.dirname, startServers, 4000);

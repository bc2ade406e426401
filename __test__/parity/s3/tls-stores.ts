/** Two servers with TLS: one whose certificate an authority made, and one with a certificate of its own. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../../support/certificates.js";
import { listen } from "../../support/listen.js";

export async function startTlsStores() {
  const folder = mkdtempSync(join(tmpdir(), "s3-valkey-tls-"));
  makeCertificates(folder);
  const servers = ["server", "self"].map((name) => {
    const [cert, key] = ["crt", "key"].map((kind) => readFileSync(join(folder, `${name}.${kind}`)));
    const server = createServer({ cert, key }, (request, response) => {
      request.resume().on("end", () => response.end("0123456789"));
    });
    // A client that does not trust the server hangs up.
    server.on("tlsClientError", () => {});
    return server;
  });
  const [trusted, alone] = await Promise.all(servers.map(async (server) => `https://localhost:${await listen(server)}`));
  return {
    /** Of these a process can be told to trust the first, by the authority's `ca.crt` in `folder`. */
    options: { trusted, alone, folder },
    async stop() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

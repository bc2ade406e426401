/** Small servers on free ports. */
import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";

/** Lets a server listen, and tells its port. */
export async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Ends a server with all its connections, also those that wait for an answer. */
export function shutDown(server: HttpServer | HttpsServer | undefined): void {
  server?.closeAllConnections();
  server?.close();
}

/** A connection on which bytes change, as on bad hardware: neither TCP nor the store notices by itself. */
import { connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { listen } from "./listen.js";

/** What is changed on its way. */
export const FRAGILE = Buffer.from("\u0001fragile\u0002");
const DAMAGED = Buffer.from("\u0001frugile\u0002");

export interface DamagingProxy {
  /** Instead of the server's. */
  endpoint: string;
  /** The direction in which bytes change. */
  damages: "up" | "down" | "nothing";
  stop(): void;
}

/** Stands before a server without TLS. */
export async function startDamagingProxy(server: string): Promise<DamagingProxy> {
  const { hostname, port } = new URL(server);
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const store = connect(Number(port), hostname);
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => {
        sockets.delete(socket);
        client.destroy();
        store.destroy();
      });
    }
    client.pipe(damage("up")).pipe(store);
    store.pipe(damage("down")).pipe(client);
  });
  const damage = (direction: string) =>
    new Transform({
      transform(chunk: Buffer, _, done) {
        if (proxy.damages === direction) {
          for (let at = chunk.indexOf(FRAGILE); at >= 0; at = chunk.indexOf(FRAGILE, at + 1)) DAMAGED.copy(chunk, at);
        }
        done(null, chunk);
      },
    });
  const proxy: DamagingProxy = {
    endpoint: `http://127.0.0.1:${await listen(listener)}`,
    damages: "nothing",
    stop() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
  return proxy;
}

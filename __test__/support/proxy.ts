/** A TCP proxy between a client and a server that cuts, stops and breaks connections on command. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { listen } from "./listen.js";

/**
 * How a connection ends: by a reset (RST) or an orderly end (FIN) of both directions, by an end of the
 * direction to the client only, or by silence without any end.
 */
export type Ending = "reset" | "close" | "halfClose" | "blackHole";

/** What happens to one connection. */
export interface Plan {
  /** Length of the next piece that is passed on, of so many bytes; each piece takes a turn of the event loop. */
  cut?: (available: number) => number;
  /** The end after so many bytes in one direction. */
  ending?: { kind: Ending; towards: "client" | "server"; after: number };
}

export interface Link {
  /** Bytes that were passed on. */
  passed: { client: number; server: number };
  end(kind: Ending): void;
}

export interface Proxy {
  port: number;
  /** Port of the server that new connections are led to; may be changed. */
  target: number;
  /** Plan of the next connection, by its number. */
  plan: (connection: number) => Plan;
  /** Connections that are open, the oldest first. */
  links: Set<Link>;
  stop(): Promise<void>;
}

/** Starts a proxy that passes everything on, until it is given other plans. */
export async function startProxy(target: number): Promise<Proxy> {
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const server = connect({ port: proxy.target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const link = join(client, server, proxy.plan(connections++));
    proxy.links.add(link);
    client.on("close", () => proxy.links.delete(link));
  });
  let connections = 0;
  const proxy: Proxy = {
    port: await listen(listener, "localhost"),
    target,
    plan: () => ({}),
    links: new Set(),
    async stop() {
      listener.close();
      for (const link of proxy.links) link.end("reset");
      await once(listener, "close");
    },
  };
  return proxy;
}

function join(client: Socket, server: Socket, plan: Plan): Link {
  const { cut } = plan;
  let { ending } = plan;
  let silent = false;
  let muteToClient = false;
  const link: Link = {
    passed: { client: 0, server: 0 },
    end(kind) {
      if (kind === "blackHole") {
        silent = true;
      } else if (kind === "halfClose") {
        muteToClient = true;
        client.end();
      } else {
        silent = true;
        if (kind === "reset") client.resetAndDestroy();
        else client.destroy();
        server.destroy();
      }
    },
  };

  async function pass(from: Socket, to: Socket, towards: "client" | "server") {
    const stopped = () => silent || to.destroyed || (towards === "client" && muteToClient);
    for await (const data of from as AsyncIterable<Buffer>) {
      for (let rest = data; rest.length > 0 && !stopped(); ) {
        let length = cut === undefined ? rest.length : Math.min(cut(rest.length), rest.length);
        const last = ending?.towards === towards ? ending.after - link.passed[towards] : Infinity;
        length = Math.min(length, last);
        if (length > 0 && !to.write(rest.subarray(0, length))) await Promise.race([once(to, "drain"), once(to, "close")]);
        link.passed[towards] += length;
        rest = rest.subarray(length);
        if (length === last) {
          const { kind } = ending as { kind: Ending };
          ending = undefined;
          link.end(kind);
        } else if (cut !== undefined) {
          await turn();
        }
      }
    }
    if (!stopped()) to.end();
  }

  // A side that fails takes the other one with it; a half-closed one is only half gone.
  const abandon = () => {
    if (!silent) link.end("reset");
  };
  for (const socket of [client, server]) socket.on("error", () => {});
  void pass(client, server, "server").catch(abandon);
  void pass(server, client, "client").catch(abandon);
  client.on("close", () => server.destroy());
  return link;
}

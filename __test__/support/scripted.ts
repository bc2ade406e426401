/** A small server that answers as a test says, for what no real server does. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { TLSSocket } from "node:tls";

/** How a server leaves: by an abrupt end (RST), or by closing its own direction only. */
export type Leave = "reset" | "halfClose";

/**
 * Bytes to answer with; one byte at a time; in pieces, each in a turn of the event loop of its own; bytes and
 * then the end; or `null` to drop the connection.
 */
export type Answer =
  | string
  | { trickle: string }
  | { pieces: (string | Uint8Array)[] }
  | { bytes: string | Uint8Array; leave: Leave }
  | null;

export interface Scripted {
  port: number;
  /** Connections that were accepted. */
  connections(): number;
  /** Everything that was received, over all connections. */
  received(): string;
  /** Sends bytes that answer nothing to every open connection. */
  push(bytes: string): void;
  stop(): Promise<void>;
}

export interface ScriptedOptions {
  /** A PEM certificate with its key: the server speaks TLS. */
  tls?: { cert: Buffer; key: Buffer };
  /** What is done with a new connection before anything is received; by default nothing. */
  greet?: (connection: number) => Answer;
}

/** Starts a server that answers each whole command by its name and arguments. */
export async function startScripted(
  reply: (command: string, args: string[]) => Answer | Promise<Answer>,
  { tls, greet }: ScriptedOptions = {},
): Promise<Scripted> {
  const sockets = new Map<Socket, Socket>();
  let connections = 0;
  let received = "";
  const server = createServer({ allowHalfOpen: true }, async (raw) => {
    const socket = tls === undefined ? raw : new TLSSocket(raw, { isServer: true, ...tls });
    const number = connections++;
    sockets.set(raw, socket);
    raw.setNoDelay(true);
    raw.on("error", () => {}).on("close", () => sockets.delete(raw));
    socket.on("error", () => {}).on("end", () => socket.end());
    let waiting = "";
    socket.on("data", async (data) => {
      received += data.toString("latin1");
      waiting += data.toString("latin1");
      for (let words = take(); words !== null; words = take()) {
        const [name = "", ...args] = words;
        await answer(raw, socket, await reply(name, args));
      }
    });
    await answer(raw, socket, greet?.(number) ?? "");

    function take(): string[] | null {
      const count = /^\*(\d+)\r\n/.exec(waiting);
      if (count === null) return null;
      let at = count[0].length;
      const words: string[] = [];
      for (let index = 0; index < Number(count[1]); index++) {
        const length = /^\$(\d+)\r\n/.exec(waiting.slice(at, at + 16));
        if (length === null) return null;
        const start = at + length[0].length;
        at = start + Number(length[1]) + 2;
        if (at > waiting.length) return null;
        words.push(waiting.slice(start, at - 2));
      }
      waiting = waiting.slice(at);
      return words;
    }
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    connections: () => connections,
    received: () => received,
    push(bytes) {
      for (const socket of sockets.values()) socket.write(bytes);
    },
    async stop() {
      if (!server.listening) return;
      for (const socket of sockets.keys()) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(raw: Socket, socket: Socket, given: Answer) {
  if (given === null) {
    socket.destroy();
  } else if (typeof given === "string") {
    if (given !== "") socket.write(given);
  } else if ("trickle" in given) {
    for (const byte of Buffer.from(given.trickle)) {
      await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve));
    }
  } else if ("pieces" in given) {
    for (const piece of given.pieces) {
      if (piece.length > 0) socket.write(piece);
      await turn();
    }
  } else {
    // Whoever resets a connection takes back what the kernel has not sent.
    if (given.bytes.length > 0) await new Promise((resolve) => socket.write(given.bytes, resolve));
    if (given.leave === "reset") raw.resetAndDestroy();
    else raw.end();
  }
}

/** A small server that answers as a test says, for what no real server does. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { listen } from "./listen.js";

/** How a server leaves: by an abrupt end (RST), by closing its own direction only, or both (FIN). */
export type Leave = "reset" | "halfClose" | "close";

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
  /** Does to every open connection what answers nothing. */
  push(answer: Answer): Promise<void>;
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
  const server = createServer({ allowHalfOpen: true }, (raw) => {
    const socket = tls === undefined ? raw : new TLSSocket(raw, { isServer: true, ...tls });
    const number = connections++;
    sockets.set(raw, socket);
    raw.setNoDelay(true);
    raw.on("error", () => {}).on("close", () => sockets.delete(raw));
    socket.on("error", () => {}).on("end", () => socket.end());
    let waiting = "";
    // One answer after the other, however the commands arrive.
    let answered = answer(raw, socket, greet === undefined ? "" : greet(number));
    socket.on("data", (data) => {
      received += data.toString("latin1");
      waiting += data.toString("latin1");
      for (let words = take(); words !== null; words = take()) {
        const [name = "", ...args] = words;
        answered = answered.then(async () => answer(raw, socket, await reply(name, args)));
      }
    });

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
  return {
    port: await listen(server, "localhost"),
    connections: () => connections,
    received: () => received,
    async push(given) {
      await Promise.all([...sockets].map(([raw, socket]) => answer(raw, socket, given)));
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
  // Whoever leaves takes back what is not sent yet, so that every answer is sent before the next one.
  const send = (bytes: string | Uint8Array) => new Promise((resolve) => socket.write(bytes, resolve));
  if (given === null) {
    raw.destroy();
  } else if (typeof given === "string") {
    if (given !== "") await send(given);
  } else if ("trickle" in given) {
    for (const byte of Buffer.from(given.trickle)) await send(Uint8Array.of(byte));
  } else if ("pieces" in given) {
    for (const piece of given.pieces) {
      if (piece.length > 0) await send(piece);
      await turn();
    }
  } else {
    if (given.bytes.length > 0) await send(given.bytes);
    if (given.leave === "reset") raw.resetAndDestroy();
    else if (given.leave === "close") raw.destroy();
    else raw.end();
  }
}

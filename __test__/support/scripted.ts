/** A small server that answers as a test says, for what no real server does. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** Bytes to answer with; one byte at a time; or `null` to drop the connection. */
export type Answer = string | { trickle: string } | null;

export interface Scripted {
  port: number;
  /** Everything that was received, over all connections. */
  received(): string;
  stop(): Promise<void>;
}

/** Starts a server that answers each whole command by its name. */
export async function startScripted(reply: (command: string) => Answer | Promise<Answer>): Promise<Scripted> {
  const sockets = new Set<Socket>();
  let received = "";
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    let waiting = "";
    socket.on("data", async (data) => {
      received += data.toString("latin1");
      waiting += data.toString("latin1");
      for (let command = take(); command !== null; command = take()) await answer(socket, await reply(command));
    });

    function take(): string | null {
      const count = /^\*(\d+)\r\n/.exec(waiting);
      if (count === null) return null;
      let at = count[0].length;
      let name = "";
      for (let index = 0; index < Number(count[1]); index++) {
        const length = /^\$(\d+)\r\n/.exec(waiting.slice(at));
        if (length === null) return null;
        const start = at + length[0].length;
        at = start + Number(length[1]) + 2;
        if (at > waiting.length) return null;
        if (index === 0) name = waiting.slice(start, at - 2);
      }
      waiting = waiting.slice(at);
      return name;
    }
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    received: () => received,
    async stop() {
      if (!server.listening) return;
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(socket: Socket, bytes: Answer) {
  if (bytes === null) {
    socket.destroy();
  } else if (typeof bytes === "string") {
    socket.write(bytes);
  } else {
    for (const byte of Buffer.from(bytes.trickle)) {
      await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve));
    }
  }
}

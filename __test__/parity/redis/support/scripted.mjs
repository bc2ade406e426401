// A server inside the script's process that answers as the script says and records what it received.

import { once } from "node:events";
import { createServer } from "node:net";

/** What HELLO is answered with: real servers use bulk strings as keys, too. */
export const GREETING = "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n";

/**
 * One connection of a scripted server.
 * @typedef {object} Peer
 * @property {number} index counts connections from 0
 * @property {string[]} packets what arrived, by chunk, commands divided by ` | `
 * @property {(bytes: string | Buffer) => Promise<void>} write
 * @property {() => void} end sends FIN
 * @property {() => void} destroy
 * @property {import("node:net").Socket} socket
 *
 * Answers a command: bytes, or nothing.
 * @typedef {(command: string[], peer: Peer) => string | Buffer | void} Answer
 */

/** @type {Set<{ stop: () => Promise<void> }>} */
const servers = new Set();

/**
 * Starts a server that hands every whole command to `answer`.
 * @param {Answer} answer
 * @param {{ path?: string, port?: number }} [where] a Unix socket, or a port that was in use before
 */
export async function serve(answer, { path, port = 0 } = {}) {
  /** @type {Peer[]} */
  const peers = [];
  /** @type {{ wanted: (command: string[], peer: Peer) => boolean, resolve: (peer: Peer) => void }[]} */
  const waiting = [];
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    /** @type {Peer} */
    const peer = {
      index: peers.length,
      packets: [],
      write: (bytes) => new Promise((resolve) => void socket.write(bytes, "latin1", () => resolve())),
      end: () => void socket.end(),
      destroy: () => void socket.destroy(),
      socket,
    };
    peers.push(peer);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const commands = [];
      for (let next = take(text); next !== null; next = take(text)) {
        text = text.slice(next.length);
        commands.push(next.command);
      }
      if (commands.length > 0) peer.packets.push(commands.map((command) => command.join(" ")).join(" | "));
      // One write for all answers to a packet, so that they arrive together.
      const answers = commands.map((command) => Buffer.from(answer(command, peer) ?? "", "latin1"));
      const bytes = Buffer.concat(answers);
      if (bytes.length > 0) socket.write(bytes);
      for (const command of commands) {
        for (const waiter of [...waiting]) {
          if (!waiter.wanted(command, peer)) continue;
          waiting.splice(waiting.indexOf(waiter), 1);
          waiter.resolve(peer);
        }
      }
    });
  });
  server.listen(path ?? { port, host: "127.0.0.1" });
  await once(server, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const running = {
    peers,
    port: address.port,
    /** @param {string} [rest] */
    url: (rest = "") => `redis://127.0.0.1:${address.port}${rest}`,
    /** Waits for a command.
     * @param {string} name @param {(peer: Peer) => boolean} [which] @returns {Promise<Peer>} */
    received: (name, which = () => true) =>
      new Promise((resolve) => {
        waiting.push({ wanted: (command, peer) => command[0] === name && which(peer), resolve });
      }),
    async stop() {
      if (!servers.delete(running)) return;
      for (const { socket } of peers) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  servers.add(running);
  return running;
}

/**
 * Answers the handshake, and everything else as given.
 * @param {Answer} answer
 * @returns {Answer}
 */
export function greeting(answer) {
  return (command, peer) => (command[0] === "HELLO" ? GREETING : answer(command, peer));
}

/**
 * Answers every command with its own text, bytes beyond ASCII escaped.
 * @type {Answer}
 */
export function echo(command) {
  return bulk(command.map(escape).join(" "));
}

/** @param {string} text */
export function bulk(text) {
  return `$${text.length}\r\n${text}\r\n`;
}

/** @param {string} text */
export function escape(text) {
  if (text === "") return '""';
  return text.replace(/[^!-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Stops all servers. */
export async function stopServers() {
  await Promise.all([...servers].map((server) => server.stop()));
}

/**
 * The first whole command of the text, as latin1 strings.
 * @param {string} text
 * @returns {{ command: string[], length: number } | null}
 */
function take(text) {
  const count = /^\*(\d+)\r\n/.exec(text);
  if (count === null) return null;
  const command = [];
  let at = count[0].length;
  for (let index = 0; index < Number(count[1]); index++) {
    const end = text.indexOf("\r\n", at);
    if (end === -1) return null;
    const start = end + 2;
    at = start + Number(text.slice(at + 1, end)) + 2;
    if (at > text.length) return null;
    command.push(text.slice(start, at - 2));
  }
  return { command, length: at };
}

// The little of a Redis client that the rigs need to direct their servers: one command after the other, RESP2.

import { connect as connectPlain } from "node:net";
import { connect as connectTls } from "node:tls";

const TIMEOUT_MS = 10_000;

/**
 * @typedef {object} Where
 * @property {number} port on 127.0.0.1
 * @property {string} [password]
 * @property {string | Buffer} [ca] listens with TLS, by a certificate of this authority
 */

/**
 * Sends one command over a connection of its own. Rejects with what the server refuses, and when it is silent.
 * @param {Where} where
 * @param {...(string | number)} command
 * @returns {Promise<unknown>} text, a number, null, or an array of these
 */
export function ask({ port, password, ca }, ...command) {
  return new Promise((resolve, reject) => {
    const tls = { host: "127.0.0.1", port, ca, servername: "localhost" };
    const socket = ca === undefined ? connectPlain(port, "127.0.0.1") : connectTls(tls);
    const commands = password === undefined ? [command] : [["AUTH", password], command];
    let received = "";
    let left = commands.length;
    /** @param {() => void} settle */
    const end = (settle) => {
      socket.destroy();
      settle();
    };
    const fail = (/** @type {string} */ message) => end(() => reject(new Error(`${command.join(" ")} at ${port}: ${message}`)));
    socket.setTimeout(TIMEOUT_MS, () => fail("no answer"));
    socket.on("error", (error) => fail(error.message));
    socket.on("close", () => fail("the connection was closed"));
    socket.setEncoding("latin1");
    socket.on("data", (text) => {
      received += text;
      for (;;) {
        const parsed = parse(received, 0);
        if (parsed === undefined) return;
        received = received.slice(parsed.end);
        const { value } = parsed;
        if (value instanceof Error) return fail(value.message);
        if (--left === 0) return end(() => resolve(value));
      }
    });
    for (const args of commands) socket.write(encode(args));
  });
}

/** @param {readonly (string | number)[]} args */
function encode(args) {
  const bulks = args.map((argument) => `$${Buffer.byteLength(`${argument}`)}\r\n${argument}\r\n`);
  return `*${args.length}\r\n${bulks.join("")}`;
}

/**
 * @param {string} text
 * @param {number} start
 * @returns {{ value: any, end: number } | undefined} `undefined` when it is not whole
 */
function parse(text, start) {
  const line = text.indexOf("\r\n", start);
  if (line === -1) return undefined;
  const content = text.slice(start + 1, line);
  const end = line + 2;
  switch (text[start]) {
    case "+":
      return { value: content, end };
    case "-":
      return { value: new Error(content), end };
    case ":":
      return { value: Number(content), end };
    case "$": {
      const length = Number(content);
      if (length === -1) return { value: null, end };
      if (text.length < end + length + 2) return undefined;
      return { value: Buffer.from(text.slice(end, end + length), "latin1").toString(), end: end + length + 2 };
    }
    case "*": {
      const count = Number(content);
      if (count === -1) return { value: null, end };
      const value = [];
      let at = end;
      for (let index = 0; index < count; index++) {
        const element = parse(text, at);
        if (element === undefined) return undefined;
        value.push(element.value);
        at = element.end;
      }
      return { value, end: at };
    }
    default:
      throw new Error(`No reply: ${JSON.stringify(text.slice(start, start + 40))}`);
  }
}

/**
 * Asks until the answer is right.
 * @template T
 * @param {string} what for the error
 * @param {() => Promise<T | undefined | false>} check may also reject
 * @param {number} [seconds] how long at most
 * @returns {Promise<T>}
 */
export async function until(what, check, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (let last; ; ) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} seconds`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// The client of the runtime that the script runs under.

export const inBun = process.versions.bun !== undefined;

/** The module with `redis` and `RedisClient`. Reading `redis` is what creates it. */
export const library = inBun ? await import("bun") : await import("../../../../index.js");

export const { RedisClient } = library;

/** @type {any[]} */
const clients = [];

/**
 * A client that `finish` closes.
 * @param {any} [url]
 * @param {any} [options]
 */
export function connect(url, options) {
  return keep(new RedisClient(url, options));
}

/**
 * Lets `finish` close a client.
 * @param {any} client
 */
export function keep(client) {
  clients.push(client);
  return client;
}

/** Closes all clients. */
export function closeClients() {
  for (const client of clients.splice(0)) client.close();
}

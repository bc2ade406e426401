"use strict";
/**
 * Channels of `node:diagnostics_channel` for whoever watches commands, batches and connections. They
 * never tell an argument or a secret.
 */
const { tracingChannel } = require("node:diagnostics_channel");

const commands = tracingChannel("s3-valkey:redis:command");
const batches = tracingChannel("s3-valkey:redis:batch");
const connections = tracingChannel("s3-valkey:redis:connection");

/**
 * @typedef {import("./connection.js").Connection} Connection
 */

/** Whether somebody watches commands or batches. */
function active() {
  return commands.hasSubscribers || batches.hasSubscribers;
}

/**
 * Issues a command under the eyes of those who watch.
 * @param {Connection} connection
 * @param {{ name: string, count: number, commandCount?: number }} summary the last one for a transaction
 * @param {() => Promise<any>} start
 * @returns {Promise<any>}
 */
function command(connection, { name, count, ...further }, start) {
  const traced = () =>
    commands.hasSubscribers
      ? commands.tracePromise(start, { ...place(connection), command: name.toUpperCase(), argumentCount: count, ...further })
      : start();
  if (!batches.hasSubscribers) return traced();
  let settled = () => {};
  // Before it is issued, for it may be submitted at once.
  connection.watched.push(new Promise((resolve) => (settled = () => resolve(undefined))));
  const promise = traced();
  promise.then(settled, settled);
  // A promise of its own: a rejection that the caller does not handle must stay unhandled.
  return promise.then((value) => value);
}

/**
 * Submits commands that were gathered; the trace ends when all of them have settled.
 * @param {Connection} connection
 * @param {() => void} submit
 */
function batch(connection, submit) {
  const promises = connection.watched.splice(0);
  const wait = () => {
    submit();
    return Promise.all(promises).then(() => undefined);
  };
  void batches.tracePromise(wait, { ...place(connection), commandCount: promises.length });
}

/**
 * Where a command goes, as every context tells it.
 * @param {Pick<Connection, "lane">} connection
 */
function place({ lane }) {
  return { url: lane.url, address: lane.address, database: lane.database };
}

/** The trace of one attempt to connect, from the first dial until it succeeds or is given up. */
class Attempt {
  /**
   * @param {Pick<Connection, "lane">} connection
   * @param {boolean} reconnect
   */
  constructor(connection, reconnect) {
    /** @type {() => void} */
    this.succeeded = () => {};
    /** @type {(error: Error) => void} */
    this.failed = () => {};
    if (!connections.hasSubscribers) return;
    const ended = new Promise((resolve, reject) => {
      this.succeeded = () => resolve(undefined);
      this.failed = reject;
    });
    connections.tracePromise(() => ended, { ...place(connection), reconnect }).catch(() => {});
  }
}

module.exports = { active, command, batch, Attempt };

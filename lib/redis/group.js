"use strict";
/** Which connection a command is on, and how one is given up. */
const { abandon, groupOf } = require("../port.js");

/** @typedef {Pick<import("./connection.js").Connection, "lane" | "submit">} Link */

/**
 * Commands of one connection that are found again together, in `eachPending` of the port.
 */
class Group {
  /** @param {Link} connection */
  constructor(connection) {
    this.connection = connection;
  }
}

/**
 * Rejects a command although its reply is still to come. One that blocks is ended on the server too, before anything
 * that is sent afterwards: it must take nothing that nobody will get.
 * @param {number} id of a command that waits
 * @param {any} reason
 */
function giveUp(id, reason) {
  const group = groupOf(id);
  if (group instanceof Group) {
    const { connection } = group;
    // It may wait for the end of this turn.
    connection.submit();
    connection.lane.cancel(id);
  }
  abandon(id, reason);
}

module.exports = { Group, giveUp };

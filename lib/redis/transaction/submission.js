"use strict";
/** Commands that reach the lane with one call. */
const { entries } = require("../../port.js");

/** Commands that fit into one flush beside others. */
const MAX_COMMANDS = entries.length / 2;

/**
 * Adds commands to what goes out next, none of them apart from the others.
 * @param {import("../connection.js").Connection} connection
 * @param {import("../frame.js").Frame[]} frames
 * @param {number[]} ids
 * @param {number[]} metas
 */
function submitTogether(connection, frames, ids, metas) {
  const { outgoing } = connection;
  if (!connection.listening) connection.expectEvents(true);
  if (outgoing.count + frames.length > MAX_COMMANDS) connection.submit();
  for (const [index, frame] of frames.entries()) {
    outgoing.add(frame, /** @type {number} */ (ids[index]), /** @type {number} */ (metas[index]));
  }
  if (outgoing.full || !connection.scheduled) connection.submit();
}

module.exports = { submitTogether };

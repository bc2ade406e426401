"use strict";
/** What ties watched keys to one slot of a cluster. */
const { RedisLane } = require("../../../binding.js");
const { encode } = require("../encode.js");
const { decode } = require("../frame.js");
const { metaOf } = require("../meta.js");
const { PLAIN } = require("../outcomes.js");
const { keyPositions } = require("../prefix.js");
const { RedisWatchError } = require("../transaction/errors.js");
const { commonSlot, slotOf } = require("./place.js");

/**
 * @typedef {import("../encode.js").Argument} Argument
 * @typedef {import("../transaction/queue.js").Queue} Queue
 */

class Bond {
  /**
   * @param {readonly Argument[]} keys
   * @param {import("./connection.js").ClusterConnection} connection
   */
  constructor(keys, connection) {
    this.key = /** @type {Argument} */ (keys[0]);
    this.slot = slotOf(keys, connection);
  }

  /**
   * Throws if a transaction has keys of another slot. One without keys gets one, for a node that has lost the slot would
   * execute it.
   * @param {Queue} queue
   * @returns {boolean} whether a command was added, behind the others
   */
  guard(queue) {
    const keys = queue.frames.flatMap((frame) => {
      const args = decode(frame);
      return keyPositions(args).map((at) => /** @type {Argument} */ (args[at]));
    });
    if (keys.length > 0) {
      commonSlot(queue.origin.connection().gate.keysAsSent([this.key, ...keys]));
      return false;
    }
    queue.frames.push(encode("EXISTS", [this.key]));
    queue.outcomes.push(PLAIN);
    queue.metas.push(metaOf("EXISTS"));
    return true;
  }

  /**
   * The conflict behind errors of the server which say that the slot is somewhere else, or not served now.
   * @param {unknown} error what is behind the conflict
   * @param {readonly unknown[]} refusals what the server has said
   * @returns {RedisWatchError | null}
   */
  conflict(error, refusals) {
    const displaced = refusals.some((refusal) => refusal instanceof Error && RedisLane.displaces(refusal.message, this.slot));
    if (!displaced) return null;
    const message = "The slot of the watched keys was moving, or not served: nothing was executed";
    const conflict = new RedisWatchError(message, { cause: error });
    displacements.add(conflict);
    return conflict;
  }
}

/** @type {WeakSet<Error>} */
const displacements = new WeakSet();

/**
 * Whether a conflict is one of slots, which take their time.
 * @param {Error} conflict
 */
function isDisplacement(conflict) {
  return displacements.has(conflict);
}

module.exports = { Bond, isDisplacement };

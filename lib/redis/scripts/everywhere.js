"use strict";
/** Sends a command to each server that has keys of its own, which all must know a script. */
const { encode } = require("../encode.js");
const { metaOf } = require("../meta.js");
const { PLAIN } = require("../outcomes.js");

/**
 * Resolves when all servers have answered; rejects with the first error.
 * @param {import("../sender.js").Sender} sender
 * @param {string} command
 * @param {string[]} args
 * @param {RegExp} [tolerated] the text of errors that are none
 */
async function onEveryPrimary(sender, command, args, tolerated) {
  const issuers = sender.primaries === undefined ? [sender] : await sender.primaries();
  const frame = encode(command, args);
  const one = async (/** @type {Pick<import("../sender.js").Sender, "issue">} */ issuer) => {
    try {
      await issuer.issue(frame, PLAIN, metaOf(command));
    } catch (error) {
      if (!tolerated?.test(/** @type {Error} */ (error).message)) throw error;
    }
  };
  await Promise.all(issuers.map(one));
}

module.exports = { onEveryPrimary };

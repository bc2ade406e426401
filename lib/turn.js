"use strict";
// Taken when the package is imported: tests replace it later, also in the module, by a fake that waits for them.
const { setImmediate } = require("node:timers");

/**
 * Lets the event loop go through a whole turn.
 *
 * @example
 * await turn();
 *
 * @returns {Promise<void>}
 */
const turn = () => new Promise((resolve) => setImmediate(resolve));

module.exports = { turn };

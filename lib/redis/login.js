"use strict";
/** Credentials that a user's function finds, for each connection anew. */
const { coded, reasonOf } = require("./errors.js");

/**
 * Answers the native side's question for credentials.
 * @param {import("../../binding.js").RedisLane} lane
 * @param {number} asked the question's number
 * @param {import("./types.js").RedisCredentialsProvider | undefined} provider
 */
async function logIn(lane, asked, provider) {
  try {
    const { username, password } = credentialsOf(await provider?.());
    lane.credentials(asked, username, password);
  } catch (error) {
    const { code, message } = reasonOf(error);
    lane.noCredentials(asked, code, message);
  }
}

/**
 * What a credentials provider has found.
 * @param {unknown} found
 */
function credentialsOf(found) {
  const { username = "", password = "" } = /** @type {Record<string, unknown>} */ (Object(found));
  if (typeof username !== "string" || typeof password !== "string") {
    throw coded(
      TypeError,
      "ERR_INVALID_ARG_TYPE",
      "credentials() must give an object with the strings username and password",
    );
  }
  if (username === "" && password === "") {
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", "credentials() gave neither a username nor a password");
  }
  return { username, password };
}

module.exports = { logIn };

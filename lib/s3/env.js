"use strict";
/** What the environment says about S3. Read once, at first use. */

/** @typedef {"accessKeyId" | "secretAccessKey" | "sessionToken" | "region" | "endpoint" | "bucket"} EnvironmentField */

/** @type {[EnvironmentField, string][]} */
const VARIABLES = [
  ["accessKeyId", "ACCESS_KEY_ID"],
  ["secretAccessKey", "SECRET_ACCESS_KEY"],
  ["sessionToken", "SESSION_TOKEN"],
  ["region", "REGION"],
  ["endpoint", "ENDPOINT"],
  ["bucket", "BUCKET"],
];

/** @type {import("./options.js").Fields | undefined} */
let known;

/** @returns {import("./options.js").Fields} */
function environment() {
  if (known === undefined) {
    known = {};
    for (const [field, name] of VARIABLES) {
      // An S3_ variable that exists but is empty hides the AWS_ one.
      const value = process.env[`S3_${name}`] ?? process.env[`AWS_${name}`];
      if (value) known[field] = value;
    }
  }
  return known;
}

/** @type {Record<string, string> | undefined} */
let proxies;

/** Which proxies the environment names; the core decides which of them counts. */
function proxyVariables() {
  if (proxies === undefined) {
    proxies = {};
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()])) {
      const value = process.env[name];
      if (value) proxies[name] = value;
    }
  }
  return proxies;
}

module.exports = { environment, proxyVariables };

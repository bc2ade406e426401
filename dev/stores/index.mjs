// The stores that the S3 tests run against. Each module starts one on a free port with its data in a temporary
// folder, makes its program first if this machine has none, and stops it by its own process id.

import { capabilitiesOf, LACKS } from "./capabilities.mjs";
import { Unavailable } from "./processes.mjs";

/** @typedef {import("./capabilities.mjs").Capability} Capability */
/** @typedef {import("./capabilities.mjs").StoreName} StoreName */
/** @typedef {import("./signed.mjs").Credentials} Credentials */

/**
 * @typedef {object} Store
 * @property {string} endpoint
 * @property {string} region
 * @property {string} bucket An empty one.
 * @property {Credentials} credentials Of whom may do everything.
 * @property {() => Promise<void>} stop Also removes all data.
 */

/** @type {StoreName[]} */
export const STORES = /** @type {any} */ (Object.keys(LACKS));

/**
 * Starts a store.
 * @param {string} [name] Default: the environment variable `S3_STORE`, else `s3s-fs`.
 * @returns {Promise<Store & { name: StoreName, capabilities: (capability: Capability) => boolean }>}
 */
export async function startStore(name = process.env.S3_STORE || "s3s-fs") {
  const known = STORES.find((store) => store === name);
  if (known === undefined) throw new Error(`There is no store ${name}: choose one of ${STORES.join(", ")}`);
  /** @type {{ start: () => Promise<Store> }} */
  const { start } = await import(`./${known}.mjs`);
  return { ...(await start()), name: known, capabilities: capabilitiesOf(known) };
}

export { Unavailable };

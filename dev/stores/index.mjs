// The stores that the S3 tests run against. Each module starts one on a free port with its data in a temporary
// folder, makes its program first if this machine has none, and stops it by its own process id.

import { capabilitiesOf } from "./capabilities.mjs";
import { Unavailable } from "./processes.mjs";

/** @typedef {import("./capabilities.mjs").Capability} Capability */
/** @typedef {import("./capabilities.mjs").StoreName} StoreName */
/** @typedef {import("./signed.mjs").Credentials} Credentials */
/** @typedef {(store: { endpoint: string, region: string, credentials: Credentials }) => Promise<Credentials>} TokenService */

/**
 * @typedef {object} Store
 * @property {string} endpoint
 * @property {string} region
 * @property {string} bucket An empty one.
 * @property {Credentials} credentials Of whom may do everything.
 * @property {() => Promise<void>} stop Also removes all data.
 */

/** @type {Record<StoreName, () => Promise<{ start: () => Promise<Store>, temporaryCredentials?: TokenService }>>} */
const MODULES = {
  "s3s-fs": () => import("./s3s-fs.mjs"),
  minio: () => import("./minio.mjs"),
  ceph: () => import("./ceph.mjs"),
  garage: () => import("./garage.mjs"),
};

/**
 * Starts a store.
 * @param {string} [name] Default: the environment variable `S3_STORE`, else `s3s-fs`.
 * @returns {Promise<Store & { name: StoreName, capabilities: (capability: Capability) => boolean }>}
 */
export async function startStore(name = process.env.S3_STORE || "s3s-fs") {
  if (!Object.hasOwn(MODULES, name)) {
    throw new Error(`There is no store ${name}: choose one of ${Object.keys(MODULES).join(", ")}`);
  }
  const known = /** @type {StoreName} */ (name);
  const { start } = await MODULES[known]();
  return { ...(await start()), name: known, capabilities: capabilitiesOf(known) };
}

/**
 * Credentials from the token service of a running store.
 * @param {Omit<Store, "stop"> & { name: StoreName }} store one that can do `sessionTokens`
 * @returns {Promise<Credentials>}
 */
export async function temporaryCredentials(store) {
  const module = await MODULES[store.name]();
  if (module.temporaryCredentials === undefined) throw new Error(`${store.name} has no token service`);
  return module.temporaryCredentials(store);
}

export { Unavailable };

// The tests of real stores against one of them:
//
//   node dev/test-store.mjs ceph [PATHS]     s3s-fs, minio, ceph or garage; `__test__/s3/stores` without paths
//
// A store that cannot be had on this machine is a failure, unless S3_STORES_OPTIONAL=1 is set.
// The last line is `N passed, N failed`.

import { failure } from "./failures.mjs";
import { ensureAddon, ensureModules } from "./setup.mjs";
import { LACKS } from "./stores/capabilities.mjs";
import { startStore, Unavailable } from "./stores/index.mjs";
import { conclude, runVitest } from "./vitest.mjs";

const [name, ...paths] = process.argv.slice(2);

ensureModules();
ensureAddon();
try {
  const { stop, ...store } = await startStore(name);
  process.env.S3_STORE = store.name;
  process.env.S3_STORE_RUNNING = JSON.stringify(store);
  const count = runVitest(paths.length > 0 ? paths : ["__test__/s3/stores"]);
  await stop();
  for (const [capability, reason] of Object.entries(LACKS[store.name])) {
    console.log(`Not applicable on ${store.name}: ${capability} (${reason})`);
  }
  conclude([count]);
} catch (error) {
  const { message } = /** @type {Error} */ (error);
  console.log(message);
  if (error instanceof Unavailable && process.env.S3_STORES_OPTIONAL === "1") {
    console.log("0 passed, 0 failed");
  } else {
    conclude([{ passed: 0, failures: [failure("the store is not to be had", message)] }]);
  }
}

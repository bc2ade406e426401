/**
 * The scripts of `cases/` observe the same under Bun and under Node with this package, except for
 * what `allowed.json` lists: on the wire, through a server that records, and in a real store.
 */
import { startS3 } from "../../../dev/servers.mjs";
import { compareCases } from "../suite.js";
import { startRecorder } from "./recorder.js";
import { startTlsStores } from "./tls-stores.js";

async function startServers() {
  const [recorder, store, tls] = await Promise.all([startRecorder(), startS3(), startTlsStores()]);
  const { stop, ...options } = store;
  return {
    environment: {
      PARITY_ENDPOINT: recorder.endpoint,
      PARITY_CONTROL: recorder.control,
      PARITY_STORE: JSON.stringify(options),
      PARITY_TLS: JSON.stringify(tls.options),
    },
    stop: () => Promise.all([recorder.stop(), stop(), tls.stop()]),
  };
}

compareCases(import.meta.dirname, startServers, 600);

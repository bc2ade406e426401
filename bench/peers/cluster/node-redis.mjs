import { createCluster } from "redis";

/** Without `commandOptions.timeout`, which by default costs one AbortSignal per command. */
export async function connect({ nodes }) {
  const client = createCluster({ rootNodes: nodes.map((url) => ({ url })), commandOptions: { timeout: undefined } });
  // node-redis crashes the process on a connection error that nobody listens to; commands report it anyway.
  client.on("error", () => {});
  await client.connect();
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    close: () => client.close(),
  };
}

import { GlideClusterClient } from "@valkey/valkey-glide";

/** Its default limits (1,000 in flight, 250 ms) would reject commands in the larger cases. */
export async function connect({ nodes }) {
  const client = await GlideClusterClient.createClient({
    addresses: nodes.map((url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) })),
    inflightRequestsLimit: 1_000_000,
    requestTimeout: 20_000,
  });
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    close: () => client.close(),
  };
}

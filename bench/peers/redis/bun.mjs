import { RedisClient } from "bun";
import { connectWith } from "./bun-api.mjs";

export async function connect(url) {
  const { client, ...commands } = await connectWith(RedisClient, url);
  return {
    ...commands,
    /** Bun has no transactions as such; this is what its users write. */
    transaction: async (pairs) => {
      const opened = client.send("MULTI", []);
      const queued = pairs.flatMap(([key, value]) => [client.set(key, value), client.get(key)]);
      const [, , replies] = await Promise.all([opened, Promise.all(queued), client.send("EXEC", [])]);
      return replies;
    },
  };
}

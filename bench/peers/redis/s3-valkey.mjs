import { createRequire } from "node:module";
import { connectWith } from "./bun-api.mjs";

const { RedisClient } = createRequire(import.meta.url)("../../../index.js");

export async function connect(url) {
  const { client, ...commands } = await connectWith(RedisClient, url);
  return {
    ...commands,
    transaction: (pairs) => {
      const transaction = client.multi();
      for (const [key, value] of pairs) transaction.set(key, value).get(key);
      return transaction.exec();
    },
  };
}

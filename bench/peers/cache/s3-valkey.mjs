import { createRequire } from "node:module";
import { connectWith } from "../redis/bun-api.mjs";

const { RedisClient } = createRequire(import.meta.url)("../../../index.js");

class CachingClient extends RedisClient {
  constructor(url) {
    super(url, { clientCache: true });
  }
}

export const connect = (url) => connectWith(CachingClient, url);

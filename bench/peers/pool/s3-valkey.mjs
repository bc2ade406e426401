import { createRequire } from "node:module";
import { connectWith } from "../redis/bun-api.mjs";

const { RedisPool } = createRequire(import.meta.url)("../../../index.js");

/** Four connections, all of them open from the beginning. */
class PoolOfFour extends RedisPool {
  constructor(url) {
    super(url, { min: 4, max: 4 });
  }
}

export const connect = (url) => connectWith(PoolOfFour, url);

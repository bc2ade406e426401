import { createRequire } from "node:module";
import { connectWith } from "./bun-api.mjs";

const { RedisClient } = createRequire(import.meta.url)("../../../index.js");

export const connect = (url) => connectWith(RedisClient, url);

import { RedisClient } from "bun";
import { connectWith } from "./bun-api.mjs";

export const connect = (url) => connectWith(RedisClient, url);

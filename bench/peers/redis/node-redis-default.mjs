import { connectWith } from "./node-redis.mjs";

/** As its users get it: a five-second timeout on every command. */
export function connect(url) {
  return connectWith({ url });
}

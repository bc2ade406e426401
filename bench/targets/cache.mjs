export { startTarget } from "./redis.mjs";

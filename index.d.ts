/** Bun's S3 and Redis clients for Node.js. */
export * from "./lib/redis/types.js";
export * from "./lib/s3/types.js";

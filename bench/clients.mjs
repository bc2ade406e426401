// Who takes part. The first one is this package; every ratio in the report is taken against it.

export const OURS = "s3-valkey";

export const CLIENTS = {
  redis: [
    { name: OURS, runtime: "node" },
    { name: "bun", runtime: "bun" },
    { name: "node-redis", runtime: "node" },
    { name: "node-redis-default", runtime: "node" },
    { name: "ioredis", runtime: "node" },
    { name: "valkey-glide", runtime: "node" },
  ],
  cluster: [
    { name: OURS, runtime: "node" },
    // This package's client of one server, on a server of its own: what routing costs is the difference.
    { name: "s3-valkey-single", runtime: "node" },
    { name: "node-redis", runtime: "node" },
    { name: "ioredis", runtime: "node" },
    { name: "valkey-glide", runtime: "node" },
  ],
  cache: [
    { name: OURS, runtime: "node" },
    // This package without its cache: what that gains is the difference.
    { name: "s3-valkey-uncached", runtime: "node" },
    { name: "node-redis", runtime: "node" },
  ],
  pool: [
    { name: OURS, runtime: "node" },
    // This package's client of one connection: what four of them cost or gain is the difference.
    { name: "s3-valkey-single", runtime: "node" },
  ],
  s3: [
    { name: OURS, runtime: "node" },
    { name: "bun", runtime: "bun" },
    { name: "lean-s3", runtime: "node" },
    { name: "minio", runtime: "node" },
    { name: "aws-sdk", runtime: "node" },
  ],
};

/** Starts each answer of a worker on its stdout. */
export const ANSWER_MARK = "@bench ";

export function adapterUrl(kind, name) {
  return new URL(`./peers/${kind}/${name}.mjs`, import.meta.url).href;
}

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["__test__/**/*.test.ts"],
    // Servers are started in hooks, and a shared machine may be slow.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A process for each file: addon, sockets and servers of one cannot disturb another.
    pool: "forks",
    // One test forces garbage collection.
    execArgv: ["--expose-gc"],
  },
});

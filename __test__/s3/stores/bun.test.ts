/** The parity script about what is stored and what comes back, under Bun and under Node, on this store. */
import { join } from "node:path";
import { expect, it } from "vitest";
import * as compare from "../../parity/compare.js";
import { startRecorder } from "../../parity/s3/recorder.js";
import { useStore } from "./store.js";

const store = useStore();
const parity = join(import.meta.dirname, "..", "..", "parity", "s3");

it("shows the same to Bun and to Node", async () => {
  const recorder = await startRecorder();
  try {
    const { endpoint, region, bucket, credentials } = store;
    const environment = {
      PARITY_ENDPOINT: recorder.endpoint,
      PARITY_CONTROL: recorder.control,
      PARITY_STORE: JSON.stringify({ endpoint, region, bucket, ...credentials }),
    };
    // One after the other: they write the same keys.
    const script = join(parity, "cases", "store.mjs");
    const bun = await compare.run(compare.runtimes.bun, script, environment);
    const node = await compare.run(compare.runtimes.node, script, environment);
    // The words are the store's: they name the range and the request.
    for (const seen of [bun, node]) for (const [key, text] of seen) seen.set(key, text.replace(/^(rejects S3Error \w+):.*$/s, "$1"));
    const allowed = compare
      .readDifferences(join(parity, "allowed.json"))
      .flatMap(({ observations = [] }) => observations.flatMap(compare.expand).map(compare.compile));
    const unexpected = compare.differing(bun, node).filter((key) => !allowed.some((pattern) => pattern.test(key)));
    expect(unexpected.map((key) => ({ key, bun: bun.get(key), node: node.get(key) }))).toEqual([]);
    expect(node.size).toBeGreaterThan(30);
  } finally {
    await recorder.stop();
  }
}, 120_000);

/**
 * The scripts of `cases/` observe the same under Bun and under Node with this package, except for
 * what `allowed.json` lists: on the wire, through a server that records, and in a real store.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { startS3 } from "../../../dev/servers.mjs";
import * as compare from "../compare.js";
import { startRecorder } from "./recorder.js";
import { startTlsStores } from "./tls-stores.js";

const folder = join(import.meta.dirname, "cases");
const scripts = readdirSync(folder).sort();
const allowed = compare.readDifferences(join(import.meta.dirname, "allowed.json"));
/** What differs; what is to be observed here, where it is told. */
const listed = allowed.flatMap(({ observations = [], here = {} }) =>
  [...observations.map((keys) => [keys, undefined] as const), ...Object.entries(here)].flatMap(([keys, text]) =>
    compare.expand(keys).map((key) => ({ key, pattern: compare.compile(key), text })),
  ),
);
const LEAST = 600;

/** What each script observed, by script. */
type Seen = Map<string, compare.Observations>;

async function observe(program: string): Promise<Seen> {
  const [recorder, store, tls] = await Promise.all([startRecorder(), startS3(), startTlsStores()]);
  const { stop, ...options } = store;
  const environment = {
    PARITY_ENDPOINT: recorder.endpoint,
    PARITY_CONTROL: recorder.control,
    PARITY_STORE: JSON.stringify(options),
    PARITY_TLS: JSON.stringify(tls.options),
  };
  const seen: Seen = new Map();
  try {
    // One after the other, since they share the servers; the other runtime has its own.
    for (const script of scripts) seen.set(script, await compare.run(program, join(folder, script), environment));
  } finally {
    await Promise.all([recorder.stop(), stop(), tls.stop()]);
  }
  return seen;
}

let bun: Seen;
let node: Seen;
beforeAll(async () => {
  [bun, node] = await Promise.all([observe(compare.runtimes.bun), observe(compare.runtimes.node)]);
}, 240_000);

describe.each(scripts)("%s", (script) => {
  it("observes the same under Bun and under Node", () => {
    const [theirs, ours] = [bun.get(script)!, node.get(script)!];
    const unexpected = compare
      .differing(theirs, ours)
      .filter((key) => !listed.some(({ pattern, text = ours.get(key) }) => pattern.test(key) && text === ours.get(key)))
      .map((key) => ({ key, bun: theirs.get(key), node: ours.get(key) }));
    expect(unexpected).toEqual([]);
  });
});

describe("the allowed differences", () => {
  const all = (seen: Seen) => [...seen.values()].flatMap((observations) => [...observations]);

  it("are rows of docs/bun-differences.md, with a reason each", () => {
    const rows = compare.documentedRows();
    expect(allowed.filter(({ row, reason }) => !rows.has(row) || !reason)).toEqual([]);
  });

  it("still are differences", () => {
    const ours = new Map(all(node));
    const different = new Set(compare.differing(new Map(all(bun)), ours));
    const stale = listed.flatMap(({ key, pattern }) => {
      const keys = [...ours.keys()].filter((key) => pattern.test(key));
      return keys.length === 0 ? [key] : keys.filter((key) => !different.has(key));
    });
    expect(stale).toEqual([]);
  });

  it("leave most observations the same, each of which has a name of its own", () => {
    const keys = all(node).map(([key]) => key);
    expect(keys.length).toBeGreaterThanOrEqual(LEAST);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

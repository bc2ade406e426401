/** The tests that the scripts of a client make up: the same for every client. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import * as compare from "./compare.js";

/** What each script observed, by script. */
type Seen = Map<string, compare.Observations>;

/** Servers for the scripts under one runtime. */
export interface Servers {
  /** What tells the scripts where they are. */
  environment: Record<string, string>;
  stop(): Promise<unknown>;
}

/**
 * Declares the tests of a folder that holds `cases/`, scripts that run under both runtimes, and
 * `allowed.json`, the differences.
 * @param least how many observations there are at least that agree
 */
export function compareCases(folder: string, startServers: () => Promise<Servers>, least: number): void {
  const cases = join(folder, "cases");
  const scripts = readdirSync(cases).sort();
  const allowed = compare.readDifferences(join(folder, "allowed.json"));
  /** What differs; what is to be observed here, where it is told. */
  const listed = allowed.flatMap(({ observations = [], here = {} }) =>
    [...observations.map((keys) => [keys, undefined] as const), ...Object.entries(here)].flatMap(([keys, text]) =>
      compare.expand(keys).map((key) => ({ key, pattern: compare.compile(key), text })),
    ),
  );

  async function observe(program: string): Promise<Seen> {
    const { environment, stop } = await startServers();
    const seen: Seen = new Map();
    try {
      // One after the other, since they share the servers; the other runtime has its own.
      for (const script of scripts) seen.set(script, await compare.run(program, join(cases, script), environment));
    } finally {
      await stop();
    }
    return seen;
  }

  let bun: Seen;
  let node: Seen;
  beforeAll(async () => {
    [bun, node] = await Promise.all([observe(compare.runtimes.bun), observe(compare.runtimes.node)]);
  }, 240_000);

  const all = (seen: Seen) => [...seen.values()].flatMap((observations) => [...observations]);
  const differing = () => compare.differing(new Map(all(bun)), new Map(all(node)));

  describe.each(scripts)("%s", (script) => {
    it("observes the same under Bun and under Node", () => {
      const [theirs, ours] = [bun.get(script)!, node.get(script)!];
      expect(ours.size).toBeGreaterThan(0);
      const unexpected = compare
        .differing(theirs, ours)
        .filter(
          (key) => !listed.some(({ pattern, text = ours.get(key) }) => pattern.test(key) && text === ours.get(key)),
        )
        .map((key) => ({ key, bun: theirs.get(key), node: ours.get(key) }));
      expect(unexpected).toEqual([]);
    });
  });

  describe("the allowed differences", () => {
    it("are rows of docs/bun-differences.md, with a reason each", () => {
      const rows = compare.documentedRows();
      expect(allowed.filter(({ row, reason }) => !rows.has(row) || !reason)).toEqual([]);
    });

    it("still are differences", () => {
      const different = new Set(differing());
      const keys = all(node).map(([key]) => key);
      const stale = listed.flatMap(({ key, pattern }) => {
        const matching = keys.filter((key) => pattern.test(key));
        return matching.length === 0 ? [key] : matching.filter((key) => !different.has(key));
      });
      expect(stale).toEqual([]);
    });

    it("leave most observations the same, each of which has a name of its own", () => {
      const keys = all(node).map(([key]) => key);
      expect(keys.length - differing().length).toBeGreaterThanOrEqual(least);
      expect(new Set(keys).size).toBe(keys.length);
    });
  });
}

/** Compares what two runtimes observed with what may differ. */
import type { Difference } from "./differences.js";

/** What was observed, by key. */
export type Results = Map<string, string>;

/** Tells everything that is not as it should be. */
export function compare(bun: Results, here: Results, differences: Difference[]): string[] {
  const problems: string[] = [];
  const listed = differences.flatMap(({ here }) => Object.entries(here)).map(([pattern, value]) => ({ pattern, value, uses: 0 }));
  for (const [key, ours] of here) {
    const theirs = bun.get(key);
    const entry = listed.find(({ pattern }) => matches(pattern, key));
    if (entry !== undefined) entry.uses++;
    if (ours === theirs) {
      if (entry !== undefined) problems.push(`${key} is listed as ${entry.pattern}, but does not differ: ${ours}`);
    } else if (entry?.value !== ours) {
      const meant = entry === undefined ? "" : `\n  meant ${entry.value}`;
      problems.push(`${key}\n  bun   ${theirs}\n  here  ${ours}${meant}`);
    }
  }
  for (const { pattern, uses } of listed) if (uses === 0) problems.push(`${pattern} is listed, but not observed`);
  return problems;
}

function matches(pattern: string, key: string): boolean {
  if (!pattern.includes("*")) return pattern === key;
  const source = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`).test(key);
}

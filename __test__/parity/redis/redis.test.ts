/**
 * The scripts of `cases/` print the same under Bun and under Node with this package, except for what
 * `allowed.json` lists.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../../dev/servers.mjs";
import { makeCertificates } from "../../support/certificates.js";
import * as compare from "../compare.js";
import { startTlsPeers } from "./tls-peers.js";

const folder = join(import.meta.dirname, "cases");
const scripts = readdirSync(folder).sort();
const allowed = compare.readDifferences(join(import.meta.dirname, "allowed.json"));
const patterns = allowed.flatMap(({ observations = [] }) => observations.flatMap(compare.expand).map(compare.compile));

type Runtime = keyof typeof compare.runtimes;

const runtimes = Object.keys(compare.runtimes) as Runtime[];
const certificates = mkdtempSync(join(tmpdir(), "s3-valkey-parity-"));
const servers: { stop(): Promise<unknown> }[] = [];
/** What was seen, by runtime and script. */
const seen = {
  bun: new Map<string, Promise<compare.Observations>>(),
  node: new Map<string, Promise<compare.Observations>>(),
};

beforeAll(async () => {
  makeCertificates(certificates);
  const tls = await startTlsPeers(certificates);
  servers.push(tls);
  await Promise.all(
    runtimes.map(async (runtime) => {
      const server = await startRedis({ unixsocket: true });
      servers.push(server);
      const environment = { PARITY_REDIS: server.url, PARITY_SOCKET: server.socketPath!, ...tls.variables };
      // One after the other, since they share a server; the other runtime has one of its own.
      for (const script of scripts) {
        const observations = compare.run(compare.runtimes[runtime], join(folder, script), environment);
        seen[runtime].set(script, observations);
        await observations.catch(() => {});
      }
    }),
  );
}, 240_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(certificates, { recursive: true, force: true });
});

/** What both runtimes showed of a script. */
async function shown(script: string) {
  return { bun: await seen.bun.get(script)!, node: await seen.node.get(script)! };
}

/** All keys, with those that differ. */
async function keys() {
  const all: string[] = [];
  const different = new Set<string>();
  for (const script of scripts) {
    const { bun, node } = await shown(script);
    all.push(...new Set([...bun.keys(), ...node.keys()]));
    for (const key of compare.differing(bun, node)) different.add(key);
  }
  return { all, different };
}

describe.each(scripts)("%s", (script) => {
  it("shows the same under Bun and under Node", async () => {
    const { bun, node } = await shown(script);
    expect(bun.size).toBeGreaterThan(0);
    const unexpected = compare
      .differing(bun, node)
      .filter((key) => !patterns.some((pattern) => pattern.test(key)))
      .map((key) => ({ key, bun: bun.get(key), node: node.get(key) }));
    expect(unexpected).toEqual([]);
  });
});

describe("the observations", () => {
  it("have keys of their own", async () => {
    const { all } = await keys();
    expect(all.filter((key, index) => all.indexOf(key) !== index)).toEqual([]);
  });

  it("agree, most of them", async () => {
    const { all, different } = await keys();
    expect(all.length - different.size).toBeGreaterThan(1000);
  });
});

describe("the allowed differences", () => {
  it("are rows of docs/bun-differences.md, with a reason each", () => {
    const rows = compare.documentedRows();
    expect(allowed.filter(({ row, reason }) => !rows.has(row) || !reason)).toEqual([]);
  });

  it("still are differences", async () => {
    const { all, different } = await keys();
    const stale = patterns.flatMap((pattern) => {
      const matching = all.filter((key) => pattern.test(key));
      return matching.length === 0 ? [pattern.source] : matching.filter((key) => !different.has(key));
    });
    expect(stale).toEqual([]);
  });
});

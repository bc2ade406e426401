/** Commands leave nothing behind in memory. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { TRANSPORTS, useTransport } from "../../support/transports.js";

const run = promisify(execFile);
const MIB = 1024 * 1024;
/** Ten million by hand: `node --expose-gc __test__/faults/redis/scripts/commands.mjs`. */
const COUNT = 300_000;

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);

  it(`${COUNT} commands do not make the heap grow`, { timeout: 60_000 }, async () => {
    const { url } = lab.address((await lab.redis()).port);
    const ca = transport === "TLS" ? [lab.path("ca.crt")] : [];
    const script = join(import.meta.dirname, "scripts", "commands.mjs");
    const { stdout } = await run(process.execPath, ["--expose-gc", script, `${COUNT}`, url, ...ca]);
    const grown = JSON.parse(stdout);
    // A byte that every command left behind would be 0.3 MB.
    expect(grown.heapUsed).toBeLessThan(MIB);
    expect(grown.external).toBeLessThan(4 * MIB);
    expect(grown.rss).toBeLessThan(24 * MIB);
  });
});

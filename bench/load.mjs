// Runs one case for a bounded time inside a worker and measures what it cost. The same file runs under Node and Bun.

import { readFileSync, readdirSync } from "node:fs";

const LATENCIES_KEPT = 100_000;

/**
 * Keeps `test.width` calls of `test.once` in flight until the time or the count is used up.
 *
 * A case has: `once(client, i)`, which makes call number `i`, checks its answer and throws when it is wrong;
 * `width` (1), `opsPerCall` (1), and `before(client, target)` / `after(client)` for the costly checks, which are not measured.
 */
export async function runCase(test, client, target, { ms, maxCalls = Infinity }) {
  const { width = 1, opsPerCall = 1 } = test;
  await test.before?.(client, target);

  const latencies = width === 1 ? [] : null;
  let next = 0;
  let done = 0;
  const start = startMeter();
  const end = start.wall + ms;
  const lane = async () => {
    while (next < maxCalls) {
      const i = next++;
      if (latencies === null) {
        await test.once(client, i);
        // The clock costs about as much as a cheap client's command, so it is read for one call in 64.
        if ((++done & 63) === 0 && performance.now() >= end) maxCalls = 0;
      } else {
        const before = performance.now();
        await test.once(client, i);
        const after = performance.now();
        if (latencies.length < LATENCIES_KEPT) latencies.push(after - before);
        done++;
        if (after >= end) maxCalls = 0;
      }
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  const cost = stopMeter(start);

  await test.after?.(client);
  const ops = done * opsPerCall;
  return {
    ops,
    opsPerSecond: ops / (cost.wallMs / 1000),
    cpuMicros: (cost.cpuMs * 1000) / ops,
    loopMicros: cost.mainMs === null ? null : (cost.mainMs * 1000) / ops,
    p50Micros: latencies === null ? null : (median(latencies) * 1000) / opsPerCall,
  };
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function threadCount() {
  return onLinux(() => readdirSync("/proc/self/task").length);
}

function startMeter() {
  return { cpu: process.cpuUsage(), main: mainThreadMs(), wall: performance.now() };
}

function stopMeter(start) {
  const wallMs = performance.now() - start.wall;
  const { user, system } = process.cpuUsage(start.cpu);
  const main = mainThreadMs();
  return { wallMs, cpuMs: (user + system) / 1000, mainMs: main === null ? null : main - start.main };
}

/**
 * CPU time of the thread that runs JavaScript. The event loop's own "active" time would also count
 * the moments when that thread is runnable but another process has the core.
 */
function mainThreadMs() {
  return onLinux(() => {
    const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
    return Number(nanoseconds) / 1e6;
  });
}

/** These figures come from /proc; elsewhere the report shows a dash. */
function onLinux(read) {
  try {
    return read();
  } catch {
    return null;
  }
}

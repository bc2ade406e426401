// Turns the rounds of a run into one summary and prints it as aligned tables.

import { OURS } from "./clients.mjs";
import { median } from "./load.mjs";

/**
 * `rounds` are the measurements of one client in one case. Throughput is given as best and median, because on a
 * shared machine the best round is the least disturbed one; costs per operation are medians.
 */
export function summarize(rounds) {
  const of = (field) => rounds.map((round) => round[field]).filter((value) => value !== null);
  const middle = (field) => (of(field).length === 0 ? null : median(of(field)));
  return {
    best: Math.max(...of("opsPerSecond")),
    median: middle("opsPerSecond"),
    cpuMicros: middle("cpuMicros"),
    loopMicros: middle("loopMicros"),
    p50Micros: of("p50Micros").length === 0 ? null : Math.min(...of("p50Micros")),
  };
}

/** How many times better this package is than a peer: above 1 it is faster, or needs less. */
export function ratios(ours, peer) {
  const less = (field) => (ours[field] === null || peer[field] === null ? null : peer[field] / ours[field]);
  return { ops: ours.best / peer.best, cpu: less("cpuMicros"), loop: less("loopMicros"), p50: less("p50Micros") };
}

export function printCase({ title, bytesPerOp }, summaries) {
  const ours = summaries.get(OURS);
  const rows = [...summaries].map(([name, summary]) => {
    if (summary.error) return [name, summary.error];
    const ratio = ours && !ours.error && name !== OURS ? ratios(ours, summary) : {};
    return [
      name,
      number(summary.best),
      number(summary.median),
      ...(bytesPerOp ? [number((summary.best * bytesPerOp) / 1e6)] : []),
      number(summary.cpuMicros),
      number(summary.loopMicros),
      number(summary.p50Micros),
      times(ratio.ops),
      times(ratio.cpu),
      times(ratio.loop),
      times(ratio.p50),
    ];
  });
  const head = [
    title,
    "op/s best",
    "op/s median",
    ...(bytesPerOp ? ["MB/s best"] : []),
    "CPU µs/op",
    "loop µs/op",
    "p50 µs",
    "× op/s",
    "× CPU",
    "× loop",
    "× p50",
  ];
  console.log(`\n${table([head, ...rows])}`);
}

export function printProcesses(processes) {
  const rows = [...processes].map(([name, figures]) => [
    name,
    figures.version,
    number(figures.importMs),
    number(figures.rssMb),
    number(figures.peakRssMb),
    String(figures.threads ?? "-"),
  ]);
  console.log(`\n${table([["process", "runtime", "import ms", "RSS MB start", "RSS MB most", "threads"], ...rows])}`);
}

/** First column to the left, the others to the right; a row of two cells is a client and why it has no figures. */
function table(rows) {
  const full = rows.filter((row) => row.length === rows[0].length);
  const widths = rows[0].map((_, column) => Math.max(...full.map((row) => row[column].length)));
  widths[0] = Math.max(...rows.map((row) => row[0].length));
  const line = (row) =>
    row.map((cell, i) => (i === 0 || row.length !== widths.length ? cell.padEnd(widths[0]) : cell.padStart(widths[i])));
  return rows.map((row) => line(row).join("  ").trimEnd()).join("\n");
}

function times(ratio) {
  return ratio === null || ratio === undefined ? "" : `${ratio.toFixed(2)}x`;
}

function number(value) {
  if (value === null || value === undefined) return "-";
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(value >= 10 ? 1 : 2);
}

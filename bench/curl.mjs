// node bench/curl.mjs [--rounds N]: GET of 64 MiB into memory beside curl, which throws the bytes away, by turns on the same server.

import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import { S3Client } from "../index.js";
import { LARGE_KEY, LARGE_SIZE } from "./cases/s3-data.mjs";
import { startTarget } from "./targets/s3.mjs";

const TRANSFERS = 10;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const run = promisify(execFile);
const { connection, stop } = await startTarget({}, [{ offline: false }]);
try {
  const file = new S3Client(connection).file(LARGE_KEY);
  const url = new URL(`${connection.bucket}/${LARGE_KEY}`, connection.endpoint).href;
  await ours(file);
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) rounds.push({ curl: await curl(url), ours: await ours(file) });
  for (const who of ["curl", "ours"]) console.log(`${who.padEnd(5)} ${median(rounds.map((of) => of[who])).toFixed(1)} ms`);
  console.log(`throughput, times that of curl: ${median(rounds.map((of) => of.curl / of.ours)).toFixed(2)}`);
} finally {
  await stop();
}

/** Milliseconds for one transfer, on one connection, as curl says. */
async function curl(url) {
  const outputs = Array.from({ length: TRANSFERS }, () => ["-o", "/dev/null", url]).flat();
  const { stdout } = await run("curl", ["-sf", "-w", "%{size_download} %{time_total}\\n", ...outputs]);
  const transfers = stdout.trim().split("\n").map((line) => line.split(" ").map(Number));
  if (transfers.some(([size]) => size !== LARGE_SIZE)) throw new Error("curl received something else");
  return median(transfers.map(([, seconds]) => seconds * 1000));
}

/** Milliseconds for one transfer. */
async function ours(file) {
  const times = [];
  for (let transfer = 0; transfer < TRANSFERS; transfer++) {
    const start = performance.now();
    const { byteLength } = await file.arrayBuffer();
    times.push(performance.now() - start);
    if (byteLength !== LARGE_SIZE) throw new Error("received something else");
  }
  return median(times);
}

function median(numbers) {
  return numbers.sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

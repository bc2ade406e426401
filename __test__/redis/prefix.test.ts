/** How a command is taken apart again, and where its keys are. */
import { createRequire } from "node:module";
import { expect, it } from "vitest";

const require = createRequire(import.meta.url);
const { encode } = require("../../lib/redis/encode.js");
const { byteLength, decode, summary } = require("../../lib/redis/frame.js");
const { keyPositions } = require("../../lib/redis/prefix.js");
const examples: [args: string[], keys: string[]][] = require("../../commands/getkeys.json");

it("finds the keys that a server finds", () => {
  expect(examples.length).toBeGreaterThan(100);
  for (const [args, keys] of examples) {
    expect(keyPositions(args).map((at: number) => args[at]), args.join(" ")).toEqual(keys);
    const bytes = args.map((arg) => Buffer.from(arg));
    expect(keyPositions(bytes).map((at: number) => `${bytes[at]}`), args.join(" ")).toEqual(keys);
  }
});

it.each([
  [["SPUBLISH", "channel", "message"]],
  [["SSUBSCRIBE", "channel"]],
  [["EVAL", "return 1", "3", "a", "b"]],
  [["EVAL", "return 1", "99999999999999999999", "a"]],
  [["XREAD", "STREAMS"]],
  [["GET"]],
  [["NOSUCHCOMMAND", "a"]],
])("finds none in %j", (args) => {
  expect(keyPositions(args)).toEqual([]);
});

it("takes apart what was put together", () => {
  const short = ["", "a", "\r\n$5\r\nGET", "ünïcödé", "日本", "🦀", "$", "*1", "x".repeat(30)];
  const long = ["y".repeat(9000), "ü".repeat(9000), "🦀".repeat(5000)];
  const binary = [Buffer.alloc(0), Buffer.from([0, 255, 13, 10]), Buffer.alloc(20_000, "$1\r\n")];
  const pool = [...short, ...long, ...binary];
  for (let seed = 0; seed < pool.length ** 2; seed++) {
    const first = pool[seed % pool.length]!;
    const second = pool[Math.floor(seed / pool.length)]!;
    const args = [first, second, "last"].slice(0, 1 + (seed % 3));
    const frame = encode("COMMAND", args);
    expect(decode(frame)).toEqual(["COMMAND", ...args]);
    expect(summary(frame)).toEqual({ name: "COMMAND", count: args.length });
    const bytes = args.reduce((sum, arg) => sum + Buffer.byteLength(arg), 0);
    expect(byteLength(frame)).toBeGreaterThanOrEqual(bytes);
    expect(byteLength(frame)).toBeLessThan(bytes + 20 * (args.length + 2));
  }
});

it("counts a lone surrogate as what it is sent as", () => {
  expect(decode(encode("SET", ["\ud800", "b\udc00", "c"]))).toEqual(["SET", "\ud800", "b\udc00", "c"]);
});

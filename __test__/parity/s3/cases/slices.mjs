/** Slices: which bytes are asked for, and what is read. */
import { client, observe, wire } from "../harness.mjs";

/** The object is 0123456789. */
const SLICES = {
  none: [],
  start: [0],
  "start-undefined": [undefined],
  "start-null": [null],
  "start-NaN": [NaN],
  middle: [2, 5],
  "from-2": [2],
  one: [0, 1],
  last: [9],
  "last-one": [9, 10],
  whole: [0, 10],
  beyond: [5, 100],
  "far-beyond": [20],
  "far-range": [20, 30],
  infinity: [0, Infinity],
  "from-infinity": [Infinity],
  "to-null": [2, null],
  "to-undefined": [2, undefined],
  "to-NaN": [2, NaN],
  floats: [1.9, 4.9],
  text: ["2", "5"],
  "text-begin": ["2"],
  bigint: [2n, 5n],
  empty: [5, 5],
  reversed: [10, 5],
  zero: [0, 0],
  negative: [-3],
  "negative-end": [0, -5],
  "negative-both": [-5, -2],
  "negative-beyond": [-100],
  "negative-zero": [-0],
  "negative-all": [-10],
  "negative-far-end": [0, -100],
  "positive-negative": [2, -2],
  huge: [2 ** 53],
  "huge-end": [0, 2 ** 53],
  true: [true, 5],
  object: [{}, 5],
  date: [new Date(2), 5],
  "type-only": ["text/x"],
  "begin-type": [2, "text/x"],
  "all-three": [2, 5, "text/x"],
  "type-upper": [2, 5, "TEXT/X"],
  "type-plain": [2, 5, "text/plain"],
  "type-number": [2, 5, 1],
  "type-empty": [2, 5, ""],
};
const sliced = (given) => client.file("key").slice(...given);
for (const [name, given] of Object.entries(SLICES)) {
  await observe(`slices.size.${name}`, () => sliced(given).size);
  await observe(`slices.type.${name}`, () => sliced(given).type);
  await wire(`slices.text.${name}`, () => sliced(given).text());
  await wire(`slices.stream.${name}`, () => new Response(sliced(given).stream()).text());
}
const CHAINS = {
  inner: [
    [2, 8],
    [1, 3],
  ],
  clipped: [
    [2, 8],
    [1, 50],
  ],
  "open-inner": [[2], [1, 3]],
  "open-open": [[2], [3]],
  "beyond-parent": [
    [2, 5],
    [10, 20],
  ],
  "whole-inner": [[], [2, 5]],
  three: [
    [1, 9],
    [1, 7],
    [1, 4],
  ],
  "negative-inner": [[2, 8], [-3]],
  "negative-end-inner": [
    [2, 8],
    [0, -2],
  ],
  "negative-open": [[2], [-3]],
  "negative-negative": [[-6], [1, 3]],
  "negative-then-negative": [[-6], [-2]],
  "empty-inner": [
    [2, 8],
    [3, 3],
  ],
  "empty-outer": [
    [3, 3],
    [0, 5],
  ],
};
for (const [name, chain] of Object.entries(CHAINS)) {
  const made = () => chain.reduce((file, given) => file.slice(...given), client.file("key"));
  await observe(`slices.chain.size.${name}`, () => made().size);
  await wire(`slices.chain.text.${name}`, () => made().text());
}
const slice = client.file("folder/key", { type: "text/y" }).slice(2, 5);
await observe("slices.inherits", () => [
  slice.name,
  slice.bucket,
  slice.type,
  slice instanceof Blob,
  slice.lastModified,
]);
for (const method of ["text", "bytes", "arrayBuffer"]) await wire(`slices.method.${method}`, () => slice[method]());
await wire("slices.method.json", () => slice.json());
await wire("slices.write", () => slice.write("x"));
await wire("slices.writer", () => slice.writer().end());
await wire("slices.status-200", () => slice.text(), { answers: [{ status: 200, body: "0123456789" }] });
await wire("slices.status-416", () => slice.text(), {
  answers: [{ status: 416, body: "<Error><Code>InvalidRange</Code><Message>no</Message></Error>" }],
});
await wire("slices.name-set", () => {
  const named = client.file("key");
  named.name = "label";
  return named.slice(1, 2).name;
});

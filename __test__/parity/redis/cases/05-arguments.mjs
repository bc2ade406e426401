// Section 5: what each method makes of its arguments. The server answers every command with its own
// text, so that an observation shows either the error or the bytes on the wire.
import { readFileSync, readdirSync } from "node:fs";
import { attempt, connect, echo, finish, greeting, serve } from "../support/index.mjs";

const names = JSON.parse(readFileSync(new URL("../../../commands/bun-methods.json", import.meta.url), "utf8"));

/** Methods that have scripts of their own. */
const others = ["connect", "close", "duplicate", "send", "subscribe", "unsubscribe", "psubscribe", "punsubscribe"];

const folder = new URL("../../../../commands/methods/", import.meta.url);
const families = readdirSync(folder).map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")));
const methods = Object.assign({}, ...families);

/** Whether there is something behind the arguments that Bun takes, where the command takes more. */
function hasFurther(name, values) {
  const { takes, names: required = [] } = methods[name];
  if (takes !== "atLeast") return false;
  const valid = values
    .slice(0, required.length)
    .every((value) => typeof value === "string" || typeof value === "number");
  return valid && values.slice(required.length).some((value) => value !== undefined && value !== null);
}

const server = await serve(greeting(echo));
const client = connect(server.url());

const lists = {
  none: [],
  undefined: [undefined],
  null: [null],
  one: ["k"],
  two: ["k", "1"],
  three: ["k", "1", "2"],
  four: ["k", "1", "2", "3"],
  six: ["k", "1", "2", "3", "4", "5"],
  "second-undefined": ["k", undefined, "2", "3"],
  "second-null": ["k", null],
  "third-undefined": ["k", "1", undefined, "3"],
  "third-null": ["k", "1", null],
  "first-boolean": [true, "1", "2"],
  "second-boolean": ["k", false, "2", "3"],
  "third-object": ["k", "1", { a: 1 }, "3"],
  "fourth-bigint": ["k", "1", "2", 3n],
  "second-array": ["k", ["1", "2"]],
  numbers: ["k", 1, 2.5, -3],
};
for (const name of names) {
  if (others.includes(name)) continue;
  for (const [list, values] of Object.entries(lists)) {
    const kind = hasFurther(name, values) ? "further" : "arguments";
    await attempt(`${kind}.${name}.${list}`, () => client[name](...values));
  }
}

const bytes = Uint8Array.of(0, 13, 10, 0x7f, 0x80, 0xff);
const values = {
  text: "text",
  "text.empty": "",
  "text.unicode": "é日🎉",
  "text.surrogate": "a\ud800b",
  "text.newline": "a\r\nb\0c",
  "text.boxed": new String("boxed"),
  "text.long": "é".repeat(5000),
  "number.integer": 42,
  "number.negative-zero": -0,
  "number.fraction": 1.5,
  "number.negative": -1,
  "number.negative-fraction": -1.5,
  "number.int32": 2 ** 31,
  "number.large-fraction": 2 ** 31 + 0.5,
  "number.large": 1e21,
  "number.small": 1e-7,
  "number.unsafe": 2 ** 53 + 2,
  "number.nan": NaN,
  "number.infinity": Infinity,
  "number.negative-infinity": -Infinity,
  "bytes.buffer": Buffer.from(bytes),
  "bytes.array": bytes,
  "bytes.part": bytes.subarray(1, 3),
  "bytes.empty": new Uint8Array(0),
  "bytes.clamped": Uint8ClampedArray.from(bytes),
  "bytes.int16": Int16Array.of(1, -2),
  "bytes.float64": Float64Array.of(1.5),
  "bytes.bigint64": BigInt64Array.of(-1n),
  "bytes.dataview": new DataView(bytes.buffer, 2, 3),
  "bytes.arraybuffer": bytes.buffer.slice(0, 2),
  "bytes.sharedarraybuffer": new SharedArrayBuffer(2),
  "bytes.long": Buffer.alloc(9000, 0xfe),
  blob: new Blob(["blob"]),
  file: new File(["file"], "name"),
  true: true,
  bigint: 5n,
  symbol: Symbol("s"),
  function: () => {},
  date: new Date(0),
  "number.boxed": new Number(1),
  "boolean.boxed": new Boolean(true),
  url: new URL("redis://h"),
  array: ["a"],
  object: { a: 1 },
  "object.toString": { toString: () => "text" },
  "object.null-prototype": Object.create(null),
  map: new Map([["a", 1]]),
  regexp: /a/,
  promise: Promise.resolve("a"),
  null: null,
  undefined: undefined,
};
const places = {
  get: (value) => client.get(value),
  set: (value) => client.set("k", value),
  "set.option": (value) => client.set("k", "v", value, "after"),
  mget: (value) => client.mget("k", value, "after"),
  mset: (value) => client.mset(value, "after"),
  lpush: (value) => client.lpush("k", value, "after"),
  sadd: (value) => client.sadd("k", value, "after"),
  send: (value) => client.send("X", [value, "after"]),
  ping: (value) => client.ping(value),
  spop: (value) => client.spop("k", value),
  hmget: (value) => client.hmget("k", value, "after"),
  "hmget.array": (value) => client.hmget("k", [value, "after"]),
  "hset.key": (value) => client.hset(value, "f", "v"),
  "hset.field": (value) => client.hset("k", value, "v"),
  "hset.value": (value) => client.hset("k", "f", value),
  "hset.second": (value) => client.hset("k", value),
  "hset.object": (value) => client.hset("k", { f: value }),
  "hset.array": (value) => client.hset("k", ["f", value]),
  hincrby: (value) => client.hincrby("k", "f", value),
  publish: (value) => client.publish("c", value),
  "publish.channel": (value) => client.publish(value, "m"),
  expire: (value) => client.expire("k", value),
  "send.command": (value) => client.send(value, []),
  "send.arguments": (value) => client.send("X", value),
};
for (const [place, call] of Object.entries(places)) {
  for (const [kind, value] of Object.entries(values)) {
    await attempt(`values.${place}.${kind}`, () => call(value));
  }
}

// Methods with several forms.
const inherited = Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } });
const fields = {
  "object.order": [{ b: 1, 2: "two", a: 3, 1: "one" }],
  "object.inherited": [inherited],
  "object.symbol": [{ [Symbol("s")]: 1, f: "v" }],
  "object.getter": [
    {
      get f() {
        return "got";
      },
    },
  ],
  "object.throwing": [
    {
      get f() {
        throw new RangeError("own");
      },
    },
  ],
  "object.class": [
    new (class {
      f = "v";
    })(),
  ],
  "object.nested": [{ f: { g: 1 }, h: [1, 2], n: null, u: undefined, b: true, i: 5n, d: new Date(0) }],
  "object.empty": [{}],
  "object.further": [{ f: "v" }, "g", "w"],
  "object.proxy": [new Proxy({ f: "v" }, {})],
  map: [new Map([["f", "v"]])],
  set: [new Set(["f"])],
  "array.two": [["f", "v"]],
  "array.four": [["f", "v", 1, 2]],
  "array.odd": [["f", "v", "g"]],
  "array.empty": [[]],
  "array.hole": [["f", , "g", "w"]],
  "array.nested": [
    [
      ["f", "v"],
      ["g", "w"],
    ],
  ],
  "array.further": [["f", "v"], "g", "w"],
  "pairs.none": [],
  "pairs.one": ["f"],
  "pairs.two": ["f", "v"],
  "pairs.three": ["f", "v", "g"],
  "pairs.four": ["f", "v", 1, 2],
  "pairs.null": ["f", null],
  "pairs.undefined": ["f", undefined, undefined, "w"],
};
for (const method of ["hset", "hmset", "hmget", "sadd", "srem", "hincrby", "hincrbyfloat"]) {
  for (const [kind, values] of Object.entries(fields)) {
    await attempt(`forms.${method}.${kind}`, () => client[method]("k", ...values));
  }
}
const calls = {
  none: [],
  "no-list": ["X"],
  null: ["X", null],
  string: ["X", "a"],
  object: ["X", {}],
  "array-like": ["X", { length: 1, 0: "a" }],
  typed: ["X", new Uint8Array(2)],
  empty: ["X", []],
  hole: ["X", ["a", , "b"]],
  nested: ["X", [["a"]]],
  further: ["X", ["a"], "b"],
  "command.number": [5, []],
  "command.undefined": [undefined, []],
  "command.null": [null, []],
  "command.object": [{}, []],
  "command.array": [["GET", "k"], []],
  "command.empty": ["", []],
  "command.blank": ["A B", ["c"]],
  "command.lower": ["get", ["k"]],
  "command.unicode": ["é", []],
  "command.buffer": [Buffer.from("GET"), ["k"]],
};
for (const [kind, values] of Object.entries(calls)) {
  await attempt(`forms.send.${kind}`, () => client.send(...values));
}

await finish();

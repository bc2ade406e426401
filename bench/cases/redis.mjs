import { expectEqual, expectSameList, wrong } from "../check.mjs";

const KEYS = 1000;
const BURST = 10_000;
const MIB = 1024 * 1024;
// Elements of large replies are all compared once in so many calls; their number is compared in every call.
const DEEP_CHECK_EVERY = 16;

const numbered = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const value16 = (i) => `value-${String(i).padStart(10, "0")}`;
const filled = (i, size) => `${i}:`.padEnd(size, `abcdefghijklmnop${i}`);

const getKeys = numbered(KEYS, (i) => `bench:get:${i}`);
const setKeys = numbered(KEYS, (i) => `bench:set:${i}`);
const values = numbered(KEYS, value16);
const mgetKeys = getKeys.slice(0, 100);
const mgetValues = values.slice(0, 100);
const hashKey = "bench:hash";
const hash = Object.fromEntries(numbered(100, (i) => [`field-${i}`, value16(i)]));
const hashFields = Object.entries(hash);
const listKey = "bench:list";
const list = numbered(1000, value16);
const middleKeys = numbered(10, (i) => `bench:10k:${i}`);
const middleValues = numbered(10, (i) => filled(i, 10 * 1024));
const largeKey = "bench:1m";
const largeSetKey = "bench:1m:set";
const largeValues = numbered(2, (i) => filled(i, MIB));

/** Writes what `get` reads, one by one: a cluster has these keys on all its nodes. */
export async function seedKeys(client) {
  await Promise.all(getKeys.map((key, i) => client.set(key, values[i])));
}

/** Writes everything the cases read. `client` is an ioredis client. */
export async function seed(client) {
  await seedKeys(client);
  await client.hset(hashKey, hash);
  await client.rpush(listKey, ...list);
  await client.mset(middleKeys.flatMap((key, i) => [key, middleValues[i]]));
  await client.set(largeKey, largeValues[0]);
}

export async function get(client, i) {
  const at = i % KEYS;
  const value = await client.get(getKeys[at]);
  if (value !== values[at]) throw wrong(getKeys[at], values[at], value);
}

// What each key was last told to hold: commands of one connection keep their order, so that is what it must hold.
// The value of a key changes with every lap over the keys and, by the salt, with every slice.
const lastSet = new Array(KEYS);

let salt = 0;
export function startSets() {
  salt++;
  // Another client may have written these keys since.
  lastSet.fill(undefined);
}

export async function set(client, i) {
  const at = i % KEYS;
  const key = setKeys[at];
  const value = values[(i + Math.floor(i / KEYS) + salt) % KEYS];
  lastSet[at] = value;
  const answer = await client.set(key, value);
  if (answer !== "OK") throw wrong(`SET ${key}`, "OK", answer);
}

const checkSets = (client) => checkSetsBy((keys) => client.mget(keys));

/** Reads the keys back that were written since `startSets`. */
export async function checkSetsBy(read) {
  const written = [...lastSet.keys()].filter((at) => lastSet[at] !== undefined);
  const stored = await read(written.map((at) => setKeys[at]));
  expectSameList("values written by SET", written.map((at) => lastSet[at]), stored);
}

async function burst(client) {
  const answers = await Promise.all(numbered(BURST, (i) => client.get(getKeys[i % KEYS])));
  for (let i = 0; i < BURST; i++) {
    if (answers[i] !== values[i % KEYS]) throw wrong(getKeys[i % KEYS], values[i % KEYS], answers[i]);
  }
}

async function hgetall(client, i) {
  const reply = await client.hgetall(hashKey);
  if (i % DEEP_CHECK_EVERY !== 0) return expectEqual("a field of HGETALL", hashFields[99][1], reply[hashFields[99][0]]);
  expectEqual("fields of HGETALL", hashFields.length, Object.keys(reply).length);
  for (const [field, value] of hashFields) expectEqual(`HGETALL ${field}`, value, reply[field]);
}

async function lrange(client, i) {
  const reply = await client.lrange(listKey, 0, -1);
  if (i % DEEP_CHECK_EVERY === 0) expectSameList("LRANGE", list, reply);
  else expectEqual("length of LRANGE", list.length, reply.length);
}

/** Five keys of their own are written and read. */
async function transaction(client, i) {
  const at = i % KEYS;
  const pairs = numbered(5, (n) => [`bench:tx:${at}:${n}`, values[(at + n) % KEYS]]);
  const replies = await client.transaction(pairs);
  expectSameList("replies of a transaction", pairs.flatMap(([, value]) => ["OK", value]), replies);
}

let lastLarge = null;

async function setLarge(client, i) {
  const value = largeValues[i % 2];
  lastLarge = value;
  expectEqual("SET of 1 MiB", "OK", await client.set(largeSetKey, value));
}

export const CASES = [
  { name: "get-seq", title: "GET, one after the other", once: get },
  { name: "get-50", title: "GET, 50 in flight", width: 50, once: get },
  { name: "get-1000", title: "GET, 1000 in flight", width: 1000, once: get },
  { name: "set-1000", title: "SET, 1000 in flight", width: 1000, once: set, before: startSets, after: checkSets },
  {
    name: "mix-50",
    title: "80 % GET, 20 % SET, 50 in flight",
    width: 50,
    once: (client, i) => (i % 5 === 4 ? set(client, i) : get(client, i)),
    before: startSets,
    after: checkSets,
  },
  { name: "burst-10000", title: "burst of 10,000 GETs (Promise.all)", opsPerCall: BURST, once: burst },
  {
    name: "mget-100",
    title: "MGET of 100 keys, 50 in flight",
    width: 50,
    once: async (client) => expectSameList("MGET", mgetValues, await client.mget(mgetKeys)),
  },
  { name: "hgetall-100", title: "HGETALL of 100 fields, 50 in flight", width: 50, once: hgetall },
  { name: "lrange-1000", title: "LRANGE of 1000 elements, 50 in flight", width: 50, once: lrange },
  { name: "tx-seq", title: "transaction of ten commands, one after the other", once: transaction },
  { name: "tx-50", title: "transactions of ten commands, 50 in flight", width: 50, once: transaction },
  {
    name: "get-10k",
    title: "GET of 10 KB, 50 in flight",
    width: 50,
    once: async (client, i) =>
      expectEqual("10 KB value", middleValues[i % 10], await client.get(middleKeys[i % 10])),
  },
  {
    name: "get-1m",
    title: "GET of 1 MiB, one after the other",
    once: async (client) => expectEqual("1 MiB value", largeValues[0], await client.get(largeKey)),
  },
  {
    name: "set-1m",
    title: "SET of 1 MiB, one after the other",
    once: setLarge,
    after: async (client) => expectEqual("1 MiB written", lastLarge, await client.get(largeSetKey)),
  },
];

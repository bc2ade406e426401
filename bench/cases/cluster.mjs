import { checkSetsBy, get, set, startSets } from "./redis.mjs";

/** One by one: not every client reads keys of several nodes at once. */
const checkSets = (client) => checkSetsBy((keys) => Promise.all(keys.map((key) => client.get(key))));
const mix = (client, i) => (i % 2 === 1 ? set(client, i) : get(client, i));

export const CASES = [
  { name: "mix-1000", title: "GET and SET by turns, 1000 in flight", width: 1000, once: mix, before: startSets, after: checkSets },
  { name: "mix-50", title: "GET and SET by turns, 50 in flight", width: 50, once: mix, before: startSets, after: checkSets },
  { name: "get-1000", title: "GET, 1000 in flight", width: 1000, once: get },
  { name: "get-seq", title: "GET, one after the other", once: get },
];

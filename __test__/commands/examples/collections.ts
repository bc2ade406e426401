import { expect } from "vitest";
import { type Examples, help, map } from "./example.js";

const HASH = "HSET k f 1 g 2";

export const hashes: Examples = {
  hdel: [HASH, ["k", "f", "none"], 1],
  hexists: [HASH, ["k", "f"], true],
  hexpire: [HASH, ["k", 5, "FIELDS", 2, "f", "none"], [1, -2]],
  hexpireat: [HASH, ["k", 4102444800, "FIELDS", 1, "f"], [1]],
  hexpiretime: [HASH, ["k", "FIELDS", 1, "f"], [-1]],
  hget: [HASH, ["k", "f"], "1"],
  hgetall: [HASH, ["k"], { f: "1", g: "2" }],
  hgetdel: [HASH, ["k", "FIELDS", 2, "f", "none"], ["1", null]],
  hgetex: [HASH, ["k", "EX", 5, "FIELDS", 1, "f"], ["1"]],
  hincrby: [HASH, ["k", "f", 2], 3],
  hincrbyfloat: [HASH, ["k", "f", 0.5], "1.5"],
  hkeys: [HASH, ["k"], ["f", "g"]],
  hlen: [HASH, ["k"], 2],
  hmget: [HASH, ["k", "g", "none"], ["2", null]],
  hmset: ["", ["k", { f: 1, g: 2 }], "OK"],
  hpersist: [HASH, ["k", "FIELDS", 1, "f"], [-1]],
  hpexpire: [HASH, ["k", 5000, "FIELDS", 1, "f"], [1]],
  hpexpireat: [HASH, ["k", 4102444800000, "FIELDS", 1, "f"], [1]],
  hpexpiretime: [HASH, ["k", "FIELDS", 1, "f"], [-1]],
  hpttl: [HASH, ["k", "FIELDS", 1, "f"], [-1]],
  hrandfield: ["HSET k f 1", ["k"], "f"],
  hscan: [HASH, ["k", 0], ["0", ["f", "1", "g", "2"]]],
  hset: ["", ["k", "f", 1, "g", 2], 2],
  hsetex: ["", ["k", "EX", 5, "FIELDS", 1, "f", "v"], 1],
  hsetnx: ["", ["k", "f", 1], true],
  hstrlen: [HASH, ["k", "f"], 1],
  httl: [HASH, ["k", "FIELDS", 1, "f"], [-1]],
  hvals: [HASH, ["k"], ["1", "2"]],
};

const LIST = "RPUSH k a b c";

export const lists: Examples = {
  blmove: [LIST, ["k", "l", "LEFT", "RIGHT", 1], "a"],
  blmpop: [LIST, [1, 1, "k", "LEFT"], ["k", ["a"]]],
  blpop: [LIST, ["k", 1], ["k", "a"]],
  brpop: [LIST, ["k", 1], ["k", "c"]],
  brpoplpush: [LIST, ["k", "l", 1], "c"],
  lindex: [LIST, ["k", 1], "b"],
  linsert: [LIST, ["k", "BEFORE", "b", "x"], 4],
  llen: [LIST, ["k"], 3],
  lmove: [LIST, ["k", "l", "RIGHT", "LEFT"], "c"],
  lmpop: [LIST, [1, "k", "LEFT", "COUNT", 2], ["k", ["a", "b"]]],
  lpop: [LIST, ["k"], "a"],
  lpos: [LIST, ["k", "b"], 1],
  lpush: [LIST, ["k", "x"], 4],
  lpushx: ["", ["k", "x"], 0],
  lrange: [LIST, ["k", 0, 1], ["a", "b"]],
  lrem: [LIST, ["k", 0, "a"], 1],
  lset: [LIST, ["k", 0, "x"], "OK"],
  ltrim: [LIST, ["k", 0, 1], "OK"],
  rpop: [LIST, ["k"], "c"],
  rpoplpush: [LIST, ["k", "l"], "c"],
  rpush: [LIST, ["k", "x"], 4],
  rpushx: ["", ["k", "x"], 0],
};

const SETS = "SADD k a b; SADD l b c";

export const sets: Examples = {
  sadd: [SETS, ["k", "c", "d"], 2],
  scard: [SETS, ["k"], 2],
  sdiff: [SETS, ["k", "l"], ["a"]],
  sdiffstore: [SETS, ["m", "k", "l"], 1],
  sinter: [SETS, ["k", "l"], ["b"]],
  sintercard: [SETS, [2, "k", "l"], 1],
  sinterstore: [SETS, ["m", "k", "l"], 1],
  sismember: [SETS, ["k", "a"], true],
  smembers: ["SADD k a", ["k"], ["a"]],
  smismember: [SETS, ["k", "a", "c"], [1, 0]],
  smove: [SETS, ["k", "l", "a"], true],
  spop: ["SADD k a", ["k"], "a"],
  srandmember: ["SADD k a", ["k"], "a"],
  srem: [SETS, ["k", "a", "c"], 1],
  sscan: ["SADD k a", ["k", 0], ["0", ["a"]]],
  sunion: [SETS, ["k", "l"], expect.arrayContaining(["a", "b", "c"])],
  sunionstore: [SETS, ["m", "k", "l"], 3],
};

const SORTED = "ZADD k 1 a 2 b; ZADD l 3 b 4 c";
const SAME_SCORE = "ZADD k 0 a 0 b 0 c";

export const sortedSets: Examples = {
  bzmpop: [SORTED, [1, 1, "k", "MIN"], ["k", [["a", 1]]]],
  bzpopmax: [SORTED, ["k", 1], ["k", "b", 2]],
  bzpopmin: [SORTED, ["k", 1], ["k", "a", 1]],
  zadd: ["", ["k", 1, "a", 2, "b"], 2],
  zcard: [SORTED, ["k"], 2],
  zcount: [SORTED, ["k", 1, "+inf"], 2],
  zdiff: [SORTED, [2, "k", "l"], ["a"]],
  zdiffstore: [SORTED, ["m", 2, "k", "l"], 1],
  zincrby: [SORTED, ["k", 2, "a"], 3],
  zinter: [SORTED, [2, "k", "l", "WITHSCORES"], [["b", 5]]],
  zintercard: [SORTED, [2, "k", "l"], 1],
  zinterstore: [SORTED, ["m", 2, "k", "l"], 1],
  zlexcount: [SAME_SCORE, ["k", "[a", "(c"], 2],
  zmpop: [SORTED, [1, "k", "MAX"], ["k", [["b", 2]]]],
  zmscore: [SORTED, ["k", "a", "none"], [1, null]],
  zpopmax: [SORTED, ["k"], ["b", 2]],
  zpopmin: [SORTED, ["k"], ["a", 1]],
  zrandmember: ["ZADD k 1 a", ["k"], "a"],
  zrange: [SORTED, ["k", 0, -1], ["a", "b"]],
  zrangebylex: [SAME_SCORE, ["k", "-", "(c"], ["a", "b"]],
  zrangebyscore: [SORTED, ["k", 1, 1], ["a"]],
  zrangestore: [SORTED, ["m", "k", 0, 0], 1],
  zrank: [SORTED, ["k", "b"], 1],
  zrem: [SORTED, ["k", "a", "none"], 1],
  zremrangebylex: [SAME_SCORE, ["k", "-", "(c"], 2],
  zremrangebyrank: [SORTED, ["k", 0, 0], 1],
  zremrangebyscore: [SORTED, ["k", 1, 1], 1],
  zrevrange: [SORTED, ["k", 0, 0], ["b"]],
  zrevrangebylex: [SAME_SCORE, ["k", "+", "(b"], ["c"]],
  zrevrangebyscore: [SORTED, ["k", 1, 0], ["a"]],
  zrevrank: [SORTED, ["k", "b"], 0],
  zscan: [SORTED, ["k", 0], ["0", ["a", "1", "b", "2"]]],
  zscore: [SORTED, ["k", "a"], 1],
  zunion: [SORTED, [2, "k", "l"], ["a", "c", "b"]],
  zunionstore: [SORTED, ["m", 2, "k", "l"], 3],
};

const STREAM = "XADD k 1-0 f a; XADD k 2-0 f b; XGROUP CREATE k g 0";
const READ = `${STREAM}; XREADGROUP GROUP g c COUNT 1 STREAMS k >`;
const FIRST = ["1-0", ["f", "a"]];
const SECOND = ["2-0", ["f", "b"]];

export const streams: Examples = {
  xack: [READ, ["k", "g", "1-0"], 1],
  xadd: ["", ["k", "5-1", "f", "v"], "5-1"],
  xautoclaim: [READ, ["k", "g", "d", 0, "0"], ["0-0", [FIRST], []]],
  xclaim: [READ, ["k", "g", "d", 0, "1-0"], [FIRST]],
  xdel: [STREAM, ["k", "1-0", "7-0"], 1],
  xgroup: ["XADD k 1-0 f a", ["CREATE", "k", "g", "$"], "OK"],
  xgroupCreate: ["", ["k", "g", "$", "MKSTREAM"], "OK"],
  xgroupCreateconsumer: [STREAM, ["k", "g", "c"], 1],
  xgroupDelconsumer: [READ, ["k", "g", "c"], 1],
  xgroupDestroy: [STREAM, ["k", "g"], 1],
  xgroupHelp: ["", [], help],
  xgroupSetid: [STREAM, ["k", "g", "1-0"], "OK"],
  xinfo: [STREAM, ["STREAM", "k"], expect.objectContaining({ length: 2 })],
  xinfoConsumers: [READ, ["k", "g"], [expect.objectContaining({ name: "c", pending: 1 })]],
  xinfoGroups: [STREAM, ["k"], [expect.objectContaining({ name: "g" })]],
  xinfoHelp: ["", [], help],
  xinfoStream: [STREAM, ["k"], expect.objectContaining({ length: 2, "last-generated-id": "2-0" })],
  xlen: [STREAM, ["k"], 2],
  xpending: [READ, ["k", "g"], [1, "1-0", "1-0", [["c", "1"]]]],
  xrange: [STREAM, ["k", "-", "+"], [FIRST, SECOND]],
  xread: [STREAM, ["COUNT", 1, "STREAMS", "k", "0"], { k: [FIRST] }],
  xreadgroup: [STREAM, ["GROUP", "g", "c", "COUNT", 1, "STREAMS", "k", ">"], { k: [FIRST] }],
  xrevrange: [STREAM, ["k", "+", "-", "COUNT", 1], [SECOND]],
  xsetid: [STREAM, ["k", "9-0"], "OK"],
  xtrim: [STREAM, ["k", "MAXLEN", 1], 1],
};

const SICILY = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";

export const geo: Examples = {
  geoadd: ["", ["k", 13.361389, 38.115556, "Palermo"], 1],
  geodist: [SICILY, ["k", "Palermo", "Catania", "km"], "166.2742"],
  geohash: [SICILY, ["k", "Palermo", "none"], ["sqc8b49rny0", null]],
  geopos: [SICILY, ["k", "Palermo"], [[expect.closeTo(13.361389), expect.closeTo(38.115556)]]],
  georadius: [SICILY, ["k", 15, 37, 100, "km"], ["Catania"]],
  georadiusRo: [SICILY, ["k", 15, 37, 100, "km", "WITHDIST"], [["Catania", "56.4413"]]],
  georadiusbymember: [SICILY, ["k", "Palermo", 100, "km", "STORE", "l"], 1],
  georadiusbymemberRo: [SICILY, ["k", "Palermo", 100, "km"], ["Palermo"]],
  geosearch: [SICILY, ["k", "FROMLONLAT", 15, 37, "BYRADIUS", 100, "km"], ["Catania"]],
  geosearchstore: [SICILY, ["l", "k", "FROMLONLAT", 15, 37, "BYRADIUS", 100, "km"], 1],
};

const VECTORS = "VADD k VALUES 2 1 0 a; VADD k VALUES 2 0 1 b";

export const vectorSets: Examples = {
  vadd: ["", ["k", "VALUES", 2, 0.5, 1, "a"], true],
  vcard: [VECTORS, ["k"], 2],
  vdim: [VECTORS, ["k"], 2],
  vemb: ["VADD k VALUES 2 1 0 a NOQUANT", ["k", "a"], [1, 0]],
  vgetattr: [`${VECTORS}; VSETATTR k a {"x":1}`, ["k", "a"], '{"x":1}'],
  vinfo: [VECTORS, ["k"], expect.objectContaining({ "vector-dim": 2 })],
  vismember: [VECTORS, ["k", "none"], false],
  vlinks: [VECTORS, ["k", "a", "WITHSCORES"], expect.arrayContaining([map])],
  vrandmember: ["VADD k VALUES 2 1 0 a", ["k", 1], ["a"]],
  vrem: [VECTORS, ["k", "a"], true],
  vsetattr: [VECTORS, ["k", "a", '{"x":1}'], true],
  vsim: [VECTORS, ["k", "ELE", "a", "COUNT", 1], ["a"]],
};

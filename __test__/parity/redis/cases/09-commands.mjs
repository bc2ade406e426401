// Section 9: what each method resolves with, on a real server. A line of the tables is a family, and
// in it one call after the other; what a server does not know is refused in the same words.
import { RedisClient, connect, finish, keep, note, observe, outcome, settled } from "../support/index.mjs";

const client = connect(process.env.PARITY_REDIS);
await client.flushall();

const bytes = Buffer.from([0x00, 0xff, 0x80, 0x0a]);
const far = 33177117420; // seconds; a time that no test run reaches
const families = {
  strings: [
    ["set", "s", "v"], ["set", "s", "w", "NX"], ["set", "s2", "w", "XX"], ["set", "s", "w", "GET"],
    ["set", "n1", "w", "GET"], ["set", "s", "x", "EX", 100, "XX"], ["set", "s", "x", "KEEPTTL"],
    ["set", "s", "x", "BAD"], ["set", "s", "x", "EX", "-1"], ["set", "s", bytes], ["get", "s"], ["getBuffer", "s"],
    ["get", "none"], ["getBuffer", "none"], ["set", "s", "value"], ["set", "num", 10], ["getset", "s", "new"],
    ["getset", "gs", "new"], ["getdel", "gs"], ["getdel", "gs"], ["getex", "s"], ["getex", "s", "EX", 100],
    ["getex", "s", "PERSIST"], ["getex", "none"], ["setnx", "s", "v"], ["setnx", "nx", "v"], ["setex", "ex", 100, "v"],
    ["setex", "ex", 0, "v"], ["setex", "ex", "x", "v"], ["psetex", "pex", 100000, "v"], ["mget", "s", "none", "num"],
    ["mget", "none"], ["mset", "m1", "a", "m2", 2], ["mset", "m1"], ["msetnx", "m1", "b", "m3", "c"],
    ["msetnx", "m4", "b", "m5", "c"], ["append", "ap", "abc"], ["append", "ap", bytes], ["strlen", "ap"],
    ["strlen", "none"], ["getrange", "s", 0, 1], ["getrange", "s", -2, -1], ["getrange", "none", 0, 1],
    ["substr", "s", 0, 1], ["setrange", "s", 1, "XX"], ["setrange", "none2", 3, "a"], ["get", "none2"], ["incr", "num"],
    ["incr", "s"], ["incrby", "num", 5], ["incrby", "num", "x"], ["incrbyfloat", "num", 0.5],
    ["incrbyfloat", "num", "-1.5"], ["set", "num", "9007199254740993"], ["incr", "num"],
    ["set", "num", "9223372036854775806"], ["incr", "num"], ["incr", "num"], ["set", "num", 5], ["decr", "num"],
    ["decrby", "num", 10], ["lcs", "m1", "s"], ["lcs", "m1", "m1", "LEN"], ["lcs", "s", "s", "IDX", "WITHMATCHLEN"],
    ["lcs", "s", "s", "IDX", "MINMATCHLEN", 9], ["set", "", "empty key"], ["get", ""], ["set", "empty", ""],
    ["get", "empty"], ["getBuffer", "empty"],
  ],
  bitmap: [
    ["setbit", "b", 7, 1], ["setbit", "b", 7, 0], ["setbit", "b", 3, 1], ["setbit", "b", -1, 1], ["getbit", "b", 3],
    ["getbit", "none", 3], ["bitcount", "b"], ["bitcount", "none"], ["bitop", "AND", "b2", "b", "b"],
    ["bitop", "NOT", "b3", "b"], ["bitpos", "b", 1], ["bitpos", "b", 0], ["bitpos", "none", 1],
    ["bitpos", "b", 1, 0, -1, "BIT"], ["bitfield", "b", "GET", "u8", 0],
    ["bitfield", "b", "SET", "u4", 0, 15, "OVERFLOW", "FAIL", "INCRBY", "u4", 0, 1], ["bitfield", "none"],
  ],
  keys: [
    ["set", "k1", "1"], ["set", "k2", "2"], ["exists", "k1"], ["exists", "none"], ["touch", "k1", "k2", "none"],
    ["type", "k1"], ["type", "none"], ["rename", "k1", "k3"], ["rename", "none", "x"], ["renamenx", "k3", "k2"],
    ["renamenx", "k3", "k1"], ["copy", "k1", "k4"], ["copy", "k1", "k4"], ["copy", "k1", "k4", "REPLACE"],
    ["dump", "none"], ["expire", "k1", 100], ["expire", "none", 100], ["expire", "k2", 0], ["expireat", "k1", far],
    ["pexpire", "k1", 100000], ["pexpireat", "k1", far * 1000], ["expiretime", "k1"], ["pexpiretime", "k1"],
    ["expiretime", "none"], ["expiretime", "k4"], ["ttl", "none"], ["ttl", "k4"], ["pttl", "none"], ["pttl", "k4"],
    ["persist", "k1"], ["persist", "k1"], ["object", "ENCODING", "k1"], ["object", "REFCOUNT", "none"],
    ["object", "FREQ", "k1"], ["wait", 0, 1], ["wait", 1, 1], ["del", "k4", "none"], ["del", "k4"],
    ["unlink", "k1", "none"], ["keys", "k*"], ["rpush", "list", 3, 1, 2], ["sort", "list"],
    ["sort", "list", "DESC", "LIMIT", 0, 2], ["sort", "list", "BY", "w_*", "GET", "o_*", "GET", "#"],
    ["sort", "list", "STORE", "sorted"], ["sort", "none"], ["scan", 0, "MATCH", "nothing*", "COUNT", 10000],
    ["scan", "x"], ["object", "HELP"],
  ],
  hashes: [
    ["hset", "h", { f: "v", n: 1, u: undefined, z: null, t: true }], ["hset", "h", ["a", 1, "b", 2]],
    ["hset", "h", "c", 3, "d", 4], ["hset", "h", "f", "w"], ["hmset", "h", { e: 5 }], ["hmset", "h", "g", 6],
    ["hset", "s", "f", "v"], ["hsetnx", "h", "f", "x"], ["hsetnx", "h", "new", "x"], ["hget", "h", "f"],
    ["hget", "h", "none"], ["hget", "none", "f"], ["hmget", "h", "f", "none", "n"], ["hmget", "h", ["f", "none"]],
    ["hmget", "none", "f"], ["hgetall", "h"], ["hgetall", "none"], ["hkeys", "h"], ["hkeys", "none"], ["hvals", "h"],
    ["hvals", "none"], ["hlen", "h"], ["hlen", "none"], ["hstrlen", "h", "f"], ["hstrlen", "h", "none"],
    ["hexists", "h", "f"], ["hexists", "h", "none"], ["hdel", "h", "f", "none"], ["hincrby", "h", "n", 5],
    ["hincrby", "h", "t", 5], ["hincrbyfloat", "h", "n", 0.5], ["hincrbyfloat", "h", "q", "1e2"],
    ["hset", "one", "f", "v"], ["hrandfield", "one"], ["hrandfield", "one", 5], ["hrandfield", "one", -2],
    ["hrandfield", "one", 1, "WITHVALUES"], ["hrandfield", "none"], ["hrandfield", "none", 2], ["hscan", "one", 0],
    ["hscan", "one", 0, "MATCH", "x*"], ["hscan", "none", 0], ["hset", "bin", "f", "v"], ["hgetall", "bin"],
    ["hgetdel", "one", "FIELDS", 1, "f"], ["hgetex", "one", "EX", 10, "FIELDS", 1, "f"],
    ["hsetex", "one", "EX", 10, "FIELDS", 1, "f", "v"], ["hexpire", "h", 100, "FIELDS", 1, "n"],
    ["hexpireat", "h", far, "FIELDS", 1, "n"], ["hpexpire", "h", 100, "FIELDS", 1, "n"],
    ["hpexpireat", "h", far, "FIELDS", 1, "n"], ["hexpiretime", "h", "FIELDS", 1, "n"],
    ["hpexpiretime", "h", "FIELDS", 1, "n"], ["httl", "h", "FIELDS", 1, "n"], ["hpttl", "h", "FIELDS", 1, "n"],
    ["hpersist", "h", "FIELDS", 1, "n"],
  ],
  lists: [
    ["lpush", "l", "c", "b", "a"], ["lpushx", "l", "0"], ["lpushx", "none", "0"], ["rpush", "l", "d", "e"],
    ["rpushx", "l", "f"], ["rpushx", "none", "f"], ["lpush", "s", "x"], ["llen", "l"], ["llen", "none"],
    ["lrange", "l", 0, -1], ["lrange", "none", 0, -1], ["lindex", "l", 0], ["lindex", "l", 99],
    ["linsert", "l", "BEFORE", "a", "x"], ["linsert", "l", "AFTER", "zz", "x"], ["linsert", "none", "AFTER", "a", "x"],
    ["lset", "l", 0, "first"], ["lset", "l", 99, "x"], ["lset", "none", 0, "x"], ["lrem", "l", 1, "x"],
    ["lrem", "l", 0, "none"], ["ltrim", "l", 0, 5], ["lpos", "l", "b"], ["lpos", "l", "none"],
    ["lpos", "l", "b", "COUNT", 0], ["lpos", "l", "none", "COUNT", 0], ["lpop", "l"], ["lpop", "l", 2],
    ["lpop", "none"], ["lpop", "none", 2], ["lpop", "l", 0], ["rpop", "l"], ["rpop", "l", 1], ["rpop", "none"],
    ["rpop", "none", 1], ["rpush", "l", 1, 2, 3, 4, 5], ["lmove", "l", "l2", "LEFT", "RIGHT"],
    ["lmove", "none", "l2", "LEFT", "RIGHT"], ["lmpop", 2, "none", "l", "LEFT", "COUNT", 2],
    ["lmpop", 1, "none", "LEFT"], ["rpoplpush", "l", "l2"], ["rpoplpush", "none", "l2"], ["blpop", "none", "l2", 0.01],
    ["blpop", "none", 0.01], ["brpop", "l2", 0.01], ["brpop", "none", 0.01],
    ["blmove", "l", "l3", "LEFT", "LEFT", 0.01], ["blmove", "none", "l3", "LEFT", "LEFT", 0.01],
    ["blmpop", 0.01, 1, "l3", "LEFT"], ["blmpop", 0.01, 1, "none", "LEFT"], ["rpush", "l", "q"],
    ["brpoplpush", "l", "l4", 0.01], ["brpoplpush", "none", "l4", 0.01], ["blpop", "l4", "x"],
  ],
  sets: [
    ["sadd", "a", "1", "2"], ["sadd", "a", "2"], ["sadd", "s", "x"], ["sadd", "e", "1"], ["srem", "a", "none"],
    ["srem", "a", "2", "none"], ["sismember", "a", "1"], ["sismember", "a", "none"], ["sismember", "none", "1"],
    ["smismember", "a", "1", "none"], ["smembers", "e"], ["smembers", "none"], ["scard", "a"], ["scard", "none"],
    ["srandmember", "e"], ["srandmember", "e", 5], ["srandmember", "e", -2], ["srandmember", "none"],
    ["srandmember", "none", 2], ["spop", "e"], ["spop", "e"], ["sadd", "e", "1"], ["spop", "e", 5], ["spop", "none", 2],
    ["smove", "a", "b2", "1"], ["smove", "a", "b2", "none"], ["sadd", "x", 1], ["sadd", "y", 1, 2], ["sdiff", "y", "x"],
    ["sdiff", "x", "y"], ["sdiffstore", "d", "y", "x"], ["sinter", "x", "y"], ["sinterstore", "d", "x", "y"],
    ["sintercard", 2, "x", "y"], ["sintercard", 2, "x", "y", "LIMIT", 1], ["sunion", "x", "none"],
    ["sunionstore", "d", "x", "y"], ["sscan", "x", 0], ["sscan", "none", 0],
  ],
  "sorted-sets": [
    ["zadd", "z", 1, "one", 2.5, "two", "inf", "max", "-inf", "min"], ["zadd", "z", 3, "one"],
    ["zadd", "z", "CH", 1, "one"], ["zadd", "z", "INCR", 1, "one"], ["zadd", "z", "NX", "INCR", 1, "one"],
    ["zadd", "z", "x", "one"], ["zadd", "s", 1, "m"], ["zcard", "z"], ["zcard", "none"],
    ["zcount", "z", "-inf", "+inf"], ["zcount", "z", "(2", 3], ["zlexcount", "z", "-", "+"], ["zscore", "z", "two"],
    ["zscore", "z", "max"], ["zscore", "z", "min"], ["zscore", "z", "none"], ["zscore", "none", "m"],
    ["zmscore", "z", "one", "none", "max"], ["zincrby", "z", 0.5, "two"], ["zincrby", "z", 1, "fresh"],
    ["zrank", "z", "one"], ["zrank", "z", "none"], ["zrank", "z", "one", "WITHSCORE"], ["zrevrank", "z", "one"],
    ["zrevrank", "none", "one"], ["zrange", "z", 0, -1], ["zrange", "z", 0, -1, "WITHSCORES"],
    ["zrange", "z", "-inf", "+inf", "BYSCORE", "LIMIT", 1, 2], ["zrange", "none", 0, -1], ["zrevrange", "z", 0, 1],
    ["zrevrange", "z", 0, 1, "WITHSCORES"], ["zrangebyscore", "z", 1, 3],
    ["zrangebyscore", "z", 1, "(3", "WITHSCORES", "LIMIT", 0, 1], ["zrevrangebyscore", "z", 3, 1],
    ["zadd", "lex", 0, "a", 0, "b", 0, "c"], ["zrangebylex", "lex", "[a", "(c"],
    ["zrangebylex", "lex", "-", "+", "LIMIT", 1, 1], ["zrevrangebylex", "lex", "+", "-"],
    ["zrangestore", "stored", "z", 0, 1], ["zadd", "single", 1.25, "m"], ["zrandmember", "single"],
    ["zrandmember", "single", 2], ["zrandmember", "single", -2, "WITHSCORES"], ["zrandmember", "none"],
    ["zrandmember", "none", 2], ["zpopmin", "z"], ["zpopmin", "z", 2], ["zpopmin", "none"], ["zpopmax", "z"],
    ["zpopmax", "z", 1], ["zpopmax", "none", 1], ["zadd", "z", 1, "a", 2, "b", 3, "c", 4, "d"], ["bzpopmin", "z", 0.01],
    ["bzpopmin", "none", 0.01], ["bzpopmax", "none", "z", 0.01], ["zmpop", 2, "none", "z", "MIN"],
    ["zmpop", 1, "none", "MAX"], ["bzmpop", 0.01, 1, "z", "MAX", "COUNT", 5], ["bzmpop", 0.01, 1, "none", "MAX"],
    ["zadd", "z", 1, "a", 2, "b", 3, "c"], ["zrem", "z", "a", "none"], ["zremrangebylex", "lex", "[a", "[a"],
    ["zremrangebyrank", "lex", 0, 0], ["zremrangebyscore", "z", 3, 3], ["zscan", "z", 0],
    ["zscan", "none", 0, "COUNT", 10], ["zadd", "p", 1, "a", 2, "b"], ["zadd", "q", 10, "b", 20, "c"],
    ["zdiff", 2, "p", "q"], ["zdiff", 2, "p", "q", "WITHSCORES"], ["zdiffstore", "t", 2, "p", "q"],
    ["zinter", 2, "p", "q"], ["zinter", 2, "p", "q", "WITHSCORES"],
    ["zinter", 2, "p", "q", "WEIGHTS", 2, 1, "AGGREGATE", "MAX", "WITHSCORES"], ["zinterstore", "t", 2, "p", "q"],
    ["zintercard", 2, "p", "q"], ["zunion", 2, "p", "q"], ["zunion", 2, "p", "q", "WITHSCORES"],
    ["zunionstore", "t", 2, "p", "q"],
  ],
  "hyperloglog-geo": [
    ["pfadd", "hll", "a"], ["pfadd", "hll", "a"], ["pfcount", "hll"], ["pfcount", "none"], ["pfmerge", "hll2", "hll"],
    ["geoadd", "g", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"],
    ["geoadd", "g", "CH", 13.361389, 38.115556, "Palermo"], ["geoadd", "g", 500, 0, "bad"],
    ["geodist", "g", "Palermo", "Catania"], ["geodist", "g", "Palermo", "Catania", "km"],
    ["geodist", "g", "Palermo", "none"], ["geohash", "g", "Palermo", "none"], ["geopos", "g", "Palermo", "none"],
    ["geosearch", "g", "FROMMEMBER", "Palermo", "BYRADIUS", 200, "km", "ASC"],
    ["geosearch", "g", "FROMLONLAT", 15, 37, "BYBOX", 400, 400, "km", "ASC", "WITHCOORD", "WITHDIST", "WITHHASH"],
    ["geosearchstore", "gs2", "g", "FROMMEMBER", "Palermo", "BYRADIUS", 200, "km"],
  ],
  streams: [
    ["xadd", "st", "1-1", "f", "v"], ["xadd", "st", "1-2", "f", "v2", "g", "w"], ["xadd", "st", "1-1", "f", "v"],
    ["xadd", "none", "NOMKSTREAM", "*", "f", "v"], ["xadd", "st", "MAXLEN", "~", 100, "1-3", "f", bytes],
    ["xlen", "st"], ["xlen", "none"], ["xrange", "st", "-", "+"], ["xrange", "st", "-", "+", "COUNT", 1],
    ["xrange", "none", "-", "+"], ["xrevrange", "st", "+", "-", "COUNT", 1],
    ["xread", "COUNT", 1, "STREAMS", "st", "0"], ["xread", "STREAMS", "st", "$"],
    ["xread", "BLOCK", 10, "STREAMS", "st", "$"], ["xgroup", "CREATE", "st", "grp", "0"],
    ["xgroup", "CREATE", "st", "grp", "0"], ["xgroup", "CREATECONSUMER", "st", "grp", "c0"],
    ["xreadgroup", "GROUP", "grp", "c1", "COUNT", 2, "STREAMS", "st", ">"],
    ["xreadgroup", "GROUP", "grp", "c1", "STREAMS", "st", "0"], ["xpending", "st", "grp"],
    ["xclaim", "st", "grp", "c2", 0, "1-1"], ["xclaim", "st", "grp", "c2", 0, "1-1", "JUSTID"],
    ["xautoclaim", "st", "grp", "c3", 0, "0"], ["xack", "st", "grp", "1-1"], ["xack", "st", "grp", "9-9"],
    ["xinfo", "HELP"], ["xgroup", "DELCONSUMER", "st", "grp", "c3"], ["xpending", "st", "grp"],
    ["xgroup", "SETID", "st", "grp", "$"], ["xgroup", "DESTROY", "st", "grp"], ["xinfo", "GROUPS", "st"],
    ["xinfo", "STREAM", "none"], ["xdel", "st", "1-1", "9-9"], ["xtrim", "st", "MAXLEN", 1], ["xsetid", "st", "5-5"],
    ["xreadgroup", "GROUP", "nogrp", "c", "STREAMS", "st", ">"],
  ],
  scripting: [
    ["eval", "return 1", 0], ["eval", "return {1,'a',{2},false,true}", 0],
    ["eval", "return redis.status_reply('GOOD')", 0], ["eval", "return redis.error_reply('BAD thing')", 0],
    ["eval", "return KEYS[1]..ARGV[1]", 1, "k", "a"], ["eval", "redis.setresp(3) return {map={a=1}}", 0],
    ["eval", "return 3.99", 0], ["eval", "return {double=3.5}", 0], ["eval", "return nil", 0],
    ["eval", "syntax error", 0], ["eval", "return 1", "x"], ["script", "LOAD", "return 42"],
    ["evalsha", "1fa00e76656cc152ad327c13fe365858fd7be306", 0],
    ["evalsha", "ffffffffffffffffffffffffffffffffffffffff", 0],
    ["script", "EXISTS", "1fa00e76656cc152ad327c13fe365858fd7be306", "ff"], ["script", "FLUSH"],
    ["function", "LOAD", "#!lua name=lib\nredis.register_function('fn', function(keys, args) return args[1] end)"],
    ["fcall", "fn", 0, "arg"], ["fcall", "none", 0], ["function", "LIST"], ["function", "DELETE", "lib"],
    ["function", "FLUSH"], ["function", "STATS"],
  ],
  server: [
    ["ping"], ["ping", "text"], ["ping", ""], ["echo", "text"], ["echo", bytes], ["select", 1], ["dbsize"],
    ["select", 0], ["select", 99], ["select", "x"], ["config", "GET", "maxmemory-policy"], ["config", "GET", "nothing"],
    ["config", "SET", "timeout", 0], ["config", "SET", "nothing", 0], ["client", "GETNAME"],
    ["client", "SETNAME", "name"], ["client", "GETNAME"], ["client", "NOPE"], ["command", "COUNT"],
    ["command", "DOCS", "GET"], ["command", "INFO", "GET", "NOPE"], ["command", "GETKEYS", "MSET", "a", 1, "b", 2],
    ["pubsub", "CHANNELS"], ["pubsub", "NUMSUB", "c"], ["pubsub", "NUMPAT"], ["publish", "c", "m"],
    ["spublish", "c", "m"], ["debug", "PROTOCOL", "string"], ["debug", "PROTOCOL", "integer"],
    ["debug", "PROTOCOL", "double"], ["debug", "PROTOCOL", "null"], ["debug", "PROTOCOL", "array"],
    ["debug", "PROTOCOL", "set"], ["debug", "PROTOCOL", "map"], ["debug", "PROTOCOL", "attrib"],
    ["debug", "PROTOCOL", "bignum"], ["debug", "PROTOCOL", "true"], ["debug", "PROTOCOL", "false"],
    ["debug", "PROTOCOL", "verbatim"], ["debug", "JMAP"], ["get"],
  ],
};

for (const [family, calls] of Object.entries(families)) {
  await client.flushall();
  await client.set("s", "text");
  for (const [index, [method, ...args]] of calls.entries()) {
    note(`commands.${family}.${index}.${method}`, await outcome(() => client[method](...args)));
  }
}

// What is never the same twice is told by its shape.
function shape(value) {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, typeof value[key]]));
}
await client.flushall();
await client.xadd("st", "1-1", "f", "v");
await client.xgroup("CREATE", "st", "grp", "0");
await client.xreadgroup("GROUP", "grp", "c", "STREAMS", "st", ">");
const shapes = {
  connect: () => client.connect(),
  info: () => client.info(),
  "info.section": () => client.info("server"),
  "info.sections": () => client.info("clients", "memory"),
  time: () => client.time(),
  lastsave: () => client.lastsave(),
  randomkey: () => client.randomkey(),
  dump: () => client.dump("st"),
  "client.id": () => client.client("ID"),
  "client.info": () => client.client("INFO"),
  "client.list": () => client.client("LIST"),
  "xinfo.stream": () => client.xinfo("STREAM", "st"),
  "xinfo.groups": () => client.xinfo("GROUPS", "st"),
  "xinfo.consumers": () => client.xinfo("CONSUMERS", "st", "grp"),
  "xpending.range": () => client.xpending("st", "grp", "-", "+", 10),
  "xadd.generated": () => client.xadd("st", "*", "f", "v"),
  "config.get": () => client.config("GET", "max*"),
  command: () => client.command().then((list) => list.length > 100),
  "object.idletime": () => client.object("IDLETIME", "st"),
  expire: () => client.expire("st", 100),
  ttl: () => client.ttl("st"),
  pttl: () => client.pttl("st"),
};
for (const [key, run] of Object.entries(shapes)) observe(`commands.shape.${key}`, shape(await run()));
const copy = keep(await client.duplicate());
observe("commands.duplicate", [copy instanceof RedisClient, copy.connected, await copy.ping()]);
for (const args of [[], ["ASYNC"], ["SYNC"]]) {
  note(`commands.flushdb.${args}`, await settled(client.flushdb(...args)));
  note(`commands.flushall.${args}`, await settled(client.flushall(...args)));
}
note("commands.randomkey.empty", await settled(client.randomkey()));

// Transactions: replies are queued, and raw in the end.
const transactions = {
  executed: [["set", "k", "v"], ["exists", "k"], ["hsetnx", "h", "f", "v"], ["incr", "k"], ["hgetall", "h"]],
  aborted: [["send", "NOSUCH", []], ["get", "k"]],
  discarded: [["get", "k"], ["send", "DISCARD", []], ["get", "k"]],
  empty: [],
};
for (const [kind, calls] of Object.entries(transactions)) {
  const all = [["send", "MULTI", []], ...calls, ["send", "EXEC", []]];
  const replies = all.map(([method, ...args]) => settled(client[method](...args)));
  observe(`commands.transaction.${kind}`, await Promise.all(replies));
}
const other = connect(process.env.PARITY_REDIS);
await client.send("WATCH", ["k"]);
await other.set("k", "changed");
const watched = [client.send("MULTI", []), client.get("k"), client.send("EXEC", [])];
observe("commands.transaction.watched", await Promise.all(watched.map(settled)));

// The same server by its Unix socket.
const local = connect(`redis+unix://${process.env.PARITY_SOCKET}`);
const large = "z".repeat(1 << 20);
observe("commands.unix", [await local.ping(), await local.set("k", large), (await local.get("k")) === large]);

const sent = {
  lower: ["set", ["k", "v"]],
  mixed: ["GeT", ["k"]],
  spaced: ["CONFIG GET", ["timeout"]],
  empty: ["", []],
  unknown: ["NOSUCH", ["a"]],
  arity: ["GET", []],
  numbers: ["SET", ["n", 5]],
  bytes: ["SET", ["b", bytes]],
  reset: ["RESET", []],
};
for (const [kind, args] of Object.entries(sent)) {
  note(`commands.send.${kind}`, await outcome(() => client.send(...args)));
}

await finish();

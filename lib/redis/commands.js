"use strict";
module.exports = (m) => ({
  get: m.fixed("get", "GET", ["key"], { length: 1 }),
  getBuffer: m.fixed("getBuffer", "GET", ["key"], { length: 1, reply: "buffer" }),
  incr: m.fixed("incr", "INCR", ["key"], { length: 1 }),
  hgetall: m.fixed("hgetall", "HGETALL", ["key"], { length: 1 }),
  mget: m.keyed("mget", "MGET"), del: m.keyed("del","DEL"), rpush: m.loose("rpush","RPUSH"), lrange: m.fixed("lrange","LRANGE",["key","start","stop"]), exists: m.fixed("exists","EXISTS",["key"],{reply:"boolean"}),
  zrange: m.variadic("zrange","ZRANGE"), zadd: m.variadic("zadd","ZADD"), flushall: m.variadic("flushall","FLUSHALL"),
});

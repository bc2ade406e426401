// Section 1: the class, its prototype and its instances.
import { readFileSync } from "node:fs";
import { RedisClient, attempt, connect, finish, library, observe, outcome } from "../support/index.mjs";

const names = JSON.parse(readFileSync(new URL("../../../commands/bun-methods.json", import.meta.url), "utf8"));
const { prototype } = RedisClient;

observe("surface.exports.RedisClient", typeof library.RedisClient);
observe("surface.exports.redis", library.redis instanceof RedisClient);
observe("surface.exports.redis.same", library.redis === library.redis);
observe("surface.exports.RedisError", typeof library.RedisError);
observe("surface.class.name", RedisClient.name);
observe("surface.class.length", RedisClient.length);
observe("surface.class.constructor", prototype.constructor === RedisClient);
await attempt("surface.class.without-new", () => RedisClient());

for (const name of names) {
  const { value, ...flags } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  observe(`surface.method.${name}`, { name: value?.name, length: value?.length, ...flags });
}
for (const name of ["connected", "bufferedAmount", "onconnect", "onclose"]) {
  const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  observe(`surface.accessor.${name}`, [typeof get, typeof set, enumerable, configurable]);
}

const receivers = {
  undefined,
  null: null,
  number: 1,
  string: "s",
  object: {},
  array: [],
  date: new Date(0),
  prototype,
};
for (const [kind, receiver] of Object.entries(receivers)) {
  for (const name of ["get", "set", "hset", "send", "connect", "close", "duplicate", "subscribe", "unsubscribe"]) {
    await attempt(`surface.receiver.${kind}.${name}`, () => prototype[name].call(receiver, "a", "b", "c"));
  }
}
for (const name of names) {
  await attempt(`surface.receiver.map.${name}`, () => prototype[name].call(new Map(), "a", "b", "c"));
}
for (const name of ["connected", "bufferedAmount", "onconnect", "onclose"]) {
  await attempt(`surface.accessor.${name}.receiver`, () => Reflect.get(prototype, name, {}));
}

const client = connect("redis://localhost:1");
observe("surface.instance.tag", Object.prototype.toString.call(client));
observe("surface.instance.own", Object.keys(client));
observe("surface.instance.json", JSON.stringify(client));
observe("surface.instance.extensible", Object.isExtensible(client));
observe("surface.instance.prototype", Object.getPrototypeOf(client) === prototype);
observe("surface.instance.connected", client.connected);
observe("surface.instance.bufferedAmount", client.bufferedAmount);
observe("surface.instance.onconnect", client.onconnect);
observe("surface.instance.onclose", client.onclose);
for (const name of ["connected", "bufferedAmount"]) {
  await attempt(`surface.instance.${name}.assign`, () => ((client[name] = 1), client[name]));
}
for (const name of ["onconnect", "onclose"]) {
  for (const value of [1, "text", null, undefined, {}, () => {}]) {
    client[name] = value;
    observe(`surface.instance.${name}.${typeof value}.${value}`, client[name] === value);
  }
}
for (const name of ["on", "once", "addListener", "url", "options", "status"]) {
  observe(`surface.instance.absent.${name}`, name in client);
}

class Derived extends RedisClient {
  extra() {
    return "extra";
  }
}
const derived = new Derived("redis://localhost:1");
observe("surface.derived.instanceof", derived instanceof RedisClient);
observe("surface.derived.method", derived.extra());
const copy = await derived.duplicate();
observe("surface.derived.duplicate", [copy instanceof RedisClient, copy instanceof Derived]);
observe("surface.instance.duplicates", await outcome(() => client.duplicate()));

await finish();

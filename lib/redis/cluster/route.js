"use strict";
/** Where in a cluster a command goes, when its keys do not say: bits of its meta word, see `src/redis/meta.rs`. */
const { RedisLane } = require("../../../binding.js");
const { toArgument } = require("../encode.js");
const { coded } = require("../errors.js");
const { resolveAddress } = require("./seeds.js");

const KIND_SHIFT = 8;
const KIND_MASK = 0b111;
const VALUE_SHIFT = 11;
/** All bits of a route. */
const ROUTE_MASK = 0x7fffff00;

const Kind = { AllPrimaries: 1, AllNodes: 2, Random: 3, Slot: 4, Node: 5 };

/** Whether a route leads to one node. @param {number} word with the bits of a route */
function isSingle(word) {
  return ((word >>> KIND_SHIFT) & KIND_MASK) >= Kind.Random;
}

/** @type {Record<string, number>} */
const NAMED = { allPrimaries: Kind.AllPrimaries, allNodes: Kind.AllNodes, random: Kind.Random };

/**
 * The bits of a route as a caller names it.
 * @param {unknown} route
 * @param {import("../../../binding.js").RedisLane} lane
 */
function resolveRoute(route, lane) {
  if (typeof route === "string" && Object.hasOwn(NAMED, route)) return bits(/** @type {number} */ (NAMED[route]), 0);
  if (typeof route === "object" && route !== null) {
    const { key, address } = /** @type {Record<string, unknown>} */ (route);
    if (key !== undefined) return bits(Kind.Slot, slotOf(key));
    if (address !== undefined) return routeTo(address, lane);
  }
  throw coded(
    TypeError,
    "ERR_INVALID_ARG_VALUE",
    'The "route" property must be "allPrimaries", "allNodes", "random", { key } or { address }',
  );
}

/**
 * The bits of the route to one node.
 * @param {unknown} address as `nodes` gives it
 * @param {import("../../../binding.js").RedisLane} lane
 */
function routeTo(address, lane) {
  return bits(Kind.Node, nodeOf(address, lane));
}

/**
 * The number by which the core names a node.
 * @param {unknown} address as `nodes` gives it, or such a node
 * @param {import("../../../binding.js").RedisLane} lane
 */
function nodeOf(address, lane) {
  const given = typeof address === "object" && address !== null ? /** @type {any} */ (address).address : address;
  if (typeof given !== "string") {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "address" property must be "host:port". Received ${typeof given}`);
  }
  const { host, port } = resolveAddress(given, "node's address");
  return lane.nodeNumber(host, port);
}

/** @param {unknown} key */
function slotOf(key) {
  const argument = toArgument(key);
  if (argument === undefined) {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "key" property must be a string or buffer. Received ${typeof key}`);
  }
  return RedisLane.slotOf(typeof argument === "string" ? Buffer.from(argument) : argument);
}

/**
 * @param {number} kind
 * @param {number} value
 */
function bits(kind, value) {
  return ((kind << KIND_SHIFT) | (value << VALUE_SHIFT)) >>> 0;
}

module.exports = { ROUTE_MASK, isSingle, nodeOf, resolveRoute, routeTo };

"use strict";
const { RedisClient, redis } = require("./client.js");
const { RedisError } = require("./errors.js");
const { RedisPool } = require("./pool/pool.js");
const { RedisBatchError, RedisWatchError } = require("./transaction/errors.js");

module.exports = { redis, RedisClient, RedisPool, RedisError, RedisBatchError, RedisWatchError };

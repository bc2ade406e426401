"use strict";
const { RedisClient, redis } = require("./client.js");
const { RedisCluster } = require("./cluster/client.js");
const { RedisError } = require("./errors.js");
const { RedisPool } = require("./pool/client.js");
const { RedisSentinel } = require("./sentinel/client.js");
const { RedisBatchError, RedisWatchError } = require("./transaction/errors.js");

module.exports = {
  redis,
  RedisClient,
  RedisCluster,
  RedisPool,
  RedisSentinel,
  RedisError,
  RedisBatchError,
  RedisWatchError,
};

"use strict";
const { RedisClient, redis } = require("./client.js");
const { RedisCluster } = require("./cluster/client.js");
const { RedisError } = require("./errors.js");

module.exports = { redis, RedisClient, RedisCluster, RedisError };

"use strict";
const { RedisClient, redis } = require("./client.js");
const { RedisError } = require("./errors.js");
<<<<<<< HEAD
const { RedisSentinel } = require("./sentinel/client.js");

module.exports = { redis, RedisClient, RedisError, RedisSentinel };
=======
const { RedisBatchError, RedisWatchError } = require("./transaction/errors.js");

module.exports = { redis, RedisClient, RedisError, RedisBatchError, RedisWatchError };
>>>>>>> main

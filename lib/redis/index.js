"use strict";
const { RedisClient, redis } = require("./client.js");
const { RedisError } = require("./errors.js");

module.exports = { redis, RedisClient, RedisError };

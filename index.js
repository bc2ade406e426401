"use strict";
const redis = require("./lib/redis/index.js");

exports.redis = redis.redis;
exports.RedisClient = redis.RedisClient;
exports.RedisError = redis.RedisError;

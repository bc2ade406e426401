"use strict";
// Where there is no addon for the platform, that is told by the import and not by the first call.
require("./binding.js");
// Plain assignments: by them Node tells ESM importers which names there are. `s3` and `redis` read the
// environment at their first use, not here.
const s3 = require("./lib/s3/index.js");
const redis = require("./lib/redis/index.js");

exports.s3 = s3.s3;
exports.S3Client = s3.S3Client;
exports.S3File = s3.S3File;
exports.S3Error = s3.S3Error;
exports.file = s3.file;
exports.write = s3.write;

exports.redis = redis.redis;
exports.RedisClient = redis.RedisClient;
exports.RedisCluster = redis.RedisCluster;
exports.RedisPool = redis.RedisPool;
exports.RedisError = redis.RedisError;
exports.RedisSentinel = redis.RedisSentinel;
exports.RedisBatchError = redis.RedisBatchError;
exports.RedisWatchError = redis.RedisWatchError;

// The objects of the S3 cases: made the same way in every process, so that none has to be handed around.

import { createCipheriv } from "node:crypto";

export const PREFIX = "s3-valkey-bench/";
export const SMALL_KEY = `${PREFIX}get-1k`;
export const LARGE_KEY = `${PREFIX}get-64m`;
export const LIST_PREFIX = `${PREFIX}list/`;
export const LIST_KEYS = Array.from({ length: 1000 }, (_, i) => `${LIST_PREFIX}key-${String(i).padStart(4, "0")}`);
/** Objects under this prefix really are stored, also by the stand-in, so that uploads can be checked. */
export const CHECK_PREFIX = `${PREFIX}check/`;

export const SMALL = noise(1024, 1);
export const LARGE_SIZE = 64 * 1024 * 1024;
let large;

export function largeBytes() {
  large ??= noise(LARGE_SIZE, 2);
  return large;
}

/** `bytes` cut into pieces of `size`, without copying. */
export function slices(bytes, size) {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** Bytes without a pattern that a misplaced part could repeat: a cipher's key stream. */
function noise(size, seed) {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(size));
}

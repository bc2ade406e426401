// Reads that are answered from memory once they were read.
import { CASES as ALL } from "./redis.mjs";

const READS = ["get-seq", "get-50", "burst-10000", "mget-100", "hgetall-100"];

export const CASES = ALL.filter(({ name }) => READS.includes(name));

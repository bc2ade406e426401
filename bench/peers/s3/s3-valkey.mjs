import { createRequire } from "node:module";
import { connectWith } from "./bun-api.mjs";

const { S3Client } = createRequire(import.meta.url)("../../../index.js");

export const connect = (store) => connectWith(S3Client, store);

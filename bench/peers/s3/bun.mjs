import { S3Client } from "bun";
import { connectWith } from "./bun-api.mjs";

export const connect = (store) => connectWith(S3Client, store);

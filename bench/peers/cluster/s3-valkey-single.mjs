import { connect as connectSingle } from "../redis/s3-valkey.mjs";

export const connect = ({ single }) => connectSingle(single);

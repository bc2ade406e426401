export { connect } from "../redis/s3-valkey.mjs";

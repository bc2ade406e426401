// Computes the signature of a presigned URL again, from nothing but the URL, as a store would.

import { createHash, createHmac } from "node:crypto";
import { expectEqual } from "./check.mjs";

const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

export function verifyPresigned(text, secret) {
  const url = new URL(text);
  const query = url.search.slice(1).split("&");
  const signed = query.filter((pair) => !pair.startsWith("X-Amz-Signature=")).sort();
  expectEqual("signed headers of a presigned GET", "host", url.searchParams.get("X-Amz-SignedHeaders"));
  const request = ["GET", url.pathname, signed.join("&"), `host:${url.host}\n`, "host", "UNSIGNED-PAYLOAD"].join("\n");
  const [, ...scope] = url.searchParams.get("X-Amz-Credential").split("/");
  const toSign = [
    "AWS4-HMAC-SHA256",
    url.searchParams.get("X-Amz-Date"),
    scope.join("/"),
    createHash("sha256").update(request).digest("hex"),
  ].join("\n");
  const key = scope.reduce(hmac, `AWS4${secret}`);
  expectEqual("signature", hmac(key, toSign).toString("hex"), url.searchParams.get("X-Amz-Signature"));
}

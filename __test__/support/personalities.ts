/**
 * Stores that no test can reach, played by the memory store: each is strict where the real one is. All of them check
 * signatures as they arrive.
 */
import { checkHeaders, secretOf } from "../parity/s3/sigv4.mjs";
import { refuse, startMemoryStore, type Exchange, type Fault, type MemoryStore } from "./memory-store.js";

export type Personality = "r2" | "b2" | "gcs" | "old-minio" | "oss" | "supabase" | "linode";

const ACCESS_KEY_ID = "AKID";
const R2_REGIONS = ["auto", "", "us-east-1", "wnam", "enam", "weur", "eeur", "apac"];
const CHECKSUMS = /^x-amz-(checksum-|sdk-checksum-algorithm|trailer)/;

/** What a personality makes of a request: refuses it and returns true, or changes the answer. */
const PERSONALITIES: Record<Personality, (sizes: Map<string, Map<number, number>>) => Fault> = {
  // Cloudflare R2: few regions, no checksums, no ACLs, no requester that pays; all parts but the last have one size.
  r2: (sizes) => async ({ kind, request, response, body }) => {
    const region = scopeOf(request.headers.authorization)[1]!;
    if (!R2_REGIONS.includes(region)) return !!refuse(response, 400, "InvalidRegionName");
    const missing = [CHECKSUMS, /^x-amz-acl$/, /^x-amz-request-payer$/, /^x-amz-grant-/, /^x-amz-object-lock-/];
    if (missing.some((pattern) => hasHeader(request, pattern))) return !!refuse(response, 501, "NotImplemented");
    const query = new URL(request.url!, "http://r2").searchParams;
    const upload = query.get("uploadId")!;
    if (kind === "part") {
      if (!sizes.has(upload)) sizes.set(upload, new Map());
      sizes.get(upload)!.set(Number(query.get("partNumber")), (await body()).length);
    }
    if (kind === "complete") {
      const parts = [...(sizes.get(upload) ?? [])].sort(([a], [b]) => a - b).map(([, size]) => size);
      const equal = parts.slice(0, -1).every((size) => size === parts[0]);
      if (!equal || parts.at(-1)! > parts[0]!) return !!refuse(response, 400, "InvalidPart");
    }
    return false;
  },

  // Backblaze B2: no header about checksums at all, not even one that asks for them.
  b2: () => ({ request, response }) =>
    hasHeader(request, CHECKSUMS) && !!refuse(response, 400, "InvalidArgument"),

  // Google's interoperability: a front end has rewritten what a signature must not cover.
  gcs: () => ({ request, response }) => {
    request.headers["accept-encoding"] = "gzip(gfe)";
    request.headers["user-agent"] = "changed";
    request.headers["x-forwarded-for"] = "127.0.0.1";
    return (hasHeader(request, CHECKSUMS) || !isSigned(request)) && !!refuse(response, 403, "SignatureDoesNotMatch");
  },

  // MinIO before 2020: ETags have no quotes, in headers and in XML; conditions must have them.
  "old-minio": () => ({ request, response }) => {
    const condition = request.headers["if-match"];
    if (condition !== undefined && !/^"[^"]*"$/.test(condition)) return !!refuse(response, 412, "PreconditionFailed");
    const { setHeader, end } = response;
    response.setHeader = (name, value) =>
      setHeader.call(response, name, name === "etag" ? String(value).replaceAll('"', "") : value);
    response.end = ((body: unknown, ...rest: unknown[]) =>
      (end as any).call(response, typeof body === "string" ? body.replaceAll("&quot;", "") : body, ...rest)) as any;
    return false;
  },

  // Aliyun OSS, Tencent COS, Huawei OBS: bodies have a length and are as they are; the bucket is in the host.
  oss: () => ({ request, response }) => {
    const { "content-length": length, "content-encoding": encoding = "", "x-amz-content-sha256": payload = "" } = request.headers;
    if (encoding.includes("aws-chunked") || String(payload).startsWith("STREAMING-")) {
      return !!refuse(response, 501, "NotImplemented");
    }
    if (["PUT", "POST"].includes(request.method!) && length === undefined) return !!refuse(response, 411, "MissingContentLength");
    if (!request.headers.host!.startsWith("b.")) return !!refuse(response, 403, "SecondLevelDomainForbidden");
    return false;
  },

  // Supabase: the endpoint has a path that is part of what is signed.
  supabase: () => ({ request, response }) =>
    !/^\/storage\/v1\/s3\/b(\/[^/]|\?|$)/.test(request.url!) && !!refuse(response, 404, "NoSuchRoute"),

  // Linode and other front ends of Ceph: an interim answer comes twice, whether or not anybody asked.
  linode: () => ({ response }) => {
    response.writeContinue();
    response.writeContinue();
    return false;
  },
};

/** A memory store that behaves as the named one, and that checks signatures. */
export async function startPersonality(name: Personality): Promise<MemoryStore> {
  const store = await startMemoryStore();
  const play = PERSONALITIES[name](new Map());
  const { client } = store;
  store.fault = async (exchange) => {
    // Through a proxy a target comes with its host.
    exchange.request.url = exchange.request.url!.replace(/^http:\/\/[^/]+/, "");
    if (!isSigned(exchange.request)) return !!refuse(exchange.response, 403, "SignatureDoesNotMatch");
    return play(exchange);
  };
  store.client = (options) => client({ accessKeyId: ACCESS_KEY_ID, secretAccessKey: secretOf(ACCESS_KEY_ID), ...options });
  return store;
}

/** Adds a fault to what a personality does. */
export function also(store: MemoryStore, fault: Fault): void {
  const first = store.fault;
  store.fault = async (exchange) => (await first(exchange)) || fault(exchange);
}

function hasHeader(request: Exchange["request"], pattern: RegExp) {
  return Object.keys(request.headers).some((name) => pattern.test(name));
}

function isSigned({ method, url, headers }: Exchange["request"]) {
  return checkHeaders({ method: method!, target: url!, headers: headers as Record<string, string> }).valid;
}

/** Date, region, service and the last word of the credential. */
function scopeOf(authorization = "") {
  return (/Credential=[^/]+\/([^,]+)/.exec(authorization)?.[1] ?? "").split("/");
}

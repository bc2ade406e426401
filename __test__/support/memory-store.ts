import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, beforeAll, beforeEach } from "vitest";
import { S3Client, type S3ClientOptions } from "../../index.js";
import { listen, shutDown } from "./listen.js";

/** A request, its body still unread. */
export interface Exchange {
  /** Counted from 0 over all requests. */
  number: number;
  /** What is asked for: the method, or a step of a multipart upload. */
  kind: "GET" | "HEAD" | "PUT" | "DELETE" | "create" | "part" | "complete" | "abort";
  request: IncomingMessage;
  response: ServerResponse;
  /** Reads the body to its end. */
  body(): Promise<Buffer>;
}

/** Plays a fault; returns true if that was the answer, else the store goes on as if nothing was. */
export type Fault = (exchange: Exchange) => boolean | void | Promise<boolean | void>;

/** A store in memory that can be told to fail. */
export interface MemoryStore {
  objects: Map<string, Buffer>;
  /** Uploads that were begun and neither completed nor aborted. */
  uploads: Map<string, Map<number, Buffer>>;
  /** The kinds of all requests so far. */
  kinds: string[];
  requests: IncomingMessage[];
  fault: Fault;
  endpoint: string;
  /** Answers a request that came to another server. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves when no connection is open any more. */
  idle(): Promise<void>;
  client(options?: S3ClientOptions): S3Client;
  stop(): void;
}

/** Gives each test of a file a store of its own, which is stopped behind it. */
export function useMemoryStore(take: (store: MemoryStore) => void) {
  let store: MemoryStore;
  beforeEach(async () => {
    store = await startMemoryStore();
    take(store);
  });
  afterEach(() => store.stop());
}

/** What is stored as `/b/small`. */
export const SMALL = Buffer.from("0123456789".repeat(1000));

/** The same with two objects: `/b/small`, and 40 MiB of chance as `/b/large`. */
export function useObjects(take: (store: MemoryStore, large: Buffer) => void) {
  let large: Buffer;
  beforeAll(() => {
    large = randomBytes(40 * 1024 * 1024);
  });
  useMemoryStore((store) => {
    store.objects.set("/b/small", SMALL).set("/b/large", large);
    take(store, large);
  });
}

export async function startMemoryStore(): Promise<MemoryStore> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  let open = 0;
  let waiting: (() => void)[] = [];
  const server = createServer((request, response) => void serve(request, response));
  server.on("connection", (socket) => {
    open++;
    socket.on("error", () => {});
    socket.on("close", () => {
      open--;
      if (open === 0) for (const done of waiting.splice(0)) done();
    });
  });
  server.on("checkContinue", (request, response) => void serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse) {
    request.on("error", () => {});
    response.on("error", () => {});
    const url = new URL(request.url!, "http://store");
    const kind = kindOf(request.method!, url.searchParams);
    const number = store.kinds.push(kind) - 1;
    store.requests.push(request);
    let read: Promise<Buffer> | undefined;
    const body = () => (read ??= request.toArray().then((chunks) => Buffer.concat(chunks)));
    try {
      if (await store.fault({ number, kind, request, response, body })) return;
      await answer(kind, url, request, response, await body());
    } catch {
      // The client went away.
      request.socket.destroy();
    }
  }

  async function answer(kind: string, url: URL, request: IncomingMessage, response: ServerResponse, body: Buffer) {
    // As it was sent: a URL would resolve its dots.
    const key = request.url!.split("?")[0]!;
    const upload = url.searchParams.get("uploadId") ?? "";
    switch (kind) {
      case "PUT":
        objects.set(key, body);
        return response.setHeader("etag", etag(body)).end();
      case "DELETE":
        objects.delete(key);
        return response.writeHead(204).end();
      case "create": {
        const id = `upload-${store.kinds.length}`;
        uploads.set(id, new Map());
        return response.end(
          `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        );
      }
      case "part":
        if (!uploads.has(upload)) return refuse(response, 404, "NoSuchUpload");
        uploads.get(upload)!.set(Number(url.searchParams.get("partNumber")), body);
        return response.setHeader("etag", etag(body)).end();
      case "complete": {
        const parts = uploads.get(upload);
        if (parts === undefined) return refuse(response, 404, "NoSuchUpload");
        const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number));
        objects.set(key, Buffer.concat(numbers.map((number) => parts.get(number)!)));
        uploads.delete(upload);
        return response.end("<CompleteMultipartUploadResult><ETag>&quot;e&quot;</ETag></CompleteMultipartUploadResult>");
      }
      case "abort":
        if (!uploads.delete(upload)) return refuse(response, 404, "NoSuchUpload");
        return response.writeHead(204).end();
      default: {
        const object = objects.get(key);
        if (object === undefined) return refuse(response, 404, "NoSuchKey");
        const tag = etag(object);
        if ((request.headers["if-match"] ?? tag) !== tag) return refuse(response, 412, "PreconditionFailed");
        return send(request, response.setHeader("etag", tag), object);
      }
    }
  }

  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  const store: MemoryStore = {
    objects,
    uploads,
    kinds: [],
    requests: [],
    fault: () => false,
    endpoint,
    handle: (request, response) => void serve(request, response),
    idle: () => (open === 0 ? Promise.resolve() : new Promise((done) => waiting.push(done))),
    client: (options = {}) =>
      new S3Client({ endpoint, accessKeyId: "AKID", secretAccessKey: "SECRET", bucket: "b", proxy: "", ...options }),
    stop: () => shutDown(server),
  };
  return store;
}

/** An answer that says why not. */
export function refuse(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}) {
  const body = `<Error><Code>${code}</Code><Message>told to</Message></Error>`;
  return response.writeHead(status, { "content-length": body.length, ...headers }).end(body);
}

export function etag(bytes: Buffer) {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

/** The bytes that a request asks for, and the head that announces them. */
export function rangeOf(request: IncomingMessage, object: Buffer) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  const suffix = match?.[1] === "";
  const start = !match ? 0 : suffix ? Math.max(object.length - Number(match[2]), 0) : Number(match[1]);
  const end = match?.[2] && !suffix ? Math.min(Number(match[2]) + 1, object.length) : object.length;
  const headers: Record<string, string> = { "content-length": String(end - start), "accept-ranges": "bytes" };
  if (match) headers["content-range"] = `bytes ${start}-${end - 1}/${object.length}`;
  return { status: match ? 206 : 200, headers, bytes: object.subarray(start, end) };
}

function send(request: IncomingMessage, response: ServerResponse, object: Buffer) {
  const { status, headers, bytes } = rangeOf(request, object);
  return response.writeHead(status, headers).end(bytes);
}

function kindOf(method: string, query: URLSearchParams): Exchange["kind"] {
  if (method === "POST") return query.has("uploads") ? "create" : "complete";
  if (query.has("uploadId")) return method === "DELETE" ? "abort" : "part";
  return method as Exchange["kind"];
}

/**
 * An HTTP server that remembers what it is sent and answers as it is told. A script steers it over
 * a second port: `POST /answers` sets what comes next, `POST /take` returns what was received.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listen } from "../../support/listen.js";
import { checkHeaders } from "./sigv4.mjs";

/** How one request is answered; the first one whose conditions hold is used up. */
export interface Answer {
  /** Only for this method. */
  method?: string;
  /** Only for targets that hold this text. */
  target?: string;
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: string;
  /** Base64. */
  bytes?: string;
  /** How often it is used; 1 by default. */
  times?: number;
  /** The connection is closed without an answer, or after the headers and the body that is there. */
  drop?: "before" | "after";
  /** Bytes that are written instead of an HTTP answer. */
  raw?: string;
  /** The answer is held back until so many requests are here. */
  until?: number;
}

export interface Recorded {
  method: string;
  target: string;
  headers: [string, string][];
  signed: string[];
  scope: string;
  valid: boolean;
  length: number;
  /** Base64; a long body is a hash instead. */
  body?: string;
  hash?: string;
}

/** Longer bodies are told by their hash. */
const LONG = 4096;
/** The object that every GET finds. */
const OBJECT = "0123456789";

export async function startRecorder() {
  let answers: Answer[] = [];
  let recorded: Recorded[] = [];
  let waiting: (() => void)[] = [];
  const changed = () => waiting.splice(0).forEach((resume) => resume());
  const reached = async (count: number) => {
    while (recorded.length < count) await new Promise<void>((resume) => waiting.push(resume));
  };

  const store = serving(async (request, response) => {
    const body = await bodyOf(request);
    recorded.push(record(request, body));
    changed();
    const at = answers.findIndex(
      ({ method, target }) =>
        (method === undefined || method === request.method) && (target === undefined || request.url!.includes(target)),
    );
    const answer = answers[at];
    if (answer === undefined) return standard(request, response);
    answer.times = (answer.times ?? 1) - 1;
    if (answer.times <= 0) answers.splice(at, 1);
    if (answer.until !== undefined) await reached(answer.until);
    give(response, answer, request);
  });

  const control = serving(async (request, response) => {
    const body = JSON.parse((await bodyOf(request)).toString() || "null");
    if (request.url === "/answers") {
      answers = body;
      recorded = [];
      waiting = [];
      response.end();
    } else {
      await reached(body);
      response.end(JSON.stringify(recorded));
      recorded = [];
    }
  });

  return {
    endpoint: `http://127.0.0.1:${await listen(store)}`,
    control: `http://127.0.0.1:${await listen(control)}`,
    async stop() {
      for (const server of [store, control]) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };
}

function serving(handle: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>): Server {
  // A client that hangs up is part of what is tested.
  return createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function record(request: IncomingMessage, body: Buffer): Recorded {
  const headers: [string, string][] = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    headers.push([request.rawHeaders[at]!.toLowerCase(), request.rawHeaders[at + 1]!]);
  }
  const method = request.method!;
  const target = request.url!;
  const { signed, scope, valid } = checkHeaders({ method, target, headers: Object.fromEntries(headers) });
  const content =
    body.length > LONG
      ? { hash: createHash("sha256").update(body).digest("hex").slice(0, 16) }
      : { body: body.toString("base64") };
  return { method, target, headers, signed, scope, valid, length: body.length, ...content };
}

function give(response: ServerResponse, answer: Answer, request: IncomingMessage) {
  const { socket } = request;
  if (answer.drop === "before") return void socket.destroy();
  if (answer.raw !== undefined) return void socket.end(answer.raw, "latin1");
  const body = answer.bytes === undefined ? Buffer.from(answer.body ?? "") : Buffer.from(answer.bytes, "base64");
  response.writeHead(answer.status ?? 200, answer.headers);
  if (answer.drop === undefined) return void response.end(request.method === "HEAD" ? undefined : body);
  response.write(body, () => socket.end());
}

/** What a store that holds one object would answer. */
function standard(request: IncomingMessage, response: ServerResponse) {
  const [, query = ""] = request.url!.split("?");
  switch (request.method) {
    case "PUT": {
      const part = /partNumber=(\d+)/.exec(query)?.[1];
      return response.writeHead(200, { etag: part === undefined ? '"etag"' : `"etag-${part}"` }).end();
    }
    case "POST":
      return response.end(
        query.startsWith("uploads")
          ? "<InitiateMultipartUploadResult><UploadId>UPLOAD</UploadId></InitiateMultipartUploadResult>"
          : "<CompleteMultipartUploadResult><ETag>&quot;whole&quot;</ETag></CompleteMultipartUploadResult>",
      );
    case "DELETE":
      return response.writeHead(204).end();
    default:
      return query.includes("list-type")
        ? response.end("<ListBucketResult></ListBucketResult>")
        : object(request, response);
  }
}

function object(request: IncomingMessage, response: ServerResponse) {
  const headers = { etag: '"etag"', "content-type": "text/plain", "last-modified": "Fri, 24 May 2013 00:00:00 GMT" };
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (range === null)
    return response
      .writeHead(200, { ...headers, "content-length": OBJECT.length })
      .end(request.method === "HEAD" ? undefined : OBJECT);
  const [, first, last] = range as unknown as [string, string, string];
  const start = first === "" ? Math.max(0, OBJECT.length - Number(last)) : Number(first);
  if (start >= OBJECT.length) {
    return response
      .writeHead(416)
      .end("<Error><Code>InvalidRange</Code><Message>The range cannot be satisfied</Message></Error>");
  }
  const end = first === "" || last === "" ? OBJECT.length : Math.min(OBJECT.length, Number(last) + 1);
  response.writeHead(206, {
    ...headers,
    "content-range": `bytes ${start}-${end - 1}/${OBJECT.length}`,
    "content-length": end - start,
  });
  return response.end(OBJECT.slice(start, end));
}

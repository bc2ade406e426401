/** Copies that the store makes itself; those of one request are observed by the parity scripts. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { S3Client } from "../../index.js";
import { listen, shutDown } from "../support/listen.js";

const GIB = 1024 ** 3;

/** A store with one object of this length; `part` may answer the copy of a part, or of the `whole`, in its own way. */
async function storeOf(length: number, part?: (number: string, response: ServerResponse) => boolean) {
  const requests: { line: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    const number = /partNumber=(\d+)/.exec(request.url!)?.[1];
    const copies = request.headers["x-amz-copy-source"] !== undefined;
    if (copies && part?.(number ?? "whole", response)) return;
    if (request.method === "HEAD") response.setHeader("content-length", length).setHeader("etag", '"e"').end();
    else if (request.url!.endsWith("?uploads=")) {
      response.end("<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>");
    } else if (number !== undefined) response.end(`<CopyPartResult><ETag>"${number}"</ETag></CopyPartResult>`);
    else if (request.method === "DELETE") response.writeHead(204).end();
    else response.end("<CompleteMultipartUploadResult/>");
  });
  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  onTestFinished(() => shutDown(server));
  const credentials = { accessKeyId: "AKID", secretAccessKey: "SECRET", bucket: "bucket", retry: 0 };
  return { client: new S3Client({ endpoint, ...credentials }), requests };
}

it("copies a large object part by part", async () => {
  const length = 2.5 * GIB;
  const { client, requests } = await storeOf(length);
  expect(await client.write("copy", client.file("a b"), { acl: "private" })).toBe(length);
  expect(requests.map(({ line }) => line)).toEqual([
    "HEAD /bucket/a%20b",
    "POST /bucket/copy?uploads=",
    ...[1, 2, 3].map((number) => `PUT /bucket/copy?partNumber=${number}&uploadId=id&x-id=UploadPartCopy`),
    "POST /bucket/copy?uploadId=id",
  ]);
  expect(requests[1]!.headers["x-amz-acl"]).toBe("private");
  expect(requests.slice(2, 5).map(({ headers }) => headers["x-amz-copy-source-range"])).toEqual([
    `bytes=0-${GIB - 1}`,
    `bytes=${GIB}-${2 * GIB - 1}`,
    `bytes=${2 * GIB}-${length - 1}`,
  ]);
  for (const { headers } of requests.slice(2, 5)) {
    expect(headers).toMatchObject({ "x-amz-copy-source": "/bucket/a%20b", "x-amz-copy-source-if-match": '"e"' });
  }
  expect(requests[5]!.body.match(/<PartNumber>\d<\/PartNumber>/g)).toHaveLength(3);
});

it("takes an error behind 200 for what it is", async () => {
  const { client } = await storeOf(5, (_, response) => {
    response.end("<Error><Code>InternalError</Code><Message>late</Message></Error>");
    return true;
  });
  await expect(client.write("copy", client.file("key"))).rejects.toMatchObject({ code: "InternalError", statusCode: 503 });
});

it("leaves nothing behind when a part cannot be copied", async () => {
  const { client, requests } = await storeOf(2 * GIB, (number, response) => {
    if (number !== "2") return false;
    response.writeHead(412).end("<Error><Code>PreconditionFailed</Code><Message>changed</Message></Error>");
    return true;
  });
  await expect(client.write("copy", client.file("key"))).rejects.toMatchObject({ code: "PreconditionFailed" });
  expect(requests.at(-1)!.line).toBe("DELETE /bucket/copy?uploadId=id");
});

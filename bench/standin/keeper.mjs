// Keeps the uploads that are to be read back: single PUTs and multipart uploads, in memory. Never part of a measurement.

import { createServer } from "node:http";

export async function startKeeper() {
  const objects = new Map();
  const uploads = new Map();

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://keeper");
    const chunks = await request.toArray();
    const body = Buffer.concat(chunks);
    const uploadId = searchParams.get("uploadId");
    const answer = (status, content = "", headers = {}) => {
      const length = { "Content-Length": Buffer.byteLength(content) };
      response.writeHead(status, { ETag: '"0123456789abcdef0123456789abcdef"', ...length, ...headers }).end(content);
    };
    switch (request.method) {
      case "PUT":
        if (uploadId === null) objects.set(pathname, body);
        else uploads.get(uploadId).set(Number(searchParams.get("partNumber")), body);
        return answer(200);
      case "POST": {
        if (searchParams.has("uploads")) {
          const id = `upload-${uploads.size + 1}`;
          uploads.set(id, new Map());
          return answer(200, initiated(id), XML);
        }
        const parts = [...uploads.get(uploadId)].sort(([a], [b]) => a - b).map(([, part]) => part);
        uploads.get(uploadId).clear();
        objects.set(pathname, Buffer.concat(parts));
        return answer(200, COMPLETED, XML);
      }
      case "GET":
        if (searchParams.has("uploads")) return answer(200, NO_UPLOADS, XML);
        return objects.has(pathname) ? answer(200, objects.get(pathname)) : answer(404);
      default:
        return answer(405);
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: server.address().port,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const XML = { "Content-Type": "application/xml" };
const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

export function initiated(uploadId) {
  return `<InitiateMultipartUploadResult ${NAMESPACE}><Bucket>bench</Bucket><Key>key</Key><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`;
}

/** minio looks for an upload to resume before each multipart upload. */
export const NO_UPLOADS = `<ListMultipartUploadsResult ${NAMESPACE}><Bucket>bench</Bucket><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`;

export const COMPLETED = `<CompleteMultipartUploadResult ${NAMESPACE}><Location>http://127.0.0.1/bench/key</Location><Bucket>bench</Bucket><Key>key</Key><ETag>"0123456789abcdef0123456789abcdef-8"</ETag></CompleteMultipartUploadResult>`;

export function listing(bucket, prefix, keys) {
  const entries = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>` +
      "<ETag>&quot;0123456789abcdef0123456789abcdef&quot;</ETag><Size>1024</Size><StorageClass>STANDARD</StorageClass></Contents>",
  );
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult ${NAMESPACE}><Name>${bucket}</Name><Prefix>${prefix}</Prefix>` +
    `<KeyCount>${keys.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${entries.join("")}</ListBucketResult>`
  );
}

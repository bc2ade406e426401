/** Refusals, redirects, broken connections, and what is tried again. */
import { client, endpoint, observe, options, outcome, S3Client, wire } from "../harness.mjs";

const CALLS = {
  text: (made) => made.file("key").text(),
  stream: (made) => new Response(made.file("key").stream()).text(),
  stat: (made) => made.stat("key"),
  exists: (made) => made.exists("key"),
  delete: (made) => made.delete("key"),
  list: (made) => made.list(),
  write: (made) => made.write("key", "x"),
  "write-stream": (made) => made.write("key", new Blob(["x"]).stream()),
  writer: (made) => made.file("key").writer({ retry: 0 }).end(),
};
/** Redirects: none may carry the request elsewhere. */
for (const status of [301, 302, 303, 307, 308]) {
  for (const name of ["text", "stat", "write", "delete", "list", "write-stream"]) {
    const answers = [{ status, headers: { location: `${endpoint}/elsewhere/key` } }];
    await wire(`transport.redirect.${status}.${name}`, () => outcome(CALLS[name](client)), { answers });
  }
}
await wire("transport.redirect.no-location", () => client.file("key").text(), {
  answers: [{ status: 301, body: "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>" }],
});
/** Broken connections. */
const closed = new S3Client({ ...options, endpoint: "http://127.0.0.1:1" });
const nowhere = new S3Client({ ...options, endpoint: "http://nosuch.invalid" });
for (const [name, call] of Object.entries(CALLS)) {
  await observe(`transport.refused.${name}`, () => outcome(call(closed)));
  await wire(`transport.dropped.${name}`, () => outcome(call(client)), {
    answers: [{ drop: "before", times: 9 }],
    stored: true,
  });
}
await observe("transport.unresolved.text", () => outcome(CALLS.text(nowhere)));
await observe("transport.unresolved.write", () => outcome(CALLS.write(nowhere)));
for (const [name, raw] of Object.entries({
  words: "hello\r\n\r\n",
  "bad-status": "HTTP/1.1 abc OK\r\n\r\n",
  "bad-header": "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
  nothing: "",
})) {
  await wire(`transport.malformed.${name}`, () => outcome(client.file("key").text()), {
    answers: [{ raw, times: 9 }],
    stored: true,
  });
}
await observe("transport.wrong-protocol", () =>
  outcome(new S3Client({ ...options, endpoint: endpoint.replace("http:", "https:") }).file("key").text()),
);
/** Errors of the store. */
const xml = (code, message) =>
  `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${message}</Message><Resource>/b/k</Resource><RequestId>R</RequestId><HostId>H</HostId></Error>`;
const BODIES = {
  plain: xml("AccessDenied", "Access Denied"),
  entities: xml("A&amp;B", "a &lt; b &#65; &quot;c&quot;"),
  cdata: xml("Code", "<![CDATA[<raw>]]>"),
  unicode: xml("Code", "ü😀"),
  empty: xml("", ""),
  "no-message": "<Error><Code>Code</Code></Error>",
  "no-code": "<Error><Message>m</Message></Error>",
  blanks: "<Error>\n  <Code>Code</Code>\n  <Message>m</Message>\n</Error>",
  json: '{"code":"x"}',
  html: "<html><body>Bad</body></html>",
  truncated: "<Error><Code>Cod",
  namespace: '<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Code>Code</Code><Message>m</Message></Error>',
  order: "<Error><Message>m</Message><Code>Code</Code></Error>",
  nested: "<ErrorResponse><Error><Code>Code</Code><Message>m</Message></Error></ErrorResponse>",
  nothing: "",
};
for (const [name, body] of Object.entries(BODIES)) {
  for (const call of ["text", "stream", "write", "delete", "list"]) {
    await wire(`transport.error.${name}.${call}`, () => CALLS[call](client), {
      answers: [{ status: 400, body }],
      stored: true,
    });
  }
}
/** What is tried again by default, and what is not. */
const patient = new S3Client({ ...options, retry: 3 });
for (const status of [400, 403, 404, 409, 412]) {
  for (const name of ["text", "stat", "delete", "list", "write"]) {
    await wire(`transport.once.${status}.${name}`, () => CALLS[name](patient), {
      answers: [{ status, body: xml("Code", "m"), times: 9 }],
    });
  }
}
for (const status of [500, 503]) {
  for (const name of ["text", "stat", "delete", "list", "write"]) {
    await wire(`transport.again.${status}.${name}`, () => CALLS[name](patient), {
      answers: [{ status, body: xml("Code", "m"), times: 1 }],
    });
    await wire(`transport.no-retry.${status}.${name}`, () => CALLS[name](client), {
      answers: [{ status, body: xml("Code", "m"), times: 9 }],
    });
  }
}
/** What an error tells. */
const caught = async (run) =>
  run().then(
    () => "no error",
    (error) => error,
  );
const XML = { answers: [{ status: 403, body: xml("AccessDenied", "Access Denied") }] };
for (const name of ["text", "stat", "delete", "list", "write", "write-stream"]) {
  await wire(
    `transport.shape.${name}`,
    async () => {
      const error = await caught(() => CALLS[name](client));
      const code = Object.getOwnPropertyDescriptor(error, "code");
      return [
        error.constructor.name,
        error instanceof Error,
        error.name,
        String(error),
        Object.keys(error),
        code?.enumerable,
        Object.prototype.toString.call(error),
      ];
    },
    XML,
  );
  await wire(`transport.path.${name}`, async () => (await caught(() => CALLS[name](client))).path, XML);
}
await wire("transport.path.slash", async () => (await caught(() => client.file("/folder/key").text())).path, XML);
await wire(
  "transport.path.scheme",
  async () => (await caught(() => new S3Client({ ...options, bucket: undefined }).file("s3://bucket/key").text())).path,
  XML,
);
await wire("transport.path.client-stat", async () => (await caught(() => client.stat("/folder/key"))).path, XML);
/** Answers that end the connection, and further requests after them. */
await wire(
  "transport.connection-close",
  async () => [await client.file("key").text(), await client.file("key").text()],
  { answers: [{ headers: { connection: "close" }, body: "abc" }] },
);
await wire(
  "transport.many",
  () =>
    Promise.all(Array.from({ length: 50 }, (_, at) => client.file(`key-${at}`).text())).then(
      (texts) => new Set(texts).size,
    ),
  { stored: true },
);

/** Certificates: who is trusted, and what an untrusted one is called. */
import { join } from "node:path";
import { observe, outcome, S3Client, secretOf } from "../harness.mjs";
import { inPairs, inProcess } from "../process.mjs";

const { trusted, alone, folder } = JSON.parse(process.env.PARITY_TLS);
const options = (endpoint) => ({ accessKeyId: "AKID", secretAccessKey: secretOf("AKID"), bucket: "bucket", endpoint, retry: 0 });
const CALLS = {
  text: (client) => client.file("key").text(),
  stream: (client) => new Response(client.file("key").stream()).text(),
  write: (client) => client.write("key", "x"),
  exists: (client) => client.exists("key"),
};
for (const [server, endpoint] of Object.entries({ trusted, alone })) {
  for (const [name, call] of Object.entries(CALLS)) {
    await observe(`tls.unknown.${server}.${name}`, () => outcome(call(new S3Client(options(endpoint)))));
  }
}
/** Whom the process trusts. */
const TRUST = {
  nobody: {},
  authority: { NODE_EXTRA_CA_CERTS: join(folder, "ca.crt") },
  everybody: { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
  "not-everybody": { NODE_TLS_REJECT_UNAUTHORIZED: "1" },
};
const processes = Object.entries(TRUST).flatMap(([trust, variables]) =>
  Object.entries({ trusted, alone }).map(([server, endpoint]) => [`tls.${trust}.${server}`, variables, endpoint]),
);
const seen = await inPairs(processes, ([, variables, endpoint]) => {
  const read = `new S3Client(${JSON.stringify(options(endpoint))}).file("key").text()`;
  return inProcess(`console.log(await ${read}.catch(({ name, code }) => name + " " + code));`, variables);
});
for (const [at, [key]] of processes.entries()) await observe(key, () => seen[at]);

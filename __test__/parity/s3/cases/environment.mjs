/** What the environment says about clients: each set of variables in a process of its own. */
import { credentials, observe } from "../harness.mjs";
import { inPairs, inProcess } from "../process.mjs";

const TELL = `const tell = (run) => {
  let text;
  try {
    text = String(run()).replace(/X-Amz-(Date|Signature)=[^&]*/g, "").replace(/%2F20[0-9]{6}%2F/, "%2FDAY%2F");
  } catch (error) {
    text = error.code;
  }
  console.log(text);
};`;

const S3 = {
  S3_ACCESS_KEY_ID: "s3-id",
  S3_SECRET_ACCESS_KEY: "s3-secret",
  S3_BUCKET: "s3-bucket",
  S3_ENDPOINT: "http://s3-host",
  S3_REGION: "s3-region",
  S3_SESSION_TOKEN: "s3-token",
};
const AWS = Object.fromEntries(
  Object.entries(S3).map(([name, value]) => [name.replace("S3_", "AWS_"), value.replaceAll("s3-", "aws-")]),
);
const SETTINGS = {
  nothing: {},
  s3: S3,
  aws: AWS,
  both: { ...S3, ...AWS },
  ...Object.fromEntries(Object.keys(S3).map((name) => [`s3-without-${name}`, { ...S3, [name]: undefined }])),
  ...Object.fromEntries(Object.keys(S3).map((name) => [`aws-and-${name}`, { ...AWS, [name]: S3[name] }])),
  ...Object.fromEntries(Object.keys(S3).map((name) => [`empty-${name}`, { ...AWS, [name]: "" }])),
  "other-variables": { ...AWS, AWS_REGION: undefined, AWS_DEFAULT_REGION: "default-region", AWS_PROFILE: "p" },
  "endpoint-url": {
    ...AWS,
    AWS_ENDPOINT: undefined,
    AWS_ENDPOINT_URL: "http://url-host",
    AWS_ENDPOINT_URL_S3: "http://url-s3-host",
  },
  "region-by-endpoint": { ...S3, S3_REGION: undefined, S3_ENDPOINT: "https://s3.eu-west-2.amazonaws.com" },
  "no-endpoint": { ...S3, S3_ENDPOINT: undefined },
  "bare-endpoint": { ...S3, S3_ENDPOINT: "bare-host" },
  lower: { s3_access_key_id: "x", s3_secret_access_key: "y", s3_bucket: "z" },
};
const given = JSON.stringify({ ...credentials, bucket: "given", endpoint: "http://given" });
const EXPRESSIONS = {
  "s3.presign": 's3.presign("key")',
  "client.presign": `new S3Client(${given}).presign("key")`,
};
const MORE = {
  "static.presign": 'S3Client.presign("key")',
  "static.presign.options": `S3Client.presign("key", ${given})`,
  "file.url": 'file("s3://b/key").presign()',
  "file.url.bucket": 'file("s3://b/key").bucket',
  "file.url.options": `file("s3://b/key", ${given}).presign()`,
  "s3.file": 's3.file("key").presign()',
  "s3.override": `s3.presign("key", ${given})`,
  "s3.override.bucket": 's3.presign("key", { bucket: "mine" })',
  "s3.override.empty": 's3.presign("key", { bucket: "", region: null, endpoint: undefined })',
  "client.empty": 'new S3Client({}).presign("key")',
  "client.none": 'new S3Client().presign("key")',
  "client.null": 'new S3Client(null).presign("key")',
  "client.partly": 'new S3Client({ accessKeyId: "mine" }).presign("key")',
  "client.bucket": 'new S3Client({}).file("key").bucket',
};
const LATE = {
  before: 's3.file("k").bucket',
  set: '(process.env.S3_BUCKET = "late")',
  shared: 's3.file("k").bucket',
  client: 'new S3Client({}).file("k").bucket',
};
/** What each process is asked: name, variables, expressions by their keys. */
const processes = [
  ...Object.entries(SETTINGS).map(([setting, variables]) => [setting, variables, EXPRESSIONS]),
  ["more", S3, MORE],
  ["late", S3, LATE],
];
const answers = await inPairs(processes, async ([, variables, expressions]) => {
  const lines = Object.values(expressions).map((expression) => `tell(() => ${expression});`);
  const [text] = await inProcess([TELL, ...lines].join("\n"), variables);
  return text.split("\n");
});
for (const [at, [name, , expressions]] of processes.entries()) {
  for (const [line, expression] of Object.keys(expressions).entries()) {
    await observe(`environment.${name}.${expression}`, () => answers[at][line]);
  }
}

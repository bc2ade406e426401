/** Lists: what is asked for, and what is made of the answer. */
import { client, options, S3Client, wire } from "../harness.mjs";

const INPUTS = {
  none: undefined,
  null: null,
  empty: {},
  array: [],
  prefix: { prefix: "folder/" },
  delimiter: { delimiter: "/" },
  "max-keys": { maxKeys: 5 },
  "start-after": { startAfter: "a/b" },
  token: { continuationToken: "t+/=" },
  encoding: { encodingType: "url" },
  owner: { fetchOwner: true },
  "owner-false": { fetchOwner: false },
  "owner-zero": { fetchOwner: 0 },
  "owner-text": { fetchOwner: "no" },
  "owner-null": { fetchOwner: null },
  "owner-empty": { fetchOwner: "" },
  "owner-object": { fetchOwner: {} },
  "owner-undefined": { fetchOwner: undefined },
  all: {
    prefix: "p",
    delimiter: "/",
    maxKeys: 2,
    startAfter: "s",
    continuationToken: "c",
    encodingType: "url",
    fetchOwner: true,
  },
  "max-zero": { maxKeys: 0 },
  "max-minus": { maxKeys: -1 },
  "max-big": { maxKeys: 5000 },
  "max-float": { maxKeys: 1.9 },
  "max-text": { maxKeys: "5" },
  "max-NaN": { maxKeys: NaN },
  "max-infinity": { maxKeys: Infinity },
  "max-null": { maxKeys: null },
  "max-true": { maxKeys: true },
  "max-huge": { maxKeys: 2 ** 40 },
  "prefix-empty": { prefix: "" },
  "prefix-number": { prefix: 1 },
  "prefix-null": { prefix: null },
  "prefix-unicode": { prefix: "ü😀/" },
  "prefix-reserved": { prefix: "a b+c&d=e%f?g#h" },
  "prefix-slashes": { prefix: "//a//" },
  "prefix-dots": { prefix: "../a" },
  "prefix-surrogate": { prefix: "a\ud800" },
  "prefix-long": { prefix: "ü".repeat(500) },
  "prefix-boxed": { prefix: new String("p") },
  "delimiter-empty": { delimiter: "" },
  "delimiter-long": { delimiter: "--" },
  "delimiter-number": { delimiter: 1 },
  "delimiter-blank": { delimiter: " " },
  "encoding-other": { encodingType: "xml" },
  "encoding-empty": { encodingType: "" },
  "encoding-number": { encodingType: 1 },
  "token-empty": { continuationToken: "" },
  "token-number": { continuationToken: 1 },
  "start-after-empty": { startAfter: "" },
  unknown: { nosuch: 1 },
};
for (const [name, input] of Object.entries(INPUTS)) await wire(`list.input.${name}`, () => client.list(input));
await wire("list.static", () => S3Client.list({ prefix: "p" }, options));
await wire("list.options.bucket", () => client.list({}, { bucket: "other" }));
await wire("list.options.in-input", () => client.list({ bucket: "other" }));
await wire("list.no-bucket", () => new S3Client({ ...options, bucket: undefined }).list());
await wire("list.no-credentials", () => new S3Client({ bucket: "b", endpoint: options.endpoint }).list());

const page = (inner, attributes = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult${attributes}>${inner}</ListBucketResult>`;
const object = (inner) => page(`<Contents><Key>k</Key>${inner}</Contents>`);
const ANSWERS = {
  full: page(
    "<Name>b</Name><Prefix>p/</Prefix><Delimiter>/</Delimiter><StartAfter>s</StartAfter><EncodingType>url</EncodingType><ContinuationToken>c</ContinuationToken><NextContinuationToken>n</NextContinuationToken><IsTruncated>true</IsTruncated><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>" +
      "<Contents><Key>p/a</Key><LastModified>2013-05-24T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>5</Size><StorageClass>STANDARD</StorageClass><Owner><ID>id</ID><DisplayName>name</DisplayName></Owner></Contents>" +
      "<Contents><Key>p/b</Key></Contents><CommonPrefixes><Prefix>p/x/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>p/y/</Prefix></CommonPrefixes>",
  ),
  empty: page(""),
  "self-closed": "<ListBucketResult/>",
  "no-declaration": "<ListBucketResult><Name>b</Name></ListBucketResult>",
  "no-namespace": page("<Name>b</Name>", ""),
  blanks: page("\n  <Name>b</Name>\n  <KeyCount>0</KeyCount>\n"),
  "truncated-false": page("<IsTruncated>false</IsTruncated>"),
  "truncated-upper": page("<IsTruncated>TRUE</IsTruncated>"),
  "truncated-junk": page("<IsTruncated>x</IsTruncated>"),
  "truncated-empty": page("<IsTruncated></IsTruncated>"),
  "count-junk": page("<KeyCount>x</KeyCount><MaxKeys></MaxKeys>"),
  "count-minus": page("<KeyCount>-1</KeyCount>"),
  "count-blank": page("<KeyCount> 5 </KeyCount>"),
  "count-float": page("<KeyCount>1.5</KeyCount>"),
  "count-big": page("<KeyCount>99999999999999999999</KeyCount>"),
  "name-empty": page("<Name></Name><Delimiter/><Prefix/><StartAfter/>"),
  "prefix-only": page("<Prefix>p</Prefix>"),
  "repeated-name": page("<Name>a</Name><Name>b</Name>"),
  unknown: page("<Nosuch>1</Nosuch><Name>b</Name>"),
  "key-entities": page("<Contents><Key>a&amp;b&lt;c&gt;d&quot;e&apos;f</Key></Contents>"),
  "key-numeric": page("<Contents><Key>&#65;&#x42;&#x1F600;</Key></Contents>"),
  "key-cdata": page("<Contents><Key><![CDATA[a<b&c]]></Key></Contents>"),
  "key-blanks": page("<Contents><Key> a  b </Key></Contents>"),
  "key-unicode": page("<Contents><Key>ü😀</Key></Contents>"),
  "key-encoded": page("<EncodingType>url</EncodingType><Contents><Key>a%2Fb+c</Key></Contents>"),
  "key-newline": page("<Contents><Key>a\nb&#10;c&#13;</Key></Contents>"),
  "key-missing": page("<Contents><Size>1</Size></Contents>"),
  "key-empty": page("<Contents><Key></Key></Contents>"),
  "contents-empty": page("<Contents></Contents>"),
  "contents-self-closed": page("<Contents/>"),
  size: object("<Size>5</Size>"),
  "size-empty": object("<Size></Size>"),
  "size-junk": object("<Size>x</Size>"),
  "size-minus": object("<Size>-5</Size>"),
  "size-big": object("<Size>5497558138880</Size>"),
  "size-zero": object("<Size>0</Size>"),
  "etag-empty": object("<ETag></ETag>"),
  "etag-bare": object("<ETag>e</ETag>"),
  "date-empty": object("<LastModified></LastModified>"),
  "date-other": object("<LastModified>yesterday</LastModified>"),
  "class-other": object("<StorageClass>NEW_CLASS</StorageClass>"),
  "class-empty": object("<StorageClass/>"),
  checksums: object("<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumAlgorithm>SHA256</ChecksumAlgorithm>"),
  "checksum-type": object("<ChecksumType>COMPOSITE</ChecksumType>"),
  "checksum-empty": object("<ChecksumAlgorithm/>"),
  owner: object("<Owner><ID>i</ID></Owner>"),
  "owner-name": object("<Owner><DisplayName>d</DisplayName></Owner>"),
  "owner-empty": object("<Owner></Owner>"),
  "owner-entities": object("<Owner><ID>a&amp;b</ID></Owner>"),
  restore: object(
    "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2013-05-24T00:00:00Z</RestoreExpiryDate></RestoreStatus>",
  ),
  "order-changed": page("<Contents><Size>1</Size><Key>k</Key></Contents><Name>b</Name>"),
  "prefixes-in-one": page("<CommonPrefixes><Prefix>a</Prefix><Prefix>b</Prefix></CommonPrefixes>"),
  "prefixes-empty": page("<CommonPrefixes></CommonPrefixes>"),
  "prefixes-empty-prefix": page("<CommonPrefixes><Prefix></Prefix></CommonPrefixes>"),
  "prefixes-entities": page("<CommonPrefixes><Prefix>a&amp;b/</Prefix></CommonPrefixes>"),
  "wrong-root": "<Other></Other>",
  "error-root": "<Error><Code>TheCode</Code><Message>m</Message></Error>",
  "namespace-prefix": '<s3:ListBucketResult xmlns:s3="x"><s3:Name>b</s3:Name></s3:ListBucketResult>',
  comment: page("<!-- c --><Name>b</Name>"),
  truncated: "<ListBucketResult><Name>b</Name>",
  "cut-tag": "<ListBucketResult><Name>b</Na",
  html: "<!DOCTYPE html><html><body>hi</body></html>",
  nothing: "",
  text: "hello",
  "blank-only": "  \n",
  "second-root": `${page("")}<x/>`,
  "trailing-text": `${page("")}x`,
  "leading-blank": `\n${page("<Name>b</Name>")}`,
  bom: `\ufeff${page("<Name>b</Name>")}`,
  doctype: `<!DOCTYPE x [<!ENTITY e "v">]>${page("<Name>&e;</Name>", "").replace(/^.*\n/, "")}`,
  "unknown-entity": page("<Name>&nosuch;</Name>"),
  "bare-ampersand": page("<Name>a & b</Name>"),
  attributes: page('<Name a="1">b</Name>'),
  "processing-instruction": page("<?pi x?><Name>b</Name>"),
  mismatched: page("<Name>b</Size>"),
  v1: page("<Marker>m</Marker><NextMarker>n</NextMarker><Name>b</Name>"),
};
for (const [name, body] of Object.entries(ANSWERS)) {
  await wire(`list.answer.${name}`, () => client.list(), {
    answers: [{ body, headers: { "content-type": "application/xml" } }],
  });
}
const XML = "<Error><Code>TheCode</Code><Message>The message</Message></Error>";
for (const status of [200, 201, 204, 206, 304, 400, 403, 404, 409]) {
  for (const [kind, body] of Object.entries({ empty: "", xml: XML, text: "sorry", page: ANSWERS.full })) {
    if ((status === 204 || status === 304) && body !== "") continue;
    await wire(`list.status.${status}.${kind}`, () => client.list(), { answers: [{ status, body }] });
  }
}

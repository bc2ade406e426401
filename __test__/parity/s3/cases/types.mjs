/** The content type of an object: by its key, by the options, as it is written. */
import { client, S3Client, options, wire } from "../harness.mjs";

const EXTENSIONS = [
  "txt", "text", "log", "html", "htm", "css", "js", "mjs", "cjs", "jsx", "ts", "tsx", "mts", "cts", "json", "map", "jsonl", "json5", "jsonc", "xml", "csv", "tsv", "md", "markdown", "mdx", "yaml", "yml", "toml", "ini", "rtf", "ics", "vcf",
  "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "svgz", "ico", "bmp", "tif", "tiff", "heic", "heif", "jxl", "psd", "apng",
  "pdf", "zip", "wasm", "gz", "tar", "tgz", "bz2", "7z", "rar", "xz", "zst", "br", "epub", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "exe", "dll", "so", "dmg", "deb", "rpm", "apk", "jar", "class", "sql", "sh", "bat", "py", "rb", "go", "rs", "c", "h", "cpp", "java", "php", "pl", "lua", "swift", "kt",
  "mp3", "wav", "oga", "ogg", "opus", "flac", "aac", "m4a", "mid", "midi", "weba", "mp4", "m4v", "webm", "mov", "avi", "mkv", "mpeg", "mpg", "ogv", "3gp", "flv", "wmv", "m3u8", "mpd", "vtt", "srt",
  "woff", "woff2", "ttf", "otf", "eot", "parquet", "bin", "dat", "db", "sqlite", "iso", "img", "swf", "ps", "eps", "ai", "tex", "bib", "atom", "rss", "xhtml", "wsdl", "xsl", "xslt", "dtd", "webmanifest", "manifest", "appcache", "geojson", "jsonld", "har", "crx", "xpi", "torrent", "pem", "crt", "der", "p12", "asc", "sig", "vue", "scss", "sass", "less", "styl", "coffee", "graphql", "proto", "nosuch",
];
for (const extension of EXTENSIONS) await wire(`types.extension.${extension}`, () => client.write(`key.${extension}`, "x"));
const KEYS = {
  none: "key", upper: "key.HTML", mixed: "key.Json", dotfile: ".html", "dotfile-folder": "a/.html", "dot-at-end": "key.", two: "key.tar.gz", folder: "a.html/key", "folder-dot": "a.html/key.css", query: "key.html?x", blank: "key.html ", backslash: "a.html\\key", unicode: "ü.html",
};
for (const [name, key] of Object.entries(KEYS)) await wire(`types.key.${name}`, () => client.write(key, "x"));
const TYPES = {
  "text/plain": "text/plain", "text/html": "text/html", "text/css": "text/css", "text/javascript": "text/javascript", "application/javascript": "application/javascript", "application/json": "application/json", "text/csv": "text/csv", "text/xml": "text/xml", "application/xml": "application/xml", "text/markdown": "text/markdown", "text/yaml": "text/yaml",
  "image/png": "image/png", upper: "TEXT/PLAIN", mixed: "Image/PNG", charset: "text/plain;charset=latin1", "charset-blank": "text/plain; charset=utf-8", "upper-parameter": "text/plain; Charset=UTF-8", quoted: 'multipart/form-data; boundary="AbC"',
  junk: "junk", blank: " ", "blank-ends": " text/plain ", unicode: "text/ü", tab: "a\tb", del: "a\x7fb", control: "a\x01b", empty: "", long: `a/${"b".repeat(1000)}`, "octet-stream": "application/octet-stream",
};
for (const [name, type] of Object.entries(TYPES)) {
  await wire(`types.option.${name}`, () => client.write("key.html", "x", { type }));
  await wire(`types.file.${name}`, () => client.file("key.html", { type }).write("x"));
  await wire(`types.writer.${name}`, () => client.file("key.html").writer({ type }).end());
  await wire(`types.getter.${name}`, () => client.file("key.html", { type }).type);
}
const BODIES = {
  Blob: () => new Blob(["x"], { type: "image/png" }), File: () => new File(["x"], "name.css", { type: "text/css" }), Response: () => new Response("x", { headers: { "content-type": "image/png" } }), json: () => Response.json({}), URLSearchParams: () => new URLSearchParams("a=1"),
};
for (const [name, make] of Object.entries(BODIES)) {
  await wire(`types.body.${name}`, () => client.write("key", make()));
  await wire(`types.body.${name}.option`, () => client.write("key", make(), { type: "text/x" }));
  await wire(`types.body.${name}.extension`, () => client.write("key.html", make()));
}
await wire("types.client", () => new S3Client({ ...options, type: "text/x" }).write("key", "x"));
await wire("types.client.file", () => new S3Client({ ...options, type: "text/x" }).file("key").write("x"));
for (const [name, value] of Object.entries({
  plain: "attachment", quoted: 'attachment; filename="a b.txt"', unicode: 'attachment; filename="ü.txt"', encoded: "attachment; filename*=UTF-8''%c3%bc", latin: "é", semicolon: "a;b", comma: "a,b", long: "x".repeat(2000), tab: "a\tb",
})) {
  await wire(`types.contentDisposition.${name}`, () => client.write("key", "x", { contentDisposition: value }));
}
for (const [name, value] of Object.entries({ gzip: "gzip", list: "gzip, br", "aws-chunked": "aws-chunked", identity: "identity", upper: "GZIP" })) {
  await wire(`types.contentEncoding.${name}`, () => client.write("key", "x", { contentEncoding: value }));
}

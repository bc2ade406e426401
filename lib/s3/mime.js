"use strict";
/** Content types: by the extension of a key, and as a user wrote them. */

const UTF8 = ";charset=utf-8";
const FALLBACK = "application/octet-stream";

/** Extensions of each type; types in `TEXT` get a charset. @type {Record<string, string>} */
const EXTENSIONS = {
  "text/plain": "txt text log",
  "text/html": "html htm",
  "text/css": "css",
  "text/javascript": "js mjs cjs jsx ts tsx mts cts",
  "application/json": "json map",
  "application/xml": "xml",
  "text/csv": "csv",
  "text/markdown": "md markdown",
  "text/yaml": "yaml yml",
  "application/toml": "toml",
  "text/rtf": "rtf",
  "text/calendar": "ics",
  "text/vcard": "vcf",
  "image/png": "png",
  "image/jpeg": "jpg jpeg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/avif": "avif",
  "image/svg+xml": "svg",
  "image/x-icon": "ico",
  "image/bmp": "bmp",
  "image/tiff": "tif tiff",
  "image/heic": "heic",
  "application/pdf": "pdf",
  "application/zip": "zip",
  "application/wasm": "wasm",
  "application/gzip": "gz",
  "application/x-tar": "tar",
  "application/x-bzip2": "bz2",
  "application/x-7z-compressed": "7z",
  "application/vnd.rar": "rar",
  "application/epub+zip": "epub",
  "application/msword": "doc",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.ms-excel": "xls",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.ms-powerpoint": "ppt",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/x-msdownload": "exe dll",
  "application/x-sql": "sql",
  "application/x-sh": "sh",
  "audio/mpeg": "mp3",
  "audio/wav": "wav",
  "audio/ogg": "oga ogg",
  "audio/flac": "flac",
  "audio/aac": "aac",
  "audio/mp4": "m4a",
  "video/mp4": "mp4",
  "video/webm": "webm",
  "video/quicktime": "mov",
  "video/mpeg": "mpeg mpg",
  "font/woff": "woff",
  "font/woff2": "woff2",
  "font/ttf": "ttf",
  "font/otf": "otf",
};

/** Types that are sent with a charset. */
const TEXT = new Set(["text/plain", "text/html", "text/css", "text/javascript", "application/json"]);

/** @type {Map<string, string>} */
const byExtension = new Map();
for (const [type, extensions] of Object.entries(EXTENSIONS)) {
  for (const extension of extensions.split(" ")) byExtension.set(extension, TEXT.has(type) ? type + UTF8 : type);
}

/**
 * The content type for a key, by its extension in any letter case.
 * @param {string} key
 * @returns {string}
 */
function typeOfKey(key) {
  const dot = key.lastIndexOf(".");
  if (dot <= key.lastIndexOf("/")) return FALLBACK;
  return byExtension.get(key.slice(dot + 1).toLowerCase()) ?? FALLBACK;
}

/**
 * A content type as it is sent: known ones gain a charset if they were written in lower case,
 * others are lower-cased, and one that cannot be a header value is dropped.
 * @param {string} type
 * @returns {string}
 */
function normalizeType(type) {
  if (TEXT.has(type)) return type + UTF8;
  return /^[\x20-\x7e]*$/.test(type) ? type.toLowerCase() : "";
}

module.exports = { typeOfKey, normalizeType };

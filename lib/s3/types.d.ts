/** Declarations of the S3 client. */

/** Who may do what with an object. */
export type S3Acl =
  | "private"
  | "public-read"
  | "public-read-write"
  | "aws-exec-read"
  | "authenticated-read"
  | "bucket-owner-read"
  | "bucket-owner-full-control"
  | "log-delivery-write";

/** How an object is kept. */
export type S3StorageClass =
  | "STANDARD"
  | "STANDARD_IA"
  | "INTELLIGENT_TIERING"
  | "EXPRESS_ONEZONE"
  | "ONEZONE_IA"
  | "GLACIER"
  | "GLACIER_IR"
  | "REDUCED_REDUNDANCY"
  | "OUTPOSTS"
  | "DEEP_ARCHIVE"
  | "SNOW";

/** How bytes are summed up. `MD5` is the header `Content-MD5`, which even the oldest stores compare, but do not keep. */
export type S3ChecksumAlgorithm = "CRC32" | "CRC32C" | "CRC64NVME" | "SHA1" | "SHA256" | "MD5";

/** TLS settings of a client. */
export interface S3TlsOptions {
  /** PEM certificates that replace the platform's roots. */
  ca?: string | Uint8Array | (string | Uint8Array)[];
  /** PEM certificate chain shown to the server. */
  cert?: string | Uint8Array;
  /** PEM private key that belongs to `cert`. */
  key?: string | Uint8Array;
  /** `false` accepts any certificate. */
  rejectUnauthorized?: boolean;
  /** The name in the certificate, if it is not the endpoint's host. */
  serverName?: string;
}

/**
 * Options of clients, files and single operations; the more special one wins, and the environment
 * (`S3_*`, then `AWS_*`) fills what is left.
 *
 * @example
 * const options: S3Options = { bucket: "photos", region: "eu-central-1", retry: 5 };
 */
export interface S3Options extends BlobPropertyBag {
  /** `S3_ACCESS_KEY_ID` by default. */
  accessKeyId?: string;
  /** `S3_SECRET_ACCESS_KEY` by default. */
  secretAccessKey?: string;
  /** `S3_SESSION_TOKEN` by default. */
  sessionToken?: string;
  /** `S3_REGION` by default, else guessed from the endpoint. */
  region?: string;
  /** URL of the service; `S3_ENDPOINT` by default, else AWS. */
  endpoint?: string;
  /** `S3_BUCKET` by default, else the first segment of the path. */
  bucket?: string;
  /** The host names the bucket instead of the path. */
  virtualHostedStyle?: boolean;
  /** Who may do what with the object. */
  acl?: S3Acl;
  /** How the object is kept. */
  storageClass?: S3StorageClass;
  /** The requester pays for request and transfer. */
  requestPayer?: boolean;
  /** Content type; by the key's extension when absent. */
  type?: string;
  /** `Content-Disposition` of the object. */
  contentDisposition?: string | undefined;
  /** `Content-Encoding` of the object; nothing is compressed. */
  contentEncoding?: string | undefined;
  /**
   * The version that is meant, in a bucket that keeps versions: it is read, looked at, deleted, presigned or copied from. Not
   * in Bun.
   *
   * @example
   * const { versions } = await s3.listVersions({ prefix: "report.txt" });
   * const first = await s3.file("report.txt", { versionId: versions.at(-1).versionId }).text();
   */
  versionId?: string;
  /**
   * Texts that are kept with the object, by names of letters, digits and hyphens; `stat()` tells them. Not in Bun.
   *
   * @example
   * await s3.write("photo.jpg", photo, { metadata: { author: "Zoë", camera: "X100" } });
   * const { author } = (await s3.stat("photo.jpg")).metadata;
   */
  metadata?: Record<string, string>;
  /**
   * Uploads carry this checksum, with which the store compares what it receives; what is read whole is compared with the
   * checksum that the store keeps, whatever its algorithm, and rejects with `ERR_S3_CHECKSUM_MISMATCH` if it differs. None
   * by default, for not every store knows them. Not in Bun.
   *
   * @example
   * const client = new S3Client({ bucket: "photos", checksumAlgorithm: "CRC64NVME" });
   */
  checksumAlgorithm?: S3ChecksumAlgorithm;
  /** Bytes of a part of a multipart upload: 5 MiB (default) to 5 GiB. */
  partSize?: number;
  /**
   * Parts in flight at once: 5 by default, at most 255. So many ranges of a large object are read at once, too; 1 reads it
   * by one request.
   */
  queueSize?: number;
  /** Further attempts after a failure: 3 by default, at most 255. */
  retry?: number;
  /** Bytes that `writer().write()` takes before it returns a promise; `partSize` by default. */
  highWaterMark?: number;
  /** Milliseconds for name lookup, TCP, proxy and TLS together: 10,000 by default; 0 for no limit, here and below. */
  connectTimeout?: number;
  /** Milliseconds from the end of a request to the head of its answer: 60,000 by default. */
  responseTimeout?: number;
  /** Milliseconds without a byte of a body sent or received: 30,000 by default. */
  stallTimeout?: number;
  /**
   * Milliseconds that a call may take with all its attempts and, where it ends in memory, with its body; of streams and
   * writers, each request. No limit by default: a large object takes its time.
   */
  timeout?: number;
  /**
   * `http://user:password@host:port` of a proxy, or `https://…` if the connection to the proxy itself is encrypted; empty
   * for none. By default `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment say. The certificate of the proxy is
   * verified as that of the store is, by the same roots.
   */
  proxy?: string;
  /**
   * Ends the call: it rejects with the signal's reason at once and its connection is closed. An upload is aborted.
   *
   * @example
   * const bytes = await s3.file("large.bin").bytes({ signal: AbortSignal.timeout(5000) });
   */
  signal?: AbortSignal;
}

/** Options of a client. */
export interface S3ClientOptions extends S3Options {
  /** TLS settings. */
  tls?: S3TlsOptions;
}

/**
 * Options of `presign`.
 *
 * @example
 * s3.presign("upload.png", { method: "PUT", expiresIn: 3600, acl: "public-read" });
 */
export interface S3FilePresignOptions extends S3Options {
  /** Seconds for which the URL is valid; a day by default. */
  expiresIn?: number;
  /** `GET` by default. */
  method?: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
}

/** What `stat` tells about an object. */
export interface S3Stats {
  /** Bytes. */
  size: number;
  /** When it was written last. */
  lastModified: Date;
  /** With its quotes. */
  etag: string;
  /** Content type. */
  type: string;
  /** Its version, in a bucket that keeps versions. Not in Bun. */
  versionId?: string;
  /** What was noted by `metadata`; names in lower case. Not in Bun. */
  metadata: Record<string, string>;
}

/**
 * What can be written. More than 64 KiB are sent from where they lie, and read there again when a request is
 * repeated: neither change nor transfer a buffer before the promise settles. If it was detached meanwhile
 * (`structuredClone`, `postMessage`, `ArrayBuffer.prototype.transfer`), the promise rejects with
 * `ERR_S3_BODY_DETACHED`; but Node.js cannot keep its memory for us, and with TLS or a checksum a process that
 * takes it away in the midst of sending may end. `S3Writer.write` copies. The items of an array are joined. An S3File of the same store is copied there.
 */
export type S3Data =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | Request
  | Response
  | Blob
  | URLSearchParams
  | FormData
  | ReadableStream
  | (string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer | Blob)[]
  | { bytes(): Promise<Uint8Array> }
  | AsyncIterable<string | ArrayBufferView | ArrayBuffer>;

/**
 * Writes an object piece by piece; nothing is stored before `end()`.
 *
 * @example
 * const writer = s3.file("log.txt").writer();
 * for (const line of lines) await writer.write(line);
 * await writer.end();
 */
export interface S3Writer {
  /** Adds data. Await the result, and memory stays bounded: it is a promise when the upload is behind. */
  write(chunk: string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer): number | Promise<number>;
  /** Waits until all full parts are stored; tells the bytes written since the last flush. */
  flush(): number | Promise<number>;
  /** Stores the object and tells its length. With an error: drops the upload and rejects with that error. */
  end(error?: Error): number | Promise<number>;
  /** Stores the object in the background. */
  close(): void;
  /** Sets how much `write` takes before it returns a promise. */
  start(options?: { highWaterMark?: number }): void;
  /** Asks what is known about the object; of use after `end()`. */
  stat(): Promise<any>;
  /** Keeps the process alive until `end()`. */
  ref(): void;
  /** Lets the process exit before `end()`. */
  unref(): void;
}

/**
 * An object in S3 that behaves like a `Blob`. Nothing is requested before a method asks for it.
 *
 * @example
 * const config = await s3.file("config.json").json();
 * const tail = await s3.file("log.txt").slice(-100).text();
 */
export interface S3File extends Blob {
  /** The key, or the whole path when no bucket is configured. */
  readonly name?: string;
  /** The bucket, if it is known. */
  readonly bucket?: string;
  /** `NaN`; bytes of a slice whose length is known. Use `stat()` for the object's. */
  readonly size: number;
  /** The content type that was given, else empty. */
  readonly type: string;
  /** A new stream of the object. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The object as text. */
  text(options?: S3Options): Promise<string>;
  /** The object as parsed JSON. */
  json(options?: S3Options): Promise<any>;
  /** The object as bytes. */
  bytes(options?: S3Options): Promise<Uint8Array<ArrayBuffer>>;
  /** The object as a buffer. */
  arrayBuffer(options?: S3Options): Promise<ArrayBuffer>;
  /** The object as a form, by its content type. */
  formData(options?: S3Options): Promise<FormData>;
  /** The object piece by piece; the request starts at once. */
  stream(options?: S3Options): ReadableStream<Uint8Array<ArrayBuffer>>;
  stream(chunkSize?: number, options?: S3Options): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** A part of the object; negative offsets count from its end. */
  slice(begin?: number, end?: number, contentType?: string): S3File;
  slice(begin?: number, contentType?: string): S3File;
  slice(contentType?: string): S3File;
  /** Asks what is known about the object. */
  stat(options?: S3Options): Promise<S3Stats>;
  /** Asks whether the object is there. */
  exists(options?: S3Options): Promise<boolean>;
  /** Stores the object and tells its length. */
  write(data: S3Data, options?: S3Options): Promise<number>;
  /** Stores the object piece by piece. */
  writer(options?: S3Options): S3Writer;
  /** A URL with which others can reach the object. */
  presign(options?: S3FilePresignOptions): string;
  /** Removes the object. */
  delete(options?: S3Options): Promise<any>;
  /** As `delete`. */
  unlink(options?: S3Options): Promise<any>;
}

/** Only for `instanceof`; files are made by `file()`. */
export const S3File: { readonly prototype: S3File; [Symbol.hasInstance](value: unknown): value is S3File };

/**
 * What to list.
 *
 * @example
 * const page = await s3.list({ prefix: "uploads/", maxKeys: 100 });
 */
export interface S3ListObjectsOptions {
  /** Only keys that begin so. */
  prefix?: string;
  /** `nextContinuationToken` of the page before. */
  continuationToken?: string;
  /** Groups keys up to this text in `commonPrefixes`. */
  delimiter?: string;
  /** At most so many keys. */
  maxKeys?: number;
  /** Only keys behind this one. */
  startAfter?: string;
  /** Keys are returned percent-encoded. */
  encodingType?: "url";
  /** Whether owners are listed. */
  fetchOwner?: boolean;
}

/** An object in a list. */
export interface S3ListedObject {
  /** The object's key. */
  key: string;
  /** With its quotes. */
  eTag?: string;
  /** The algorithm of its checksum. */
  checksumAlgorithm?: "CRC32" | "CRC32C" | "SHA1" | "SHA256" | "CRC64NVME";
  /** Whether the checksum covers parts or the object. */
  checksumType?: "COMPOSITE" | "FULL_OBJECT";
  /** As the server wrote it. */
  lastModified?: string;
  /** Bytes. */
  size?: number;
  /** How it is kept. */
  storageClass?: S3StorageClass;
  /** Only with `fetchOwner`. */
  owner?: { id?: string; displayName?: string };
  /** Of an archived object. */
  restoreStatus?: { isRestoreInProgress?: boolean; restoreExpiryDate?: string };
}

/** One page of a list; what the server did not send is absent. */
export interface S3ListObjectsResponse {
  /** The bucket. */
  name?: string;
  /** As asked for. */
  prefix?: string;
  /** As asked for. */
  delimiter?: string;
  /** As asked for. */
  startAfter?: string;
  /** As asked for. */
  encodingType?: "url";
  /** As asked for. */
  continuationToken?: string;
  /** For the next page. */
  nextContinuationToken?: string;
  /** Whether there is another page. */
  isTruncated?: boolean;
  /** Keys in this page. */
  keyCount?: number;
  /** Keys that fit in a page. */
  maxKeys?: number;
  /** The objects; absent when there are none. */
  contents?: S3ListedObject[];
  /** Groups made by `delimiter`. */
  commonPrefixes?: { prefix: string }[];
}

/**
 * What to list of the versions.
 *
 * @example
 * const page = await s3.listVersions({ prefix: "reports/", maxKeys: 100 });
 */
export interface S3ListVersionsOptions {
  /** Only keys that begin so. */
  prefix?: string;
  /** Groups keys up to this text in `commonPrefixes`. */
  delimiter?: string;
  /** At most so many versions. */
  maxKeys?: number;
  /** `nextKeyMarker` of the page before. */
  keyMarker?: string;
  /** `nextVersionIdMarker` of the page before. */
  versionIdMarker?: string;
  /** Keys are returned percent-encoded. */
  encodingType?: "url";
}

/** A version of an object, or the mark that a deletion left. */
export interface S3ListedVersion extends S3ListedObject {
  /** `null` as a text is the version of an object that was written before its bucket kept versions. */
  versionId?: string;
  /** Whether it is the current one. */
  isLatest?: boolean;
}

/** One page of versions; what the server did not send is absent. */
export interface S3ListVersionsResponse {
  /** The bucket. */
  name?: string;
  /** As asked for. */
  prefix?: string;
  /** As asked for. */
  delimiter?: string;
  /** As asked for. */
  encodingType?: "url";
  /** As asked for. */
  keyMarker?: string;
  /** As asked for. */
  versionIdMarker?: string;
  /** For the next page, with the next one. */
  nextKeyMarker?: string;
  /** For the next page. */
  nextVersionIdMarker?: string;
  /** Whether there is another page. */
  isTruncated?: boolean;
  /** Versions that fit in a page. */
  maxKeys?: number;
  /** The versions: keys in order, the latest version of each first. */
  versions: S3ListedVersion[];
  /** What deletions left: as long as one is the latest, there is no object. */
  deleteMarkers: S3ListedVersion[];
  /** Groups made by `delimiter`. */
  commonPrefixes: { prefix: string }[];
}

/** Options of `list` besides its input. */
export type S3ListCredentials = Pick<
  S3Options,
  | "accessKeyId"
  | "secretAccessKey"
  | "sessionToken"
  | "region"
  | "bucket"
  | "endpoint"
  | "signal"
>;

/**
 * A client for one bucket or service. Each method is there as a static method too, which takes
 * credentials from its options and the environment.
 *
 * @example
 * const bucket = new S3Client({ bucket: "photos", endpoint: "http://localhost:9000" });
 * await bucket.write("hello.txt", "Hello");
 * await bucket.file("hello.txt").text();
 */
export class S3Client {
  constructor(options?: S3ClientOptions);
  /** A reference to an object. */
  file(path: string, options?: S3Options): S3File;
  /** Stores an object and tells its length. */
  write(path: string, data: S3Data, options?: S3Options): Promise<number>;
  /** Removes an object. */
  delete(path: string, options?: S3Options): Promise<any>;
  /** As `delete`. */
  unlink(path: string, options?: S3Options): Promise<any>;
  /** Asks whether an object is there. */
  exists(path: string, options?: S3Options): Promise<boolean>;
  /** Asks for the bytes of an object. */
  size(path: string, options?: S3Options): Promise<number>;
  /** Asks what is known about an object. */
  stat(path: string, options?: S3Options): Promise<S3Stats>;
  /** A URL with which others can reach an object. */
  presign(path: string, options?: S3FilePresignOptions): string;
  /** One page of the objects in the bucket. */
  list(input?: S3ListObjectsOptions | null, options?: S3ListCredentials): Promise<S3ListObjectsResponse>;
  /** One page of all versions of the bucket's objects. Not in Bun. */
  listVersions(input?: S3ListVersionsOptions | null, options?: S3ListCredentials): Promise<S3ListVersionsResponse>;

  static file(path: string, options?: S3Options): S3File;
  static write(path: string | S3File, data: S3Data, options?: S3Options): Promise<number>;
  static delete(path: string | S3File, options?: S3Options): Promise<any>;
  static unlink(path: string | S3File, options?: S3Options): Promise<any>;
  static exists(path: string | S3File, options?: S3Options): Promise<boolean>;
  static size(path: string | S3File, options?: S3Options): Promise<number>;
  static stat(path: string | S3File, options?: S3Options): Promise<S3Stats>;
  static presign(path: string | S3File, options?: S3FilePresignOptions): string;
  static list(input?: S3ListObjectsOptions | null, options?: S3ListCredentials): Promise<S3ListObjectsResponse>;
  static listVersions(input?: S3ListVersionsOptions | null, options?: S3ListCredentials): Promise<S3ListVersionsResponse>;
}

/**
 * A failed operation.
 *
 * @example
 * try {
 *   await s3.file("absent").text();
 * } catch (error) {
 *   if (error instanceof S3Error && error.code === "NoSuchKey") return null;
 *   throw error;
 * }
 */
export class S3Error extends Error {
  constructor(
    code: string,
    message: string,
    details?: { path?: string; bucket?: string; statusCode?: number; requestId?: string; cause?: unknown },
  );
  /** The server's code, or the client's own. */
  readonly code: string;
  /** The object, as the caller named it. */
  readonly path?: string;
  /** The bucket, if it is known. */
  readonly bucket?: string;
  /** HTTP status of the answer. */
  readonly statusCode?: number;
  /** By which the service finds the request in its logs. */
  readonly requestId?: string;
}

/**
 * The client that takes everything from the environment, which is read at first use.
 *
 * @example
 * import { s3 } from "s3-valkey";
 * await s3.write("hello.txt", "Hello");
 */
export const s3: S3Client;

/**
 * The object that an `s3://` URL names.
 *
 * @example
 * const text = await file("s3://bucket/hello.txt").text();
 */
export function file(url: string, options?: S3Options): S3File;

/**
 * Stores an object and tells its length.
 *
 * @example
 * await write("s3://bucket/hello.txt", "Hello");
 * await write(s3.file("copy.txt"), s3.file("hello.txt"));
 */
export function write(destination: string | S3File, data: S3Data, options?: S3Options): Promise<number>;

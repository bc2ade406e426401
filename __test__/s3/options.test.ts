import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { file, s3, S3Client, S3File, write } from "../../index.js";
import { readOptions } from "../../lib/s3/options.js";
import { untyped } from "../support/untyped.js";

const credentials = { accessKeyId: "AKID", secretAccessKey: "SECRET", bucket: "bucket" };
const client = new S3Client(credentials);

const code = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return "nothing thrown";
};

describe("options", () => {
  it.each([
    [{ accessKeyId: 1 }, "ERR_INVALID_ARG_TYPE"],
    [{ bucket: {} }, "ERR_INVALID_ARG_TYPE"],
    [{ virtualHostedStyle: null }, "ERR_INVALID_ARG_TYPE"],
    [{ requestPayer: "yes" }, "ERR_INVALID_ARG_TYPE"],
    [{ partSize: 1 }, "ERR_OUT_OF_RANGE"],
    [{ pageSize: 1 }, "ERR_OUT_OF_RANGE"],
    [{ queueSize: 0 }, "ERR_OUT_OF_RANGE"],
    [{ retry: 256 }, "ERR_OUT_OF_RANGE"],
    [{ retry: -1 }, "ERR_OUT_OF_RANGE"],
    [{ acl: "public" }, "ERR_INVALID_ARG_TYPE"],
    [{ acl: 1 }, "ERR_INVALID_ARG_TYPE"],
    [{ storageClass: "standard" }, "ERR_INVALID_ARG_TYPE"],
    [{ bucket: false }, "ERR_INVALID_ARG_TYPE"],
    [{ endpoint: " http://host" }, "ERR_INVALID_ARG_TYPE"],
    [{ type: "a\r\nb" }, "ERR_INVALID_ARG_TYPE"],
    [{ contentDisposition: "a\nb" }, "ERR_INVALID_ARG_TYPE"],
    [{ connectTimeout: -1 }, "ERR_OUT_OF_RANGE"],
    [{ responseTimeout: 2 ** 31 }, "ERR_OUT_OF_RANGE"],
    [{ stallTimeout: -0.9e9 }, "ERR_OUT_OF_RANGE"],
    [{ timeout: Infinity }, "ERR_OUT_OF_RANGE"],
    [{ checksumAlgorithm: "crc32" }, "ERR_INVALID_ARG_TYPE"],
    [{ checksumAlgorithm: true }, "ERR_INVALID_ARG_TYPE"],
    [{ versionId: 1 }, "ERR_INVALID_ARG_TYPE"],
    [{ metadata: "a" }, "ERR_INVALID_ARG_TYPE"],
    [{ metadata: { a: 1 } }, "ERR_INVALID_ARG_TYPE"],
    [{ metadata: { "a b": "c" } }, "ERR_INVALID_ARG_VALUE"],
    [{ metadata: { "a\r\nb": "c" } }, "ERR_INVALID_ARG_VALUE"],
    [{ signal: {} }, "ERR_INVALID_ARG_TYPE"],
    [{ proxy: 1 }, "ERR_INVALID_ARG_TYPE"],
    [{ proxy: "ftp://host" }, "ERR_INVALID_ARG_VALUE"],
  ])("%o is refused at once", (given, expected) => {
    const options = untyped(given);
    expect(code(() => new S3Client(options))).toBe(expected);
    expect(code(() => client.file("key", options))).toBe(expected);
    expect(code(() => client.write("key", "data", options))).toBe(expected);
    expect(code(() => client.delete("key", options))).toBe(expected);
    expect(code(() => client.presign("key", options))).toBe(expected);
    expect(code(() => client.list({}, options))).toBe(expected);
  });

  it.each([
    {},
    null,
    "text",
    { accessKeyId: "", region: null, bucket: undefined, endpoint: new String("host") },
    { acl: null, storageClass: null, partSize: null, retry: "3", queueSize: 1000 },
    { partSize: 5_242_880.9, unknown: 1 },
    { checksumAlgorithm: null, metadata: null },
    { checksumAlgorithm: "MD5", metadata: { name: "any\r\ntext", empty: "" } },
    { connectTimeout: 0, responseTimeout: 1, stallTimeout: null, timeout: "5", proxy: "", signal: null },
    { proxy: "user:password@host:3128", signal: AbortSignal.abort() },
  ])("%o is accepted", (options) => {
    expect(() => new S3Client(untyped(options))).not.toThrow();
  });

  it("words range errors as Node does", () => {
    expect(() => new S3Client({ partSize: 1 })).toThrow(
      'The value of "partSize" is out of range. It must be >= 5242880 and <= 5368709120. Received 1',
    );
    expect(() => new S3Client({ queueSize: 0 })).toThrow("It must be >= 1. Received 0");
  });

  it("rejects from file.write instead of throwing", async () => {
    const promise = client.file("key").write("data", { retry: 256 });
    await expect(promise).rejects.toMatchObject({ code: "ERR_OUT_OF_RANGE" });
  });
});

describe("arguments", () => {
  it("has nine methods with two parameters, also as statics", () => {
    for (const name of ["file", "write", "delete", "unlink", "exists", "size", "stat", "presign", "list"] as const) {
      expect([name, client[name].length, S3Client[name].length]).toEqual([name, 2, 2]);
    }
  });

  it.each(["file", "presign", "exists", "size", "stat"])("%s wants a path", (name) => {
    const call = (...args: unknown[]) => code(() => untyped(client)[name](...args));
    expect(call()).toBe("ERR_MISSING_ARGS");
    expect(call(1)).toBe("ERR_INVALID_ARG_TYPE");
    expect(call(client.file("key"))).toBe("ERR_INVALID_ARG_TYPE");
    expect(call("a\0b")).toBe("ERR_INVALID_ARG_VALUE");
  });

  it.each(["write", "delete", "unlink"])("%s wants a path", (name) => {
    const call = (...args: unknown[]) => code(() => untyped(client)[name](...args));
    expect(call()).toBe("ERR_MISSING_ARGS");
    expect(call(1)).toBe("ERR_MISSING_ARGS");
  });

  it.each([undefined, null, 1, true, {}, [["a", {}]], () => {}, Symbol.iterator])("does not write %o", (data) => {
    expect(code(() => client.write("key", untyped(data)))).toBe("ERR_INVALID_ARG_TYPE");
    expect(code(() => client.file("key").write(untyped(data)))).toBe("ERR_INVALID_ARG_TYPE");
  });

  it("does not write what was read already", async () => {
    const response = new Response("data");
    await response.text();
    await expect(client.write("key", response)).rejects.toMatchObject({ code: "ERR_BODY_ALREADY_USED" });
    const stream = new Blob(["data"]).stream();
    stream.getReader();
    await expect(client.write("key", stream)).rejects.toMatchObject({ code: "ERR_BODY_ALREADY_USED" });
  });

  it("opens s3 URLs only", () => {
    expect(file("s3://bucket/key")).toBeInstanceOf(S3File);
    expect(code(() => file("S3://bucket/key"))).toBe("ERR_INVALID_ARG_TYPE");
    expect(code(() => file("key"))).toBe("ERR_INVALID_ARG_TYPE");
    expect(code(() => write(untyped({}), "data"))).toBe("ERR_INVALID_ARG_TYPE");
  });

  it("checks presign", () => {
    expect(code(() => client.presign("key", { expiresIn: 0 }))).toBe("ERR_INVALID_ARG_TYPE");
    expect(code(() => client.presign("key", { method: untyped("PATCH") }))).toBe("ERR_S3_INVALID_METHOD");
    expect(code(() => client.presign("key", { method: untyped("Get") }))).toBe("ERR_INVALID_ARG_TYPE");
  });
});

describe("files", () => {
  it("are Blobs that know little before they are asked", () => {
    const object = client.file("/folder/key.txt");
    expect(object).toBeInstanceOf(Blob);
    expect([object.name, object.bucket, object.type, object.size]).toEqual(["folder/key.txt", "bucket", "", NaN]);
    expect(object).toHaveProperty("lastModified", 2 ** 52 - 1);
    expect(Object.prototype.toString.call(object)).toBe("[object S3File]");
    expect(new S3Client({}).file("s3://b/k").bucket).toBe("b");
    expect(() => new (untyped(S3File))()).toThrow(TypeError);
    expect(s3).toBeInstanceOf(S3Client);
  });

  it("tell the size of a slice", () => {
    const object = client.file("key");
    expect(object.slice(10, 20).size).toBe(10);
    expect(object.slice(10, 20).slice(5, 50).size).toBe(5);
    expect(object.slice(10, 20).slice(-3).size).toBe(3);
    expect(object.slice(5, 5).size).toBe(0);
    expect(object.slice(10, 5).size).toBe(0);
    expect(object.slice(1).size).toBe(2 ** 52 - 2);
    expect(object.slice(-5).size).toBeNaN();
    expect(object.slice(0, 5, "text/plain").type).toBe("text/plain;charset=utf-8");
    expect(object.slice("TEXT/Plain").type).toBe("text/plain");
  });

  it("ask for nothing when a slice is empty", async () => {
    expect(await client.file("key").slice(5, 5).text()).toBe("");
    expect(await client.file("key").slice(9, 5).bytes()).toHaveLength(0);
    for await (const _ of client.file("key").slice(0, 0).stream()) expect.unreachable();
  });
});

describe("printing", () => {
  it("works with options that do not", () => {
    const broken = new S3Client({ ...credentials, tls: { ca: "no certificate" } });
    expect(inspect(broken)).toMatch(/^S3Client \("bucket"\) \{/);
  });

  it("shows no secret", () => {
    const secret = new S3Client({ ...credentials, sessionToken: "TOKEN", endpoint: "http://user:pass@host/p?sig=1" });
    for (const text of [inspect(secret), inspect(secret.file("key")), JSON.stringify(secret)]) {
      expect(text).not.toMatch(/AKID|SECRET|TOKEN|pass|sig/);
    }
    expect(inspect(secret)).toMatch(/^S3Client \("bucket"\) \{/);
    expect(inspect(secret.file("key"))).toMatch(/^S3Ref \("bucket\/key"\) \{/);
    expect(JSON.stringify(secret)).toBe("{}");
    expect(Object.prototype.toString.call(secret)).toBe("[object S3Client]");
  });
});

describe("the short way for objects without options", () => {
  /** The names that are looked up in an object with these properties. */
  function asked(properties: object) {
    const names = new Set<string | symbol>();
    readOptions(new Proxy(properties, { get: (target, name) => (names.add(name), Reflect.get(target, name)) }));
    return [...names].sort();
  }
  const declared = () => {
    const types = readFileSync(new URL("../../lib/s3/types.d.ts", import.meta.url), "utf8");
    const [, body] = /^export interface S3Options [^{]*\{\n([^]*?)^\}/m.exec(types)!;
    return [...body!.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name!);
  };

  it("looks for every option that is read otherwise", () => {
    expect(asked({})).toEqual(asked({ retry: 1 }));
  });

  it("looks for every option that is declared", () => {
    // It is read where a client is made.
    const names = declared().filter((name) => name !== "tls");
    expect(names.length).toBeGreaterThan(20);
    expect(asked({})).toEqual(expect.arrayContaining(names));
  });
});

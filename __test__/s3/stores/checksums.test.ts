/** Checksums against a store, over a connection that damages what it carries. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DamagingProxy, FRAGILE, startDamagingProxy } from "../../support/damage.js";
import type { Capability } from "../../../dev/stores/capabilities.mjs";
import type { S3ChecksumAlgorithm, S3Client } from "../../../index.js";
import { READERS } from "../../support/readers.js";
import { fresh, MIB, needs, useStore } from "./store.js";

const store = useStore();
const small = Buffer.alloc(1000, FRAGILE);
// Two parts and a bit.
const large = Buffer.alloc(12 * MIB + 5, FRAGILE);
const KEPT = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
const ALL = [...KEPT, "MD5"] as const;

let proxy: DamagingProxy;
beforeAll(async () => {
  proxy = await startDamagingProxy(store.endpoint);
});
afterAll(() => proxy?.stop());

const client = (checksumAlgorithm?: S3ChecksumAlgorithm) => store.client({ endpoint: proxy.endpoint, checksumAlgorithm, retry: 0 });

/** Runs `work` while bytes change in one direction. */
async function damaged<T>(damages: "up" | "down", work: () => Promise<T>): Promise<T> {
  proxy.damages = damages;
  try {
    return await work();
  } finally {
    proxy.damages = "nothing";
  }
}

type Write = (client: S3Client, key: string, data: Buffer) => Promise<unknown>;
const whole: Write = (client, key, data) => client.write(key, data);
const inParts: Write = (client, key, data) => client.write(key, new Blob([data]).stream());

describe.each<[string, Buffer, Write, Capability[]]>([
  ["in one piece", small, whole, []],
  ["in parts", large, inParts, ["partChecksums"]],
])("an object written %s", (_, data, write, needed) => {
  it.each(ALL)("with %s arrives", async (algorithm) => {
    const key = fresh("sum");
    await write(client(algorithm), key, data);
    // The same whether sums are asked for or not, and of which kind.
    for (const reader of [client(algorithm), client("SHA256"), client()]) {
      expect(Buffer.compare(await reader.file(key).bytes(), data)).toBe(0);
    }
  });

  const refused = (algorithm: S3ChecksumAlgorithm, key = fresh("damaged")) =>
    expect(damaged("up", () => write(client(algorithm), key, data))).rejects.toMatchObject({ statusCode: 400 });
  needs("checksums", ...needed).each(KEPT)("with %s is refused when it arrives damaged", (algorithm) => refused(algorithm));
  needs(...needed)("with MD5 is refused when it arrives damaged", () => refused("MD5"));
  needs("refusedIsAbsent", ...needed)("and refused is not there", async () => {
    const key = fresh("absent");
    await refused("MD5", key);
    expect(await client().exists(key)).toBe(false);
  });

  it("without a checksum is stored damaged", async () => {
    const key = fresh("silent");
    await damaged("up", () => write(client(), key, data));
    expect(Buffer.compare(await client().file(key).bytes(), data)).not.toBe(0);
  });
});

describe.each(READERS)("an object read %s", (_, read) => {
  const noticed = async (algorithm: S3ChecksumAlgorithm, data: Buffer, write: Write) => {
    const key = fresh("read");
    await write(client(algorithm), key, data);
    const file = client(algorithm).file(key);
    expect(Buffer.compare(await read(file), data)).toBe(0);
    // Not the bytes: a message about them would be large.
    const length = damaged("down", async () => (await read(file)).length);
    await expect(length).rejects.toMatchObject({ code: "ERR_S3_CHECKSUM_MISMATCH" });
    // A part of it has no sum of its own.
    expect((await read(file.slice(9, 20))).length).toBe(11);
  };
  needs("checksums").each(KEPT)("is compared with its %s", (algorithm) => noticed(algorithm, small, whole));
  needs("checksums", "partChecksums").each(["CRC32", "CRC32C", "CRC64NVME"] as const)("and written in parts is compared with its %s", (algorithm) =>
    noticed(algorithm, large, inParts),
  );

  it("is taken as it comes without the option", async () => {
    const key = fresh("unchecked");
    await client("CRC32").write(key, small);
    const bytes = await damaged("down", () => read(client().file(key)));
    expect(bytes.length).toBe(small.length);
  });
});

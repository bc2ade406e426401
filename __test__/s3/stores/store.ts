/** The store under test: `S3_STORE` says which. `dev/test-store.mjs` starts it once for all files, else each has its own. */
import { afterAll, beforeAll, it } from "vitest";
import { LACKS, type Capability, type StoreName } from "../../../dev/stores/capabilities.mjs";
import { startStore, temporaryCredentials } from "../../../dev/stores/index.mjs";
import { signedFetch, type Credentials, type SignedRequest } from "../../../dev/stores/signed.mjs";
import { S3Client, type S3ClientOptions } from "../../../index.js";

export const MIB = 1024 * 1024;

/** What the store is called. */
export const storeName = (process.env.S3_STORE || "s3s-fs") as StoreName;

type Connection = Omit<Awaited<ReturnType<typeof startStore>>, "stop" | "capabilities">;

export interface OpenStore extends Connection {
  /** Options that reach the store; `over` wins. */
  options(over?: S3ClientOptions): S3ClientOptions;
  /** A client of the store. */
  client(over?: S3ClientOptions): S3Client;
  /** A request beside the client, to look behind it. */
  fetch(request: SignedRequest): Promise<Response>;
  temporaryCredentials(): Promise<Credentials>;
}

/** The store, from `beforeAll` to `afterAll` of this file. */
export function useStore(): OpenStore {
  const store = {} as OpenStore;
  let stop = async () => {};
  beforeAll(async () => {
    const running = process.env.S3_STORE_RUNNING;
    const started = running === undefined ? await startStore(storeName) : JSON.parse(running);
    if (running === undefined) stop = started.stop;
    const { endpoint, region, bucket, credentials } = started;
    const options = (over = {}) => ({ endpoint, region, bucket, ...credentials, proxy: "", ...over });
    Object.assign(store, started, {
      options,
      client: (over?: S3ClientOptions) => new S3Client(options(over)),
      fetch: (request: SignedRequest) => signedFetch(started, request),
      temporaryCredentials: () => temporaryCredentials(started),
    });
  }, 120_000);
  afterAll(() => stop());
  return store;
}

/**
 * `it` for a test that needs something of the store. Where the store is known to lack it, the title says so and the test
 * must fail: what a store has learned must leave `capabilities.mjs`.
 */
export function needs(...capabilities: Capability[]): typeof it {
  const missing = capabilities.find((capability) => LACKS[storeName][capability] !== undefined);
  if (missing === undefined) return it;
  const reason = `not applicable on ${storeName}: ${LACKS[storeName][missing]}`;
  const lacking = (title: string, ...rest: any[]) => it.fails(`${title} [${reason}]`, ...(rest as [any]));
  return Object.assign(lacking, it, { each: (cases: any) => (title: string, run: any) => it.fails.each(cases)(`${title} [${reason}]`, run) }) as any;
}

/** A key that no other test uses, for the stores keep what former tests wrote. */
export function fresh(name: string): string {
  return `${name}-${counter++}-${process.pid}`;
}
let counter = 0;

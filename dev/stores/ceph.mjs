// Ceph's S3 gateway of Debian 12 with one monitor and one storage daemon that keeps everything in memory.

import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, temporaryFolder } from "../servers.mjs";
import { root } from "../setup.mjs";
import { cached, launch, ready, run } from "./processes.mjs";
import { element, signedFetch } from "./signed.mjs";

const SUITE = "bookworm";
const PACKAGES = ["radosgw", "ceph-mon", "ceph-osd", "ceph-common"];
const STORAGE_CLASSES = ["STANDARD_IA", "GLACIER"];

/** @returns {Promise<import("./index.mjs").Store>} */
export async function start() {
  const ceph = new Ceph(await unpacked(), temporaryFolder("ceph"));
  try {
    return await ceph.start();
  } catch (error) {
    await ceph.stop();
    throw error;
  }
}

/** The packages with all their libraries, beside the system: nothing is installed. */
function unpacked() {
  return cached(`ceph-${SUITE}`, async (folder) => {
    process.stderr.write("Unpacking Ceph of Debian 12 …\n");
    await run(join(root, "dev", "debian-suite.sh"), [SUITE, folder, ...PACKAGES]);
  });
}

/**
 * What packages of any architecture call their folder of libraries, and where their loader is.
 * @param {string} root where they are unpacked
 */
export function platformOf(root) {
  const triplet = readdirSync(join(root, "usr", "lib")).find((name) => existsSync(join(root, "usr", "lib", name, "rados-classes")));
  if (triplet === undefined) throw new Error(`There is no Ceph in ${root}`);
  const folder = join(root, "lib", triplet);
  const loader = readdirSync(folder).find((name) => /^ld(-linux.*|64)\.so\.\d+$/.test(name));
  if (loader === undefined) throw new Error(`There is no loader in ${folder}`);
  return { triplet, loader: join(folder, loader) };
}

class Ceph {
  /** @type {import("./processes.mjs").Launched[]} */
  #running = [];

  /**
   * @param {string} packages where they are unpacked
   * @param {string} folder for data, logs and configuration
   */
  constructor(packages, folder) {
    this.root = join(packages, "root");
    const { triplet, loader } = platformOf(this.root);
    this.loader = loader;
    this.library = join(this.root, "usr", "lib", triplet);
    this.libraries = [join(this.root, "lib", triplet), this.library, join(this.library, "ceph")].join(":");
    this.folder = folder;
    this.configuration = join(folder, "ceph.conf");
  }

  async start() {
    const [port, first, second] = await Promise.all([freePort(), freePort(), freePort()]);
    const monitors = `[v2:127.0.0.1:${first}/0,v1:127.0.0.1:${second}/0]`;
    const cluster = randomUUID();
    for (const name of ["mon", "osd", "gateway", "run"]) mkdirSync(join(this.folder, name));
    writeFileSync(this.configuration, this.#settings(cluster, monitors, port));

    const keys = join(this.folder, "mon.keyring");
    const map = join(this.folder, "monmap");
    await this.#run("ceph-authtool", "--create-keyring", keys, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *");
    await this.#run("monmaptool", "--create", "--addv", "a", monitors, "--fsid", cluster, map);
    await this.#run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keys);
    const monitor = this.#launch("mon", "ceph-mon", "-i", "a", "-f");

    const storage = randomUUID();
    const ceph = join(this.root, "usr", "bin", "ceph");
    const enlist = ["osd", "new", storage];
    await ready(monitor, "ceph-mon", () => this.#run("python3.11", ceph, "--connect-timeout", "10", ...enlist));
    await this.#run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", storage);
    this.#launch("osd", "ceph-osd", "-i", "0", "-f");

    const credentials = {
      accessKeyId: `AK${randomBytes(9).toString("hex").toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString("hex"),
    };
    await this.#administrate(credentials);
    const gateway = this.#launch("gateway", "radosgw", "-n", "client.admin", "-f");
    const store = { endpoint: `http://127.0.0.1:${port}`, region: "default", bucket: "test-bucket", credentials };
    await ready(gateway, "radosgw", () => signedFetch(store, { method: "PUT", path: `/${store.bucket}` }));
    return { ...store, stop: () => this.stop() };
  }

  async stop() {
    for (const server of this.#running.reverse()) await server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @param {import("./signed.mjs").Credentials} credentials */
  async #administrate({ accessKeyId, secretAccessKey }) {
    const keys = ["--access-key", accessKeyId, "--secret-key", secretAccessKey];
    // The first command also makes the default zone, of which the others are part.
    await this.#admin("user", "create", "--uid", "test", "--display-name", "test", ...keys, "--caps", "roles=*;user-policy=*");
    const place = ["--placement-id", "default-placement", "--storage-class"];
    const pool = ["--data-pool", "default.rgw.buckets.data"];
    for (const name of STORAGE_CLASSES) {
      await this.#admin("zonegroup", "placement", "add", "--rgw-zonegroup", "default", ...place, name);
      await this.#admin("zone", "placement", "add", "--rgw-zone", "default", ...place, name, ...pool);
    }
  }

  /** @param {string[]} parameters */
  #admin(...parameters) {
    return this.#run("radosgw-admin", "-n", "client.admin", ...parameters);
  }

  /**
   * @param {string} program
   * @param {string[]} parameters
   */
  #command(program, parameters) {
    const env = {
      ...process.env,
      CEPH_CONF: this.configuration,
      PYTHONHOME: join(this.root, "usr"),
      PYTHONPATH: join(this.root, "usr/lib/python3/dist-packages"),
      PYTHONDONTWRITEBYTECODE: "1",
      MALLOC_ARENA_MAX: "2",
    };
    // Their own loader and libraries: the system may be another one.
    return { parameters: ["--library-path", this.libraries, join(this.root, "usr", "bin", program), ...parameters], env };
  }

  /**
   * @param {string} program
   * @param {string[]} given
   */
  async #run(program, ...given) {
    const { parameters, env } = this.#command(program, given);
    await run(this.loader, parameters, { env, timeout: 120_000 });
  }

  /**
   * @param {string} name
   * @param {string} program
   * @param {string[]} given
   */
  #launch(name, program, ...given) {
    const { parameters, env } = this.#command(program, given);
    // When this process ends early, the first of them removes everything.
    const folder = this.#running.length === 0 ? this.folder : join(this.folder, name);
    const server = launch(this.loader, parameters, { folder, log: join(this.folder, `${name}.out`), env });
    this.#running.push(server);
    return server;
  }

  /**
   * @param {string} cluster
   * @param {string} monitors
   * @param {number} port
   */
  #settings(cluster, monitors, port) {
    // Without authentication between the daemons there is no key for secure connections: each has to be a plain one.
    const plain = ["mon client", "client", "service", "mon service", "cluster", "mon cluster"];
    return `[global]
fsid = ${cluster}
mon host = ${monitors}
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
${plain.map((name) => `ms ${name} mode = crc`).join("\n")}
ms bind msgr2 = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 12884901888
mon allow pool size one = true
mon pg warn min per osd = 0
# Nearly nothing of it is on the disk, whatever else is.
mon data avail crit = 0
mon data = ${this.folder}/mon
osd data = ${this.folder}/osd
run dir = ${this.folder}/run
log to file = false
log to stderr = true
admin socket = ${this.folder}/run/$name.asok
plugin dir = ${this.library}/ceph
erasure code dir = ${this.library}/ceph/erasure-code
osd class dir = ${this.library}/rados-classes
osd class load list = *
osd class default list = *
[client]
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw mime types file = ${this.root}/etc/mime.types
rgw dns name = localhost
rgw enable usage log = false
rgw s3 auth use sts = true
rgw sts key = ${randomBytes(8).toString("hex")}
rgw crypt require ssl = false
`;
  }
}

/**
 * Credentials of a role, as its token service gives them.
 * @param {{ endpoint: string, region: string, credentials: import("./signed.mjs").Credentials }} store
 * @returns {Promise<import("./signed.mjs").Credentials>}
 */
export async function temporaryCredentials(store) {
  const trust = { Effect: "Allow", Principal: { AWS: ["arn:aws:iam:::user/test"] }, Action: ["sts:AssumeRole"] };
  const access = { Effect: "Allow", Action: "s3:*", Resource: "arn:aws:s3:::*" };
  /** @param {object} statement */
  const policy = (statement) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  /** @param {Record<string, string>} query */
  const ask = (query) => signedFetch(store, { method: "POST", query }).then((response) => response.text());
  const name = `role-${randomUUID()}`;
  const role = await ask({ Action: "CreateRole", RoleName: name, AssumeRolePolicyDocument: policy(trust) });
  await ask({ Action: "PutRolePolicy", RoleName: name, PolicyName: name, PolicyDocument: policy(access) });
  const xml = await ask({ Action: "AssumeRole", RoleArn: element(role, "Arn"), RoleSessionName: name });
  return {
    accessKeyId: element(xml, "AccessKeyId"),
    secretAccessKey: element(xml, "SecretAccessKey"),
    sessionToken: element(xml, "SessionToken"),
  };
}

// Programs that the servers of the tests need: from PATH, else from Debian's packages when that is allowed.

import { execFile } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * Installs one of Debian's packages, where that is allowed.
 * @param {string} name Of the package and of its program.
 * @returns {Promise<string | undefined>} the program
 */
export async function install(name) {
  if (process.getuid?.() !== 0 || !onPath("apt-get")) return undefined;
  process.stderr.write(`Installing ${name} from Debian's packages …\n`);
  const run = promisify(execFile);
  // Only the program is wanted. This policy keeps the package from starting its own service;
  // it is left alone where the system already has one.
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) {
    writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  }
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update"], { env });
    await run("apt-get", ["install", "-y", "--no-install-recommends", name], { env });
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
  return onPath(name);
}

/**
 * The path of a program, if there is one.
 * @param {string} name
 */
export function onPath(name) {
  const folders = (process.env.PATH ?? "").split(":").concat("/usr/bin", "/usr/local/bin");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

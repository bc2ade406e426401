// Packs the package and this platform's binary, installs both into an empty project, and uses them there:
// by require, by import, and from TypeScript under moduleResolution node16 and bundler.

import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureAddon, ensureModules, root } from "./setup.mjs";

const NAMES = ["s3", "S3Client", "S3File", "S3Error", "file", "write", "redis", "RedisClient", "RedisError"];
const USE = `import { RedisClient, S3Client, redis, s3 } from "s3-valkey";
export const value: Promise<string | null> = redis.get("key");
export const text: Promise<string> = s3.file("key").text();
export const clients = [new RedisClient(), new S3Client()];
`;
const RESOLUTIONS = [
  { module: "node16", moduleResolution: "node16" },
  { module: "esnext", moduleResolution: "bundler" },
];

ensureModules();
ensureAddon();

const folder = mkdtempSync(join(tmpdir(), "s3-valkey-pack-"));
try {
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true }));
  const tarballs = [pack(root), pack(platformPackage())];
  npm(["install", "--offline", "--ignore-scripts", "--no-package-lock", ...tarballs], project);
  console.log("installed from", tarballs.map((path) => path.slice(folder.length + 1)).join(" and "));

  const all = `[${NAMES.map((name) => `typeof ${name}`).join(", ")}].forEach((type, i) => {
    if (type !== "function" && type !== "object") throw new Error("export " + i + " is " + type);
  });`;
  node("require.cjs", `const { ${NAMES.join(", ")} } = require("s3-valkey");\n${all}`);
  node("import.mjs", `import { ${NAMES.join(", ")} } from "s3-valkey";\n${all}`);
  for (const options of RESOLUTIONS) types(options);

  /**
   * @param {string} name
   * @param {string} source
   */
  function node(name, source) {
    writeFileSync(join(project, name), source);
    execFileSync(process.execPath, [name], { cwd: project, stdio: "inherit", timeout: 20_000 });
    console.log(`${name}: all exports are there, and the process ends`);
  }

  /** @param {{ module: string, moduleResolution: string }} options */
  function types(options) {
    for (const name of ["use.cts", "use.mts"]) writeFileSync(join(project, name), USE);
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          ...options,
          target: "es2022",
          lib: ["es2022", "dom"],
          strict: true,
          noEmit: true,
          // The package's declarations are checked too; Node's come from the clone.
          skipLibCheck: false,
          typeRoots: [join(root, "node_modules", "@types")],
          types: ["node"],
        },
        files: ["use.cts", "use.mts"],
      }),
    );
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    execFileSync(process.execPath, [compiler, "-p", "."], { cwd: project, stdio: "inherit" });
    console.log(`types: resolved under ${options.moduleResolution}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {string} source
 * @returns {string} path of the tarball
 */
function pack(source) {
  const [{ filename }] = JSON.parse(npm(["pack", "--json", "--pack-destination", folder], source));
  return join(folder, filename);
}

/** A copy of this platform's package with the binary in it. */
function platformPackage() {
  const binary = readdirSync(root).find((name) => name.endsWith(".node"));
  if (!binary) throw new Error("there is no addon to pack");
  // s3-valkey.PLATFORM.node
  const [, platform = ""] = binary.split(".");
  const copy = join(folder, platform);
  cpSync(join(root, "npm", platform), copy, { recursive: true });
  copyFileSync(join(root, binary), join(copy, binary));
  return copy;
}

/**
 * @param {string[]} parameters
 * @param {string} cwd
 */
function npm(parameters, cwd) {
  return execFileSync("npm", parameters, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
}

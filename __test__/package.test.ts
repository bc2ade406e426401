/** What the package says it is, and what it is. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("exports", () => {
  const required = Object.keys(createRequire(import.meta.url)("../index.js")).sort();

  test("are all declared, and nothing else is", () => {
    expect(declaredValues()).toEqual(required);
  });

  test("have the same names for import as for require", () => {
    const script = 'import * as all from "./index.js"; console.log(JSON.stringify(Object.keys(all)));';
    const imported: string[] = JSON.parse(node(["--input-type=module", "-e", script]));
    expect(imported.filter((name) => !["default", "module.exports"].includes(name)).sort()).toEqual(required);
  });

  test("do not read the environment before they are used", () => {
    const script = 'import { redis, s3 } from "./index.js"; console.log(typeof redis, typeof s3);';
    const output = node(["--input-type=module", "-e", script], { REDIS_URL: "no://url", S3_ENDPOINT: "no://[" });
    expect(output.trim()).toBe("object object");
  });
});

describe("tarball", () => {
  const [{ files }] = JSON.parse(npm("pack", "--dry-run", "--json"));
  const paths: string[] = files.map((file: { path: string }) => file.path);

  test("has the entry, its declarations and the JavaScript", () => {
    const wanted = ["LICENSE", "README.md", "index.js", "index.d.ts", "lib/redis/types.d.ts", "lib/s3/types.d.ts"];
    expect(paths).toEqual(expect.arrayContaining([...wanted, "binding.js", "binding.d.ts"]));
  });

  test("has nothing that users do not need", () => {
    const top = new Set(paths.map((path) => path.split("/")[0]));
    const allowed = ["LICENSE", "README.md", "package.json", "index.js", "index.d.ts", "binding.js", "binding.d.ts", "lib"];
    expect([...top].filter((name) => !allowed.includes(name!))).toEqual([]);
  });
});

describe("platform packages", () => {
  const folders = readdirSync(join(root, "npm")).sort();

  test("are one for each target", () => {
    expect(folders).toHaveLength(manifest.napi.targets.length);
  });

  test.each(folders)("%s belongs to this version", (folder) => {
    const platform = JSON.parse(readFileSync(join(root, "npm", folder, "package.json"), "utf8"));
    expect(platform).toMatchObject({
      name: `${manifest.name}-${folder}`,
      version: manifest.version,
      license: manifest.license,
      engines: manifest.engines,
      main: `s3-valkey.${folder}.node`,
    });
  });
});

test("the crate has the package's version", () => {
  const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
  expect(/^version = "(.+)"$/m.exec(cargo)?.[1]).toBe(manifest.version);
});

test("the lock file records no download addresses", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const recorded = Object.entries<{ resolved?: string }>(packages).filter(([, entry]) => entry.resolved);
  expect(recorded.map(([name]) => name)).toEqual([]);
});

function declaredValues() {
  const entry = join(root, "index.d.ts");
  const program = ts.createProgram([entry], { module: ts.ModuleKind.Node16, types: ["node"], noLib: true });
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!);
  const target = (symbol: ts.Symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return exported
    .filter((symbol) => target(symbol).flags & ts.SymbolFlags.Value)
    .map((symbol) => symbol.name)
    .sort();
}

function node(parameters: string[], env: Record<string, string> = {}) {
  return execFileSync(process.execPath, parameters, { cwd: root, encoding: "utf8", env: { ...process.env, ...env } });
}

function npm(...parameters: string[]) {
  return execFileSync("npm", parameters, { cwd: root, encoding: "utf8", shell: process.platform === "win32" });
}

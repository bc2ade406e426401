/** The arrows between the rooms of `src/` never point back; see docs/design.md. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** Which rooms a room may name. */
const ARROWS: Record<string, string[]> = {
  error: [],
  net: ["error"],
  redis: ["net", "error"],
  s3: ["net", "error"],
  js: ["s3", "redis", "net", "error"],
};

interface Source {
  path: string;
  room: string;
  /** How many modules are above the file's own one. */
  depth: number;
  lines: string[];
  code: string[];
}

const sources = rustFiles();

describe("rooms", () => {
  test("are those that the picture shows", () => {
    expect([...new Set(sources.map(({ room }) => room))].sort()).toEqual(Object.keys(ARROWS).sort());
  });

  test.each(Object.entries(ARROWS))("%s names only %j", (room, allowed) => {
    const wrong = sources
      .filter((source) => source.room === room)
      .flatMap((source) => namedRooms(source).filter(({ to }) => to !== room && !allowed.includes(to)))
      .map(({ where, to }) => `${where} names ${to}`);
    expect(wrong).toEqual([]);
  });
});

test("only the border names napi", () => {
  expect(outsideTheBorder(/\bnapi(_derive)?\s*::|#\[napi\b/)).toEqual([]);
});

describe("unsafe", () => {
  test("is only in the border", () => {
    expect(outsideTheBorder(/\bunsafe\b/)).toEqual([]);
  });

  test("says each time why it is sound", () => {
    const silent = sources.flatMap(({ path, lines, code }) =>
      code.flatMap((line, i) =>
        /\bunsafe\s*(\{|impl\b)/.test(line) && !explained(lines, i) ? [`${path}:${i + 1}`] : [],
      ),
    );
    expect(silent).toEqual([]);
  });
});

/** A SAFETY comment directly above the statement, or above the unsafe block that the line belongs to. */
function explained(lines: string[], at: number) {
  return lines.slice(Math.max(0, at - 8), at + 1).some((line) => line.includes("SAFETY:"));
}

function outsideTheBorder(pattern: RegExp) {
  return sources
    .filter(({ room }) => room !== "js")
    .flatMap(({ path, code }) => code.flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}`] : [])));
}

/** Every room that a file names, by `crate::room`, `crate::{room, …}` or enough `super::`. */
function namedRooms({ path, code, depth }: Source) {
  const text = code.join("\n");
  const found: { where: string; to: string }[] = [];
  const add = (index: number, names: string[]) => {
    const where = `${path}:${text.slice(0, index).split("\n").length}`;
    for (const name of names) if (roomOf(name)) found.push({ where, to: roomOf(name)! });
  };
  for (const match of text.matchAll(/\bcrate::(?:\{([^;]*)\}\s*;|(\w+))/g)) {
    add(match.index, match[2] ? [match[2]] : firstSegments(match[1]!));
  }
  for (const match of text.matchAll(/^( *).*?\b((?:super::)+)(\w+)/gm)) {
    // Inside `mod tests { … }` one step leads to the file's own module.
    const steps = match[2]!.split("super::").length - 1 - (match[1] && /^\s+use\b/.test(match[0]) ? 1 : 0);
    if (steps >= depth) add(match.index, [match[3]!]);
  }
  return found;
}

/** `error::{Error, Result}, net` -> error, net */
function firstSegments(list: string) {
  let flat = list;
  while (/\{[^{}]*\}/.test(flat)) flat = flat.replace(/\{[^{}]*\}/g, "");
  return flat.split(",").map((name) => name.trim().split("::")[0]!);
}

/** The room behind a name at the crate's root, which also passes on the types of `error`. */
function roomOf(name: string) {
  if (["Error", "ErrorKind", "Result"].includes(name)) return "error";
  return name in ARROWS ? name : undefined;
}

function rustFiles(): Source[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rs") && name !== "lib.rs")
    .map((name) => name.replaceAll("\\", "/"))
    .map((name) => {
      const modules = name.replace(/(\/mod)?\.rs$/, "").split("/");
      const lines = readFileSync(join(root, "src", name), "utf8").split("\n");
      const code = lines.map((line) => line.replace(/\/\/.*$/, ""));
      return { path: `src/${name}`, room: modules[0]!, depth: modules.length, lines, code };
    });
}

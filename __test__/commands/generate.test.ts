import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { generate, outdated } from "../../commands/generate.mjs";
import { methodName, readFacts, readMethods, readWithout } from "../../commands/read.mjs";

const methods = readMethods();
const facts = readFacts();
const without = readWithout();
const bunMethods: string[] = JSON.parse(readFileSync(new URL("bun-methods.json", import.meta.url), "utf8"));

/** What a client does besides sending commands. */
const NOT_COMMANDS = ["close", "connect", "duplicate", "send"];

/** Methods that are written by hand, but not after Bun's. */
const OURS = ["ssubscribe", "sunsubscribe"];

/** Makers that return what they were told, in the shape of a method's entry. */
const recorders = {
  ...Object.fromEntries(
    ["fixed", "atLeast"].map((takes) => [
      takes,
      (name: string, command: string, names: string[], options: object) => ({ name, command, takes, names, ...options }),
    ]),
  ),
  listed: (name: string, command: string, names: string[], options: object) => ({ name, command, takes: "listed", names, length: names.length, ...options }),
  ...Object.fromEntries(
    ["none", "variadic", "keyed", "loose"].map((takes) => [
      takes,
      (name: string, command: string, options: object) => ({ name, command, takes, ...options }),
    ]),
  ),
};

describe("generated files", () => {
  test("are what the generator writes", () => {
    expect(outdated()).toEqual([]);
  });

  test("come out the same twice", () => {
    expect(generate()).toEqual(generate());
  });

  test("lib/redis/commands.js calls one maker per method that is not written by hand", () => {
    const made: Record<string, object> = createRequire(import.meta.url)("../../lib/redis/commands.js")(recorders);
    const expected = [...methods].filter(([, { takes }]) => takes !== "custom");
    expect(Object.keys(made).sort()).toEqual(expected.map(([name]) => name).sort());
    for (const [name, { command, length, takes }] of expected) {
      expect(made[name]).toMatchObject({ name, command, length, takes });
    }
  });
});

describe("methods", () => {
  test("are those of Bun's client, and more under their own rules", () => {
    expect(bunMethods).toHaveLength(208);
    const isOurs = (name: string) => methods.get(name)!.takes === "listed" || OURS.includes(name);
    const [others, likeBun] = [true, false].map((ours) => [...methods].filter(([name]) => isOurs(name) === ours));
    expect([...likeBun!.map(([name]) => name), ...NOT_COMMANDS].sort()).toEqual(bunMethods);
    for (const [name, { command }] of others!) expect(name).toBe(methodName(command));
  });

  test("there is one for every command, or a reason why there is none", () => {
    const offered = new Set([...methods.values()].map(({ command }) => command));
    const containers = new Set([...facts.keys()].filter((name) => name.includes(" ")).map((name) => name.split(" ")[0]));
    const missing = [...facts.keys()].filter((name) => !offered.has(name) && !containers.has(name));
    expect(missing.sort()).toEqual(Object.keys(without).sort());
  });

  test.each([...methods])("%s sends a known command with an arity its arguments can meet", (_name, method) => {
    const fact = facts.get(method.command)!;
    expect(fact).toBeDefined();
    const sent = method.command.split(" ").length + (method.names?.length ?? 0);
    if (method.takes === "fixed" && fact.arity < 0) expect(sent).toBeGreaterThanOrEqual(-fact.arity);
    if (method.takes === "listed" && fact.arity < 0) expect(sent).toBeLessThanOrEqual(-fact.arity);
    if (method.names !== undefined && fact.arity > 0) expect(sent).toBe(fact.arity);
  });
});

describe("facts", () => {
  test("place keys after the command's name", () => {
    for (const [name, { keys }] of facts) {
      for (const spec of keys) {
        expect(spec.keyword === undefined ? spec.index : 1, name).toBeGreaterThan(0);
        expect(spec.step, name).toBeGreaterThan(0);
      }
    }
  });

  test("never call a command both read-only and writing", () => {
    for (const [name, { flags }] of facts) {
      expect(flags.includes("readonly") && flags.includes("write"), name).toBe(false);
    }
  });
});

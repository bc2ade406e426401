import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
// @ts-expect-error: a script without declarations
import { generate, outdated } from "../../commands/generate.mjs";
// @ts-expect-error: a script without declarations
import { readFacts, readMethods } from "../../commands/read.mjs";

type Method = { command: string; length: number; takes: string; names?: string[]; overloads: string[] };
type Fact = { arity: number; keys: { index?: number; keyword?: string; step: number }[]; flags: string[] };

const methods: Map<string, Method> = readMethods();
const facts: Map<string, Fact> = readFacts();
const bunMethods: string[] = JSON.parse(readFileSync(new URL("bun-methods.json", import.meta.url), "utf8"));

/** What a client does besides sending commands. */
const NOT_COMMANDS = ["close", "connect", "duplicate", "send"];

/** Makers that return what they were told, in the shape of a method's entry. */
const recorders = {
  ...Object.fromEntries(
    ["fixed", "atLeast"].map((takes) => [
      takes,
      (name: string, command: string, names: string[], options: object) => ({ name, command, takes, names, ...options }),
    ]),
  ),
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
  test("are exactly those of Bun's client", () => {
    expect(bunMethods).toHaveLength(208);
    expect([...methods.keys(), ...NOT_COMMANDS].sort()).toEqual(bunMethods);
  });

  test.each([...methods])("%s sends a known command with an arity its arguments can meet", (_name, method) => {
    const fact = facts.get(method.command)!;
    expect(fact).toBeDefined();
    if (method.takes !== "fixed") return;
    const sent = 1 + method.names!.length;
    if (fact.arity > 0) expect(sent).toBe(fact.arity);
    else expect(sent).toBeGreaterThanOrEqual(-fact.arity);
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

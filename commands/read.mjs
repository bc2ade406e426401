// Reads the facts about commands and the list of client methods, and writes them in the layout they are kept in.
import { readdirSync, readFileSync } from "node:fs";

const folder = (name) => new URL(`${name}/`, import.meta.url);

function readJson(url) {
  return JSON.parse(readFileSync(url, "utf8"));
}

/** Every file of a folder as one map, each entry carrying the name of its file as `group`. */
function readGroups(name) {
  const all = new Map();
  for (const file of readdirSync(folder(name)).filter((entry) => entry.endsWith(".json")).sort()) {
    for (const [key, entry] of Object.entries(readJson(new URL(file, folder(name))))) {
      if (all.has(key)) throw new Error(`${key} is described twice: ${all.get(key).group} and ${file}`);
      all.set(key, { group: file.replace(".json", ""), ...entry });
    }
  }
  return all;
}

/** Command name (`GET`, `XGROUP CREATE`) to what is known about it. */
export const readFacts = () => readGroups("facts");

/** Method name (`get`, `getBuffer`) to how the client offers it. */
export function readMethods() {
  const methods = readGroups("methods");
  for (const method of methods.values()) {
    if (method.takes !== "listed") continue;
    method.names = requiredParameters(method.overloads[0]);
    method.length = method.names.length;
  }
  return methods;
}

/** Commands that have no method on purpose, and why. */
export const readWithout = () => readJson(new URL("without.json", import.meta.url));

/** The method that a command has: `XGROUP CREATE` is `xgroupCreate`, `JSON.GET` is `jsonGet`. */
export function methodName(command) {
  return command.toLowerCase().replace(/[ ._-]+(.)/g, (_, letter) => letter.toUpperCase());
}

/** The names before the first parameter of a TypeScript signature that may be left out. */
function requiredParameters(signature) {
  const names = signature.slice(1).matchAll(/(\.{3})?(\w+)(\??): [^,)]+(, )?/gy);
  const all = [...names].map(([, rest, name, optional]) => (rest || optional ? undefined : name));
  const end = all.indexOf(undefined);
  return end === -1 ? all : all.slice(0, end);
}

/** One member per line and one level of objects, so that a change of one fact is a change of one line. */
export function encode(commands) {
  const entries = Object.keys(commands).sort().map((name) => {
    const members = Object.entries(commands[name]).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    return `  ${JSON.stringify(name)}: {\n${members.join(",\n")}\n  }`;
  });
  return `{\n${entries.join(",\n")}\n}\n`;
}

// Reads the facts about commands and the list of client methods, and writes them in the layout they are kept in.
import { readdirSync, readFileSync } from "node:fs";

/** @typedef {import("./types.js").Facts} Facts */
/** @typedef {import("./types.js").Methods} Methods */

/** @param {string} name */
const folder = (name) => new URL(`${name}/`, import.meta.url);

/** @param {URL} url */
function readJson(url) {
  return JSON.parse(readFileSync(url, "utf8"));
}

/**
 * Every file of a folder as one map, each entry carrying the name of its file as `group`.
 * @param {string} name
 */
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

/**
 * Command name (`GET`, `XGROUP CREATE`) to what is known about it.
 * @returns {Facts}
 */
export const readFacts = () => readGroups("facts");

/**
 * Method name (`get`, `getBuffer`) to how the client offers it.
 * @returns {Methods}
 */
export function readMethods() {
  /** @type {Methods} */
  const methods = readGroups("methods");
  for (const [name, method] of methods) {
    if (method.takes !== "listed") continue;
    const [signature] = method.overloads;
    if (signature === undefined) throw new Error(`${name} has no overload`);
    const names = requiredParameters(signature);
    method.names = names;
    method.length = names.length;
  }
  return methods;
}

/**
 * Commands that have no method on purpose, and why.
 * @returns {Record<string, string>}
 */
export const readWithout = () => readJson(new URL("without.json", import.meta.url));

/**
 * The method that a command has: `XGROUP CREATE` is `xgroupCreate`, `JSON.GET` is `jsonGet`.
 * @param {string} command
 */
export function methodName(command) {
  return command.toLowerCase().replace(/[ ._-]+(.)/g, (_, letter) => letter.toUpperCase());
}

/**
 * The names before the first parameter of a TypeScript signature that may be left out.
 * @param {string} signature
 */
function requiredParameters(signature) {
  const names = [];
  for (const [, rest, name = "", optional] of signature.slice(1).matchAll(/(\.{3})?(\w+)(\??): [^,)]+(, )?/gy)) {
    if (rest || optional) break;
    names.push(name);
  }
  return names;
}

/**
 * One member per line and one level of objects, so that a change of one fact is a change of one line.
 * @param {Record<string, object>} commands
 */
export function encode(commands) {
  const entries = Object.entries(commands).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, command]) => {
    const members = Object.entries(command).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    return `  ${JSON.stringify(name)}: {\n${members.join(",\n")}\n  }`;
  });
  return `{\n${entries.join(",\n")}\n}\n`;
}

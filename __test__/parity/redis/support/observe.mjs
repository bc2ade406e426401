// What the scripts print: one line for each observation, `key: what was seen`, in a form that depends
// on the value alone and not on the runtime's `inspect`.

const seen = new Set();

/**
 * Prints an observation.
 * @param {string} key unique within all scripts
 * @param {string} text
 */
export function note(key, text) {
  if (seen.has(key)) throw new Error(`${key} was observed before`);
  seen.add(key);
  console.log(`${key}: ${text}`);
}

/**
 * Prints a value.
 * @param {string} key
 * @param {unknown} value
 */
export function observe(key, value) {
  note(key, show(value));
}

/**
 * Calls a function and prints what became of it: what it returned or threw, and for a promise how
 * it was settled.
 * @param {string} key
 * @param {() => unknown} run
 */
export async function attempt(key, run) {
  note(key, await outcome(run));
}

/**
 * @param {() => unknown} run
 * @returns {Promise<string>}
 */
export async function outcome(run) {
  let result;
  try {
    result = run();
  } catch (error) {
    return `throws ${show(error)}`;
  }
  return isPromise(result) ? settled(result) : `returns ${show(result)}`;
}

/**
 * @param {PromiseLike<unknown>} promise
 * @returns {Promise<string>}
 */
export async function settled(promise) {
  try {
    return `resolves ${show(await promise)}`;
  } catch (error) {
    return `rejects ${show(error)}`;
  }
}

/** @param {unknown} value */
function isPromise(value) {
  return typeof (/** @type {any} */ (value)?.then) === "function";
}

/**
 * @param {unknown} value
 * @returns {string}
 */
export function show(value) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `function ${value.name}`;
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

/** @param {any} value */
function showObject(value) {
  if (value instanceof Error) return showError(value);
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (Buffer.isBuffer(value)) return `Buffer ${JSON.stringify(value.toString("latin1"))}`;
  if (Object.prototype.toString.call(value) === "[object RedisClient]") return "RedisClient";
  const pairs = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${show(item)}`);
  const prototype = Object.getPrototypeOf(value) === null ? "null-prototype " : "";
  return `${prototype}{${pairs.join(", ")}}`;
}

/** @param {any} error */
export function showError(error) {
  const kind = [TypeError, RangeError].find((Class) => error instanceof Class)?.name ?? error.name;
  // Which of Bun's two buffers held the data is chance.
  const message = error.message.replace(/^(Failed to read data) \((stack|buffer) path\)$/, "$1");
  return `${kind} ${error.code ?? "(no code)"} ${JSON.stringify(message)}`;
}

/** Values as text that is the same under every runtime, on one line. */

/** @param {unknown} value @returns {string} */
export function show(value) {
  switch (typeof value) {
    case "string":
      return value.length > 400 ? `string of ${value.length}` : JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return `function ${value.name}/${value.length}`;
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      return String(value);
  }
}

/** @param {object} value */
function showObject(value) {
  if (value instanceof Error) return showError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : `Date ${value.toISOString()}`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (ArrayBuffer.isView(value))
    return `${tag(value)} ${showBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${showBytes(new Uint8Array(value))}`;
  if (tag(value) !== "Object") return `[${tag(value)}]`;
  return `{${Object.entries(value)
    .map(([name, item]) => `${name}: ${show(item)}`)
    .join(", ")}}`;
}

/** @param {any} error */
export function showError(error) {
  // The engine words it.
  if (error.name === "SyntaxError") return error.name;
  const code = error.code === undefined ? "" : ` ${error.code}`;
  return `${error.name}${code}: ${error.message.replaceAll("\n", "\\n")}`;
}

/** @param {Uint8Array} bytes */
export function showBytes(bytes) {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return text.length <= 120 ? `${text.length}:${JSON.stringify(text)}` : `${text.length} bytes`;
}

/** @param {object} value */
export function tag(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

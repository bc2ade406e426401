// A wrong answer is not a slow answer: it ends the case for this client and makes the whole run fail.

export function wrong(what, expected, actual) {
  return new Error(`wrong answer: ${what}: expected ${brief(expected)}, got ${brief(actual)}`);
}

export function expectEqual(what, expected, actual) {
  if (actual !== expected) throw wrong(what, expected, actual);
}

export function expectSameList(what, expected, actual) {
  expectEqual(`length of ${what}`, expected.length, actual?.length);
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i]) throw wrong(`${what}[${i}]`, expected[i], actual[i]);
  }
}

function brief(value) {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
}

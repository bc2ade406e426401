/** What the last lines of a test run say of its failures. */
import { describe, expect, it } from "vitest";
import { failure, rustFailures } from "../dev/failures.mjs";

const RUN = `
running 4 tests
test keys::counts ... FAILED
test keys::refuses ... FAILED
test keys::finds ... ok
test keys::panics - should panic ... FAILED

failures:

---- keys::counts stdout ----
printed before

thread 'keys::counts' (17) panicked at src/keys.rs:4:47:
assertion \`left == right\` failed: two keys
  left: 1
 right: 2
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace

---- keys::refuses stdout ----
Error: "no key"


failures:
    keys::counts
    keys::panics
    keys::refuses

test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.07s

`;
const WHOLE = `
running 1 test
test sends ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

`;
const LINES = [
  "keys::counts: src/keys.rs:4:47: assertion `left == right` failed: two keys",
  "keys::panics",
  'keys::refuses: Error: "no key"',
];

describe("failed Rust tests", () => {
  it("are told with the place and the first line of the message", () => {
    expect(rustFailures(RUN)).toEqual(LINES);
  });

  it("are those of all programs, also where they have one name", () => {
    expect(rustFailures(WHOLE + RUN + WHOLE + RUN)).toEqual([...LINES, ...LINES]);
    expect(rustFailures(WHOLE)).toEqual([]);
    expect(rustFailures("")).toEqual([]);
  });
});

describe("a failure", () => {
  it("is one line without colours", () => {
    expect(failure("file > a\nb", { name: "AssertionError", message: "\u001b[31mwrong\u001b[39m\n- 1\n+ 2" })).toBe(
      "file > a b: AssertionError: wrong",
    );
    expect(failure("file", new Error(""))).toBe("file: Error:");
    expect(failure("file")).toBe("file");
  });

  it("is not endless", () => {
    expect(failure("file", "x".repeat(10_000)).length).toBeLessThan(310);
  });
});

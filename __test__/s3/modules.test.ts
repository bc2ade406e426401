import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const entry = new URL("../../index.js", import.meta.url).pathname;
const env = { ...process.env, S3_REGION: "", AWS_REGION: "hidden" };

it("is there for import and require", async () => {
  const names = "[typeof s3, typeof S3Client, typeof S3File, typeof S3Error, typeof file, typeof write].join()";
  const expected = "object,function,function,function,function,function";
  const list = "s3, S3Client, S3File, S3Error, file, write";
  const esm = await run(process.execPath, [
    "--input-type=module",
    "-e",
    `import { ${list} } from ${JSON.stringify(entry)}; console.log(${names})`,
  ]);
  const cjs = await run(process.execPath, ["-e", `const { ${list} } = require(${JSON.stringify(entry)}); console.log(${names})`]);
  expect([esm.stdout.trim(), cjs.stdout.trim()]).toEqual([expected, expected]);
});

it("reads the environment at first use", async () => {
  const script = `const { s3 } = require(${JSON.stringify(entry)}); process.env.S3_BUCKET = "from-env"; console.log(s3.file("k").bucket, require("util").inspect(s3))`;
  const { stdout } = await run(process.execPath, ["-e", script], { env });
  expect(stdout).toMatch(/^from-env/);
  expect(stdout).not.toContain("hidden");
});

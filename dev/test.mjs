// npm test: all set-up, then Rust's tests, vitest and the type tests.
// The last line is `N passed, N failed` over all of them.

import { spawn, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { findRedis } from "./servers.mjs";
import { ensureAddon, ensureModules, ensureS3Server, root } from "./setup.mjs";

/** One call of each method, for a server with nothing stored. */
import { expect } from "vitest";
import type { RedisClient } from "../../../index.js";

/** What an example can ask for when it is run. */
export interface Context {
  client: RedisClient;
  /** The port of another server. */
  otherPort: number;
}

/**
 * Commands to send before, separated by semicolons; the arguments of the method; and the reply, or a matcher for it,
 * or the error that the server has to give (where only another set-up would let the command succeed).
 */
export type Example = [
  before: string,
  args: unknown[] | ((context: Context) => Promise<unknown[]> | unknown[]),
  reply: unknown,
];

export type Examples = Record<string, Example>;

/** A refusal by the command itself, so it reached the server as it should. */
export class Refusal {
  constructor(readonly pattern: RegExp) {}
}

export const refused = (pattern: RegExp) => new Refusal(pattern);
export const integer = expect.any(Number);
export const text = expect.any(String);
export const list = expect.any(Array);
export const map = expect.any(Object);
export const help = expect.arrayContaining([expect.stringMatching(/^[A-Z]/)]);

/**
 * Where this package differs from Bun on purpose: what it does instead, and why. Everything else
 * must be the same, and what is listed must differ. `docs/bun-differences.md` tells users.
 */
export interface Difference {
  reason: string;
  /** By the key of the observation, in which `*` stands for anything: what is observed here. */
  here: Record<string, string>;
}

export const DIFFERENCES: Difference[] = [];

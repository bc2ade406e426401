/** Chance that can be repeated: the same seed gives the same choices. */
export class Seeded {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  integer(below: number): number {
    // Mulberry32: small, and good enough for choices.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  /** True so many times out of a hundred. */
  percent(chance: number): boolean {
    return this.integer(100) < chance;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(list.length)] as T;
  }
}

/**
 * Seeds of a run: `count` lasting ones and a new one, or only the one that `FAULT_SEED` names, to repeat a run
 * that failed. They belong into the names of tests.
 */
export function seeds(count: number): number[] {
  const { FAULT_SEED } = process.env;
  if (FAULT_SEED !== undefined) return [Number(FAULT_SEED)];
  return [...Array.from({ length: count }, (_, index) => index + 1), Date.now() % 2 ** 31];
}

/** A value as JavaScript without types sees it: for calls that TypeScript would refuse, which the package has to refuse itself. */
export function untyped(value: unknown): any {
  return value;
}

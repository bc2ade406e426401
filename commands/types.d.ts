/** What commands/ is made of; README.md says what the members mean. */

/** Where keys stand among the arguments of a command. */
export interface KeySpec {
  index?: number;
  keyword?: string;
  from?: number;
  last?: number;
  step: number;
  limit?: number;
  count?: number;
  first?: number;
}

/** A command, without the name that it is kept under. */
export interface Fact {
  /** The name of its file. */
  group: string;
  since: string;
  available?: string;
  arity: number;
  flags: string[];
  keys: KeySpec[];
  request?: string;
  response?: string;
  reply: string;
  syntax: string;
  summary: string;
}

/** Facts by the name of the command: `GET`, `XGROUP CREATE`. */
export type Facts = Map<string, Fact>;

/** What a server says about a command of its own. Modules and older servers say less. */
export type LiveFact = Omit<Fact, "group" | "since" | "summary"> & Partial<Pick<Fact, "since" | "summary">>;

/** A method of the client, without the name that it is kept under. */
export interface Method {
  /** The name of its file. */
  group: string;
  command: string;
  takes: "none" | "fixed" | "atLeast" | "variadic" | "keyed" | "loose" | "custom" | "listed";
  length?: number;
  names?: string[];
  reply?: "boolean" | "buffer";
  guard?: boolean;
  note?: string;
  overloads: string[];
}

/** Methods by their name: `get`, `xgroupCreate`. */
export type Methods = Map<string, Method>;

/** An argument of a command, as a server's source describes it. */
export interface Argument {
  type: string;
  name: string;
  display?: string;
  token?: string;
  optional?: boolean;
  multiple?: boolean;
  multiple_token?: boolean;
  arguments?: Argument[];
}

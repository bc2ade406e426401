// Checked by tsc, never run: the declared commands can stand in for those of Bun's client, and say what they resolve to.
import type { RedisClient as BunClient } from "bun";
import type { RedisCommands } from "../../lib/redis/commands.js";

declare const commands: RedisCommands;

type Shared = keyof RedisCommands & keyof BunClient;

// Everything Bun declares is here, save what the class itself declares.
type ByClass =
  | "connected" | "bufferedAmount" | "onconnect" | "onclose"
  | "connect" | "close" | "duplicate" | "send" | "subscribe" | "unsubscribe";
expectType<never, Exclude<keyof BunClient, keyof RedisCommands | ByClass>>();

// A class with these methods is accepted where Bun's client is expected.
commands satisfies Pick<BunClient, Shared>;
declare class Client {}
interface Client extends RedisCommands, Pick<BunClient, ByClass> {}
new Client() satisfies BunClient;

// Methods of Bun's client that its own declarations forget are declared here.
expectType<never, Exclude<"select" | "pubsub", keyof RedisCommands>>();

// The first type is exactly the second.
declare function expectType<Expected, Actual extends Expected & ([Expected] extends [Actual] ? unknown : never)>(): void;
declare function resolves<T>(promise: Promise<T>): { exactly<U extends T>(..._: [T] extends [U] ? [] : [never]): void };

const bytes = new Uint8Array(2);
resolves(commands.get("key")).exactly<string | null>();
resolves(commands.get(bytes.buffer)).exactly<string | null>();
resolves(commands.getBuffer(bytes)).exactly<Buffer<ArrayBuffer> | null>();
resolves(commands.set("key", "value")).exactly<"OK">();
resolves(commands.set("key", bytes, "EX", 10)).exactly<"OK">();
resolves(commands.set("key", 1, "NX")).exactly<"OK" | null>();
resolves(commands.set("key", "value", "GET")).exactly<string | null>();
resolves(commands.exists("key")).exactly<boolean>();
resolves(commands.setnx("key", "value")).exactly<number>();
resolves(commands.hset("key", { field: "value", other: 1 })).exactly<number>();
resolves(commands.hmset("key", ["field", "value"])).exactly<"OK">();
resolves(commands.hgetall("key")).exactly<Record<string, string>>();
resolves(commands.hgetex("key", "EX", 10, "FIELDS", 1, "field")).exactly<(string | null)[]>();
resolves(commands.hsetex("key", "FNX", "PX", 10, "FIELDS", 1, "field", "value")).exactly<number>();
resolves(commands.mget("a", "b")).exactly<(string | null)[]>();
resolves(commands.lcs("a", "b")).exactly<string>();
resolves(commands.lcs("a", "b", "LEN")).exactly<number>();
resolves(commands.rpop("key", 2)).exactly<string[] | null>();
resolves(commands.spop("key", 2)).exactly<string[]>();
resolves(commands.zadd("key", "INCR", 1, "member")).exactly<number>();
resolves(commands.zadd("key", "XX", "INCR", 1, "member")).exactly<number | null>();
resolves(commands.zrange("key", 0, -1)).exactly<string[]>();
resolves(commands.zrange("key", 0, -1, "REV", "WITHSCORES")).exactly<[string, number][]>();
resolves(commands.zrangebyscore("key", "-inf", "(5", "WITHSCORES", "LIMIT", 0, 1)).exactly<[string, number][]>();
resolves(commands.zdiff(2, "a", "b")).exactly<string[]>();
resolves(commands.zdiff(2, "a", "b", "WITHSCORES")).exactly<[string, number][]>();
resolves(commands.xread("STREAMS", "key", "0")).exactly<Record<string, [string, string[]][]> | null>();
resolves(commands.scan(0, "MATCH", "a*", "COUNT", 10)).exactly<[string, string[]]>();
resolves(commands.ping()).exactly<"PONG">();
resolves(commands.config("GET", "maxmemory")).exactly<Record<string, string>>();
resolves(commands.select(1)).exactly<"OK">();
resolves(commands.exists("a", "b")).exactly<boolean>();
resolves(commands.publish("channel", bytes)).exactly<number>();

// Methods that Bun's client does not have.
resolves(commands.xgroupCreate("key", "group", "$", "MKSTREAM")).exactly<"OK">();
resolves(commands.xinfoStream("key", "FULL")).exactly<Record<string, any>>();
resolves(commands.aclGetuser("name")).exactly<Record<string, any> | null>();
resolves(commands.clientKill("ID", 5)).exactly<number>();
resolves(commands.clientKill("127.0.0.1:1")).exactly<"OK">();
resolves(commands.clientPause(10, "WRITE")).exactly<"OK">();
resolves(commands.clusterKeyslot(bytes)).exactly<number>();
resolves(commands.configGet("maxmemory", "save")).exactly<Record<string, string>>();
resolves(commands.functionDump()).exactly<Buffer<ArrayBuffer>>();
resolves(commands.functionLoad("REPLACE", "#!lua name=x")).exactly<string>();
resolves(commands.latencyHistory("command")).exactly<[time: number, milliseconds: number][]>();
resolves(commands.memoryUsage("key", "SAMPLES", 5)).exactly<number | null>();
resolves(commands.sortRo("key", "ALPHA")).exactly<(string | null)[]>();
resolves(commands.vadd("key", "VALUES", 2, 0.5, 1, "element")).exactly<boolean>();
resolves(commands.vrandmember("key", 2)).exactly<string[]>();
resolves(commands.jsonSet("key", "$", "1", "NX")).exactly<"OK" | null>();
resolves(commands.bfAdd("key", bytes)).exactly<boolean>();
resolves(commands.tsRange("key", "-", "+")).exactly<[timestamp: number, value: number | string][]>();

// @ts-expect-error: a group has an id to start from
commands.xgroupCreate("key", "group");
// @ts-expect-error: one of the modes
commands.clientNoEvict("MAYBE");
// @ts-expect-error: no arguments
commands.aclWhoami("me");
// @ts-expect-error: null is not a key
commands.get(null);
// @ts-expect-error: booleans are not sent
commands.set("key", true);

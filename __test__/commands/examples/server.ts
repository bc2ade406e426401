import { expect } from "vitest";
import { type Examples, help, integer, list, map, refused, text } from "./example.js";

export const access: Examples = {
  aclCat: ["", ["hash"], expect.arrayContaining(["hget", "hset"])],
  aclDeluser: ["ACL SETUSER someone", ["someone", "nobody"], 1],
  aclDryrun: ["ACL SETUSER someone +get ~*", ["someone", "GET", "k"], "OK"],
  aclGenpass: ["", [32], expect.stringMatching(/^[0-9a-f]{8}$/)],
  aclGetuser: ["ACL SETUSER reader on +get ~a*", ["reader"], expect.objectContaining({ keys: "~a*" })],
  aclHelp: ["", [], help],
  aclList: ["", [], expect.arrayContaining([expect.stringMatching(/^user default on/)])],
  aclLoad: ["", [], "OK"],
  aclLog: ["", ["RESET"], "OK"],
  aclSave: ["", [], "OK"],
  aclSetuser: ["", ["someone", "on", "nopass", "~*", "+@read"], "OK"],
  aclUsers: ["", [], expect.arrayContaining(["default"])],
  aclWhoami: ["", [], "default"],
};

export const connection: Examples = {
  auth: ["", ["default", "any"], "OK"],
  client: ["", ["ID"], integer],
  clientCaching: ["CLIENT TRACKING OFF; CLIENT TRACKING ON OPTIN", ["YES"], "OK"],
  clientCapa: ["", ["redirect"], "OK"],
  clientGetname: ["CLIENT SETNAME worker", [], "worker"],
  clientGetredir: ["CLIENT TRACKING OFF", [], -1],
  clientHelp: ["", [], help],
  clientId: ["", [], integer],
  clientImportSource: ["", ["ON"], refused(/not in import mode/)],
  clientInfo: ["", [], expect.stringContaining("cmd=client|info")],
  clientKill: ["", ["ID", 99999], 0],
  clientList: ["", [], expect.stringContaining("cmd=client|list")],
  clientNoEvict: ["", ["OFF"], "OK"],
  clientNoTouch: ["", ["OFF"], "OK"],
  clientPause: ["", [1, "WRITE"], "OK"],
  clientSetinfo: ["", ["LIB-NAME", "tests"], "OK"],
  clientSetname: ["", ["worker"], "OK"],
  clientTracking: ["", ["OFF"], "OK"],
  clientTrackinginfo: ["CLIENT TRACKING OFF", [], { flags: ["off"], redirect: -1, prefixes: [] }],
  clientUnblock: ["", [99999, "TIMEOUT"], 0],
  clientUnpause: ["", [], "OK"],
  echo: ["", ["a"], "a"],
  ping: ["", ["a"], "a"],
  select: ["", [0], "OK"],
};

const LIBRARY = "#!lua name=lib\nredis.register_function{function_name='one', callback=function() return 1 end, flags={'no-writes'}}";

/** Loads the library through the typed method, for it has spaces in it. */
const loaded = (...args: unknown[]) => async ({ client }: { client: any }) => {
  await client.functionLoad("REPLACE", LIBRARY);
  return args;
};
const script = (...args: unknown[]) => async ({ client }: { client: any }) => [await client.scriptLoad("return 1"), ...args];

export const scripting: Examples = {
  eval: ["", ["return ARGV[1]", 0, "a"], "a"],
  evalRo: ["", ["return KEYS[1]", 1, "k"], "k"],
  evalsha: ["", script(0), 1],
  evalshaRo: ["", script(0), 1],
  fcall: ["", loaded("one", 0), 1],
  fcallRo: ["", loaded("one", 0), 1],
  function: ["", ["STATS"], map],
  functionDelete: ["", loaded("lib"), "OK"],
  functionDump: ["FUNCTION FLUSH", [], expect.any(Buffer)],
  functionFlush: ["", ["SYNC"], "OK"],
  functionHelp: ["", [], help],
  functionKill: ["", [], refused(/^NOTBUSY/)],
  functionList: ["", loaded("LIBRARYNAME", "lib"), [expect.objectContaining({ library_name: "lib" })]],
  functionLoad: ["FUNCTION FLUSH", [LIBRARY], "lib"],
  functionRestore: ["", async ({ client }) => [await client.functionDump(), "FLUSH"], "OK"],
  functionStats: ["", [], expect.objectContaining({ running_script: null })],
  script: ["", ["EXISTS", "none"], [0]],
  scriptExists: ["", script("none"), [1, 0]],
  scriptFlush: ["", ["SYNC"], "OK"],
  scriptHelp: ["", [], help],
  scriptKill: ["", [], refused(/^NOTBUSY/)],
  scriptLoad: ["", ["return 1"], "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"],
  scriptShow: ["", script(), "return 1"],
};

export const pubsub: Examples = {
  publish: ["", ["news", "hello"], 0],
  pubsub: ["", ["NUMPAT"], 0],
  pubsubChannels: ["", ["news*"], []],
  pubsubHelp: ["", [], help],
  pubsubNumpat: ["", [], 0],
  pubsubNumsub: ["", ["news"], ["news", 0]],
  pubsubShardchannels: ["", [], []],
  pubsubShardnumsub: ["", ["news"], ["news", 0]],
  spublish: ["", ["news", "hello"], 0],
};

/** Waits until nothing is written to the disk any more. */
const quiet = async ({ client }: { client: any }) => {
  while (/(rdb_bgsave|aof_rewrite)_in_progress:1/.test(await client.info("persistence")));
  return [];
};

const SLOW = "CONFIG SET latency-monitor-threshold 1; DEBUG SLEEP 0.002";

export const server: Examples = {
  bgrewriteaof: ["", [], expect.stringContaining("append only file")],
  bgsave: ["", ["SCHEDULE"], expect.stringMatching(/^Background saving/)],
  command: ["", ["COUNT"], integer],
  commandCount: ["", [], integer],
  commandDocs: ["", ["GET"], { get: expect.objectContaining({ group: "string" }) }],
  commandGetkeys: ["", ["MSET", "a", 1, "b", 2], ["a", "b"]],
  commandGetkeysandflags: ["", ["GET", "a"], [["a", ["RO", "access"]]]],
  commandHelp: ["", [], help],
  commandInfo: ["", ["GET", "NONE"], [expect.arrayContaining(["get", 2]), null]],
  commandList: ["", ["FILTERBY", "PATTERN", "xread*"], expect.arrayContaining(["xread", "xreadgroup"])],
  commandlogGet: ["", [1, "SLOW"], list],
  commandlogHelp: ["", [], help],
  commandlogLen: ["", ["LARGE-REPLY"], integer],
  commandlogReset: ["", ["LARGE-REQUEST"], "OK"],
  config: ["", ["GET", "maxmemory"], { maxmemory: "0" }],
  configGet: ["", ["maxmemory", "appendonly"], { maxmemory: "0", appendonly: "no" }],
  configHelp: ["", [], help],
  configResetstat: ["", [], "OK"],
  configRewrite: ["", [], refused(/without a config file/)],
  configSet: ["", ["hz", 10, "timeout", 0], "OK"],
  dbsize: ["MSET a 1 b 2", [], 2],
  debug: ["", ["SLEEP", 0], "OK"],
  failover: ["", [], refused(/requires connected replicas/)],
  flushall: ["", ["SYNC"], "OK"],
  flushdb: ["", ["ASYNC"], "OK"],
  info: ["", ["server"], expect.stringContaining("redis_version:")],
  lastsave: ["", [], integer],
  latencyDoctor: ["", [], text],
  latencyGraph: [SLOW, ["command"], expect.stringContaining("command")],
  latencyHelp: ["", [], help],
  latencyHistogram: ["SET k v", ["set"], { set: expect.objectContaining({ calls: integer }) }],
  latencyHistory: [SLOW, ["command"], expect.arrayContaining([[integer, integer]])],
  latencyLatest: [SLOW, [], expect.arrayContaining([expect.arrayContaining(["command", integer])])],
  latencyReset: [SLOW, ["command"], 1],
  lolwut: ["", ["VERSION", 5, 1, 1, 1], expect.stringMatching(/ver\. \d/)],
  memoryDoctor: ["", [], text],
  memoryHelp: ["", [], help],
  memoryMallocStats: ["", [], text],
  memoryPurge: ["", [], "OK"],
  memoryStats: ["", [], expect.objectContaining({ "keys.count": 0 })],
  memoryUsage: ["SET k v", ["k", "SAMPLES", 1], integer],
  moduleHelp: ["", [], help],
  moduleList: ["", [], list],
  moduleLoad: ["", ["/none.so"], refused(/not allowed/)],
  moduleLoadex: ["", ["/none.so"], refused(/not allowed/)],
  moduleUnload: ["", ["none"], refused(/not allowed/)],
  replicaof: ["", ["NO", "ONE"], "OK"],
  role: ["", [], ["master", integer, []]],
  save: ["", quiet, "OK"],
  shutdown: ["", ["ABORT"], refused(/No shutdown in progress/)],
  slaveof: ["", ["NO", "ONE"], "OK"],
  slowlogGet: ["CONFIG SET slowlog-log-slower-than 0; SET k v; CONFIG SET slowlog-log-slower-than 10000", [1], [expect.arrayContaining([integer])]],
  slowlogHelp: ["", [], help],
  slowlogLen: ["", [], integer],
  slowlogReset: ["", [], "OK"],
  swapdb: ["", [0, 1], "OK"],
  time: ["", [], [expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)]],
};

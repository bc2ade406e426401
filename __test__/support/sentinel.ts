/** Sentinels and servers that say what a test wants, and clients that are closed behind it. */
import { RedisSentinel } from "../../index.js";
import { useClients } from "./clients.js";
import type { Answer } from "./scripted.js";
import { GREETING } from "./transports.js";

type Options = ConstructorParameters<typeof RedisSentinel>[0];

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
export const array = (...texts: string[]) => `*${texts.length}\r\n${texts.map(bulk).join("")}`;

/** What a sentinel that is played knows. */
export interface Knowledge {
  /** `host:port`; `null` for a group that it does not know. */
  primary: string | null;
  replicas?: string[];
  sentinels?: string[];
  epoch?: number;
}

/** Starts what the tests of one file need; it is stopped behind each of them. */
export function useSentinels() {
  const { keep, script } = useClients();

  return {
    script,
    client: (options: Options) => keep(new RedisSentinel(options)),
    /** A sentinel that is played. What it knows may change. */
    async sentinel(known: Knowledge) {
      const peer = await script((command, args) => {
        if (command === "HELLO") return GREETING;
        if (command === "SUBSCRIBE") {
          return args.map((name, index) => `>3\r\n${bulk("subscribe")}${bulk(name)}:${index + 1}\r\n`).join("");
        }
        if (command === "PING") return "+PONG\r\n";
        if (command !== "SENTINEL") return "-ERR unknown command\r\n";
        return sentinelReply(known, args[0]?.toUpperCase() ?? "");
      });
      return {
        address: `localhost:${peer.port}`,
        known,
        received: () => peer.received(),
        /** Tells its subscribers that the primary has moved, whatever it knows. */
        announce(primary: string, group = "mymaster") {
          const message = `${group} ${split(known.primary ?? "h:1").join(" ")} ${split(primary).join(" ")}`;
          return peer.push(`>3\r\n${bulk("message")}${bulk("+switch-master")}${bulk(message)}`);
        },
      };
    },
    /** A server that is played: it says that it is a primary, and answers the rest as told. */
    async primary(reply: (command: string, args: string[]) => Answer) {
      const peer = await script((command, args) => {
        if (command === "HELLO") return GREETING;
        if (command === "ROLE") return `*3\r\n${bulk("master")}:0\r\n*0\r\n`;
        return reply(command, args);
      });
      return { address: `localhost:${peer.port}`, connections: () => peer.connections(), received: () => peer.received() };
    },
  };
}

function sentinelReply({ primary, replicas = [], sentinels = [], epoch = 0 }: Knowledge, question: string): Answer {
  const records = (addresses: string[], flags: string) => {
    const items = addresses.map((address) => {
      const [host, port] = split(address);
      return array("ip", host, "port", port, "flags", flags);
    });
    return `*${items.length}\r\n${items.join("")}`;
  };
  const unknown = "-ERR No such master with that name\r\n";
  switch (question) {
    case "GET-MASTER-ADDR-BY-NAME":
      return primary === null ? "*-1\r\n" : array(...split(primary));
    case "MASTER": {
      if (primary === null) return unknown;
      const [host, port] = split(primary);
      return array("ip", host, "port", port, "config-epoch", `${epoch}`);
    }
    case "REPLICAS":
      return primary === null ? unknown : records(replicas, "slave");
    default:
      return primary === null ? unknown : records(sentinels, "sentinel");
  }
}

function split(address: string): [string, string] {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at), address.slice(at + 1)];
}

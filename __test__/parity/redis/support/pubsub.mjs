// Pushes, and a server that confirms subscriptions.
import { greeting } from "./scripted.mjs";

/**
 * A push of strings and numbers; `null` for none.
 * @param {(string | number | null)[]} parts
 */
export function push(...parts) {
  const items = parts.map((part) => {
    if (part === null) return "_\r\n";
    return typeof part === "number" ? `:${part}\r\n` : `$${part.length}\r\n${part}\r\n`;
  });
  return `>${parts.length}\r\n${items.join("")}`;
}

/** Confirms subscriptions as a server does, one push for each name. */
export function confirming() {
  const channels = new Set();
  return greeting(([name, ...rest]) => {
    switch (name) {
      case "SUBSCRIBE":
      case "PSUBSCRIBE":
      case "SSUBSCRIBE":
        return rest.map((channel) => push(name.toLowerCase(), channel, channels.add(channel).size)).join("");
      case "UNSUBSCRIBE":
      case "PUNSUBSCRIBE":
      case "SUNSUBSCRIBE": {
        const gone = rest.length > 0 ? rest : [...channels];
        if (gone.length === 0) return push(name.toLowerCase(), null, 0);
        return gone
          .map((channel) => (channels.delete(channel), push(name.toLowerCase(), channel, channels.size)))
          .join("");
      }
      case "PUBLISH":
        return push("message", rest[0], rest[1]) + ":1\r\n";
      case "HANG":
        return "";
      default:
        return `+${name}\r\n`;
    }
  });
}

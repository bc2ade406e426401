// All that a script needs.
import { closeClients } from "./client.mjs";
import { stopServers } from "./scripted.mjs";

export * from "./client.mjs";
export * from "./life.mjs";
export * from "./observe.mjs";
export * from "./pubsub.mjs";
export * from "./scripted.mjs";

/** Ends what the script started; the process ends by itself then. */
export async function finish() {
  closeClients();
  await stopServers();
}

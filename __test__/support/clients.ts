/** What a test opens is closed behind it: clients, and small servers that answer as it says. */
import { afterEach } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { startScripted } from "./scripted.js";

/** Hooks that were registered before it run behind it: called last, it closes clients before anything else happens. */
export function useClients() {
  const clients: { close(): unknown }[] = [];
  const peers: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(peers.splice(0).map((peer) => peer.stop()));
  });

  /** Closes a client behind the test. */
  function keep<Client extends { close(): unknown }>(client: Client) {
    clients.push(client);
    return client;
  }

  /** Stops a server behind the test, when its clients are closed. */
  function keepPeer<Peer extends { stop(): Promise<void> }>(peer: Peer) {
    peers.push(peer);
    return peer;
  }

  return {
    keep,
    keepPeer,
    connect: (url: string, options?: RedisOptions) => keep(new RedisClient(url, options)),
    script: async (...how: Parameters<typeof startScripted>) => keepPeer(await startScripted(...how)),
  };
}

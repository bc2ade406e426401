// What the scripts about the life of a connection share.
import { connect } from "./client.mjs";
import { observe, settled, show } from "./observe.mjs";
import { greeting, serve } from "./scripted.mjs";

/** Answers everything but HANG. */
export const answering = greeting(([name]) => ({ HANG: "", SELECT: "+OK\r\n" })[name] ?? `+${name}\r\n`);

/** What a client goes through, in order. */
export function journal(client) {
  const events = [];
  client.onconnect = (...args) => void events.push(`onconnect ${args.length}`);
  client.onclose = (error) => void events.push(`onclose ${show(error)}`);
  const track = (name, promise) => settled(promise).then((text) => void events.push(`${name} ${text}`));
  return { events, track };
}

/** Lets everything run that is ready to run. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Waits until the client has noticed that its connection is gone. */
export async function lost(client) {
  while (client.connected) await turn();
}

/** The outcomes of commands that were sent but not answered when `act` was called. */
export async function inFlight(key, act, options, answer = answering) {
  const server = await serve(answer);
  const client = connect(server.url(), options);
  await client.connect();
  const { events, track } = journal(client);
  const asked = server.received("HANG");
  const all = [track("first", client.send("HANG", ["1"])), track("second", client.send("HANG", ["2"]))];
  await asked;
  await act(client, server, track, all);
  await Promise.all(all);
  await turn();
  observe(`life.${key}.events`, events);
  observe(`life.${key}.connected`, client.connected);
  return { client, server };
}

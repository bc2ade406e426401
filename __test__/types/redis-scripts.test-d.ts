/** Scripts and functions with the types of their replies. */
import { RedisClient, type RedisLibrary, type RedisScript } from "../../index.js";

declare const client: RedisClient;

const sum: RedisScript<number> = client.defineScript<number>("return 1", { keys: 2, readOnly: true });
const reply: Promise<number> = sum.run(["a", new Uint8Array()], [1, "2"]);
const elsewhere: Promise<number> = sum.on(client.buffers).run(["a", "b"]);
const digest: Promise<string> = sum.load();
const anything: Promise<any> = client.buffers.defineScript("return 1").run();
const library: RedisLibrary = client.defineLibrary("#!lua name=l");
const called: Promise<string | null> = library.function<string | null>("f", { keys: 1 }).run(["k"]);
const chained: Promise<[string, number]> = sum
  .on(client.multi().send<string>("GET", ["k"]))
  .run(["a", "b"])
  .exec({ throwOnError: true });
const piped: Promise<[string | null]> = library
  .function<string | null>("f")
  .on(client.pipeline())
  .run(["k"])
  .exec({ throwOnError: true });
// The command keeps its name.
const loaded: Promise<any> = client.script("LOAD", "return 1");
// @ts-expect-error keys are a list
sum.run("a");
// @ts-expect-error a script is text
client.defineScript(new Uint8Array());

export { reply, elsewhere, digest, anything, called, chained, piped, loaded };

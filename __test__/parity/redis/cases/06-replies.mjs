// Section 6: what replies become, whole and in pieces, and which bytes end the connection.
import { GREETING, attempt, connect, finish, greeting, observe, serve, settled, show } from "../support/index.mjs";

const binary = "\x00\x7f\x80\xff\r\n\xc3\xa9";
const replies = {
  "simple": "+text\r\n", "simple.empty": "+\r\n", "simple.ok": "+OK\r\n", "simple.utf8": "+\xc3\xa9\r\n",
  "simple.invalid": "+\xff\r\n", "simple.long": `+${"s".repeat(70000)}\r\n`, "simple.carriage-return": "+a\rb\r\n",
  "bulk": "$4\r\ntext\r\n", "bulk.empty": "$0\r\n\r\n", "bulk.null": "$-1\r\n",
  "bulk.binary": `$${binary.length}\r\n${binary}\r\n`, "bulk.utf8": "$10\r\n\xf0\x9f\x8e\x89\xe6\x97\xa5abc\r\n",
  "bulk.bom": "$4\r\n\xef\xbb\xbfa\r\n", "bulk.surrogate": "$3\r\n\xed\xa0\x80\r\n",
  "bulk.truncated-utf8": "$2\r\n\xe6\x97\r\n", "bulk.overlong": "$2\r\n\xc0\x80\r\n",
  "bulk.latin1": "$3\r\n\xe9\xe8a\r\n", "verbatim": "=8\r\ntxt:text\r\n", "verbatim.markdown": "=6\r\nmkd:*a\r\n",
  "verbatim.empty": "=4\r\ntxt:\r\n", "integer": ":42\r\n", "integer.zero": ":0\r\n", "integer.negative": ":-7\r\n",
  "integer.plus": ":+5\r\n", "integer.negative-zero": ":-0\r\n", "integer.int32": ":2147483648\r\n",
  "integer.safe": ":9007199254740991\r\n", "integer.unsafe": ":9007199254740993\r\n",
  "integer.max": ":9223372036854775807\r\n", "integer.min": ":-9223372036854775808\r\n",
  "integer.leading-zero": ":007\r\n", "double": ",1.5\r\n", "double.integer": ",10\r\n",
  "double.negative": ",-0.25\r\n", "double.exponent": ",1.5e10\r\n", "double.inf": ",inf\r\n",
  "double.negative-inf": ",-inf\r\n", "double.nan": ",nan\r\n", "double.plus-inf": ",+inf\r\n",
  "double.capital": ",Inf\r\n", "double.zero": ",-0\r\n", "double.large": ",1e400\r\n", "double.dot": ",.5\r\n",
  "double.trailing-dot": ",5.\r\n", "double.tiny": ",4.9e-324\r\n",
  "double.long": ",0.1000000000000000055511151231257827\r\n", "boolean.true": "#t\r\n", "boolean.false": "#f\r\n",
  "null": "_\r\n", "bignumber": "(3492890328409238509324850943850943825024385\r\n", "bignumber.negative": "(-5\r\n",
  "bignumber.text": "(1.5\r\n", "bignumber.empty": "(\r\n", "bignumber.plus": "(+5\r\n", "bignumber.hex": "(0x10\r\n",
  "bignumber.blank": "( 5\r\n", "bignumber.small": "(7\r\n", "array": "*3\r\n$1\r\na\r\n:1\r\n_\r\n",
  "array.empty": "*0\r\n", "array.null": "*-1\r\n", "array.nested": "*2\r\n*1\r\n+a\r\n*0\r\n",
  "array.strings": "*3\r\n$1\r\na\r\n$-1\r\n$0\r\n\r\n", "array.errors": "*2\r\n-ERR inner\r\n!5\r\nERR b\r\n",
  "array.error.empty": "*1\r\n-\r\n", "set": "~3\r\n+b\r\n+a\r\n+b\r\n", "set.empty": "~0\r\n",
  "array.maps": "*2\r\n%1\r\n+a\r\n:1\r\n%0\r\n", "array.binary": `*1\r\n$${binary.length}\r\n${binary}\r\n`,
  "array.mixed": "*6\r\n,1.5\r\n#t\r\n(5\r\n=6\r\ntxt:ab\r\n~1\r\n+x\r\n*-1\r\n",
  "map": "%2\r\n$1\r\na\r\n:1\r\n+b\r\n_\r\n", "map.empty": "%0\r\n",
  "map.strings": "%2\r\n$1\r\nf\r\n$1\r\nv\r\n$1\r\ng\r\n$-1\r\n",
  "map.keys.integer": "%2\r\n:2\r\n+two\r\n:1\r\n+one\r\n", "map.keys.double": "%1\r\n,1.5\r\n+a\r\n",
  "map.keys.boolean": "%2\r\n#t\r\n+a\r\n#f\r\n+b\r\n", "map.keys.null": "%1\r\n_\r\n+a\r\n",
  "map.keys.array": "%1\r\n*2\r\n+x\r\n:1\r\n+a\r\n", "map.keys.map": "%1\r\n%1\r\n+x\r\n:1\r\n+a\r\n",
  "map.keys.bignumber": "%1\r\n(5\r\n+a\r\n", "map.keys.error": "%1\r\n-ERR k\r\n+a\r\n",
  "map.keys.double.inf": "%1\r\n,inf\r\n+a\r\n", "map.keys.duplicate": "%2\r\n+a\r\n:1\r\n+a\r\n:2\r\n",
  "map.keys.proto": "%2\r\n$9\r\n__proto__\r\n:1\r\n+constructor\r\n:2\r\n",
  "map.keys.proto.strings": "%1\r\n$9\r\n__proto__\r\n$1\r\nv\r\n",
  "map.keys.digits": "%2\r\n$2\r\n10\r\n$1\r\nv\r\n$1\r\n9\r\n$1\r\nw\r\n",
  "map.keys.invalid": "%1\r\n$1\r\n\xff\r\n:1\r\n", "map.keys.empty": "%1\r\n$0\r\n\r\n:1\r\n",
  "map.values.error": "%1\r\n+a\r\n-ERR v\r\n", "map.nested": "%1\r\n+a\r\n%1\r\n+b\r\n*1\r\n+c\r\n",
  "map.binary": `%1\r\n$1\r\na\r\n$${binary.length}\r\n${binary}\r\n`,
  "attribute": "|1\r\n+ttl\r\n:3600\r\n$1\r\nv\r\n", "attribute.empty": "|0\r\n+v\r\n",
  "attribute.nested": "*2\r\n|1\r\n+a\r\n*1\r\n+x\r\n:1\r\n:2\r\n",
  "attribute.double": "|1\r\n+a\r\n+b\r\n|1\r\n+c\r\n+d\r\n+v\r\n", "attribute.error": "|1\r\n+a\r\n+b\r\n-ERR v\r\n",
  "error": "-ERR something\r\n", "error.code": "-WRONGTYPE Operation against a key\r\n", "error.empty": "-\r\n",
  "error.blob": "!10\r\nERR a\r\nb c\r\n", "error.blob.empty": "!0\r\n\r\n", "error.lower": "-lower case\r\n",
  "error.utf8": "-ERR \xc3\xa9\xff\r\n", "error.moved": "-MOVED 1 127.0.0.1:7000\r\n",
  "push.invalidate": ">2\r\n$10\r\ninvalidate\r\n*1\r\n+k\r\n+after\r\n",
  "push.simple": ">2\r\n+other\r\n+x\r\n+after\r\n", "depth.128": `${"*1\r\n".repeat(128)}:1\r\n`,
  "depth.maps": `${"%1\r\n+a\r\n".repeat(128)}:1\r\n`, "resp2.status": "+QUEUED\r\n",
};
const methods = ["send", "get", "getBuffer", "exists", "sismember", "hexists", "hsetnx", "smove", "hgetall"];
{
  let reply;
  const server = await serve(greeting(() => reply));
  const client = connect(server.url());
  for (const [kind, bytes] of Object.entries(replies)) {
    reply = bytes;
    for (const method of kind.includes("long") || kind.startsWith("depth") ? ["send"] : methods) {
      const run = () => (method === "send" ? client.send("X", []) : client[method]("a", "b", "c"));
      await attempt(`replies.${method}.${kind}`, run);
    }
  }
  observe("replies.connections", server.peers.length);

  reply = "*2\r\n$1\r\na\r\n%1\r\n+k\r\n$1\r\nv\r\n";
  const [text, nested] = await client.getBuffer("k");
  observe("replies.buffers", [Buffer.isBuffer(text), Buffer.isBuffer(nested.k), text.buffer instanceof ArrayBuffer]);
  reply = "*1\r\n-ERR inner\r\n";
  const [inner] = await client.send("X", []);
  observe("replies.inner-error", [inner instanceof Error, inner.name, inner.code, inner.message]);
}

// The same replies byte by byte, and all at once.
{
  const server = await serve(greeting(() => {}));
  const client = connect(server.url());
  await client.connect();
  const [peer] = server.peers;
  const kinds = ["bulk.binary", "array.mixed", "map", "map.nested", "attribute.nested", "error.blob", "verbatim"];
  for (const kind of [...kinds, "push.invalidate", "integer.max"]) {
    const asked = server.received("X");
    const result = settled(client.send("X", []));
    await asked;
    for (const byte of replies[kind]) await peer.write(byte);
    observe(`replies.trickle.${kind}`, await result);
  }
  // Those that differ on purpose were seen one by one.
  const different = /^attribute.error|^bignumber.plus|^map.keys/;
  const all = Object.entries(replies).filter(([kind, bytes]) => bytes.length < 1000 && !different.test(kind));
  const asked = server.received("LAST");
  const results = all.map(() => settled(client.send("X", [])));
  results.push(settled(client.send("LAST", [])));
  await asked;
  await peer.write(`${all.map(([, bytes]) => bytes).join("")}+last\r\n`);
  observe("replies.at-once", await Promise.all(results));
}

// Replies that nobody waits for.
{
  const server = await serve(greeting(() => "+PONG\r\n"));
  const client = connect(server.url());
  await client.connect();
  const again = new Promise((resolve) => (client.onconnect = resolve));
  await server.peers[0].write("+stray\r\n-ERR stray\r\n*1\r\n:1\r\n");
  server.peers[0].end();
  await again;
  observe("replies.stray", [await client.ping(), server.peers.length]);
}

const broken = {
  "type": "?x\r\n", "type.text": "HTTP/1.1 200 OK\r\n\r\n", "type.newline": "\r\n",
  "type.streamed": "$?\r\n;1\r\na\r\n;0\r\n", "type.nul": "\0\r\n", "integer.text": ":x\r\n", "integer.empty": ":\r\n",
  "integer.fraction": ":1.5\r\n", "integer.overflow": ":9223372036854775808\r\n", "integer.minus": ":-\r\n",
  "integer.blank": ": 1\r\n", "integer.underscore": ":1_0\r\n", "bulk.length.text": "$x\r\n",
  "bulk.length.negative": "$-2\r\n", "bulk.length.huge": "$536870913\r\n",
  "bulk.length.overflow": "$99999999999999999999\r\n", "bulk.framing": "$3\r\nabcde\r\n",
  "bulk.framing.newline": "$1\r\na\n\n", "bulk.length.empty": "$\r\n", "verbatim.short": "=3\r\ntxt\r\n",
  "verbatim.format": "=5\r\ntxt?a\r\n", "verbatim.negative": "=-1\r\n", "verbatim.framing": "=5\r\ntxt:abc\r\n",
  "verbatim.length": "=x\r\n", "blob-error.negative": "!-1\r\n", "blob-error.framing": "!1\r\nabc\r\n",
  "blob-error.length": "!x\r\n", "double.text": ",abc\r\n", "double.empty": ",\r\n", "double.trailing": ",1x\r\n",
  "boolean.text": "#x\r\n", "boolean.empty": "#\r\n", "boolean.long": "#true\r\n", "null.text": "_x\r\n",
  "array.negative": "*-2\r\n", "array.text": "*x\r\n", "array.empty": "*\r\n", "array.element": "*2\r\n:1\r\n?\r\n",
  "set.negative": "~-1\r\n", "set.text": "~x\r\n", "map.negative": "%-1\r\n", "map.text": "%x\r\n",
  "map.element": "%1\r\n+a\r\n?\r\n", "attribute.negative": "|-1\r\n", "attribute.text": "|x\r\n",
  "push.empty": ">0\r\n", "push.negative": ">-1\r\n", "push.text": ">x\r\n", "push.kind": ">2\r\n:1\r\n:2\r\n",
  "depth.129": `${"*1\r\n".repeat(129)}:1\r\n`, "depth.maps.129": `${"%1\r\n+a\r\n".repeat(129)}:1\r\n`,
};
for (const [kind, bytes] of Object.entries(broken)) {
  const server = await serve(greeting(([, key]) => (key === "c" ? "+late\r\n" : "")));
  const client = connect(server.url());
  await client.connect();
  const events = [];
  client.onclose = (error) => void events.push(`onclose ${show(error)}`);
  const both = server.received("GET", ({ packets }) => packets.join().includes("GET b"));
  const results = ["a", "b"].map((key) => settled(client.get(key)));
  const peer = await both;
  await peer.write(bytes);
  peer.end();
  observe(`broken.${kind}.results`, await Promise.all(results));
  observe(`broken.${kind}.events`, events);
  observe(`broken.${kind}.after`, [await settled(client.get("c")), server.peers.length]);
  await server.stop();
}

// A header that promises much is waited for, at no cost.
const huge = { array: "*2147483647\r\n", map: "%1000000000\r\n", bulk: "$536870912\r\n" };
for (const [kind, bytes] of Object.entries(huge)) {
  const server = await serve(([name]) => (name === "HELLO" ? GREETING : bytes));
  const client = connect(server.url());
  await client.connect();
  const asked = server.received("GET");
  const result = settled(client.get("k"));
  const peer = await asked;
  observe(`replies.huge.${kind}`, client.connected);
  peer.destroy();
  observe(`replies.huge.${kind}.result`, await result);
}

await finish();

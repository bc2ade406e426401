// Section 3 on a real server: users, passwords, databases, and what the server knows of the client.
import { connect, finish, note, observe, settled, show } from "../support/index.mjs";

const real = new URL(process.env.PARITY_REDIS);
const admin = connect(real.href);
await admin.flushall();
await admin.send("ACL", ["SETUSER", "reader", "on", ">p@ss/w:rd é", "~*", "&*", "+@all", "-set", "-@admin"]);
await admin.send("ACL", ["SETUSER", "nobody", "on", "nopass", "~*", "-@all"]);
await admin.send("ACL", ["SETUSER", "off", "off", ">pw", "~*", "+@all"]);

const secret = encodeURIComponent("p@ss/w:rd é");
const logins = {
  none: "",
  right: `reader:${secret}@`,
  raw: "reader:p@ss%2fw:rd é@",
  wrong: "reader:wrong@",
  empty: "reader:@",
  user: "reader@",
  unknown: "who:pw@",
  off: "off:pw@",
  "default.password": ":anything@",
  "default.named": "default:anything@",
  nobody: "nobody:@",
};
for (const [kind, login] of Object.entries(logins)) {
  // Each on a client of its own: the server is in another process, and a second call may come too late.
  const [one, other] = [1, 2].map(() => connect(`redis://${login}${real.host}/1`, { maxRetries: 0 }));
  const closed = [];
  one.onclose = (error) => void closed.push(show(error));
  const [command, connecting] = await Promise.all([
    settled(one.send("ACL", ["WHOAMI"])),
    settled(other.connect().then((hello) => [Object.keys(hello), hello.proto, hello.role, hello.mode])),
  ]);
  note(`real.login.${kind}.command`, command);
  note(`real.login.${kind}.connect`, connecting);
  observe(`real.login.${kind}.closed`, closed);
}

const reader = connect(`redis://reader:${secret}@${real.host}`);
for (const call of [
  ["set", "k", "v"],
  ["get", "k"],
  ["send", "ACL", ["LIST"]],
  ["send", "CONFIG", ["GET", "port"]],
  ["publish", "c", "m"],
]) {
  const [method, ...args] = call;
  note(`real.permission.${method}.${args[0]}`, await settled(reader[method](...args)));
}

for (const database of ["", "/", "/0", "/1", "/15", "/16", "/999999"]) {
  const [client, other] = [1, 2].map(() => connect(`redis://${real.host}${database}`, { maxRetries: 0 }));
  const [value, connecting] = await Promise.all([
    settled(client.set("where", database)),
    settled(other.connect().then(() => "connected")),
  ]);
  const selected = (await client.client("INFO").catch(() => "")).match(/ db=(\d+)/)?.[1];
  observe(`real.database.${database}`, [connecting, value, selected]);
}

// What the server's list of clients says: nothing that was not asked for.
const info = await admin.client("INFO");
const fields = Object.fromEntries(Array.from(info.matchAll(/(\S+)=(\S*)/g), ([, key, value]) => [key, value]));
const told = ["name", "db", "sub", "psub", "multi", "resp", "user", "lib-name", "lib-ver"];
observe("real.client", told.map((key) => fields[key]));
await admin.client("SETNAME", "parity");
const copy = await admin.duplicate();
observe("real.client.duplicate", [await admin.client("GETNAME"), await copy.client("GETNAME")]);
copy.close();

// A connection that the server ends.
{
  const client = connect(`redis://${real.host}/3`);
  await client.connect();
  await client.select(4);
  const id = await client.client("ID");
  const again = new Promise((resolve) => (client.onconnect = resolve));
  // Idle clients would let the process end before they notice.
  const alive = setInterval(() => {}, 1000);
  observe("real.kill", await admin.client("KILL", "ID", String(id)));
  await again;
  clearInterval(alive);
  const after = await client.client("INFO");
  observe("real.kill.after", [after.match(/ db=(\d+)/)[1], (await client.client("ID")) !== id]);
}

// A blocking command holds up what comes behind it, in order.
{
  const client = connect(real.href);
  await client.connect();
  const order = [];
  const blocked = client.blpop("queue", 5).then((value) => void order.push(value));
  const behind = client.ping().then((value) => void order.push(value));
  while (!(await admin.send("CLIENT", ["LIST"])).includes("cmd=blpop")) await admin.ping();
  await admin.rpush("queue", "item");
  await Promise.all([blocked, behind]);
  observe("real.blocking", order);
}
for (const user of ["reader", "nobody", "off"]) await admin.send("ACL", ["DELUSER", user]);
await admin.flushall();

await finish();

/** TLS servers for the scripts, always of Node: they tell the client what they saw of it. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";

/** Starts the servers on the certificates of `folder`; returns the variables that the scripts read. */
export async function startTlsPeers(folder: string) {
  const read = (name: string) => readFileSync(join(folder, name));
  const identity = (name: string) => ({ cert: read(`${name}.crt`), key: read(`${name}.key`), ca: read("ca.crt") });
  const asking = { requestCert: true, rejectUnauthorized: false };
  const servers = [
    createServer({ ...identity("server"), ...asking }, greet),
    createServer({ ...identity("server"), ...asking }, greet),
    createServer({ ...identity("server"), requestCert: true, rejectUnauthorized: true }, greet),
    createServer(identity("self"), greet),
  ];
  const socket = join(folder, "tls.sock");
  const places = [
    { host: "localhost", port: 0 },
    { path: socket },
    { host: "localhost", port: 0 },
    { host: "localhost", port: 0 },
  ];
  await Promise.all(servers.map((server, index) => once(server.listen(places[index]), "listening")));
  const port = (server?: Server) => String((server?.address() as AddressInfo).port);
  return {
    variables: {
      PARITY_CERTIFICATES: folder,
      PARITY_TLS: port(servers[0]),
      PARITY_TLS_SOCKET: socket,
      PARITY_TLS_STRICT: port(servers[2]),
      PARITY_TLS_SELF: port(servers[3]),
    },
    stop: () => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))),
  };
}

/** Answers HELLO with what is known of the client, and everything else with PONG. */
function greet(socket: TLSSocket) {
  socket.on("error", () => {});
  socket.on("data", (data) => {
    const subject = socket.getPeerCertificate().subject?.CN;
    const seen = { sni: String(socket.servername), subject: String(subject), authorized: String(socket.authorized) };
    const pairs = Object.entries(seen).map(([key, value]) => `+${key}\r\n+${value}\r\n`);
    socket.write(data.includes("HELLO") ? `%3\r\n${pairs.join("")}` : "+PONG\r\n");
  });
}

/** A proxy to which the connection itself is encrypted: it tunnels, and passes on plain requests. */
import { request as send } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { listen } from "./listen.js";

export interface TlsProxy {
  /** `https://localhost:…` */
  url: string;
  /** What was asked of it: a method, and a target. */
  asked: string[];
  /** Names of clients that showed a certificate. */
  shown: string[];
  stop(): void;
}

/** Starts one with this certificate. With `user`, as `name:password`, it serves nobody else. */
export async function startTlsProxy(pem: { key: Buffer; cert: Buffer; ca: Buffer }, user?: string): Promise<TlsProxy> {
  const asked: string[] = [];
  const shown: string[] = [];
  const sockets = new Set<Duplex>();
  const expected = user === undefined ? undefined : `Basic ${Buffer.from(user).toString("base64")}`;
  const server = createServer({ ...pem, requestCert: true, rejectUnauthorized: false });
  server.on("secureConnection", (socket: TLSSocket) => {
    const { subject } = socket.getPeerCertificate();
    if (subject !== undefined) shown.push(String(subject.CN));
  });
  server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
  server.on("request", (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.headers["proxy-authorization"] !== expected) return response.writeHead(407).end();
    const { "proxy-authorization": _, ...headers } = request.headers;
    const onward = send(request.url!, { method: request.method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    return request.pipe(onward.on("error", () => response.destroy()));
  });
  server.on("connect", (request, client, head) => {
    asked.push(`CONNECT ${request.url}`);
    if (request.headers["proxy-authorization"] !== expected) {
      return client.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const origin = connect(Number(port), hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      origin.write(head);
      client.pipe(origin).pipe(client);
    });
    sockets.add(origin);
    client.on("error", () => origin.destroy());
    return origin.on("error", () => client.destroy());
  });
  return {
    url: `https://localhost:${await listen(server, "localhost")}`,
    asked,
    shown,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

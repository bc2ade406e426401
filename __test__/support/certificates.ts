/** Certificates for tests, made by openssl. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes into `folder`: an authority (`ca`), by it a server's certificate for localhost (`server`) and
 * a client's (`client`), one for both by the name alone (`node`), and a server's that nobody vouches for (`self`); each as `.crt` and `.key`.
 */
export function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const newKey = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const own = (name: string, ...more: string[]) =>
    openssl(
      ...newKey,
      "-x509",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
      ...more,
    );
  own("ca");
  own("self", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE");
  for (const [name, extensions] of [
    ["server", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth"],
    ["client", "extendedKeyUsage=clientAuth"],
    ["node", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth"],
  ] as const) {
    writeFileSync(join(folder, `${name}.ext`), `basicConstraints=CA:FALSE\n${extensions}\n`);
    openssl(...newKey, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    const request = ["x509", "-req", "-in", `${name}.csr`, "-days", "2", "-extfile", `${name}.ext`];
    openssl(...request, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", `${name}.crt`);
  }
}

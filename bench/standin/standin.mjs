// nginx in the place of an S3 store: it answers so cheaply that what is left is the client's own cost.
// It checks no signature. GET and HEAD are static files, a list is one static document, and an upload is read
// as a whole and forgotten, but for the keys under CHECK_PREFIX, which the keeper holds.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CHECK_PREFIX, LARGE_KEY, LIST_KEYS, LIST_PREFIX, PREFIX, SMALL, SMALL_KEY, largeBytes } from "../cases/s3-data.mjs";
import { freePort, start, temporaryFolder } from "../servers.mjs";
import { COMPLETED, NO_UPLOADS, initiated, listing, startKeeper } from "./keeper.mjs";

export async function startStandIn(bucket) {
  const folder = await temporaryFolder();
  const port = await freePort();
  const keeper = await startKeeper();
  await mkdir(join(folder, "files", bucket, PREFIX), { recursive: true });
  await writeFile(join(folder, "files", bucket, SMALL_KEY), SMALL);
  await writeFile(join(folder, "files", bucket, LARGE_KEY), largeBytes());
  await writeFile(join(folder, "list.xml"), listing(bucket, LIST_PREFIX, LIST_KEYS));
  await writeFile(join(folder, "nginx.conf"), configuration(folder, port, keeper.port, bucket));
  try {
    const nginx = await start("nginx", ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")], port, {
      folder,
      install: "install Debian's package nginx (apt-get install nginx-light)",
    });
    const stop = async () => {
      await nginx.stop();
      keeper.stop();
    };
    return { endpoint: `http://127.0.0.1:${port}`, stop };
  } catch (error) {
    keeper.stop();
    throw error;
  }
}

function configuration(folder, port, keeperPort, bucket) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  // Started as root nginx would switch to a user that cannot read the folder.
  const user = process.getuid() === 0 ? "user root;" : "";
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr error;
${user}
events { worker_connections 1024; }
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  open_file_cache max=100 inactive=1h;
  client_max_body_size 0;
  # Bodies stay in memory; the buffer is only as large as the announced length.
  client_body_buffer_size 80m;

  map "$request_method $args" $route {
    default "";
    "~^GET (.*&)?list-type=2(&|$)" list;
    "~^GET (.*&)?uploads(=?)(&|$)" uploads;
    "~^PUT " put;
    "~^POST (.*&)?uploads(=?)(&|$)" create;
    "~^POST (.*&)?uploadId=" complete;
    "~^DELETE " delete;
  }

  upstream sink { server unix:${folder}/sink; keepalive 64; }
  server {
    listen unix:${folder}/sink;
    location / {
      add_header ETag '"0123456789abcdef0123456789abcdef"';
      return 200 "";
    }
  }

  server {
    listen 127.0.0.1:${port};
    root ${folder}/files;
    proxy_http_version 1.1;
    proxy_set_header Connection "";

    location / {
      if ($route) { rewrite ^ /-/$route last; }
    }
    location /${bucket}/${CHECK_PREFIX} {
      proxy_pass http://127.0.0.1:${keeperPort};
    }
    location = /-/list { internal; default_type application/xml; alias ${folder}/list.xml; }
    location = /-/uploads { internal; default_type application/xml; return 200 '${NO_UPLOADS}'; }
    location = /-/create { internal; default_type application/xml; return 200 '${initiated("upload-1")}'; }
    location = /-/complete { internal; default_type application/xml; return 200 '${COMPLETED}'; }
    location = /-/delete { internal; return 204; }
    # "return 200" here would answer before the body has come; the proxy reads it first and sends on only the head.
    location = /-/put {
      internal;
      proxy_method GET;
      proxy_pass_request_body off;
      proxy_pass_request_headers off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_pass http://sink/;
    }
  }
}
`;
}

// One server of a rig, and what can be done to it.

import { readFileSync } from "node:fs";

import { ask } from "./resp.mjs";
import { startRedis } from "./servers.mjs";

export class RigNode {
  /** @type {import("./servers.mjs").RedisServer} */
  #server;
  #killed = false;
  #paused = false;

  /**
   * @param {import("./servers.mjs").RedisServer} server
   * @param {import("./servers.mjs").RedisServerOptions} startOptions to start it again
   * @param {string} [ca] path of the authority of its certificate
   */
  constructor(server, startOptions, ca) {
    this.#server = server;
    this.startOptions = startOptions;
    this.ca = ca === undefined ? undefined : readFileSync(ca);
  }

  get url() {
    return this.#server.url;
  }

  get port() {
    return this.#server.port;
  }

  get pid() {
    return this.#server.pid;
  }

  /** Whether it is neither killed nor paused. */
  get running() {
    return !this.#killed && !this.#paused;
  }

  /**
   * Sends it one command.
   * @param {...(string | number)} command
   */
  ask(...command) {
    return ask({ port: this.port, password: this.startOptions.password, ca: this.ca }, ...command);
  }

  /** `master` or `slave`. */
  async role() {
    const reply = await this.ask("ROLE");
    return Array.isArray(reply) ? reply[0] : undefined;
  }

  /** Whether it is a replica that has everything its primary has. */
  async isInStep() {
    return `${await this.ask("INFO", "replication")}`.includes("master_link_status:up");
  }

  /** Ends it as a crash does; see `restart`. */
  async kill() {
    this.#killed = true;
    process.kill(this.pid, "SIGKILL");
    await this.#server.stop();
  }

  /** It keeps its connections and answers nothing. */
  pause() {
    this.#paused = true;
    process.kill(this.pid, "SIGSTOP");
  }

  resume() {
    process.kill(this.pid, "SIGCONT");
    this.#paused = false;
  }

  /** Starts it again on its port, with the configuration that it had at first. */
  async restart() {
    this.#server = await startRedis({ ...this.startOptions, port: this.port });
    this.#killed = false;
  }

  async stop() {
    // A paused process does not hear that it shall end.
    if (this.#paused) this.resume();
    await this.#server.stop();
  }
}

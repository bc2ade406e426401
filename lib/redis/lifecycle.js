"use strict";
/** The life of a connection: what state it is in, who is told, and whether it keeps the process alive. */
const { LaneEvent } = require("../../binding.js");
const { newTarget, listen, unlisten } = require("../listeners.js");
const { port } = require("../port.js");
const { fromFailure } = require("./errors.js");
const { logIn } = require("./login.js");
const { Subscriptions } = require("./subscriptions.js");
const tracing = require("./tracing.js");

/**
 * @typedef {object} Owner who is told
 * @property {(hello: unknown) => void} onConnected
 * @property {(error: Error) => void} onClosed
 * @property {(gap: import("./types.js").RedisGap) => boolean} onGap returns whether somebody listens
 *
 * @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "closed"} State
 */

class Lifecycle {
  /**
   * @param {(target: number) => import("../../binding.js").RedisLane} openLane makes the lane, which reports its events
   *   under this number
   * @param {import("./options.js").Resolved} options
   * @param {Owner} owner
   * @param {import("./subscriptions.js").Link["subscribe"]} subscribe subscribes again
   */
  constructor(openLane, options, owner, subscribe) {
    this.options = options;
    this.owner = owner;
    /** @type {State} */
    this.state = "idle";
    this.subscriptions = new Subscriptions({
      connected: () => this.connected,
      subscribe,
      wantBytes: (wanted) => this.wantBytes(wanted),
      onGap: (gap) => this.owner.onGap(gap),
    });
    /** @type {Promise<unknown> | null} */
    this.connecting = null;
    /** Whether this connection keeps the event loop alive besides its pending calls. */
    this.held = false;
    /** `unref` was called. */
    this.released = false;
    this.target = newTarget();
    /** Whether there are events to expect. A client that is not in use can be collected. */
    this.listening = false;
    /** @type {import("./tracing.js").Attempt | null} */
    this.attempt = null;
    this.lane = openLane(this.target);
  }

  /** The address without the password. */
  get url() {
    return this.lane.url;
  }

  get connected() {
    return this.state === "connected";
  }

  get closed() {
    return this.state === "closed";
  }

  /** @param {boolean} wanted */
  expectEvents(wanted) {
    this.listening = wanted;
    if (wanted) listen(this.target, (kind, argument) => this.onEvent(kind, argument));
    else unlisten(this.target);
    if (wanted && this.state === "idle") this.enter("connecting");
  }

  /** @param {boolean} wanted whether messages come as bytes, for there are listeners that want them so */
  wantBytes(wanted) {
    this.lane.setPushBytes(wanted);
  }

  /**
   * @param {State} state
   * @param {Error} [error] why a connection has ended
   */
  enter(state, error) {
    const before = this.state;
    this.state = state;
    if (state === "connected") this.attempt?.succeeded();
    else if (error !== undefined) this.attempt?.failed(error);
    if (state === "connecting" || state === "reconnecting") {
      if (before !== "connecting" && before !== "reconnecting") {
        this.attempt = new tracing.Attempt(this, state === "reconnecting");
      }
    } else {
      this.attempt = null;
    }
    if (before === "connected") this.subscriptions.lost();
  }

  /** @param {Error} error */
  ended(error) {
    this.enter("closed", error);
    this.connecting = null;
    this.expectEvents(false);
    this.hold();
  }

  /**
   * @param {number} kind
   * @param {any} argument
   */
  onEvent(kind, argument) {
    switch (kind) {
      case LaneEvent.Connected:
        // It may have been on its way when the connection was closed.
        if (!this.lane.connected) return;
        this.enter("connected");
        this.hold();
        this.owner.onConnected(argument);
        void this.subscriptions.restore();
        break;
      case LaneEvent.Reconnecting:
        this.enter("reconnecting");
        this.hold();
        break;
      case LaneEvent.Closed: {
        const error = fromFailure(argument);
        this.ended(error);
        // Somebody may have connected again before this was heard.
        if (this.lane.active) {
          this.expectEvents(true);
          this.enter("connecting");
        }
        this.owner.onClosed(error);
        break;
      }
      case LaneEvent.Credentials:
        void logIn(this.lane, Number(argument), this.options.credentials);
        break;
      case LaneEvent.Address:
        void require("./address_map.js").translate(this.lane, argument, this.options.addressMap);
        break;
      case LaneEvent.SubscriptionsLost:
        this.subscriptions.lost();
        void this.subscriptions.restore();
        break;
      default:
        this.subscriptions.deliver(argument);
    }
  }

  /** @param {boolean} referenced whether subscriptions keep the process from exiting */
  setReferenced(referenced) {
    this.released = !referenced;
    this.hold();
  }

  /** Keeps the event loop alive while it should be, besides the pending calls. */
  hold() {
    const reconnecting = this.state === "reconnecting";
    const live = this.connected || reconnecting || this.connecting !== null;
    const wanted = live && !this.released && (reconnecting || this.subscriptions.size > 0);
    if (wanted === this.held) return;
    this.held = wanted;
    if (wanted) port.retain();
    else port.release();
  }
}

module.exports = { Lifecycle };

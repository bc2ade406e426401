"use strict";
/** Commands that wait for the next flush. */

/** Bytes of the buffer that text is written to. */
const SLAB = 256 * 1024;
/** Text of this length is flushed at once; it needs at most three times as many bytes. */
const FLUSH_AT = 64 * 1024;

/**
 * Gathers commands in order and hands them to a lane with one native call.
 */
class Outgoing {
  constructor() {
    this.text = "";
    /** Earlier pieces, when some are binary. @type {(string | Uint8Array)[] | null} */
    this.pieces = null;
    this.entries = new Uint32Array(128);
    this.count = 0;
    /** @type {Buffer | null} */
    this.slab = null;
  }

  /**
   * Adds a command.
   * @param {string | (string | Uint8Array)[]} frame
   * @param {number} id
   * @param {number} meta
   */
  add(frame, id, meta) {
    if (typeof frame === "string") this.text += frame;
    else this.addPieces(frame);
    const at = this.count * 2;
    if (at === this.entries.length) this.grow();
    this.entries[at] = id;
    this.entries[at + 1] = meta;
    this.count++;
  }

  /** @param {(string | Uint8Array)[]} frame */
  addPieces(frame) {
    this.pieces ??= [];
    for (const piece of frame) {
      if (typeof piece === "string") {
        this.text += piece;
      } else {
        this.pieces.push(this.text, piece);
        this.text = "";
      }
    }
  }

  grow() {
    const entries = new Uint32Array(this.entries.length * 2);
    entries.set(this.entries);
    this.entries = entries;
  }

  /** Whether so much has gathered that waiting for the end of the turn would only cost memory. */
  get full() {
    return this.text.length >= FLUSH_AT || this.pieces !== null;
  }

  /**
   * Submits what has gathered.
   * @param {import("../../binding.js").RedisLane} lane
   */
  flush(lane) {
    const { text, pieces, count } = this;
    if (count === 0) return;
    this.text = "";
    this.pieces = null;
    this.count = 0;
    if (pieces === null && text.length * 3 <= SLAB) {
      const slab = (this.slab ??= Buffer.allocUnsafeSlow(SLAB));
      lane.submit(slab, slab.utf8Write(text, 0, SLAB), this.entries, count);
      return;
    }
    const parts = [...(pieces ?? []), text];
    const bytes = parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part));
    lane.submitPieces(bytes, this.entries, count);
  }
}

module.exports = { Outgoing };

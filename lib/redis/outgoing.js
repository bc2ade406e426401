"use strict";
/** Commands that wait for the next flush. */
const { slab, entries: submitted } = require("../port.js");

/** Commands that one flush can hold. */
const MAX_COMMANDS = submitted.length / 2;
/** So many characters and bytes are flushed at once. */
const FLUSH_AT = 64 * 1024;
/** UTF-8 bytes of one UTF-16 code unit, at most. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * Gathers commands in order and hands them to a lane with one native call.
 */
class Outgoing {
  constructor() {
    this.text = "";
    /** What comes before `text`, when some of it is binary. @type {(string | Uint8Array)[]} */
    this.pieces = [];
    /** An upper bound of the bytes in `pieces`. */
    this.pieceBytes = 0;
    this.entries = new Uint32Array(128);
    this.count = 0;
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
    for (const piece of frame) {
      if (typeof piece === "string") {
        this.text += piece;
      } else {
        this.pieces.push(this.text, piece);
        this.pieceBytes += this.text.length * MAX_BYTES_PER_UNIT + piece.length;
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
    return this.text.length + this.pieceBytes >= FLUSH_AT || this.count === MAX_COMMANDS;
  }

  /** Takes the entries out for a native call; what has gathered is forgotten. */
  take() {
    const { entries, count } = this;
    for (let word = count * 2 - 1; word >= 0; word--) submitted[word] = /** @type {number} */ (entries[word]);
    this.text = "";
    this.count = 0;
    if (this.pieces.length > 0) {
      this.pieces = [];
      this.pieceBytes = 0;
    }
    return count;
  }

  /**
   * Submits what has gathered.
   * @param {import("../../binding.js").RedisLane} lane
   */
  flush(lane) {
    const { text, pieces, pieceBytes } = this;
    if (this.count === 0) return;
    const count = this.take();
    if (pieceBytes + text.length * MAX_BYTES_PER_UNIT > slab.length) {
      const parts = [...pieces, text].map((part) => (typeof part === "string" ? Buffer.from(part) : part));
      lane.submitPieces(parts, count);
      return;
    }
    let length = 0;
    for (const piece of pieces) length += put(piece, length);
    length += put(text, length);
    lane.submit(length, count);
  }
}

/**
 * @param {string | Uint8Array} piece
 * @param {number} at where in the slab
 * @returns {number} the bytes written
 */
function put(piece, at) {
  if (typeof piece === "string") return slab.write(piece, at, slab.length - at, "utf8");
  slab.set(piece, at);
  return piece.length;
}

module.exports = { Outgoing };

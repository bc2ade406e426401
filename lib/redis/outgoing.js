"use strict";
/** Commands that wait for the next flush. */

/** Bytes of the buffer that text is written to. */
const SLAB = 256 * 1024;
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
    return this.text.length + this.pieceBytes >= FLUSH_AT;
  }

  /** Forgets what has gathered. */
  clear() {
    this.text = "";
    this.pieces = [];
    this.pieceBytes = 0;
    this.count = 0;
  }

  /**
   * Submits what has gathered.
   * @param {import("../../binding.js").RedisLane} lane
   */
  flush(lane) {
    const { text, pieces, pieceBytes, count } = this;
    if (count === 0) return;
    this.text = "";
    this.count = 0;
    if (pieces.length > 0) {
      this.pieces = [];
      this.pieceBytes = 0;
    }
    if (pieceBytes + text.length * MAX_BYTES_PER_UNIT > SLAB) {
      const parts = [...pieces, text].map((part) => (typeof part === "string" ? Buffer.from(part) : part));
      lane.submitPieces(parts, this.entries, count);
      return;
    }
    const slab = (this.slab ??= Buffer.allocUnsafeSlow(SLAB));
    let length = 0;
    for (const piece of pieces) length += put(slab, piece, length);
    length += put(slab, text, length);
    lane.submit(slab, length, this.entries, count);
  }
}

/**
 * @param {Buffer} slab
 * @param {string | Uint8Array} piece
 * @param {number} at
 * @returns {number} the bytes written
 */
function put(slab, piece, at) {
  if (typeof piece === "string") return slab.write(piece, at, SLAB - at, "utf8");
  slab.set(piece, at);
  return piece.length;
}

module.exports = { Outgoing };

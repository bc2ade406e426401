"use strict";
/** Commands that wait for the next flush. */
const { slab, entries: submitted } = require("../port.js");
const { LongText, bulkHead } = require("./encode.js");

/** Commands that one flush can hold, unless they are one transaction. */
const MAX_COMMANDS = submitted.length / 2;
/** So many characters and bytes are flushed at once. */
const FLUSH_AT = 64 * 1024;
/** Memory for long text that is kept between flushes, in bytes. */
const LARGE_LIMIT = 8 * 1024 * 1024;
/** Room for the length of a bulk string. */
const LENGTH_BYTES = 16;
/** UTF-8 bytes of one UTF-16 code unit, at most. */
const MAX_BYTES_PER_UNIT = 3;

let large = Buffer.alloc(0);

/** @typedef {import("./encode.js").Piece} Piece */

/**
 * Gathers commands in order and hands them to a lane with one native call.
 */
class Outgoing {
  constructor() {
    this.text = "";
    /** What comes before `text`, when some of it is binary. @type {Piece[]} */
    this.pieces = [];
    /** An upper bound of the bytes in `pieces`. */
    this.pieceBytes = 0;
    this.entries = new Uint32Array(128);
    this.count = 0;
  }

  /**
   * Adds a command.
   * @param {string | Piece[]} frame
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

  /** @param {Piece[]} frame */
  addPieces(frame) {
    for (const piece of frame) {
      if (typeof piece === "string") {
        this.text += piece;
      } else {
        this.pieces.push(this.text, piece);
        this.pieceBytes += mostBytes(this.text) + mostBytes(piece);
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
    return this.text.length + this.pieceBytes >= FLUSH_AT || this.count >= MAX_COMMANDS;
  }

  /** Takes the entries out for a native call; what has gathered is forgotten. */
  take() {
    const { entries, count } = this;
    for (let word = count * 2 - 1; word >= 0; word--) submitted[word] = /** @type {number} */ (entries[word]);
    this.clear();
    return count;
  }

  clear() {
    this.text = "";
    this.count = 0;
    if (this.pieces.length > 0) {
      this.pieces = [];
      this.pieceBytes = 0;
    }
  }

  /**
   * Submits what has gathered.
   * @param {import("../../binding.js").RedisLane} lane
   */
  flush(lane) {
    const { text, pieces, pieceBytes, count } = this;
    if (count === 0) return;
    if (count > MAX_COMMANDS) {
      // A transaction is submitted as one, whatever its size.
      const entries = this.entries.slice(0, 2 * count);
      this.clear();
      lane.submitPieces(encodeTexts([...pieces, text]), count, entries);
      return;
    }
    this.take();
    if (pieceBytes + mostBytes(text) > slab.length) {
      lane.submitPieces(encodeTexts([...pieces, text]), count);
      return;
    }
    let length = 0;
    for (const piece of pieces) length = put(piece, length);
    lane.submit(put(text, length), count);
  }
}

/**
 * @param {Piece} piece
 * @param {number} at where in the slab
 * @returns {number} where it ends
 */
function put(piece, at) {
  if (typeof piece === "string") return at + slab.write(piece, at, "utf8");
  if (piece instanceof LongText) {
    const start = at + slab.write(bulkHead(Buffer.byteLength(piece.text)), at, "latin1");
    return start + slab.write(piece.text, start, "utf8");
  }
  slab.set(piece, at);
  return at + piece.length;
}

/**
 * Makes bytes of all text, which last until the next call: memory that is used again has its pages.
 * @param {Piece[]} pieces
 */
function encodeTexts(pieces) {
  let most = 0;
  for (const piece of pieces) most += piece instanceof Uint8Array ? 0 : mostBytes(piece);
  if (large.length < most && most <= LARGE_LIMIT) large = Buffer.allocUnsafeSlow(most);
  const memory = most <= large.length ? large : Buffer.allocUnsafeSlow(most);
  /** @type {Uint8Array[]} */
  const encoded = [];
  let end = 0;
  /** @param {string} text */
  const write = (text) => {
    const start = end;
    end += memory.write(text, start, "utf8");
    return memory.subarray(start, end);
  };
  for (const piece of pieces) {
    if (piece instanceof LongText) {
      const bytes = write(piece.text);
      encoded.push(write(bulkHead(bytes.length)), bytes);
    } else {
      encoded.push(typeof piece === "string" ? write(piece) : piece);
    }
  }
  return encoded;
}

/**
 * An upper bound of a piece's length in bytes.
 * @param {Piece} piece
 */
function mostBytes(piece) {
  if (typeof piece === "string") return piece.length * MAX_BYTES_PER_UNIT;
  if (piece instanceof LongText) return piece.text.length * MAX_BYTES_PER_UNIT + LENGTH_BYTES;
  return piece.length;
}

module.exports = { Outgoing };

// Reads the columns of a page's profile (render/html_profile.h): tables of typed arrays, by row.

class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new RangeError('the page is cut off');
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
    }
  }
  raw(size) {
    if (this.at + size > this.bytes.length) throw new RangeError('the page is cut off');
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
  /** A column of numbers. Rows that may be absent are -1 with `minus` 1. */
  plain(size, minus = 0, Type = Int32Array) {
    const values = new Type(size);
    const bytes = this.bytes;
    let at = this.at;
    for (let i = 0; i < size; ++i) {
      const byte = bytes[at];
      if (byte < 128) {
        ++at;
        values[i] = byte - minus;
      } else if (bytes[at + 1] < 128) {
        values[i] = (byte & 127) + bytes[at + 1] * 128 - minus;
        at += 2;
      } else {
        this.at = at;
        values[i] = this.number() - minus;
        at = this.at;
      }
    }
    this.at = at;
    return values;
  }
  wide(size, Type = Int32Array) {
    const low = this.raw(size);
    const values = this.plain(size, 0, Type);
    for (let i = 0; i < size; ++i) values[i] = values[i] * 256 + low[i];
    return values;
  }
  ascending(size, minus = 0) {
    const values = this.wide(size);
    for (let i = 0, largest = -1; i < size; ++i) {
      const value = unfold(values[i]) + largest;
      if (value > largest) largest = value;
      values[i] = value - minus;
    }
    return values;
  }
  /** Rows of the table itself, before the one that refers to them; -1: none. */
  backwards(size) {
    const values = this.plain(size);
    for (let i = 0; i < size; ++i) values[i] = values[i] === 0 ? -1 : i - values[i];
    return values;
  }
}

/** Of what was folded so that small negative numbers are small: 0, 1, 2, 3 are 0, -1, 1, -2. */
const unfold = value => (value < 0x40000000 ? value >>> 1 ^ -(value & 1) :
    value % 2 ? -(value + 1) / 2 : value / 2);

/** Where each row's part of a list begins, and the end. */
const starts = counts => {
  const start = new Int32Array(counts.length + 1);
  for (let i = 0; i < counts.length; ++i) start[i + 1] = start[i] + counts[i];
  return start;
};

/** Times in microseconds, which are stored as differences within each thread. */
const times = (cursor, start, tick) => {
  const time = cursor.wide(start[start.length - 1], Float64Array);
  for (let thread = 0; thread + 1 < start.length; ++thread)
    for (let i = start[thread], before = 0; i < start[thread + 1]; ++i)
      time[i] = before += unfold(time[i]) * tick;
  return time;
};

/**
 * {text, facts, modules, functions, locations, frames, nodes, causes, stacks, sums, processes, threads}.
 * Names are strings; files of functions and locations, and what stacks are labelled with, rows of `text`:
 * few of them are ever shown. Rows that may be absent are -1.
 */
export function decode(bytes) {
  const cursor = new Cursor(bytes);
  const facts = JSON.parse(new TextDecoder().decode(cursor.raw(cursor.number())));
  const rows = cursor.number();
  const text = new TextDecoder().decode(cursor.raw(cursor.number())).split('\n', rows);
  const named = column => Array.from(column, row => text[row]);
  const texts = size => named(cursor.plain(size));

  const modules = texts(cursor.number());
  let size = cursor.number();
  const functions = {
    name: named(cursor.ascending(size)), module: cursor.plain(size, 1), file: cursor.plain(size, 1),
    line: cursor.wide(size), kind: cursor.plain(size), same: cursor.plain(size).map((back, i) => i - back),
  };
  size = cursor.number();
  const locations = {function: cursor.ascending(size)};
  locations.file = cursor.plain(size, 2);
  locations.line = cursor.wide(size);
  for (let i = 0; i < size; ++i) {
    const f = locations.function[i];
    if (locations.file[i] === -2) locations.file[i] = functions.file[f];
    locations.line[i] = unfold(locations.line[i]) + functions.line[f];
  }
  const frames = {start: starts(cursor.plain(cursor.number()))};
  size = cursor.number();
  const nodes = {parent: cursor.backwards(size), frame: cursor.ascending(size)};
  size = cursor.number();
  const causes = {cause: texts(size), entry: texts(size)};
  size = cursor.number();
  const stacks = {
    user: cursor.ascending(size, 1), kernel: cursor.plain(size, 1), end: cursor.plain(size),
    mode: cursor.plain(size), folded: cursor.plain(size, 1), cause: cursor.plain(size, 1),
    wait: cursor.plain(size, 1), step: cursor.plain(size, 1), program: cursor.plain(size, 1),
  };
  const typical = cursor.number();
  const side = () => {
    const counts = cursor.plain(size);
    const weights = cursor.wide(size, Float64Array).map((rest, i) => counts[i] * typical + unfold(rest));
    return {counts, weights};
  };
  const sums = facts.comparison ? [side(), side()] : [side()];
  size = cursor.number();
  const processes = {name: texts(size), pid: cursor.plain(size).map(unfold)};
  size = cursor.number();
  const threads = {
    process: cursor.plain(size, 1), name: texts(size), tid: cursor.plain(size).map(unfold),
    first: cursor.plain(size, 0, Float64Array), last: cursor.plain(size, 0, Float64Array),
    onCpu: cursor.plain(size, 0, Float64Array), blocked: cursor.plain(size, 0, Float64Array),
    runnable: cursor.plain(size, 0, Float64Array),
  };

  return {text, facts, modules, functions, locations, frames, nodes, causes, stacks, sums, processes, threads};
}

/** {samples, waits} of a profile, from the bytes that hold them. */
export function decodeSamples(bytes, {stacks, threads}) {
  const cursor = new Cursor(bytes);
  const size = threads.name.length;
  const tick = cursor.number();
  const samples = {start: starts(cursor.plain(size))};
  samples.time = times(cursor, samples.start, tick);
  const count = samples.time.length;
  samples.stack = cursor.wide(count);
  samples.weight = cursor.wide(count, Float64Array);
  samples.waits = new Uint16Array(count);
  const before = [0, 0, 0];
  for (let i = 0; i < count; ++i) {
    const mode = stacks.mode[samples.stack[i]];
    samples.weight[i] = before[mode] += unfold(samples.weight[i]);
    if (mode === WAIT) samples.waits[i] = cursor.number();
  }

  const waits = {start: starts(cursor.plain(size))};
  waits.time = times(cursor, waits.start, 1);
  waits.length = cursor.wide(waits.time.length, Float64Array);
  waits.runnable = cursor.plain(waits.time.length);
  return {samples, waits};
}

/** Modes of time. */
export const USER = 0;
export const SYS = 1;
export const WAIT = 2;

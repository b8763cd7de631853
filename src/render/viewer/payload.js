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
  signed() {
    const value = this.number();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }
  raw(size) {
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
  /** A column. Rows that may be absent are -1 with `minus` 1. */
  column(size, minus = 0, Type = Int32Array) {
    const values = new Type(size);
    const bytes = this.bytes;
    for (let i = 0; i < size; ++i) {
      const byte = bytes[this.at];
      if (byte < 128) {
        ++this.at;
        values[i] = byte - minus;
      } else {
        values[i] = this.number() - minus;
      }
    }
    return values;
  }
}

const strings = cursor => {
  const sizes = cursor.column(cursor.number());
  const decoder = new TextDecoder();
  return Array.from(sizes, size => decoder.decode(cursor.raw(size)));
};

/** Where each row's part of a list begins, and the end. */
const starts = counts => {
  const start = new Int32Array(counts.length + 1);
  for (let i = 0; i < counts.length; ++i) start[i + 1] = start[i] + counts[i];
  return start;
};

/** Times, which are stored as differences within each thread. */
const times = (cursor, start) => {
  const time = new Float64Array(start[start.length - 1]);
  for (let thread = 0; thread + 1 < start.length; ++thread)
    for (let i = start[thread], before = 0; i < start[thread + 1]; ++i)
      time[i] = before += cursor.signed();
  return time;
};

export function decode(bytes) {
  const cursor = new Cursor(bytes);
  const facts = JSON.parse(new TextDecoder().decode(cursor.raw(cursor.number())));
  const text = strings(cursor);
  const texts = (size, minus = 0) =>
      Array.from(cursor.column(size, minus), row => (row < 0 ? '' : text[row]));

  const modules = texts(cursor.number());
  let size = cursor.number();
  const functions = {
    name: texts(size), module: cursor.column(size, 1), file: texts(size, 1),
    line: cursor.column(size), kind: cursor.column(size),
  };
  size = cursor.number();
  const locations = {
    function: cursor.column(size), file: texts(size, 1), line: cursor.column(size),
  };
  const frames = {start: starts(cursor.column(cursor.number()))};
  size = cursor.number();
  const nodes = {parent: cursor.column(size), frame: cursor.column(size)};
  for (let i = 0; i < size; ++i) nodes.parent[i] = nodes.parent[i] ? i - nodes.parent[i] : -1;
  size = cursor.number();
  const causes = {cause: texts(size), entry: texts(size)};
  size = cursor.number();
  const stacks = {
    user: cursor.column(size, 1), kernel: cursor.column(size, 1), end: cursor.column(size),
    mode: cursor.column(size), folded: texts(size, 1), cause: cursor.column(size, 1),
    wait: texts(size, 1), step: texts(size, 1),
  };
  size = cursor.number();
  const processes = {name: texts(size), pid: Array.from({length: size}, () => cursor.signed())};
  size = cursor.number();
  const threads = {
    process: cursor.column(size, 1), name: texts(size),
    tid: Array.from({length: size}, () => cursor.signed()),
    first: cursor.column(size, 0, Float64Array), last: cursor.column(size, 0, Float64Array),
    onCpu: cursor.column(size, 0, Float64Array), blocked: cursor.column(size, 0, Float64Array),
    runnable: cursor.column(size, 0, Float64Array),
  };

  const samples = {start: starts(cursor.column(size))};
  samples.time = times(cursor, samples.start);
  const count = samples.time.length;
  samples.stack = cursor.column(count);
  samples.weight = new Float64Array(count);
  const before = [0, 0, 0];
  for (let i = 0; i < count; ++i)
    samples.weight[i] = before[stacks.mode[samples.stack[i]]] += cursor.signed();
  samples.waits = new Uint16Array(count);
  for (let i = 0; i < count; ++i)
    if (stacks.mode[samples.stack[i]] === WAIT) samples.waits[i] = cursor.number();

  const waits = {start: starts(cursor.column(size))};
  waits.time = times(cursor, waits.start);
  waits.length = cursor.column(waits.time.length, 0, Float64Array);
  waits.runnable = cursor.column(waits.time.length);
  return {facts, modules, functions, locations, frames, nodes, causes, stacks, processes, threads,
          samples, waits};
}

/** Modes of time. */
export const USER = 0;
export const SYS = 1;
export const WAIT = 2;

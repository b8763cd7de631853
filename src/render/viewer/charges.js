// What is charged to what, under one selection of samples.
import {SYS, USER, WAIT} from './payload.js';

const FIELDS = ['user', 'sys', 'wait', 'samples', 'sysSamples', 'waits'];

/**
 * Sums by row: time (or another event's count) by mode, and how many samples and waits that were.
 * `sysSamples`: those of the samples that were taken in the kernel.
 */
export class Weights {
  /** `make(field)`: the sums of one field, an array; called when they are first asked for. */
  constructor(make) {
    for (const field of FIELDS) {
      let values = null;
      Object.defineProperty(this, field, {get: () => values || (values = make(field))});
    }
  }
  static zeros(size) { return new Weights(() => new Float64Array(size)); }
  at(row) {
    return {user: this.user[row], sys: this.sys[row], wait: this.wait[row], samples: this.samples[row],
            sysSamples: this.sysSamples[row], waits: this.waits[row]};
  }
  /** Sums of some rows. */
  of(rows) {
    const one = field => rows.reduce((sum, row) => sum + this[field][row], 0);
    return Object.fromEntries(FIELDS.map(field => [field, one(field)]));
  }
}

export const sum = (a, b) => Object.fromEntries(FIELDS.map(field => [field, a[field] + b[field]]));
export const total = rows => rows.reduce((all, row) => sum(all, row.weight), NOTHING);
export const NOTHING = Object.fromEntries(FIELDS.map(field => [field, 0]));

/** What of a weight the mode shows. */
export const VALUE = {
  cpu: w => w.user + w.sys, user: w => w.user, sys: w => w.sys, wait: w => w.wait,
  wall: w => w.user + w.sys + w.wait,
};
const PARTS = {cpu: ['user', 'sys'], wall: ['user', 'sys', 'wait']};
/** The same of all rows. */
export function valuesOf(weights, mode) {
  const [first, ...more] = (PARTS[mode] || [mode]).map(field => weights[field]);
  if (!more.length) return first;
  const values = first.slice();
  for (const part of more) for (let i = 0; i < values.length; ++i) values[i] += part[i];
  return values;
}
/** How many samples are behind what the mode shows. */
export const samplesOf = (w, mode) =>
    (mode === 'user' ? w.samples - w.sysSamples : mode === 'sys' ? w.sysSamples : w.samples);
/** The same where shares are asked for: those of fewer than 30 are not shown. Waits are exact. */
export const evidence = (w, mode) =>
    (mode === 'wait' || (mode === 'wall' && w.waits) ? Infinity : samplesOf(w, mode));

/** Distinct (thread, stack) pairs, and of each sample the row of its pair. */
export function pairRows(profile) {
  const {samples, stacks} = profile;
  const ofSample = new Int32Array(samples.stack.length);
  const seenBy = new Int32Array(stacks.mode.length).fill(-1);
  const rowOf = new Int32Array(stacks.mode.length);
  const thread = [];
  const stack = [];
  for (let t = 0; t + 1 < samples.start.length; ++t) {
    for (let i = samples.start[t]; i < samples.start[t + 1]; ++i) {
      const s = samples.stack[i];
      if (seenBy[s] !== t) {
        seenBy[s] = t;
        rowOf[s] = thread.length;
        thread.push(t);
        stack.push(s);
      }
      ofSample[i] = rowOf[s];
    }
  }
  return {thread, stack, ofSample};
}

/**
 * Sums of the samples by pair. `range`: [from, until) in microseconds, or null; of a wait that reaches
 * into it, the part that lies within. `threads`: a Set, or null for all. [from, until): rows of threads
 * that are looked at; those in the Set are counted from there.
 */
export function sumPairs(profile, pairs, {range = null, threads = null, from = 0, until = Infinity} = {}) {
  const {samples, stacks} = profile;
  const sums = Weights.zeros(pairs.stack.length);
  const {wait, waits, samples: counts, sysSamples} = sums;
  const byMode = [sums.user, sums.sys];
  for (let t = from; t + 1 < samples.start.length && t < until; ++t) {
    if (threads && !threads.has(t - from)) continue;
    for (let i = samples.start[t]; i < samples.start[t + 1]; ++i) {
      let weight = samples.weight[i];
      const mode = stacks.mode[samples.stack[i]];
      if (range) {
        const time = samples.time[i];
        if (time >= range[1]) continue;
        if (mode === WAIT) {
          const until = time + weight / 1000;
          if (time < range[0] && until <= range[0]) continue;
          weight = Math.round((Math.min(until, range[1]) - Math.max(time, range[0])) * 1000);
        } else if (time < range[0]) {
          continue;
        }
      }
      const row = pairs.ofSample[i];
      if (mode === WAIT) {
        wait[row] += weight;
        waits[row] += samples.waits[i];
      } else {
        byMode[mode][row] += weight;
        ++counts[row];
        if (mode === SYS) ++sysSamples[row];
      }
    }
  }
  return sums;
}

/** An array of sums of `from`, by what `to` says of each of its rows. */
function gather(size, to, from) {
  const values = new Float64Array(size);
  for (let row = 0; row < to.length; ++row) values[to[row]] += from[row];
  return values;
}

/** Sums by stack as they are recorded (payload.js): of all samples. */
export function wholeSums({stacks}, {counts, weights}) {
  // Of each field: what it sums, and of which modes.
  const sums = {
    user: [weights, [USER]], sys: [weights, [SYS]], wait: [weights, [WAIT]],
    samples: [counts, [USER, SYS]], sysSamples: [counts, [SYS]], waits: [counts, [WAIT]],
  };
  return new Weights(field => {
    const [from, [mode, other = mode]] = sums[field];
    const values = new Float64Array(counts.length);
    for (let s = 0; s < values.length; ++s)
      if (stacks.mode[s] === mode || stacks.mode[s] === other) values[s] = from[s];
    return values;
  });
}

/** Sums of pairs by stack. */
export const byStack = (profile, pairs, sums) =>
    new Weights(field => gather(profile.stacks.mode.length, pairs.stack, sums[field]));

/** Totals of a tree's nodes, from the sums of what its leaves stand for. */
export const totals = (tree, sums) => new Weights(field => {
  const values = gather(tree.count, tree.leaf, sums[field]);
  for (let i = tree.count - 1; i > 0; --i) values[tree.parent[i]] += values[i];
  return values;
});

/** The node that a leaf's own time is charged to: with the kernel folded, what stands for it. */
export function selfNode(tree, leaf, folded) {
  while (folded && tree.inKernel[leaf]) leaf = tree.parent[leaf];
  return leaf;
}

/** What of its total is a node's own. */
export function selfs(tree, sums, folded) {
  const nodes = tree.leaf.map(leaf => selfNode(tree, leaf, folded));
  return new Weights(field => gather(tree.count, nodes, sums[field]));
}

/** Sums over everything. */
export function all(sums) {
  return Object.fromEntries(FIELDS.map(field => [field, sums[field].reduce((a, b) => a + b, 0)]));
}

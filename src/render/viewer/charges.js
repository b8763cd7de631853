// What is charged to what, under one selection of samples.
import {USER, WAIT} from './payload.js';

/** Sums by row: time (or another event's count) by mode, and how many samples and waits that were. */
export class Weights {
  constructor(size) {
    for (const field of FIELDS) this[field] = new Float64Array(size);
  }
  addRow(to, from, row) {
    for (const field of FIELDS) this[field][to] += from[field][row];
  }
  at(row) {
    return Object.fromEntries(FIELDS.map(field => [field, this[field][row]]));
  }
}
const FIELDS = ['user', 'sys', 'wait', 'samples', 'waits'];

export const sum = (a, b) => Object.fromEntries(FIELDS.map(field => [field, a[field] + b[field]]));
export const NOTHING = Object.fromEntries(FIELDS.map(field => [field, 0]));

/** What of a weight the mode shows; of one row where that is given. */
export const VALUE = {
  cpu: w => w.user + w.sys, user: w => w.user, sys: w => w.sys, wait: w => w.wait,
  wall: w => w.user + w.sys + w.wait,
};
const ARRAY_VALUE = {
  cpu: (w, i) => w.user[i] + w.sys[i], user: (w, i) => w.user[i], sys: (w, i) => w.sys[i],
  wait: (w, i) => w.wait[i], wall: (w, i) => w.user[i] + w.sys[i] + w.wait[i],
};
export const valuesOf = (weights, mode) => {
  const value = ARRAY_VALUE[mode];
  return Float64Array.from(weights.user, (_, i) => value(weights, i));
};
/** How many samples that is: shares of fewer than 30 are not shown. Waits are exact. */
export const evidence = (w, mode) =>
    (mode === 'wait' || (mode === 'wall' && w.waits) ? Infinity : w.samples);

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
 * into it, the part that lies within. `threads`: a Set, or null for all.
 */
export function sumPairs(profile, pairs, {range = null, threads = null} = {}) {
  const {samples, stacks} = profile;
  const sums = new Weights(pairs.stack.length);
  for (let t = 0; t + 1 < samples.start.length; ++t) {
    if (threads && !threads.has(t)) continue;
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
        sums.wait[row] += weight;
        sums.waits[row] += samples.waits[i];
      } else {
        sums[mode === USER ? 'user' : 'sys'][row] += weight;
        ++sums.samples[row];
      }
    }
  }
  return sums;
}

/** Sums of pairs by stack. */
export function byStack(profile, pairs, sums) {
  const stacks = new Weights(profile.stacks.mode.length);
  for (let row = 0; row < pairs.stack.length; ++row) stacks.addRow(pairs.stack[row], sums, row);
  return stacks;
}

/** Totals of a tree's nodes, from the sums of what its leaves stand for. */
export function totals(tree, sums) {
  const result = new Weights(tree.count);
  for (const field of FIELDS) {
    const values = result[field];
    for (let row = 0; row < tree.leaf.length; ++row) values[tree.leaf[row]] += sums[field][row];
    for (let i = tree.count - 1; i > 0; --i) values[tree.parent[i]] += values[i];
  }
  return result;
}

/** The node that a leaf's own time is charged to: with the kernel folded, what stands for it. */
export function selfNode(tree, leaf, folded) {
  while (folded && tree.inKernel[leaf]) leaf = tree.parent[leaf];
  return leaf;
}

/** What of its total is a node's own. */
export function selfs(tree, sums, folded) {
  const result = new Weights(tree.count);
  for (let row = 0; row < tree.leaf.length; ++row)
    result.addRow(selfNode(tree, tree.leaf[row], folded), sums, row);
  return result;
}

/** Sums over everything. */
export function all(sums) {
  return Object.fromEntries(FIELDS.map(field => [field, sums[field].reduce((a, b) => a + b, 0)]));
}


// What threads did over time, in bins of a window. Amounts are parts of a bin: 1 is a CPU that was busy
// all the while, or a thread that waited. How they are drawn, strip_painter.js knows.
import {WAIT} from './payload.js';

/** Adds what of [a, b), in bins, lies in each. */
export function spread(bins, a, b, amount = 1) {
  if (b <= 0 || a >= bins.length) return;
  a = Math.max(a, 0);
  b = Math.min(b, bins.length);
  const first = Math.floor(a);
  const last = Math.min(Math.floor(b), bins.length - 1);
  if (first === last) {
    bins[first] += (b - a) * amount;
    return;
  }
  bins[first] += (first + 1 - a) * amount;
  for (let i = first + 1; i < last; ++i) bins[i] += amount;
  bins[last] += (b - last) * amount;
}

// Behind a window, as many of the longest sampling periods are looked at: what has no room comes from there.
const BEHIND = 20;

/** Of what each bin is to hold, the part that it has room for: the rest goes to the bin before. */
function roomFor(total, limit) {
  const kept = new Float64Array(total.length).fill(1);
  for (let i = total.length - 1; i >= 0; --i) {
    if (total[i] <= limit) continue;
    kept[i] = limit / total[i];
    if (i > 0) total[i - 1] += total[i] - limit;
  }
  return kept;
}
function moveBack(bins, kept) {
  for (let i = bins.length - 1; i >= 0; --i) {
    if (kept[i] === 1) continue;
    const rest = bins[i] * (1 - kept[i]);
    bins[i] -= rest;
    if (i > 0) bins[i - 1] += rest;
  }
}

/** In microseconds, of a sample on a CPU. */
export function longestSample({samples, stacks}) {
  if (samples.longest === undefined) {
    samples.longest = samples.weight.reduce(
        (most, weight, i) => (weight > most && stacks.mode[samples.stack[i]] !== WAIT ? weight : most), 0) / 1000;
  }
  return samples.longest;
}

/**
 * Adds what samples tell, each of the time before it, to the bins of its mode; only of stacks with a flag,
 * if there are flags. Waits are from where they began.
 */
function addSamples(profile, threads, {window, perBin, isTime}, byMode, flags) {
  const {samples: {start, time, stack, weight}, stacks: {mode}} = profile;
  const until = window[0] + byMode[0].length * perBin + (isTime ? longestSample(profile) : 0);
  const bins = 1 / perBin;
  const ofWeight = bins / 1000;
  for (const thread of threads) {
    for (let i = start[thread]; i < start[thread + 1] && time[i] <= until; ++i) {
      const s = stack[i];
      if (flags && flags[s] === 0) continue;
      const to = byMode[mode[s]];
      const at = (time[i] - window[0]) * bins;
      if (mode[s] === WAIT) {
        if (to) spread(to, at, at + weight[i] * ofWeight);
      } else if (at >= 0) {
        const bin = Math.floor(at);
        const from = isTime ? at - weight[i] * ofWeight : bin;
        const end = isTime ? at : bin + 1;
        // Most lie in one bin.
        if (from >= bin && bin < to.length) to[bin] += end - from;
        else spread(to, from, end);
      }
    }
  }
}

/**
 * {user, sys, wait} of the bins of a window, of some threads together. `limit`: of what they can use at
 * once. Samples may tell of more: threads that took turns on a CPU within their sampling periods. What is
 * too much for a bin was used before it, then. Of an event that is no clock: samples in a bin.
 */
export function stripOf(profile, threads, window, size, {isTime = true, limit = Infinity} = {}) {
  const perBin = (window[1] - window[0]) / size;
  const behind = limit < Infinity ? Math.min(Math.ceil(BEHIND * longestSample(profile) / perBin), size) : 0;
  const strip = {window, perBin, isTime, wait: new Float64Array(size)};
  const user = new Float64Array(size + behind);
  const sys = new Float64Array(size + behind);
  // Waits of samples are estimates; `waits` are what was recorded.
  addSamples(profile, threads, strip, [user, sys, null], null);
  strip.kept = roomFor(user.map((value, i) => value + sys[i]), limit);
  moveBack(user, strip.kept);
  moveBack(sys, strip.kept);
  strip.user = user.subarray(0, size);
  strip.sys = sys.subarray(0, size);
  const {waits} = profile;
  for (const thread of threads) {
    for (let i = waits.start[thread]; i < waits.start[thread + 1] && waits.time[i] < window[1]; ++i) {
      const at = (waits.time[i] - window[0]) / perBin;
      spread(strip.wait, at, at + waits.length[i] / perBin);
    }
  }
  return strip;
}

/**
 * {cpu, wait}: what of a strip is of the stacks whose flag is 1. `told`: what samples tell of CPU time, before
 * it was moved to where there is room; `known`: that of threads beside these.
 */
export function partOf(profile, threads, strip, flags, known = []) {
  const size = strip.wait.length;
  const told = new Float64Array(strip.kept.length);
  const wait = new Float64Array(size);
  addSamples(profile, threads, strip, [told, told, wait], flags);
  for (const one of known) for (let i = 0; i < told.length; ++i) told[i] += one[i];
  const cpu = told.slice();
  moveBack(cpu, strip.kept);
  for (let i = 0; i < size; ++i) wait[i] = Math.min(wait[i], strip.wait[i]);
  return {told, cpu: cpu.subarray(0, size), wait};
}

/** Of each stack, whether it holds what matches; of kernel functions only where they are not folded. */
export function matchingStacks(tree, matches, folded) {
  const inside = new Uint8Array(tree.count);
  for (let i = 1; i < tree.count; ++i)
    inside[i] = inside[tree.parent[i]] | (folded && tree.inKernel[i] ? 0 : matches[tree.entry[i]]);
  return Uint8Array.from(tree.leaf, node => inside[node]);
}

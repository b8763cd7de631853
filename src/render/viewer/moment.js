// What a thread did at a moment, in words.
import {SYS, WAIT} from './payload.js';
import {KIND} from './tree.js';

const CALLERS = 3;
const LONGEST = 60;  // Characters of a name.
const FAR = 1000;  // Samples before a moment among which the wait is looked for.

/** The first of [from, until) of ascending values that is more than `value`; `until` for none. */
export function firstAfter(values, from, until, value) {
  while (from < until) {
    const middle = (from + until) >> 1;
    if (values[middle] <= value) from = middle + 1;
    else until = middle;
  }
  return from;
}

/** What was waited for, by its class. */
const waitText = label => ({
  runnable: 'runnable, waiting for a CPU', stopped: 'stopped', other: 'waiting', 'not sampled': 'waiting, no stack was taken',
}[label] || 'waiting for ' + label);

/** 'waiting for lock, in futex_do_wait, called by pthread_mutex_lock ← handle ← serve'. */
export function stackText(model, stack) {
  const {stacks, causes, text} = model.profile;
  const {entries} = model;
  const {tree} = model.tree();
  const short = entry => {
    const name = entries.name(entry);
    return name.length > LONGEST ? name.slice(0, LONGEST - 1) + '…' : name;
  };
  let kernel = -1;
  const user = [];
  for (let node = tree.leaf[stack]; node > 0; node = tree.parent[node]) {
    const entry = tree.entry[node];
    const kind = entries.kind(entry);
    if (tree.inKernel[node]) kernel = kernel < 0 ? entry : kernel;
    else if ((kind === KIND.user || kind === KIND.inlined) && !(user.length && entries.isStart(entry))) user.push(entry);
  }
  const mode = stacks.mode[stack];
  const cause = causes.cause[stacks.cause[stack]];
  const entry = causes.entry[stacks.cause[stack]];
  const words = [mode === WAIT ? waitText(text[stacks.wait[stack]]) : mode === SYS ?
      'sys' + (cause ? ': ' + cause : '') + (entry && entry !== cause ? ' in ' + entry : '') : 'user: ' + (user.length ? short(user.shift()) : '[no stack]')];
  if (kernel >= 0) words.push('in ' + short(kernel));
  else if (mode === WAIT && user.length) words.push('in ' + short(user.shift()));
  // The innermost code that is no run-time support, too, however deep it is.
  const site = model.callSite(stack);
  const deep = site && user.indexOf(site.entry) >= CALLERS ? ' … ' + short(site.entry) : '';
  if (user.length) words.push('called by ' + user.slice(0, CALLERS).map(short).join(' ← ') + deep);
  return words.join(', ');
}

/**
 * What a row of the table of threads did then: of a sample that was taken at most `near` microseconds
 * from there, of the wait in which it was, or of the sample that stands for that time. '' if nothing tells.
 */
export function momentText(model, thread, time, near = 0) {
  const {samples, stacks, waits} = model.profile;
  const [begin, end] = [samples.start[thread], samples.start[thread + 1]];
  const isWait = i => stacks.mode[samples.stack[i]] === WAIT;
  const next = firstAfter(samples.time, begin, end, time);
  let after = next;
  while (after < end && isWait(after)) ++after;
  let before = next - 1;
  while (before >= begin && isWait(before)) --before;
  // The wait that began last, of those that are one: a thread is in one at a time.
  let wait = next - 1;
  while (wait >= begin && wait > next - FAR && !(isWait(wait) && samples.waits[wait] === 1)) --wait;
  const inWait = wait >= begin && isWait(wait) && samples.waits[wait] === 1 &&
      time < samples.time[wait] + samples.weight[wait] / 1000;
  const distance = i => (i >= begin && i < end ? Math.abs(samples.time[i] - time) : Infinity);
  const nearest = distance(after) < distance(before) ? after : before;
  const sample = i => `sample at ${(samples.time[i] / 1e6).toFixed(6)} s · ${stackText(model, samples.stack[i])}`;
  if (distance(nearest) <= near) return sample(nearest);
  if (inWait) return stackText(model, samples.stack[wait]);
  if (after < end && samples.time[after] - samples.weight[after] / 1000 <= time) return stackText(model, samples.stack[after]);
  const w = firstAfter(waits.time, waits.start[thread], waits.start[thread + 1], time) - 1;
  if (w < waits.start[thread] || time >= waits.time[w] + waits.length[w]) return '';
  return waits.runnable[w] ? waitText('runnable') : waitText('not sampled');
}

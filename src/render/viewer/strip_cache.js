// Strips of one window, computed when they are first drawn, and what of them is searched for.
import {partOf, stripOf} from './strips.js';

const MOST_STRIPS = 500;

export class StripCache {
  constructor(model) {
    this.model = model;
    this.flags = null;
    this.known = new Map();
  }
  /** `flags`: of each stack whether it is searched for; null: nothing is. */
  mark(flags) {
    this.flags = flags;
    this.known.forEach(entry => { entry.part = null; });
  }

  /** {threads, strip, most: its full height, part} of a lane; for null of all of them. */
  of(lane, window, size) {
    const key = `${window}|${size}`;
    if (key !== this.key || this.known.size > MOST_STRIPS) this.known.clear();
    this.key = key;
    if (!this.known.has(lane)) this.known.set(lane, this.make(lane, window, size));
    const entry = this.known.get(lane);
    if (this.flags && !entry.part) entry.part = this.partOf(lane, entry);
    return entry;
  }
  make(lane, window, size) {
    const {profile, facts, lanes} = this.model;
    const isTime = facts.unit === 's';
    const threads = lane ? lane.threads : lanes.flatMap(one => one.threads);
    const cpus = isTime ? (lane ? 1 : facts.machine.cpus) : 0;
    const strip = stripOf(profile, threads, window, size, {isTime, limit: cpus || Infinity});
    if (lane) return {threads, strip, most: 1};
    // More than one thread are no scale for what waits.
    strip.wait = new Float64Array(size);
    const most = cpus || strip.user.reduce((most, value, i) => Math.max(most, value + strip.sys[i]), 1e-9);
    return {threads, strip, most};
  }
  partOf(lane, {threads, strip}) {
    // Of all threads, those that were looked at are known.
    const parts = lane ? [] : [...this.known.values()].filter(
        one => one.part && one.strip.kept.length === strip.kept.length);
    const known = new Set(parts.flatMap(one => one.threads));
    return partOf(this.model.profile, threads.filter(t => !known.has(t)), strip, this.flags, parts.map(one => one.part.told));
  }
}

// The profile under one selection: what views ask for is computed once for each, when it is asked for.
import {all, byStack, NOTHING, pairRows, selfNode, selfs, sum, sumPairs, totals, valuesOf, Weights, wholeSums} from './charges.js';
import {Comparison} from './change.js';
import {joinRows} from './comparison.js';
import {counted} from './format.js';
import {functionTable} from './functions.js';
import {BottomUp, TopDown} from './layout.js';
import {SYS, WAIT} from './payload.js';
import {Entries, functionSteps, groupedTree, KIND, OF_MODULE, place, RUNTIME_MODULE, RUNTIME_NAME, stackTree,
        withoutRecursion} from './tree.js';

export class Model {
  constructor(profile) {
    this.profile = profile;
    this.facts = profile.facts;
    this.entries = new Entries(profile);
    // Threads of the recording that it is compared with stand behind the others, in the same order.
    this.compared = profile.facts.comparison !== null;
    this.threadCount = this.compared ? profile.threads.name.length / 2 : profile.threads.name.length;
    this.trees = new Map();
    this.duration = this.facts.machine.duration_s * 1e6;
    this.select({});
  }

  /** Samples come later than what the first picture needs. */
  get hasSamples() { return this.profile.samples !== undefined; }
  setSamples({samples, waits}) {
    Object.assign(this.profile, {samples, waits});
    this.pairs = pairRows(this.profile);
    if (this.compared) this.memo.clear();
    // Recordings of other tools do not say how long they took.
    for (let t = 1; t < samples.start.length; ++t)
      if (samples.start[t] > 0) this.duration = Math.max(this.duration, samples.time[samples.start[t] - 1]);
    waits.time.forEach((time, i) => (this.duration = Math.max(this.duration, time + waits.length[i])));
  }

  /**
   * Threads as the kernel knows them: {threads, cpu, wait, name, first, last}. One that ran a second
   * program, or changed its name, has a row of the table for each. Busiest first. `first` and `last`:
   * of its moments, in microseconds.
   */
  get lanes() { return this.knownLanes || (this.knownLanes = this.findLanes()); }
  findLanes() {
    const {samples, stacks, threads, waits} = this.profile;
    const lanes = new Map();
    for (let t = 0; t < this.threadCount; ++t) {
      if (samples.start[t + 1] === samples.start[t] && !(threads.last[t] > 0)) continue;
      let cpu = 0;
      let wait = 0;
      for (let i = samples.start[t]; i < samples.start[t + 1]; ++i) {
        if (stacks.mode[samples.stack[i]] === WAIT) wait += samples.weight[i];
        else cpu += samples.weight[i];
      }
      const key = threads.tid[t] < 0 ? 'row ' + t : threads.tid[t];
      const lane = lanes.get(key) || {threads: [], cpu: 0, wait: 0, most: -1, first: Infinity, last: 0};
      lanes.set(key, lane);
      lane.threads.push(t);
      lane.cpu += cpu;
      lane.wait += wait;
      if (cpu + wait >= lane.most) Object.assign(lane, {most: cpu + wait, name: this.threadName(t)});
      const lived = (from, until) => {
        lane.first = Math.min(lane.first, from);
        lane.last = Math.max(lane.last, until);
      };
      if (threads.last[t] > 0) lived(threads.first[t], threads.last[t]);
      const [begin, end] = [samples.start[t], samples.start[t + 1] - 1];
      if (begin <= end) lived(samples.time[begin], samples.time[end]);
      const last = waits.start[t + 1] - 1;
      if (waits.start[t] <= last) lived(waits.time[waits.start[t]], waits.time[last] + waits.length[last]);
    }
    return [...lanes.values()].sort((a, b) => b.cpu - a.cpu || b.wait - a.wait);
  }
  /** By their first moment. */
  get lanesByStart() {
    return this.knownByStart || (this.knownByStart = this.lanes.slice().sort(
        (a, b) => a.first - b.first || a.threads[0] - b.threads[0]));
  }
  /** What a choice of rows of threads is called: '2 threads', 'worker-5 1234'. */
  threadsName(threads) {
    const lanes = this.lanes.filter(lane => lane.threads.some(t => threads.has(t)));
    return lanes.length === 1 ? lanes[0].name : counted(lanes.length || threads.size, 'thread', 'threads');
  }

  /** `range`: [from, until) in microseconds; `threads`: a Set of rows. Both may be null. */
  select({range = null, threads = null}) {
    this.range = range;
    this.threads = threads;
    this.memo = new Map();
  }
  get whole() { return !this.range && !this.threads; }

  once(key, make) {
    if (!this.memo.has(key)) this.memo.set(key, make());
    return this.memo.get(key);
  }
  get pairSums() {
    const {range, threads} = this;
    return this.once('pairs', () => sumPairs(this.profile, this.pairs, {range, threads, until: this.threadCount}));
  }
  get stackSums() {
    return this.once('stacks', () => (this.whole ? wholeSums(this.profile, this.profile.sums[0]) :
        byStack(this.profile, this.pairs, this.pairSums)));
  }
  get all() { return this.once('all', () => all(this.stackSums)); }
  /** Of the recording that it is compared with: all its time, of the same threads. */
  get pairSumsBefore() {
    const {threads} = this;
    return this.once('pairs before', () => sumPairs(this.profile, this.pairs, {threads, from: this.threadCount}));
  }
  get stackSumsBefore() {
    return this.once('stacks before', () => (this.threads ? byStack(this.profile, this.pairs, this.pairSumsBefore) :
        wholeSums(this.profile, this.profile.sums[1])));
  }
  get allBefore() { return this.once('all before', () => all(this.stackSumsBefore)); }
  get comparison() {
    return this.once('comparison', () => (this.compared ? new Comparison(this.facts, this.allBefore, this.all, this.measured) : null));
  }
  /** By how much all of it changed as measured: one quantity, so that two standard deviations are chance. */
  get wholeChange() {
    const facts = {...this.facts, comparison: {...this.facts.comparison, critical: 1.96}};
    return this.once('whole change', () => new Comparison(facts, this.allBefore, this.all, true).of(this.allBefore, this.all));
  }
  /** What the sums of waits vary by: the squares of their lengths, by stack, of one side. */
  squares(before) {
    return this.once(`squares|${before}`, () => {
      const {samples, stacks} = this.profile;
      const sums = new Float64Array(stacks.mode.length);
      if (!this.hasSamples) return sums;
      const first = samples.start[before ? this.threadCount : 0];
      const end = samples.start[before ? samples.start.length - 1 : this.threadCount];
      for (let i = first; i < end; ++i)
        if (stacks.mode[samples.stack[i]] === WAIT) sums[samples.stack[i]] += samples.weight[i] ** 2 / Math.max(samples.waits[i], 1);
      return sums;
    });
  }

  /** Whether programs of several names were recorded. */
  get hasPrograms() { return this.profile.stacks.program.length > 0 && this.profile.stacks.program[0] >= 0; }
  /** What state.group says, as the flame graph of `profiler flamegraph` has it if that is nothing. */
  groupOf({group, color}) {
    if (color === 'thread') return 'thread';
    return group === 'auto' ? (this.hasPrograms ? 'program' : '') : group;
  }

  /**
   * A tree, and the sums of what its leaves stand for. `group`: '', 'program', 'process' or 'thread'; the
   * last two need the samples.
   */
  tree(merge = false, group = '') {
    const key = `${merge}|${group}`;
    const model = this;
    if (!this.trees.has(key)) this.trees.set(key, this.makeTree(merge, group));
    const tree = this.trees.get(key);
    const byPair = group === 'process' || group === 'thread';
    return {tree, sums: byPair ? this.pairSums : this.stackSums,
            get sumsBefore() { return byPair ? model.pairSumsBefore : model.stackSumsBefore; }};
  }
  makeTree(merge, group) {
    const byProgram = group === 'program';
    if (group && !byProgram) {
      const {processes, threads} = this.profile;
      const rows = {stack: this.pairs.stack, group: this.pairs.thread.map(t => t % this.threadCount)};
      if (group === 'process') rows.group = rows.group.map(t => threads.process[t]);
      const name = group === 'process' ?
          p => (p < 0 ? '[unknown]' : processes.name[p] + (this.compared ? '' : ' ' + processes.pid[p])) : t => this.threadName(t);
      return groupedTree(this.tree(merge).tree, rows, id => this.entries.of(KIND.process, name(id), id));
    }
    if (merge) return withoutRecursion(this.tree(false, group).tree);
    return stackTree(this.profile, this.entries, functionSteps(this.profile), byProgram);
  }
  totals(merge, group) {
    return this.once(`totals|${merge}|${group}`, () => {
      const {tree, sums} = this.tree(merge, group);
      return totals(tree, sums);
    });
  }
  totalsBefore(merge, group) {
    return this.once(`totals before|${merge}|${group}`, () => {
      const {tree, sumsBefore} = this.tree(merge, group);
      return totals(tree, sumsBefore);
    });
  }
  /** What a flame graph draws: top-down, or bottom-up. `old`: widths are those before. */
  source({mode, folded = true, merge = false, group = '', inverted = false, old = false}) {
    return this.once(`source|${mode}|${folded}|${merge}|${group}|${inverted}|${old}`, () => {
      const given = this.tree(merge, group);
      const {tree} = given;
      const pick = (after, before) => (this.compared ? [old ? before() : after, old ? after : before()] : [after, null]);
      if (inverted) {
        const [sums, other] = pick(given.sums, () => given.sumsBefore);
        return new BottomUp(tree, sums, valuesOf(sums, mode), folded, other);
      }
      const [nodes, other] = pick(this.totals(merge, group), () => this.totalsBefore(merge, group));
      return new TopDown(tree, nodes, valuesOf(nodes, mode), folded, other);
    });
  }
  /** Rows of functions; where two recordings are compared, with `before` and `change`, gone ones too. */
  functions(folded = true) {
    return this.once(`functions|${folded}`, () => {
      const given = this.tree();
      const {tree, sums} = given;
      const rows = functionTable(tree, this.totals(false, ''), selfs(tree, sums, folded), folded);
      if (!this.compared) return rows;
      const known = new Map(rows.map(row => [row.entry, row]));
      const table = sums => functionTable(tree, totals(tree, sums), selfs(tree, sums, folded), folded);
      for (const old of functionTable(tree, this.totalsBefore(false, ''), selfs(tree, given.sumsBefore, folded), folded)) {
        const row = known.get(old.entry) || {...old, self: NOTHING, total: NOTHING};
        Object.assign(row, {before: old.total, selfBefore: old.self});
        if (!known.has(old.entry)) known.set(old.entry, row);
      }
      const squares = [true, false].map(before => {
        const values = this.squares(before);
        const zeros = new Float64Array(values.length);
        const found = this.facts.waits ? table(new Weights(field => (field === 'wait' ? values : zeros))) : [];
        return new Map(found.map(row => [row.entry, row]));
      });
      const by = this.comparison;
      return [...known.values()].map(row => {
        const {before = NOTHING, selfBefore = NOTHING, self, total} = row;
        const squaresOf = part => squares.map(side => (side.has(row.entry) ? side.get(row.entry)[part].wait : 0));
        return {...row, before, selfBefore, change: by.of(before, total), selfChange: by.of(selfBefore, self),
                waitChange: by.of(before, total, 'wait', squaresOf('total')),
                selfWaitChange: by.of(selfBefore, self, 'wait', squaresOf('self'))};
      });
    });
  }

  /**
   * What of the mode's time was spent in the code of each module itself, heaviest first: [name, value]; what
   * is no module's: [kind, value].
   */
  moduleTimes(mode, folded, sums = this.stackSums) {
    const {tree} = this.tree();
    const values = valuesOf(sums, mode);
    const times = new Map();
    for (let s = 0; s < values.length; ++s) {
      const node = values[s] > 0 ? selfNode(tree, tree.leaf[s], folded) : 0;
      if (node === 0) continue;
      const kind = this.entries.kind(tree.entry[node]);
      const key = OF_MODULE.has(kind) ? this.entries.module(tree.entry[node]) : kind;
      times.set(key, (times.get(key) || 0) + values[s]);
    }
    return [...times].sort((a, b) => b[1] - a[1]);
  }
  /** Of each module's name, which it is by CPU time in the whole recording: so it keeps its colour. */
  get moduleRanks() {
    if (!this.knownModuleRanks) {
      const sums = wholeSums(this.profile, this.profile.sums[0]);
      const names = this.moduleTimes('cpu', false, sums).map(([name]) => name).filter(name => typeof name === 'string');
      this.knownModuleRanks = new Map([...new Set([...names, ...this.profile.modules, ''])].map((name, rank) => [name, rank]));
    }
    return this.knownModuleRanks;
  }
  /** The same of a thread's row, which has the rank of its lane. */
  threadRank(t) {
    if (!this.knownThreadRanks) {
      this.knownThreadRanks = new Map();
      this.lanes.forEach((lane, rank) => lane.threads.forEach(row => this.knownThreadRanks.set(row, rank)));
    }
    return this.knownThreadRanks.has(t) ? this.knownThreadRanks.get(t) : this.lanes.length;
  }

  threadName(t) {
    const {threads, processes} = this.profile;
    const process = threads.process[t];
    const name = threads.name[t] || '[no name]';
    const tid = threads.tid[t] < 0 || this.compared ? '' : ' ' + threads.tid[t];
    return process < 0 || processes.name[process] === name ? name + tid :
        `${name}${tid} (${processes.name[process]})`;
  }

  /** The innermost user code of a stack that is no run-time support: {entry, place}; null: no user code. */
  callSite(stack) {
    const node = this.profile.stacks.user[stack];
    return this.sites.has(node) ? this.sites.get(node) : this.findSite(node);
  }
  get sites() { return this.knownSites || (this.knownSites = new Map([[-1, null]])); }
  findSite(leaf) {
    const {functions, locations, frames, nodes, text} = this.profile;
    let site = null;
    search: for (let n = leaf; n >= 0; n = nodes.parent[n]) {
      const frame = nodes.frame[n];
      const end = frames.start[frame + 1];
      const inRuntime = functions.kind[locations.function[end - 1]] & RUNTIME_MODULE;
      for (let i = frames.start[frame]; i < end; ++i) {
        const f = locations.function[i];
        const inlined = i + 1 < end;
        const isRuntime = inRuntime || functions.kind[f] & RUNTIME_NAME;
        if (site && isRuntime) continue;
        const file = locations.file[i] < 0 ? '' : text[locations.file[i]];
        const line = locations.line[i];
        site = {entry: f * 2 + (inlined ? 1 : 0), file, line, place: file && place(file, line)};
        if (!isRuntime) break search;
      }
    }
    this.sites.set(leaf, site);
    return site;
  }

  /** Rows {label, of, weight, callers, stacks} of sys by cause, or of waits by class; heaviest first. */
  ledger(what, before = false) {
    return this.once(`${what}|${before}`, () => {
      const sums = before ? this.stackSumsBefore : this.stackSums;
      const {stacks, causes, text} = this.profile;
      const rows = new Map();
      for (let s = 0; s < stacks.mode.length; ++s) {
        if (stacks.mode[s] !== (what === 'waits' ? WAIT : SYS)) continue;
        const weight = sums.at(s);
        if (!weight.samples && !weight.wait && !weight.waits) continue;
        const cause = stacks.cause[s];
        const [label, entry] = what === 'waits' ? [text[stacks.wait[s]], ''] :
            cause < 0 ? ['other', ''] : [causes.cause[cause], causes.entry[cause]];
        const key = label + '\n' + entry;
        let row = rows.get(key);
        if (!row) {
          row = {label, entry, nested: entry !== '' && entry !== label, weight: NOTHING, callers: new Map(),
                 stacks: []};
          rows.set(key, row);
        }
        row.weight = sum(row.weight, weight);
        row.stacks.push(s);
        const site = this.callSite(s);
        const at = site ? `${site.entry}|${site.place}` : '';
        const caller = row.callers.get(at) || {site, weight: NOTHING};
        caller.weight = sum(caller.weight, weight);
        row.callers.set(at, caller);
      }
      const heavy = w => w.sys + w.wait;
      const sorted = [...rows.values()].sort((a, b) => heavy(b.weight) - heavy(a.weight));
      for (const row of sorted)
        row.callers = [...row.callers.values()].sort((a, b) => heavy(b.weight) - heavy(a.weight));
      return sorted;
    });
  }

  /** The same of both recordings: `weight` and `callersAfter` are of the new one, `old` the row of the old one. */
  comparedLedger(what) {
    return this.once('compared ' + what, () => {
      const wait = what === 'waits';
      const squareOf = (row, before) => (row ? row.stacks.reduce((sum, s) => sum + this.squares(before)[s], 0) : 0);
      const after = this.ledger(what).map(row => ({...row, callersAfter: row.callers, after: row}));
      const rows = joinRows(this.ledger(what, true), after, row => row.label + '\n' + row.entry, this.comparison,
                            wait ? 'wait' : 'cpu', row => [squareOf(row.old, true), squareOf(row.after, false)]);
      for (const row of rows) if (!row.after) row.callersAfter = [];
      rows.sort((a, b) => b.change.significant - a.change.significant || Math.abs(b.change.delta) - Math.abs(a.change.delta));
      return rows.map((row, index) => ({...row, index}));
    });
  }

  /** Callers of the user code of some stacks, from the innermost function outwards (layout.js). */
  userCallers(stacks, mode) {
    const {tree} = this.tree();
    const chosen = new Set(stacks);
    const sums = this.stackSums;
    const values = valuesOf(sums, mode).map((value, s) => (chosen.has(s) ? value : 0));
    // The user code stands above what stands for the kernel, and what it waits for.
    const leaf = tree.leaf.map((node, s) => {
      if (!chosen.has(s)) return node;
      while (node > 0 && this.entries.kind(tree.entry[node]) >= KIND.kernel &&
             this.entries.kind(tree.entry[node]) <= KIND.wait)
        node = tree.parent[node];
      return node;
    });
    return new BottomUp({...tree, leaf}, sums, values, false);
  }
}


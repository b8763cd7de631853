// The parts of the viewer that need no browser, in node: viewer_test.mjs DIRECTORY, where sample_pages has
// written pages and what the reports say of the same profiles. What the viewer computes is compared with
// the reports, which are computed in C++ by other means.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';
import {byStack, evidence, samplesOf, sumPairs, valuesOf, VALUE} from '../../src/render/viewer/charges.js';
import {isReported, limitState} from '../../src/render/viewer/comparison.js';
import {Amounts, duration, grouped, percent} from '../../src/render/viewer/format.js';
import {calleesOf, callersOf} from '../../src/render/viewer/functions.js';
import {layout, matched} from '../../src/render/viewer/layout.js';
import {Model} from '../../src/render/viewer/model.js';
import {rankColor} from '../../src/render/viewer/painter.js';
import {decode, decodeSamples} from '../../src/render/viewer/payload.js';
import {foundStacks, foundWeight} from '../../src/render/viewer/search.js';
import {functionsOfLines, linesOf, sortFiles} from '../../src/render/viewer/source.js';
import {DEFAULTS, fromFragment, matcher, toFragment} from '../../src/render/viewer/state.js';
import {KIND} from '../../src/render/viewer/tree.js';
import {sortRows} from '../../src/render/viewer/table.js';
import {momentText, stackText} from '../../src/render/viewer/moment.js';
import {panned, typedSpan, zoomed} from '../../src/render/viewer/span.js';
import {matchingStacks, partOf, spread, stripOf} from '../../src/render/viewer/strips.js';
import {timesOf} from '../../src/render/viewer/times.js';

const directory = process.argv[2];
const block = (name, id) => {
  const page = fs.readFileSync(path.join(directory, name + '.html'), 'latin1');
  return zlib.gunzipSync(Buffer.from(page.match(new RegExp(`id="${id}"[^>]*>([^<]*)`))[1], 'base64'));
};
const bytes = (name, id) => new Uint8Array(block(name, id));
const model = name => {
  const m = new Model(decode(bytes(name, 'profile')));
  m.setSamples(decodeSamples(bytes(name, 'samples'), m.profile));
  return m;
};
const reports = name => JSON.parse(fs.readFileSync(path.join(directory, name + '.json'), 'utf8'));

const ns = seconds => Math.round((seconds || 0) * 1e9);
/** A weight of a report, and one of the viewer, in the same words. */
const reported = (w, unit = 's') =>
    [unit === 's' ? ns(w.user_s) : w.user_value, unit === 's' ? ns(w.sys_s) : w.sys_value, ns(w.wait_s), w.samples].join(' ');
const shown = w => [w.user, w.sys, w.wait, w.samples].join(' ');

const NAMES = fs.readdirSync(directory).filter(name => name.endsWith('.json')).map(name => name.slice(0, -5));
/** Those whose names are the same in both: nothing to shorten, nothing to escape. */
const PLAIN = NAMES.filter(name => /^(kinds|waits|lines|recursion|random\d+|few|one)$/.test(name));
assert.ok(PLAIN.length >= 20, PLAIN.join());

const rows = (list, weightsOf) => list.map(weightsOf).sort();

for (const name of NAMES) {
  const report = reports(name);
  const unit = report.functions.event.unit;
  test(`${name}: functions are those of the report`, () => {
    const m = model(name);
    for (const folded of [true, false]) {
      // With its functions, the viewer still shows what they stand on.
      const isFunction = row => folded || m.entries.kind(row.entry) < KIND.entry;
      assert.deepEqual(
          rows(m.functions(folded).filter(isFunction), row => `${shown(row.total)} ${shown(row.self)}`),
          rows(report[folded ? 'functions' : 'kernel_functions'].functions.filter(
               row => folded || !/^(<[^/]|\[not)/.test(row.name)),
               row => `${reported(row.total, unit)} ${reported(row.self, unit)}`), `folded: ${folded}`);
    }
  });
  test(`${name}: so are those of half the time`, () => {
    const m = model(name);
    m.select({range: report.half_us});
    const parts = report.half.functions.map(row => `${reported(row.total, unit)} ${reported(row.self, unit)}`).sort();
    const found = rows(m.functions(true), row => `${shown(row.total)} ${shown(row.self)}`);
    if (!m.facts.waits) return assert.deepEqual(found, parts);
    // Waits are cut where the range begins and ends: to a microsecond.
    assert.equal(found.length, parts.length);
    const sums = list => list.reduce((sum, row) => sum + Number(row.split(' ')[2]), 0);
    assert.ok(Math.abs(sums(found) - sums(parts)) <= 2000 * found.length, `${sums(found)}, not ${sums(parts)}`);
  });
}

/** A tree as text, a line a path: children in any order. */
const reportedTree = (node, prefix = '') => node.children.flatMap(child => {
  const at = `${prefix};${child.name}${child.inlined ? ' (inlined)' : ''}`;
  return [`${at} ${reported(child.total)}`, ...reportedTree(child, at)];
});
const shownTree = (m, source, handle = source.root, prefix = '') => source.children(handle).flatMap(child => {
  const entry = source.entry(child);
  const inlined = entry < m.entries.end && entry & 1 ? ' (inlined)' : '';
  const at = `${prefix};${m.entries.name(entry)}${inlined}`;
  return [`${at} ${shown(source.weight(child))}`, ...shownTree(m, source, child, at)];
});

for (const name of PLAIN) {
  test(`${name}: the trees are those of the report`, () => {
    const m = model(name);
    const report = reports(name);
    const programs = m.hasPrograms ? [['programs', {group: 'program'}]] : [];
    for (const [key, options] of [...programs, ['tree', {}], ['inverted', {inverted: true}], ['merged', {merge: true}]])
      assert.deepEqual(shownTree(m, m.source({mode: 'wall', ...options})).sort(), reportedTree(report[key].root).sort(), key);
  });
  test(`${name}: lines are those of the report`, () => {
    const line = row => `${row.file}:${row.line}`;
    const found = linesOf(model(name), false).map(row => `${row.name.replace('\n', ':')} ${shown(row.total)} ${shown(row.self)}`);
    const told = reports(name).lines.rows.filter(row => row.file && row.line)
        .map(row => `${line(row)} ${reported(row.total)} ${reported(row.self)}`);
    assert.deepEqual(found.sort(), told.sort());
  });
  test(`${name}: causes and classes of waiting are those of the report`, () => {
    const m = model(name);
    const {causes, waits} = reports(name).functions;
    const callers = row => row.callers.map(
        c => `${c.site ? m.entries.name(c.site.entry) : ''}:${c.site ? c.site.line : 0}:${c.weight.sys + c.weight.wait}`).sort();
    const told = (row, key) => row.callers.map(c => `${c.function || ''}:${c.line || 0}:${ns(c[key])}`).sort();
    assert.deepEqual(m.ledger('causes').map(row => [row.weight.sys, row.weight.samples, callers(row)]).map(String).sort(),
                     causes.map(row => [ns(row.sys_s), row.samples, told(row, 'sys_s')]).map(String).sort());
    assert.deepEqual(m.ledger('waits').map(row => [row.label.replace(' ', '_'), row.weight.wait, callers(row)]).map(String).sort(),
                     (waits || []).map(row => [row.class, ns(row.wait_s), told(row, 'wait_s')]).map(String).sort());
  });
}

for (const name of NAMES) {
  test(`${name}: the sums of stacks are those of their samples`, () => {
    const m = model(name);
    const added = byStack(m.profile, m.pairs, m.pairSums);
    for (const field of ['user', 'sys', 'wait', 'samples', 'sysSamples', 'waits']) assert.deepEqual(m.stackSums[field], added[field], field);
  });
}

test('a group of its own for each thread adds up to all', () => {
  const m = model('waits');
  const source = m.source({mode: 'wall', group: 'thread'});
  const threads = source.children(source.root);
  assert.deepEqual(threads.map(t => m.entries.name(source.entry(t))).sort(), ['flusher 101 (prog)', 'prog 100']);
  assert.equal(threads.reduce((sum, t) => sum + source.value(t), 0), VALUE.wall(m.all));
  m.select({threads: new Set([1])});
  assert.equal(m.all.samples, 0);
  assert.equal(m.all.wait, 440e6);
});

test('callers and callees count each sample once', () => {
  const m = model('kinds');
  const {tree} = m.tree();
  const totals = m.totals(false, '');
  const entry = name => Array.from({length: m.entries.size}, (_, e) => e).find(e => m.entries.name(e) === name);
  const named = list => Object.fromEntries(list.map(row => [row.entry < 0 ? '' : m.entries.name(row.entry), row.weight.samples]));
  const parse = entry('parse(std::string const&)');
  assert.deepEqual(named(callersOf(tree, totals, parse)), {main: 100});
  assert.deepEqual(named(calleesOf(tree, totals, parse, true)), {skip_space: 40});
  assert.deepEqual(named(callersOf(tree, totals, entry('_start'))), {'': 530});
  assert.deepEqual(named(calleesOf(tree, totals, entry('read'), true)), {'<syscall read>': 80});
});

test('frames lie within their callers, and narrow ones are one', () => {
  const m = model('compile');
  const source = m.source({mode: 'cpu'});
  const {boxes, all} = layout(source, [], 1000);
  assert.equal(all, VALUE.cpu(m.all));
  assert.ok(boxes.length > 300 && boxes.some(box => box.merged));
  const rowsOf = [];
  for (const box of boxes) (rowsOf[box.depth] = rowsOf[box.depth] || []).push(box);
  for (const row of rowsOf) {
    row.sort((a, b) => a.x - b.x);
    row.forEach((box, i) => assert.ok(i === 0 || row[i - 1].x + row[i - 1].width <= box.x + 1e-6));
  }
  for (let depth = 1; depth < rowsOf.length; ++depth) {
    for (const box of rowsOf[depth])
      assert.ok(rowsOf[depth - 1].some(p => !p.merged && p.x <= box.x + 1e-6 && box.x + box.width <= p.x + p.width + 1e-6));
  }
  // Zoomed in, what was narrow is there.
  const deep = boxes.filter(box => !box.merged && box.width > 2).sort((a, b) => b.depth - a.depth)[0];
  const pathTo = [];
  for (let n = deep.handle; n > 0; n = source.tree.parent[n]) pathTo.unshift(source.tree.entry[n]);
  const zoomed = layout(source, pathTo, 1000);
  assert.equal(zoomed.top, deep.value);
  assert.ok(Math.abs(zoomed.boxes.find(box => box.handle === deep.handle).width - 1000) < 1e-6);
});

test('what matches is counted once', () => {
  const m = model('kinds');
  const source = m.source({mode: 'cpu'});
  const flags = new Uint8Array(m.entries.size).map((_, e) => (m.entries.name(e).startsWith('parse') ? 1 : 0));
  const found = matched(source.tree, source.totals, source.values, true, flags);
  assert.deepEqual([found.frames, found.weight.samples, found.value], [2, 100, 100e6]);
});

test('waits are cut to a range', () => {
  const m = model('waits');
  const {samples, stacks} = m.profile;
  const i = samples.stack.findIndex(s => stacks.mode[s] === 2);
  const from = samples.time[i] + 1000;
  const sums = sumPairs(m.profile, m.pairs, {range: [from, from + 2000]});
  const row = m.pairs.ofSample[i];
  assert.equal(sums.wait[row], 2e6);
});

test('strips add up to what they draw', () => {
  const m = model('waits');
  const window = [0, m.duration];
  const strip = stripOf(m.profile, [0, 1], window, 500);
  const sum = bins => bins.reduce((a, b) => a + b, 0) * (m.duration / 500) / 1e6;
  // The first sample stands for the millisecond before the recording.
  assert.ok(Math.abs(sum(strip.user) - 0.299) < 1e-6, sum(strip.user));
  assert.ok(Math.abs(sum(strip.sys) - 0.1) < 1e-6);
  assert.ok(Math.abs(sum(strip.wait) - m.all.wait / 1e9) < 1e-3, sum(strip.wait));
  const bins = new Float64Array(10);
  spread(bins, -5, 3.5);
  spread(bins, 9.5, 20);
  assert.deepEqual([...bins], [1, 1, 1, 0.5, 0, 0, 0, 0, 0, 0.5]);
});

test('samples of an event that is no clock are counted', () => {
  const m = model('cycles');
  const strip = stripOf(m.profile, [0], [0, m.duration + 1], 37, {isTime: false});
  assert.equal(strip.user.reduce((a, b) => a + b, 0), 100);
  assert.ok(strip.user.every(Number.isInteger) && strip.kept.length === 37);
});

test('no more CPUs are busy than there are, however far one zooms in', () => {
  const m = model('turns');
  const rows = m.lanes.flatMap(lane => lane.threads);
  const cpus = m.facts.machine.cpus;
  assert.equal(cpus, 2);
  const most = (window, limit) => {
    const strip = stripOf(m.profile, rows, window, 600, {limit});
    return strip.user.reduce((most, user, i) => Math.max(most, user + strip.sys[i]), 0);
  };
  for (const window of [[0, m.duration], [100e3, 300e3], [200e3, 220e3], [250e3, 252e3], [251e3, 251.2e3]]) {
    assert.ok(most(window, cpus) <= cpus + 1e-9, `${most(window, cpus)} at ${window}`);
    // As they are, the samples tell of more.
    if (window[1] - window[0] > 10e3) assert.ok(most(window, Infinity) > cpus + 0.5, `${window}`);
  }
  // Nothing is lost by it: two CPUs are busy from the first turn to the last.
  const sum = bins => bins.reduce((a, b) => a + b, 0);
  const [all, bounded] = [Infinity, cpus].map(limit => stripOf(m.profile, rows, [0, m.duration], 600, {limit}));
  assert.ok(Math.abs(sum(all.user) - sum(bounded.user)) < 1e-6, `${sum(bounded.user)}, not ${sum(all.user)}`);
  const middle = stripOf(m.profile, rows, [200e3, 400e3], 100, {limit: cpus});
  assert.ok(sum(middle.user) > 198, `${sum(middle.user)}`);
});

test('what is searched for has a part of each strip', () => {
  const m = model('turns');
  const {tree} = m.tree();
  const flags = name => matchingStacks(tree, new Uint8Array(m.entries.size).map((_, e) => (m.entries.name(e) === name ? 1 : 0)), true);
  const rows = m.lanes.flatMap(lane => lane.threads);
  const sum = bins => bins.reduce((a, b) => a + b, 0);
  const strip = stripOf(m.profile, rows, [0, m.duration], 600, {limit: 2});
  const part = name => partOf(m.profile, rows, strip, flags(name)).cpu;
  const [work, rest, main] = ['work', 'rest', 'main'].map(part);
  assert.ok(Math.abs(sum(work) * strip.perBin / 1e6 - 0.8) < 1e-6, sum(work));
  for (let i = 0; i < 600; ++i) {
    assert.ok(work[i] + rest[i] <= strip.user[i] + 1e-9, `${i}`);
    assert.ok(Math.abs(main[i] - strip.user[i]) < 1e-9, `${i}`);
  }
  // What is known of some threads need not be looked for again.
  const [first, ...others] = rows;
  const known = partOf(m.profile, [first], strip, flags('work')).told;
  const both = partOf(m.profile, others, strip, flags('work'), [known]).cpu;
  work.forEach((value, i) => assert.ok(Math.abs(value - both[i]) < 1e-9, `${i}`));
  assert.equal(sum(flags('nothing')), 0);
  // Functions of the kernel are found where they are shown.
  const w = model('waits');
  const write = new Uint8Array(w.entries.size).map((_, e) => (w.entries.name(e) === 'vfs_write' ? 1 : 0));
  assert.equal(sum(matchingStacks(w.tree().tree, write, true)), 0);
  assert.equal(sum(matchingStacks(w.tree().tree, write, false)), 1);
});

test('a moment is told by what was run, or waited for', () => {
  const m = model('waits');
  const {stacks, samples, text} = m.profile;
  const told = (mode, label = '') => stackText(m, stacks.mode.findIndex(
      (value, s) => value === mode && (mode !== 2 || text[stacks.wait[s]] === label)));
  assert.equal(told(0), 'user: handle, called by serve ← main');
  assert.equal(told(1), 'sys: write, in vfs_write, called by write ← handle ← serve');
  assert.match(told(2, 'lock'), /^waiting for lock, in futex_do_wait, called by pthread_mutex_lock ← handle ← serve$/);
  assert.equal(told(2, 'runnable'), 'runnable, waiting for a CPU, in handle, called by serve ← main');
  for (let i = samples.start[0]; i < samples.start[1]; ++i) {
    const before = samples.time[i] - samples.weight[i] / 2000;
    const expected = stackText(m, samples.stack[i]);
    if (stacks.mode[samples.stack[i]] !== 2 && before > 0) {
      assert.equal(momentText(m, 0, before), expected);
      assert.equal(momentText(m, 0, samples.time[i], 3), `sample at ${(samples.time[i] / 1e6).toFixed(6)} s · ${expected}`);
    } else if (samples.waits[i] === 1) {
      assert.equal(momentText(m, 0, samples.time[i] + samples.weight[i] / 2000), expected);
    }
  }
  assert.equal(momentText(m, 0, 1e12), '');
});

test('from and to can be typed in any order', () => {
  const typed = (...fields) => typedSpan(...fields, 6.5e6);
  assert.deepEqual(typed(['2', '1.5'], 0).span, [2e6, 6.5e6]);
  assert.match(typed(['2', '1.5'], 0).note, /up to the end/);
  assert.deepEqual(typed(['2', '2.5'], 1), {span: [2e6, 2.5e6], note: ''});
  assert.deepEqual(typed(['1', '0.5'], 1).span, [0, 0.5e6]);
  assert.deepEqual(typed(['', '0.5'], 1).span, [0, 0.5e6]);
  assert.deepEqual(typed(['1', '99'], 1), {span: [1e6, 6.5e6], note: 'the recording ends at 6.5 s'});
  assert.match(typed(['7', '1'], 0).refused, /ends at 6\.5 s/);
  for (const bad of ['-1', 'x', '?']) assert.match(typed([bad, '1'], 0).refused, /number of seconds/);
});

test('zooming keeps the place, and stays within the recording', () => {
  assert.deepEqual(zoomed([0, 1000e3], 250e3, 0.5, 1000e3), [125e3, 625e3]);
  assert.deepEqual(zoomed([0, 1000e3], 0, 0.5, 1000e3), [0, 500e3]);
  assert.equal(zoomed([100, 900e3], 500e3, 2, 1000e3), null);
  assert.deepEqual(zoomed([500e3, 1000e3], 1000e3, 1.5, 1000e3), [250e3, 1000e3]);
  const [from, until] = zoomed([500e3, 500e3 + 120], 500e3 + 60, 0.5, 1000e3);
  assert.ok(until - from >= 100 && until > from, `${from} ${until}`);
  assert.deepEqual(panned([100, 300], -500, 1000), [0, 200]);
  assert.deepEqual(panned([100, 300], 5000, 1000), [800, 1000]);
});

test('a thread that changed its name is one', () => {
  const m = model('turns');
  const lane = m.lanes.find(one => one.name === 'worker-3 103 (prog)');
  assert.equal(lane.threads.length, 2);
  assert.equal(m.threadsName(new Set(lane.threads)), lane.name);
  assert.equal(m.threadsName(new Set(m.lanes.flatMap(one => one.threads))), '4 threads');
  assert.deepEqual(m.lanesByStart.map(one => one.first), m.lanes.map(one => one.first).sort((a, b) => a - b));
});

test('what is shown is in the fragment, and only what differs', () => {
  assert.equal(toFragment(DEFAULTS), '');
  const state = {...DEFAULTS, view: 'flame', mode: 'wall', range: [100, 2000], threads: new Set([3, 1]), find: 'a&b=c #',
                 regex: true, zoom: [4, 8, 15], inverted: true, sort: 'selfSys', select: 0, line: 12, order: 'start'};
  assert.deepEqual(fromFragment('#' + toFragment(state)), state);
  for (const bad of ['#view=nowhere&mode=x&range=9-1&threads=a&zoom=..x&select=-4', '#%%%', '#range=1e9-2'])
    assert.deepEqual(fromFragment(bad), DEFAULTS, bad);
});

test('searches take text as it is, and regular expressions', () => {
  assert.ok(matcher('a.b', false).test('xA.Bx') && !matcher('a.b', false).test('axb'));
  assert.ok(matcher('^a.b$', true).test('AxB'));
  assert.ok(matcher('(', true).error);
});

test('rows are sorted by a column, then by name', () => {
  const w = (user, wait = 0) => ({user, sys: 0, wait, samples: user, waits: 0});
  const list = [{n: 'b', total: w(5), self: w(0)}, {n: 'a', total: w(5), self: w(2)}, {n: 'c', total: w(5, 9), self: w(1)}];
  const sorted = key => sortRows(list.slice(), key, row => row.n).map(row => row.n).join('');
  assert.equal(sorted('total'), 'cab');
  assert.equal(sorted('self'), 'acb');
  assert.equal(sorted('name'), 'abc');
});

test('numbers read as in the text reports', () => {
  assert.equal(grouped(1234567), '1,234,567');
  assert.deepEqual([0, 0.0001, 0.1234, 0.9999, 1, NaN].map(percent), ['0.0 %', '< 0.1 %', '12.3 %', '> 99.9 %', '100.0 %', '–']);
  assert.deepEqual([2310, 840, 12.34e9, 99.96e6].map(duration), ['2.31 µs', '840 ns', '12.3 s', '100 ms']);
  assert.equal(new Amounts('s', 5e9).withUnit(1.5e9), '1.500 s');
  assert.equal(new Amounts('cache-misses', 5e9).withUnit(12345), '12,345 cache-misses');
});

/** Comparisons, as the program writes them: a page, and JSON of the same. */
const COMPARED = fs.readdirSync(directory).filter(name => name.endsWith('.diff')).map(name => name.slice(0, -5));
assert.ok(COMPARED.length >= 20, COMPARED.join());

for (const name of COMPARED) {
  test(`${name}: the comparison is that of profiler diff`, () => {
    const m = model(name);
    const diff = JSON.parse(fs.readFileSync(path.join(directory, name + '.diff'), 'utf8'));
    limitState({...DEFAULTS}, m);
    assert.equal(m.measured, name.endsWith('-none'));
    const {comparison} = m.facts;
    const {few, shares} = m.comparison;
    const sideOf = (w, what) => `${ns(w[what].user_s)} ${ns(w[what].sys_s)} ${ns(w[what].wait_s)} ${w[what].samples}`;
    // In the unit in which the page compares: rounded, as JSON has whole nanoseconds.
    const cpu = (of, what) => (shares && !few ? of[what].share : of[what].cpu_s);
    const unit = shares && !few ? 1 : 1e9;

    const all = side => `${ns(diff[side].sampled.user_s)} ${ns(diff[side].sampled.sys_s)} ${diff[side].sampled.samples}`;
    const sums = w => `${w.user} ${w.sys} ${w.samples}`;
    assert.equal(sums(m.allBefore), all('old'));
    assert.equal(sums(m.all), all('new'));

    // Of rows that look alike each has to be found once.
    const words = (old, is, flags) => [old, is, ...flags].join(' | ');
    const key = row => words(`${sideOf(row.old, 'total')} ${sideOf(row.old, 'self')}`, `${sideOf(row.new, 'total')} ${sideOf(row.new, 'self')}`, [row.significant]);
    const foundKey = row => words(`${shown(row.before)} ${shown(row.selfBefore)}`, `${shown(row.total)} ${shown(row.self)}`, [isReported(row)]);
    const found = m.functions(true);
    const keys = diff.functions.map(key).sort();
    assert.deepEqual(found.map(foundKey).sort(), keys);
    // What may differ by rounding, of whichever row it is that looks so.
    const isNear = (found, wanted) => Math.abs(found - (wanted || 0)) <= 2e-6 + 1e-6 * Math.abs(found);
    const changesOf = row => [['total', row.change, row.waitChange], ['self', row.selfChange, row.selfWaitChange]];
    const agrees = (row, wanted) => changesOf(row).every(([what, onCpu, waiting]) =>
      isNear(onCpu.delta / unit, cpu(wanted.delta, what)) && (!compared || isNear(onCpu.noise / unit, cpu(wanted.noise, what))) &&
      (!m.facts.waits || (isNear(waiting.delta / 1e9, wanted.delta[what].wait_s) && isNear(waiting.noise / 1e9, wanted.noise[what].wait_s))));
    const compared = diff.old.sampled.samples > 0 && diff.new.sampled.samples > 0;
    const byKey = new Map();
    for (const row of diff.functions) byKey.set(key(row), [...(byKey.get(key(row)) || []), row]);
    for (const row of found) {
      const alike = byKey.get(foundKey(row));
      const at = alike.findIndex(wanted => agrees(row, wanted));
      assert.ok(at >= 0, `${m.entries.name(row.entry)}: ${JSON.stringify(changesOf(row))}, not as one of ${
        JSON.stringify(alike.map(wanted => [wanted.delta, wanted.noise]))}`);
      alike.splice(at, 1);
    }

    const causes = m.comparedLedger('causes');
    const cause = row => `${ns(row.old.sys_s)} ${ns(row.new.sys_s)} ${row.old.samples} ${row.new.samples} ${row.significant}`;
    assert.deepEqual(causes.map(row => `${row.before.sys} ${row.weight.sys} ${row.before.samples} ${row.weight.samples} ${row.change.significant}`).sort(),
                     diff.causes.map(cause).sort());
    // What all of it took is in the page's text, as it is in that of the command.
    assert.deepEqual(comparison.notes, diff.notes);
    for (const {name: total, old} of comparison.totals) {
      const charged = diff.old.time[`${total}_s`];
      if (charged !== null && !comparison.waits_only) assert.ok(Math.abs(Number(old) - charged) < Math.max(1e-3, charged / 1000), `${total}: ${old}, not ${charged}`);
    }
  });
}

test('a comparison of waits has those for a CPU too', () => {
  const m = model('waiting-wait');
  assert.ok(m.facts.comparison.waits_only);
  const names = m.functions(true).map(row => m.entries.name(row.entry));
  assert.ok(names.includes('only_runnable'), names.join());
  // Of all time they are other programs' doing.
  const other = model('waiting');
  assert.ok(!other.functions(true).some(row => other.entries.name(row.entry) === 'only_runnable'));
  const state = {...DEFAULTS, range: [0, 5], view: 'timeline'};
  limitState(state, m);
  assert.deepEqual([state.mode, state.range, state.view], ['wait', null, 'overview']);
});

test('what is gone has a width in the old picture only', () => {
  const m = model('comparison');
  const names = source => source.children(source.children(source.root)[0]).map(child => m.entries.name(source.entry(child)));
  assert.ok(!names(m.source({mode: 'cpu'})).includes('goes'));
  assert.ok(names(m.source({mode: 'cpu', old: true})).includes('goes'));
  assert.ok(m.functions(true).some(row => row.change.significant) && m.functions(true).some(row => !row.change.significant));
});

test('a change has its unit and its noise', () => {
  const m = model('slower');
  const change = name => m.functions(true).find(row => m.entries.name(row.entry) === name).change;
  limitState({...DEFAULTS}, m);
  assert.match(m.comparison.text(change('parse')), /^40\.0 % before: \+17\.1 ± \d\.\d points$/);
  assert.match(m.comparison.text(change('render')), /^60\.0 % before: −17\.1 ± \d\.\d points$/);
  limitState({...DEFAULTS, compare: 'seconds'}, m);
  assert.match(m.comparison.text(change('parse')), /^2\.000 s before: \+2\.000 ± 0\.\d+ s$/);
  assert.match(m.comparison.text(change('render')), /^3\.000 s before: 0\.000 ± 0\.\d+ s, no more than chance$|^3\.000 s before: 0 ± 0\.\d+ s, no more than chance$/);
});

test('names that are code or escapes are only text', () => {
  const m = model('hostile');
  const names = Array.from({length: m.entries.size}, (_, e) => m.entries.name(e));
  assert.ok(names.includes('</script><img src=x onerror=alert(1)>'));
  assert.ok(names.includes('__proto__') && names.includes('toString'));
  assert.ok(names.some(name => name.length === 10000));
  for (const name of [...names, m.facts.title]) assert.ok(!/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(name), JSON.stringify(name));
  const page = fs.readFileSync(path.join(directory, 'hostile.html'), 'latin1');
  assert.ok(!page.includes('onerror'));
});

test('the viewer is one script, and small', () => {
  const script = block('kinds', 'viewer').toString();
  new Function(script);
  assert.ok(!/^(import|export) /m.test(script));
  const page = fs.readFileSync(path.join(directory, 'empty.html'), 'latin1');
  const data = ['profile', 'samples'].reduce((sum, id) => sum + page.match(new RegExp(`id="${id}"[^>]*>([^<]*)`))[1].length, 0);
  assert.ok(page.length - data <= 60 * 1024, `${page.length - data} bytes`);
});

test('a profile that is cut off is an error', () => {
  const tables = bytes('kinds', 'profile');
  for (const size of [0, 1, tables.length >> 1, tables.length - 1]) assert.throws(() => decode(tables.subarray(0, size)));
  const samples = bytes('kinds', 'samples');
  for (const size of [0, samples.length >> 1, samples.length - 2])
    assert.throws(() => decodeSamples(samples.subarray(0, size), decode(tables)));
});

test('values of a mode are of that mode', () => {
  const m = model('kinds');
  const sys = valuesOf(m.stackSums, 'sys').reduce((a, b) => a + b, 0);
  assert.equal(sys, 180e6);
});

for (const name of PLAIN) {
  test(`${name}: what a search finds is as much in tables as in the flame graph`, () => {
    const m = model(name);
    for (const letter of ['a', 'e', 'r', '1', 'lock']) {
      const flags = Uint8Array.from({length: m.entries.size}, (_, e) => (m.entries.name(e).includes(letter) ? 1 : 0));
      const found = foundStacks(m, flags, () => false);
      const source = m.source({mode: 'wall'});
      const drawn = matched(source.tree, source.totals, source.values, true, flags);
      assert.deepEqual(foundWeight(m.stackSums, [...found.keys()], found), drawn.weight, letter);
    }
  });
}

test('a search finds the stacks of a cause whose label matches', () => {
  const m = model('kinds');
  const found = foundStacks(m, new Uint8Array(m.entries.size), row => row.label.includes('anonymous'));
  assert.equal(foundWeight(m.stackSums, [...found.keys()], found).sys, 70e6);
});

test('the headline is what the kernel charged, its split that of the samples where they disagree', () => {
  const m = model('split');
  const times = timesOf(m.facts, m.all, true);
  assert.deepEqual(times, {real: 5e9, user: 3e9, sys: 1e9, wait: 0, isCharged: true, bySamples: true,
                           drawn: {user: 4e9 * 980 / 3980, sys: 4e9 * 3000 / 3980}});
  // Of a part of it nothing was charged.
  const part = timesOf(m.facts, m.all, false, 2e9);
  assert.deepEqual([part.real, part.user, part.sys, part.isCharged, part.bySamples], [2e9, 980e6, 3000e6, false, false]);
  // What chance may do is no disagreement.
  const even = timesOf(m.facts, {...m.all, user: 2.9e9, sys: 1.1e9}, true);
  assert.deepEqual([even.bySamples, even.drawn], [false, {user: 3e9, sys: 1e9}]);
  // A small part that is three times another is one.
  const facts = {...m.facts, report: {...m.facts.report, time: {...m.facts.report.time, user_s: 3.94, sys_s: 0.06}}};
  assert.equal(timesOf(facts, {...m.all, user: 3.8e9, sys: 0.2e9}, true).bySamples, true);
  const few = timesOf(m.facts, {...m.all, samples: 20}, true);
  assert.equal(few.bySamples, false);
});

test('lines know their functions, and files are sorted by any column', () => {
  const m = model('lines');
  const names = line => [...functionsOfLines(m).get('/src/main.c\n' + line)].map(f => m.entries.name(f));
  assert.deepEqual(names(11), ['work']);
  assert.deepEqual(names(4), ['main']);
  const w = (cpu, wait = 0) => ({user: cpu, sys: 0, wait});
  const files = [{name: 'b', self: w(1), total: w(9)}, {name: 'a', self: w(1), total: w(9, 3)}, {name: 'c', self: w(5), total: w(6, 1)}];
  const sorted = order => sortFiles(files, order).map(row => row.name).join('');
  assert.deepEqual(['self', 'total', 'wait', 'file'].map(sorted), ['cab', 'abc', 'acb', 'abc']);
});

test('a module is not said twice, and times that round to nothing are not 0', () => {
  const m = model('namesakes');
  const beside = Array.from({length: m.entries.size}, (_, e) => [m.entries.name(e), m.entries.moduleBeside(e)].join('|'));
  assert.ok(beside.includes('main|as') && beside.includes('libbfd.so+0x48ff0|'), beside.join());
  assert.deepEqual([0, 1, 499999, 500000, 1.5e9].map(ns => new Amounts('s', 5e9).plain(ns)), ['', '<0.001', '<0.001', '0.001', '1.500']);
});

test('samples of a mode are of that mode', () => {
  const m = model('kinds');
  const counts = w => ['cpu', 'wall', 'user', 'sys'].map(mode => samplesOf(w, mode));
  assert.deepEqual(counts(m.all), [560, 560, 380, 180]);
  const source = m.source({mode: 'sys', inverted: true});
  assert.deepEqual(source.children(source.root).map(child => counts(source.weight(child))), [[80, 80, 0, 80], [70, 70, 0, 70], [30, 30, 0, 30]]);
  m.select({threads: new Set([0]), range: [0, m.duration]});
  assert.deepEqual(counts(m.all).slice(2), [m.all.user / 1e6, m.all.sys / 1e6]);
  // Whether there are too few for shares, too.
  assert.deepEqual(['sys', 'user', 'wait'].map(mode => evidence({samples: 1000, sysSamples: 25}, mode)), [25, 975, Infinity]);
});

test('a recursion that the compiler inlined and copied is one frame', () => {
  const m = model('recursion');
  const paths = shownTree(m, m.source({mode: 'cpu', merge: true})).map(path => path.replace(/( \d+){4}$/, '')).sort();
  assert.deepEqual(paths, [';main', ';main;depth(int)', ';main;depth(int) [clone .isra.0]', ';main;depth(int) [clone .isra.0];leaf', ';main;other']);
});

test('colours of modules and threads are by rank: unlike, and legible', () => {
  const rgb = color => {
    const [hue, saturation, light] = color.match(/[\d.]+/g).map(Number);
    const part = saturation / 100 * Math.min(light, 100 - light) / 100;
    return [0, 8, 4].map(n => light / 100 - part * Math.max(-1, Math.min((n + hue / 30) % 12 - 3, 9 - (n + hue / 30) % 12, 1)));
  };
  const luminance = ([r, g, b]) => [[r, 0.2126], [g, 0.7152], [b, 0.0722]].reduce(
      (sum, [c, part]) => sum + part * (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4), 0);
  const channels = text => [1, 3, 5].map(i => parseInt(text.slice(i, i + 2), 16) / 255);
  for (const [dark, ink] of [[false, '#15171a'], [true, '#f6f7f8']]) {
    const colors = Array.from({length: 24}, (_, rank) => rankColor(rank, dark));
    assert.equal(new Set(colors).size, 24);
    for (const color of colors) {
      const [a, b] = [luminance(rgb(color)), luminance(channels(ink))];
      assert.ok((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) >= 4.5, color);
    }
    const hues = colors.slice(0, 8).map(color => Number(color.match(/\d+/)[0])).sort((a, b) => a - b);
    hues.forEach((hue, i) => assert.ok((hues[(i + 1) % 8] - hue + 360) % 360 >= 25, hues.join()));
  }
  const m = model('waits');
  // By CPU time of the whole recording, whatever is selected.
  const ranks = [...m.moduleRanks];
  assert.deepEqual([m.threadRank(0), m.threadRank(1)], [0, 1]);
  m.select({threads: new Set([1])});
  assert.deepEqual([...m.moduleRanks], ranks);
  assert.deepEqual(ranks.slice(0, 2).map(([name]) => name), ['prog', '[kernel]']);
  assert.deepEqual(model('kinds').moduleTimes('cpu', true), [['prog', 380e6], [KIND.entry, 180e6]]);
});

test('several programs have a frame each, without asking for the samples', () => {
  assert.ok(PLAIN.filter(name => model(name).hasPrograms).length >= 5, 'too few of the profiles have several');
  const m = new Model(decode(bytes(PLAIN.find(name => model(name).hasPrograms), 'profile')));
  const shownBy = group => m.groupOf({group, color: 'kind'});
  assert.deepEqual(['auto', '', 'thread'].map(shownBy), ['program', '', 'thread']);
  const source = m.source({mode: 'wall', group: 'program'});
  assert.ok(source.children(source.root).every(child => m.entries.kind(source.entry(child)) === KIND.process));
  assert.ok(!model('kinds').hasPrograms && !model('comparison').hasPrograms);
  assert.equal(model('kinds').groupOf({group: 'auto', color: 'kind'}), '');
});

// What a page of a comparison shows in place of the views of one recording: old and new side by side, the
// difference, and what of it may be chance. What is of one of the two only (when it happened, which lines)
// is in a page of that.
import {NOTHING, VALUE} from './charges.js';
import {counted, grouped, percent} from './format.js';
import {calleesOf, callersOf} from './functions.js';
import {h} from './dom.js';

const SHOWN_CHANGES = 15;
const CHANGES_PAGE = 200;

/** What is asked for that a comparison has not, is as if it were not asked for. */
export function limitState(state, model) {
  const {comparison} = model.facts;
  Object.assign(state, {range: null, threads: null});
  if (state.view === 'timeline' || state.view === 'source') state.view = 'overview';
  if (comparison.waits_only) state.mode = 'wait';
  const measured = comparison.same_event && (state.compare ? state.compare === 'seconds' : !comparison.normalized);
  if (measured === model.measured) return;
  model.measured = measured;
  model.memo.clear();
}

const comparedValue = (weight, wait) => (wait ? weight.wait : VALUE.cpu(weight));
const cell = (text, options = {}) => h('td', {class: 'n', ...options}, text);
const heading = (name, options = {}) => h('th', {class: 'n', ...options}, name);

/** Cells of one quantity, and their headings. */
class Columns {
  constructor(app) {
    this.app = app;
    this.by = app.model.comparison;
    this.waitsOnly = this.by.waits_only;
  }
  amount(weight, wait) { return (wait ? this.by.waitAmounts : this.by.amounts).plain(comparedValue(weight, wait)) || '0'; }
  /** Whether weights of the two can stand side by side. */
  get amounts() { return this.by.same_event; }
  /** Of amounts, behind a title. */
  unit(wait = this.waitsOnly) { return this.amounts ? `, ${wait ? 's' : this.by.amounts.unit}` : ''; }
  heads(wait = this.waitsOnly, shares = !wait) {
    const {by} = this;
    return [...(this.amounts ? ['old', 'new'] : []), ...(shares ? [by.few ? 'samples' : 'share', '→ new'] : []),
      wait || !by.points ? 'change' : 'points', '±'];
  }
  cells(before, after, change, wait = this.waitsOnly, shares = !wait) {
    const {by} = this;
    const share = (weight, whole) => (by.few ? grouped(weight.samples) : percent(whole ? VALUE.cpu(weight) / whole : NaN));
    return [...(this.amounts ? [cell(this.amount(before, wait)), cell(this.amount(after, wait))] : []),
      ...(shares ? [cell(share(before, by.allBefore), {class: 'n quiet'}), cell(share(after, by.allAfter))] : []),
      cell(this.difference(change)), cell(by.noise(change), {class: 'n quiet'})];
  }
  difference(change) {
    const text = this.by.delta(change);
    const title = this.by.text(change);
    if (!change.significant) return h('span', {class: 'quiet', title}, text);
    return h('b', {class: change.delta > 0 ? 'worse' : 'better', title}, (change.delta > 0 ? '▲ ' : '▼ ') + text);
  }
  mark(row) { return row.change.isNew ? ' new' : row.change.isGone ? ' gone' : ''; }
}

/** By how much it changed, what is beyond chance first. */
const bySize = (of, isReported) => (a, b) =>
    isReported(b) - isReported(a) || Math.abs(of(b)) - Math.abs(of(a));

/** Of a row of functions, the change that it is sorted by, as `profiler diff` does. */
const CHANGES = {change: row => row.change, self: row => row.selfChange, wait: row => row.waitChange,
                 selfWait: row => row.selfWaitChange};
export const isReported = row => Object.values(CHANGES).some(of => of(row).significant);
function sortChanges(rows, key, model) {
  const {waits_only: wait} = model.facts.comparison;
  const name = row => model.entries.name(row.entry);
  rows.sort((a, b) => (name(a) < name(b) ? -1 : 1));
  if (key === 'old' || key === 'new') {
    const side = key === 'old' ? 'before' : 'total';
    return rows.sort((a, b) => comparedValue(b[side], wait) - comparedValue(a[side], wait));
  }
  if (key === 'name') return rows;
  const of = CHANGES[key];
  return rows.sort(bySize(row => of(row).delta, key === 'self' || key === 'selfWait' ? row => of(row).significant : isReported));
}

/** Buttons: shares, or as measured. */
function scaleChoice(app) {
  const {model} = app;
  const {comparison, unit} = model.facts;
  if (comparison.waits_only || !comparison.same_event) return null;
  return h('label', {}, 'Compare ', h('select', {onchange: event => app.set({compare: event.target.value})},
      [['shares', unit === 's' ? 'shares of CPU time' : 'shares'], ['seconds', unit === 's' ? 'seconds as measured' : `${unit} as measured`]].map(
          ([key, text]) => h('option', {value: key, selected: (key === 'seconds') === model.measured}, text))));
}

function explanation(model) {
  const {facts, comparison: by} = model;
  const {comparison} = facts;
  const z = `± is what may be chance (${comparison.critical.toFixed(2)} standard deviations)`;
  if (comparison.waits_only) return `Compared: time waited as measured; ${z}.`;
  const waits = facts.waits ? ', waits (but for a CPU) as measured' : '';
  if (!by.shares) return `Compared: what was measured${waits}; ${z}.`;
  const much = by.allAfter > by.allBefore ? 'smaller' : 'larger';
  return `Compared: shares of ${facts.unit === 's' ? 'CPU time' : 'all ' + facts.unit}${waits}; ${z}.${
    model.wholeChange.significant ? ` What cost as much as before has a ${much} share of the new whole: where both did equal work, compare ${
      facts.unit === 's' ? 'seconds' : 'what was measured'}.` : ''}`;
}

export class ComparedOverview {
  constructor(app, root) {
    this.app = app;
    this.root = h('div');
    root.append(this.root);
  }
  update() {
    const {app} = this;
    const {model} = app;
    const {comparison, selection} = model.facts;
    app.found('');
    const columns = new Columns(app);
    const rows = sortChanges(model.functions(true).filter(isReported), comparison.waits_only ? 'wait' : 'change', model);
    this.root.replaceChildren(...[
      comparison.summary ? h('p', {class: 'summary'}, h('b', {}, comparison.summary, '.')) : '',
      selection ? h('p', {}, 'Only ' + selection + ' is compared.') : '',
      ...comparison.notes.map(note => h('p', {class: 'alert'}, '⚠ ' + note)),
      this.totals(), h('p', {class: 'quiet'}, scaleChoice(app), ' ', explanation(model)),
      h('h2', {}, 'Functions that changed, with all they called' + columns.unit()), this.functions(rows, columns),
      comparison.waits_only ? '' : [h('h2', {}, 'Sys by cause' + columns.unit()), causesTable(app, columns, model.comparedLedger('causes').slice(0, SHOWN_CHANGES))],
      this.recordings()].flat(3).filter(Boolean));
  }
  totals() {
    const {totals} = this.app.model.facts.comparison;
    const text = (amount, unit) => amount + (unit && ' ' + unit);
    return h('table', {class: 'totals'}, h('thead', {}, h('tr', {}, h('th'), ['OLD', 'NEW', 'change'].map(name => heading(name)))),
        h('tbody', {}, totals.map(row => h('tr', {}, h('th', {scope: 'row'}, row.name === 'wait' ? 'wait, of all threads' : row.name),
            cell(text(row.old, row.unit)), cell(text(row.new, row.unit)), cell(row.change)))));
  }
  functions(rows, columns) {
    const {app} = this;
    const {facts, entries} = app.model;
    if (!rows.length) return [h('p', {}, 'No function changed by more than chance.')];
    const wait = !columns.waitsOnly && facts.waits;
    const heads = columns.heads();
    return [h('table', {}, h('thead', {},
        wait ? h('tr', {}, h('th', {colspan: heads.length, class: 'group'}, 'on a CPU'), h('th', {colspan: 2, class: 'group'}, 'waiting, s'), h('th')) : '',
        h('tr', {}, [...heads, ...(wait ? ['change', '±'] : [])].map(name => heading(name)), h('th', {}, 'function'))),
      h('tbody', {}, rows.slice(0, SHOWN_CHANGES).map(row => h('tr', {},
          columns.cells(row.before, row.total, columns.waitsOnly ? row.waitChange : row.change),
          wait ? [cell(columns.difference(row.waitChange)), cell(columns.by.noise(row.waitChange), {class: 'n quiet'})] : '',
          h('td', {class: 'name'}, app.functionLink(row.entry), ' ', h('span', {class: 'quiet'}, entries.module(row.entry) + columns.mark(row))))))),
      rows.length > SHOWN_CHANGES ? h('p', {}, h('button', {type: 'button', class: 'plain', onclick: () => app.set({view: 'functions'})},
                                        counted(rows.length - SHOWN_CHANGES, 'more function', 'more functions') + ' changed')) : ''];
  }
  recordings() {
    const {comparison} = this.app.model.facts;
    const row = (name, of) => h('tr', {}, h('th', {scope: 'row'}, name), ['old', 'new'].map(side => h('td', {class: 'name'}, of(comparison[side]) || '–')));
    const notes = ['old', 'new'].flatMap(side => comparison[side].notes.map(note => h('p', {class: 'alert'}, `⚠ ${comparison[side].file}: ${note}`)));
    return [h('h2', {}, 'The recordings'), h('table', {}, h('thead', {}, h('tr', {}, h('th'), h('th', {}, 'OLD'), h('th', {}, 'NEW'))), h('tbody', {},
        row('file', side => side.file), row('command', side => h('code', {}, side.command)), row('ended', side => side.status),
        row('event', side => side.event + (comparison.waits_only ? '' : ` · ${counted(side.samples, 'sample', 'samples')}`)),
        row('recorded', side => side.start_unix_ms && new Date(side.start_unix_ms).toISOString().replace('T', ' ').slice(0, 19) + ' UTC'),
        row('machine', side => side.host))), ...notes,
      h('p', {class: 'quiet'}, 'When things happened, and on which lines, is in a page of one recording: profiler html -i FILE.')];
  }
}

export class ComparedFunctions {
  constructor(app, root) {
    this.app = app;
    this.limit = CHANGES_PAGE;
    this.scale = h('span');
    this.kernel = h('input', {type: 'checkbox', onchange: event => app.set({kernel: event.target.checked})});
    this.note = h('span', {class: 'quiet', role: 'status'});
    this.side = h('div', {'aria-live': 'polite'});
    this.table = h('div');
    root.append(h('div', {class: 'controls'}, this.scale, h('label', {}, this.kernel, ' kernel functions'), this.note), this.side, this.table);
  }
  update() {
    const {app} = this;
    const {model, state} = app;
    const {entries, facts} = model;
    const columns = new Columns(app);
    this.scale.replaceChildren(...[scaleChoice(app)].filter(Boolean));
    this.kernel.checked = state.kernel;
    const keys = ['change', 'self', 'wait', 'selfWait', 'old', 'new', 'name'];
    this.sort = keys.includes(state.sort) ? state.sort : columns.waitsOnly ? 'wait' : 'change';
    const matches = app.matches();
    let rows = model.functions(!state.kernel).slice();
    const all = rows.length;
    if (matches) rows = rows.filter(row => matches[row.entry]);
    sortChanges(rows, this.sort, model);
    const changed = rows.filter(isReported).length;
    app.found(matches ? `${grouped(rows.length)} of ${grouped(all)} functions` : '');
    this.note.textContent = matches ? '' : `${grouped(changed)} of ${grouped(all)} functions changed by more than chance`;
    // Groups: their title, which change sorts by them, and their cells.
    const groups = [];
    const add = (title, key, wait, before, after, shares) => groups.push({title, key, wait, before, after, shares});
    if (!columns.waitsOnly) {
      add('with all it called', 'change', false, row => row.before, row => row.total, true);
      add('its own', 'self', false, row => row.selfBefore, row => row.self, false);
    }
    // Where there is no room, names come before waits that did not change.
    const room = columns.waitsOnly || window.innerWidth > 1200;
    const shown = key => facts.waits && (room || this.sort === key || rows.some(row => CHANGES[key](row).significant));
    if (shown('wait')) add('waiting, with all it called', 'wait', true, row => row.before, row => row.total, false);
    if (shown('selfWait')) add('waiting, its own', 'selfWait', true, row => row.selfBefore, row => row.self, false);
    const heads = groups.map(group => columns.heads(group.wait, group.shares));
    const header = (name, key, options = {class: 'n'}) => h('th', {...options, 'aria-sort': this.sort === key ? (key === 'name' ? 'ascending' : 'descending') : 'none'},
        h('button', {type: 'button', onclick: () => app.set({sort: key})}, name + (this.sort === key ? ' ▾' : '')));
    const headings = groups.flatMap((group, at) => heads[at].map(name =>
        (name === 'change' || name === 'points' ? header(name, group.key) :
          at === 0 && (name === 'old' || name === 'new') ? header(name, name) : heading(name))));
    const body = rows.slice(0, this.limit).map(row => h('tr', {class: row.entry === state.select ? 'pick' : ''},
        groups.flatMap(group => columns.cells(group.before(row), group.after(row), CHANGES[group.key](row), group.wait, group.shares)),
        h('td', {class: 'name'}, this.link(row.entry), ' ', h('span', {class: 'quiet'}, entries.module(row.entry) + columns.mark(row)))));
    this.table.replaceChildren(h('table', {class: 'functions'}, h('thead', {},
        h('tr', {}, groups.map((group, at) => h('th', {colspan: heads[at].length, class: 'group'}, group.title + columns.unit(group.wait))), h('th')),
        h('tr', {}, headings, header('function', 'name', {}))), h('tbody', {}, body)));
    if (rows.length > this.limit) {
      this.table.append(h('button', {type: 'button', onclick: () => {
        this.limit *= 4;
        this.update();
      }}, `Show more of ${grouped(rows.length)}`));
    }
    if (!rows.length) this.table.append(h('p', {}, 'No function matches.'));
    this.showSelected(columns);
  }
  link(entry) {
    if (entry < 0) return h('span', {class: 'quiet'}, 'nothing: stacks begin with it');
    return h('button', {type: 'button', class: 'plain mono', onclick: () => this.app.set({select: entry})}, this.app.model.entries.name(entry));
  }
  /** Who called it and what it called, before and after. */
  showSelected(columns) {
    const {app} = this;
    const {state, model} = app;
    const {entries} = model;
    const selected = state.select;
    if (selected < 0 || selected >= entries.size) {
      this.side.replaceChildren(h('p', {class: 'quiet'}, 'Choose a function to see who called it, and what it called, before and after.'));
      return;
    }
    const {tree} = model.tree();
    const list = (title, of) => {
      const rows = joinRows(of(model.totalsBefore(false, '')), of(model.totals(false, '')), row => row.entry, columns.by, columns.waitsOnly ? 'wait' : 'cpu');
      rows.sort(bySize(row => row.change.delta, () => 0));
      return h('div', {}, h('h2', {}, title + columns.unit()), rows.length ? h('table', {}, h('thead', {}, h('tr', {}, columns.heads().slice(0, -1).map(name => heading(name)), h('th', {}, 'function'))),
          h('tbody', {}, rows.slice(0, 30).map(row => h('tr', {}, columns.cells(row.before, row.weight, {...row.change, significant: false}).slice(0, -1),
              h('td', {class: 'name'}, this.link(row.entry)))))) : h('p', {class: 'quiet'}, 'none'),
        rows.length > 30 ? h('p', {class: 'quiet'}, `and ${grouped(rows.length - 30)} more`) : null);
    };
    this.side.replaceChildren(h('h2', {}, h('span', {class: 'mono'}, entries.name(selected)), ' ', h('button', {type: 'button', title: 'close', onclick: () => app.set({select: -1})}, '✕')),
        h('p', {class: 'quiet'}, [entries.module(selected), entries.place(selected)].filter(Boolean).join(' · ')),
        h('div', {class: 'two even'}, list('Callers', totals => callersOf(tree, totals, selected)),
          list('Callees', totals => calleesOf(tree, totals, selected, !state.kernel))));
  }
}

/** Rows {weight} of both, by key, each with `before` and what changed. */
export function joinRows(before, after, key, by, mode, squares) {
  const rows = new Map(after.map(row => [key(row), {...row, before: NOTHING}]));
  for (const row of before) {
    const known = rows.get(key(row));
    if (known) known.before = row.weight;
    else rows.set(key(row), {...row, weight: NOTHING, before: row.weight});
    rows.get(key(row)).old = row;
  }
  return [...rows.values()].map(row => ({...row, change: by.of(row.before, row.weight, mode, squares && squares(row))}));
}

function causesTable(app, columns, rows, selected = -1, wait = false) {
  if (!rows.length) return [h('p', {class: 'quiet'}, 'No kernel time was sampled.')];
  return [h('table', {}, h('thead', {}, h('tr', {}, columns.heads(wait).map(name => heading(name)), h('th', {}, wait ? 'for' : 'cause'))),
      h('tbody', {}, rows.map(row => h('tr', {class: row.index === selected ? 'pick' : ''},
          columns.cells(row.before, row.weight, row.change, wait),
          h('td', {class: 'name'}, h('button', {type: 'button', class: 'plain', onclick: () => app.set({view: 'causes', cause: row.index})},
                                      app.causeText(row)), h('span', {class: 'quiet'}, columns.mark(row)))))))];
}

export class ComparedCauses {
  constructor(app, root) {
    this.app = app;
    this.scale = h('span');
    this.list = h('div');
    this.side = h('div', {class: 'side'});
    root.append(h('div', {class: 'controls'}, this.scale), h('div', {class: 'two'}, this.list, this.side));
  }
  update() {
    const {app} = this;
    const {model, state} = app;
    const {facts} = model;
    app.found('');
    const columns = new Columns(app);
    this.scale.replaceChildren(...[scaleChoice(app)].filter(Boolean));
    const sys = facts.comparison.waits_only ? [] : model.comparedLedger('causes');
    const waits = facts.waits ? model.comparedLedger('waits').map(row => ({...row, index: sys.length + row.index})) : [];
    this.list.replaceChildren(...[
      facts.comparison.waits_only ? '' : [h('h2', {}, 'Sys by cause' + columns.unit()), causesTable(app, columns, sys, state.cause)],
      waits.length ? [h('h2', {}, 'Waiting' + columns.unit(true)), causesTable(app, columns, waits, state.cause, true)] : ''].flat(2).filter(Boolean));
    this.callers([...sys, ...waits][state.cause], state.cause >= sys.length, columns);
  }
  /** The user code that caused it, before and after. */
  callers(row, wait, columns) {
    this.side.replaceChildren();
    if (!row) return;
    const {app} = this;
    const rows = joinRows(row.old ? row.old.callers : [], row.callersAfter, at => (at.site ? `${at.site.entry}|${at.site.place}` : ''), columns.by, wait ? 'wait' : 'cpu');
    rows.sort(bySize(at => at.change.delta, () => 0));
    this.side.append(h('h2', {}, app.causeText(row) + ': user code behind it'), h('table', {}, h('thead', {}, h('tr', {},
        columns.heads(wait, false).slice(0, -1).map(name => heading(name)), h('th', {}, 'caller'))), h('tbody', {}, rows.slice(0, 40).map(at => h('tr', {},
        columns.cells(at.before, at.weight, {...at.change, significant: false}, wait, false).slice(0, -1),
        h('td', {class: 'name'}, at.site ? [app.functionLink(at.site.entry), ' ', h('span', {class: 'quiet'}, at.site.place || '')] : h('span', {class: 'quiet'}, 'no user code')))))),
        h('button', {type: 'button', onclick: () => app.set({view: 'flame', mode: wait ? 'wait' : 'sys', find: row.label.replace(/ \(.*/, ''), regex: false, zoom: []})}, 'In the flame graph'));
  }
}

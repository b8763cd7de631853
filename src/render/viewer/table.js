// The Functions view: a table to sort by any column, and who calls whom.
import {VALUE} from './charges.js';
import {points} from './change.js';
import {grouped} from './format.js';
import {calleesOf, callersOf} from './functions.js';
import {h, stackedBar} from './dom.js';

const PAGE = 200;

/** Names and how a row is sorted by them. `when`: only if waiting was recorded. */
const COLUMNS = [
  {key: 'total', name: 'total', of: r => VALUE.cpu(r.total), tie: r => r.total.wait},
  {key: 'user', name: 'user', of: r => r.total.user},
  {key: 'sys', name: 'sys', of: r => r.total.sys},
  {key: 'wait', name: 'wait', of: r => r.total.wait, wait: true},
  {key: 'self', name: 'self', self: true, of: r => VALUE.cpu(r.self), tie: r => r.self.wait},
  {key: 'selfUser', name: 'user', self: true, of: r => r.self.user},
  {key: 'selfSys', name: 'sys', self: true, of: r => r.self.sys},
  {key: 'selfWait', name: 'wait', self: true, of: r => r.self.wait, wait: true},
  {key: 'samples', name: 'samples', of: r => r.total.samples},
  {key: 'change', name: 'change', of: r => (r.change.significant ? 1000 : 0) + Math.abs(r.change.delta), compared: true},
];

/** Sorted by a column, heaviest first; by name where they are equal. */
export function sortRows(rows, key, name) {
  const column = COLUMNS.find(c => c.key === key);
  const text = (a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);
  if (!column) return rows.sort(text);
  const tie = column.tie || (() => 0);
  return rows.sort((a, b) => column.of(b) - column.of(a) || tie(b) - tie(a) || text(a, b));
}

export class FunctionsView {
  constructor(app, root) {
    this.app = app;
    this.limit = PAGE;
    this.kernel = h('input', {type: 'checkbox', onchange: event => app.set({kernel: event.target.checked})});
    this.note = h('span', {class: 'quiet', role: 'status'});
    this.table = h('div');
    this.side = h('div', {class: 'side', 'aria-live': 'polite'});
    root.append(h('div', {class: 'controls'}, h('label', {}, this.kernel, ' kernel functions'), this.note),
                h('div', {class: 'two wide'}, this.table, this.side));
  }

  update() {
    const {app} = this;
    const {model} = app;
    const state = model.compared && app.state.sort === 'total' ? {...app.state, sort: 'change'} : app.state;
    this.sort = state.sort;
    this.kernel.checked = state.kernel;
    const {entries} = model;
    const matches = app.matches();
    let rows = model.functions(!state.kernel);
    const all = rows.length;
    if (matches) rows = rows.filter(row => matches[row.entry]);
    rows = sortRows(rows.slice(), state.sort, row => entries.name(row.entry));
    app.found(matches ? `${grouped(rows.length)} of ${grouped(all)} functions` : '');
    this.note.textContent = matches ? '' : `${grouped(all)} functions`;
    const columns = COLUMNS.filter(column => (!column.wait || model.facts.waits) && (!column.compared || model.compared));
    const whole = VALUE.cpu(model.all);
    const ofTotal = columns.filter(column => !column.self && column.key !== 'samples' && !column.compared).length;
    const ofSelf = columns.filter(column => column.self).length;
    const head = [
      h('tr', {}, h('th', {colspan: ofTotal, class: 'group'}, 'with all it called'),
        h('th', {colspan: ofSelf, class: 'group'}, 'its own'), h('th', {colspan: columns.length - ofTotal - ofSelf + 2})),
      h('tr', {}, columns.map(column => this.header(column.key, column.name, 'n')),
        h('th', {class: 'n'}, app.few ? '' : 'share'), this.header('name', 'function', ''))];
    const body = rows.slice(0, this.limit).map(row => h(
        'tr', {class: row.entry === state.select ? 'pick' : ''},
        columns.map(column => h('td', {class: 'n'}, column.key === 'samples' ? grouped(row.total.samples) :
                                column.compared ? this.changeCell(row.change) : app.amounts.plain(column.of(row)))),
        h('td', {class: 'n'}, app.few ? '' : app.share(VALUE.cpu(row.total), whole, row.total, 'cpu')),
        h('td', {class: 'name'}, this.link(row.entry, row.inlined), ' ',
          h('span', {class: 'quiet'}, entries.module(row.entry)))));
    this.table.replaceChildren(h('table', {class: 'functions'}, h('thead', {}, head), h('tbody', {}, body)));
    if (rows.length > this.limit) {
      this.table.append(h('button', {type: 'button', onclick: () => {
        this.limit *= 4;
        this.update();
      }}, `Show more of ${grouped(rows.length)}`));
    }
    if (!rows.length) this.table.append(h('p', {}, 'No function matches.'));
    this.showSelected();
  }

  header(key, name, classes) {
    const sorted = this.sort === key;
    return h('th', {class: classes, 'aria-sort': sorted ? (key === 'name' ? 'ascending' : 'descending') : 'none'},
             h('button', {type: 'button', onclick: () => this.app.set({sort: key})}, name + (sorted ? ' ▾' : '')));
  }
  changeCell(change) {
    if (!change.significant) return h('span', {class: 'quiet'}, '±');
    return h('b', {class: change.delta > 0 ? 'worse' : 'better', title: this.app.changeText(change)},
             (change.delta > 0 ? '▲ ' : '▼ ') + (change.isNew ? 'new' : change.isGone ? 'gone' : points(change.delta)));
  }
  link(entry, inlined) {
    return [h('button', {type: 'button', class: 'plain mono', onclick: () => this.app.set({select: entry})},
              this.app.model.entries.name(entry)), inlined ? h('span', {class: 'quiet'}, ' inlined') : null];
  }

  showSelected() {
    const {app} = this;
    const {state, model} = app;
    const {entries} = model;
    const selected = state.select;
    if (selected < 0 || selected >= entries.size) {
      this.side.replaceChildren(h('p', {class: 'quiet'}, 'Choose a function to see who calls it, and what it calls.'));
      return;
    }
    const {tree} = model.tree();
    const totals = model.totals(false, '');
    const list = (title, rows) => {
      const value = row => VALUE.wall(row.weight);
      rows.sort((a, b) => value(b) - value(a));
      const most = rows.length ? value(rows[0]) : 1;
      return [h('h2', {}, title), rows.length ? h('table', {}, h('tbody', {}, rows.slice(0, 30).map(row => h(
          'tr', {}, h('td', {class: 'n'}, app.amounts.withUnit(value(row))),
          h('td', {}, this.bar(row.weight, most)),
          h('td', {class: 'name'}, row.entry < 0 ? h('span', {class: 'quiet'}, 'nobody: a root') : this.link(row.entry),
            h('div', {class: 'quiet'}, app.parts(row.weight, 'wall').join(', ')))))),
          rows.length > 30 ? h('caption', {}, `and ${grouped(rows.length - 30)} more`) : null) :
          h('p', {class: 'quiet'}, 'none')];
    };
    this.side.replaceChildren(
        h('h2', {class: 'mono'}, entries.name(selected)),
        h('p', {class: 'quiet'}, [entries.module(selected), entries.place(selected)].filter(Boolean).join(' · ')),
        ...list('Callers', callersOf(tree, totals, selected)),
        ...list('Callees', calleesOf(tree, totals, selected, !state.kernel)));
  }
  bar(weight, most) {
    const bar = stackedBar([['user', weight.user], ['sys', weight.sys], ['wait', weight.wait]], most);
    bar.classList.add('small');
    return bar;
  }
}

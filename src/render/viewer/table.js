// The Functions view: a table to sort by any column, and who calls whom.
import {VALUE} from './charges.js';
import {grouped} from './format.js';
import {calleesOf, callersOf} from './functions.js';
import {h, stackedBar} from './dom.js';

const PAGE = 200;
const CALLS = 30;

/** Names and how a row is sorted by them. `wait`: only if waiting was recorded. */
const COLUMNS = [
  {key: 'total', name: 'total', title: 'CPU time: user and sys, without waiting', of: r => VALUE.cpu(r.total), tie: r => r.total.wait},
  {key: 'user', name: 'user', of: r => r.total.user},
  {key: 'sys', name: 'sys', of: r => r.total.sys},
  {key: 'wait', name: 'wait', of: r => r.total.wait, wait: true},
  {key: 'self', name: 'self', title: 'CPU time: user and sys, without waiting', self: true, of: r => VALUE.cpu(r.self), tie: r => r.self.wait},
  {key: 'selfUser', name: 'user', self: true, of: r => r.self.user},
  {key: 'selfSys', name: 'sys', self: true, of: r => r.self.sys},
  {key: 'selfWait', name: 'wait', self: true, of: r => r.self.wait, wait: true},
  {key: 'samples', name: 'samples', title: 'samples with it in their stack', of: r => r.total.samples},
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
    root.append(h('div', {class: 'fill'}, h('div', {class: 'controls'}, h('label', {}, this.kernel, ' kernel functions'), this.note),
                  h('div', {class: 'panes wide'}, this.table, this.side)));
  }

  update() {
    const {app} = this;
    const {model} = app;
    const {state} = app;
    this.sort = state.sort;
    this.kernel.checked = state.kernel;
    const {entries} = model;
    const matches = app.matches();
    let rows = model.functions(!state.kernel);
    const all = rows.length;
    if (matches) rows = rows.filter(row => matches[row.entry]);
    rows = sortRows(rows.slice(), state.sort, row => entries.name(row.entry));
    app.found(!matches ? '' : rows.length ? `${grouped(rows.length)} of ${grouped(all)} functions` : 'No match');
    this.note.textContent = matches ? '' : `${grouped(all)} functions`;
    const columns = COLUMNS.filter(column => !column.wait || model.facts.waits);
    const whole = VALUE.cpu(model.all);
    const ofTotal = columns.filter(column => !column.self && column.key !== 'samples').length;
    const ofSelf = columns.filter(column => column.self).length;
    const head = [
      h('tr', {}, h('th', {colspan: ofTotal, class: 'group'}, `with all it called, ${model.facts.unit}`),
        h('th', {colspan: ofSelf, class: 'group'}, `its own, ${model.facts.unit}`), h('th', {colspan: columns.length - ofTotal - ofSelf + 2})),
      h('tr', {}, columns.map(column => this.header(column.key, column.name, column.self && column.key !== 'self' ? 'n extra' : 'n', column.title)),
        h('th', {class: 'n', title: 'of the CPU time of all samples'}, app.few ? '' : 'share'), this.header('name', 'function', ''))];
    const body = rows.slice(0, this.limit).map(row => h(
        'tr', {class: row.entry === state.select ? 'pick' : ''},
        columns.map(column => h('td', {class: column.self && column.key !== 'self' ? 'n extra' : 'n'},
            column.key === 'samples' ? grouped(row.total.samples) : app.amounts.plain(column.of(row)))),
        h('td', {class: 'n'}, app.few ? '' : app.share(VALUE.cpu(row.total), whole, row.total, 'cpu')),
        h('td', {class: 'name'}, this.link(row.entry, row.inlined), ' ',
          h('span', {class: 'quiet'}, entries.moduleBeside(row.entry)))));
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

  header(key, name, classes, title = null) {
    const sorted = this.sort === key;
    return h('th', {class: classes, title, 'aria-sort': sorted ? (key === 'name' ? 'ascending' : 'descending') : 'none'},
             h('button', {type: 'button', onclick: () => this.app.set({sort: key})}, name + (sorted ? ' ▾' : '')));
  }
  link(entry, inlined) {
    const name = this.app.model.entries.name(entry);
    return [h('button', {type: 'button', class: 'plain mono clamp', title: name, onclick: () => this.app.set({select: entry})},
              name), inlined ? h('span', {class: 'quiet'}, ' inlined') : null];
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
    const name = entries.name(selected);
    const module = entries.moduleBeside(selected);
    const isTime = model.facts.unit === 's';
    this.side.replaceChildren(
        h('h2', {class: 'mono clamp', title: name}, name),
        h('p', {class: 'quiet'}, module, module && entries.place(selected) ? ' · ' : '', app.sourceLink(selected)),
        h('table', {class: 'calls'}, h('thead', {}, h('tr', {},
            h('th', {class: 'n', title: 'user and sys, without waiting'}, isTime ? 'CPU, s' : app.amounts.title('total')),
            model.facts.waits ? h('th', {class: 'n'}, app.amounts.title('wait')) : null, h('th', {}))),
          this.calls('Callers', callersOf(tree, totals, selected)),
          this.calls('Callees', calleesOf(tree, totals, selected, !state.kernel))));
    this.side.scrollTop = 0;
  }

  /** A part of the table of who calls whom: amounts, the bar under the name. */
  calls(title, rows) {
    const {app} = this;
    const {entries, facts} = app.model;
    const columns = facts.waits ? 3 : 2;
    const of = row => VALUE.cpu(row.weight);
    rows.sort((a, b) => of(b) - of(a) || b.weight.wait - a.weight.wait);
    const most = Math.max(...rows.map(row => VALUE.wall(row.weight)), 1);
    const body = rows.slice(0, CALLS).map(({entry, weight}) => h(
        'tr', {title: `${app.amountText(weight, 'wall')}, ${app.countText(weight, 'wall')}`},
        h('td', {class: 'n'}, app.amounts.plain(VALUE.cpu(weight)) || '0'),
        facts.waits ? h('td', {class: 'n'}, app.amounts.plain(weight.wait)) : null,
        h('td', {class: 'name'}, entry < 0 ? h('span', {class: 'quiet'}, 'nothing: stacks begin with it') :
          [...this.link(entry), ' ', h('span', {class: 'quiet', title: entries.place(entry)}, entries.moduleBeside(entry))],
          stackedBar([['user', weight.user], ['sys', weight.sys], ['wait', weight.wait]], most))));
    const note = text => h('tr', {class: 'quiet'}, h('td', {colspan: columns}, text));
    if (!rows.length) body.push(note('none'));
    if (rows.length > CALLS) body.push(note(`and ${grouped(rows.length - CALLS)} more`));
    return h('tbody', {}, h('tr', {}, h('th', {colspan: columns, class: 'part', scope: 'rowgroup'}, title)), body);
  }
}

// The view "Sys by cause": cause, call, and the user stacks behind them.
import {total, VALUE} from './charges.js';
import {counted, duration, grouped} from './format.js';
import {h} from './dom.js';

export class CausesView {
  constructor(app, root) {
    this.app = app;
    this.list = h('div');
    this.side = h('div', {class: 'side'});
    root.append(h('div', {class: 'two'}, this.side, this.list));
    this.side.style.order = 2;
  }

  update() {
    const {app} = this;
    const {model, state} = app;
    const matches = app.matches();
    const sys = model.ledger('causes').map((row, index) => ({...row, index, mode: 'sys'}));
    const waits = model.facts.waits ? model.ledger('waits').map(
        (row, index) => ({...row, index: sys.length + index, mode: 'wait'})) : [];
    app.found('');
    this.list.replaceChildren(...this.table('Sys by cause', sys), ...(waits.length ? this.table('Waiting', waits) : []));
    if (!sys.length && !waits.length)
      this.list.append(h('p', {}, 'No time in the kernel was sampled in what is selected.'));
    this.stacks([...sys, ...waits][state.cause], matches);
  }

  table(title, rows) {
    const {app} = this;
    if (!rows.length) return [];
    const exact = rows.some(row => app.exactCalls(row));
    const mode = rows[0].mode;
    const all = total(rows);
    const whole = VALUE[mode](all);
    const head = h('tr', {}, h('th', {class: 'n'}, mode), h('th', {class: 'n'}, 'share'),
                   h('th', {class: 'n'}, mode === 'sys' ? 'samples' : 'waits'), h('th', {}, mode === 'sys' ? 'cause' : 'for'),
                   exact ? ['calls', 'errors', 'exact CPU', 'mean'].map(name => h('th', {class: 'n'}, name)) : null);
    const body = rows.map(row => {
      const calls = app.exactCalls(row);
      return h('tr', {class: row.index === app.state.cause ? 'pick' : ''},
               h('td', {class: 'n'}, app.amounts.plain(VALUE[mode](row.weight)) || '0'),
               h('td', {class: 'n'}, app.share(VALUE[mode](row.weight), whole, row.weight, mode, all)),
               h('td', {class: 'n'}, grouped(mode === 'sys' ? row.weight.samples : row.weight.waits)),
               h('td', {}, h('button', {type: 'button', class: 'plain', onclick: () => app.set({cause: row.index})},
                             app.causeText(row))),
               exact ? (calls ? [grouped(calls.calls), grouped(calls.errors), duration(calls.cpu_s * 1e9),
                                 calls.calls ? duration(calls.wall_s * 1e9 / calls.calls) : '–'] : ['', '', '', '']).map(
                   text => h('td', {class: 'n'}, text)) : null);
    });
    return [h('h2', {}, title), h('table', {}, h('thead', {}, head), h('tbody', {}, body))];
  }

  /** The user code behind a row, from the innermost function outwards. */
  stacks(row, matches) {
    const {app} = this;
    this.side.replaceChildren();
    if (!row) return;
    const {model} = app;
    const source = model.userCallers(row.stacks, row.mode);
    const rest = VALUE[row.mode](row.weight) - source.children(source.root).reduce((sum, c) => sum + c.total, 0);
    this.side.append(h('h2', {}, app.causeText(row) + ': user code behind it'), this.branch(source, source.root, row.mode, matches, true));
    if (rest > 0) this.side.append(h('p', {class: 'quiet'}, `${app.amounts.withUnit(rest)} without user code`));
    const site = row.callers[0].site;
    if (site) this.side.append(h('p', {}, 'Main caller: ', app.functionLink(site.entry), ' ', site.place));
    this.side.append(h('button', {type: 'button', onclick: () => app.set({
      view: 'flame', mode: row.mode, mark: row.label.replace(/ \(.*/, ''), zoom: []})}, 'In the flame graph'));
  }

  branch(source, handle, mode, matches, open) {
    const {app} = this;
    const children = source.children(handle);
    return h('ul', {class: 'tree'}, children.slice(0, 40).map((child, index) => {
      const more = source.children(child).length;
      const item = h('li');
      const toggle = more ? h('button', {type: 'button', class: 'twist', 'aria-expanded': 'false',
        'aria-label': 'callers', onclick: () => expand(!item.querySelector('ul'))}, '▸') : h('span', {class: 'twist'});
      const expand = (wanted, further = false) => {
        if (wanted) item.append(this.branch(source, child, mode, matches, further));
        else item.querySelector('ul').remove();
        toggle.textContent = wanted ? '▾' : '▸';
        toggle.setAttribute('aria-expanded', wanted);
      };
      const name = app.functionLink(child.entry);
      if (matches && matches[child.entry]) name.style.color = 'var(--found)';
      item.append(h('div', {class: 'row'}, toggle, h('span', {class: 'amount'}, app.amounts.plain(child.total)), name));
      // The heaviest path is open to begin with.
      if (more && open && index === 0 && handle.level < 5) expand(true, true);
      return item;
    }), children.length > 40 ? h('li', {class: 'quiet'}, counted(children.length - 40, 'more', 'more')) : null);
  }
}

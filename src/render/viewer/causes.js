// The view "Sys by cause": cause, call, and the user stacks behind them.
import {NOTHING, total, VALUE} from './charges.js';
import {counted, duration, grouped} from './format.js';
import {h} from './dom.js';
import {foundStacks, foundText, foundWeight} from './search.js';

export class CausesView {
  constructor(app, root) {
    this.app = app;
    this.list = h('div');
    this.side = h('div', {class: 'side'});
    root.append(h('div', {class: 'fill'}, h('div', {class: 'panes'}, this.list, this.side)));
  }

  update() {
    const {app} = this;
    const {model, state} = app;
    const matches = app.matches();
    const matcher = app.matcher();
    this.foundStacks = matches && foundStacks(model, matches, row => matcher(app.causeText(row)));
    const sys = model.ledger('causes').map((row, index) => ({...row, index, mode: 'sys'}));
    const waits = model.facts.waits ? model.ledger('waits').map(
        (row, index) => ({...row, index: sys.length + index, mode: 'wait'})) : [];
    const [inSys, inWait] = [sys, waits].map(
        rows => matches && foundWeight(model.stackSums, rows.flatMap(row => row.stacks), this.foundStacks));
    // Calls that were counted, but are in no sample.
    const {syscalls} = model.facts;
    this.unsampled = syscalls && app.whole ? syscalls.syscalls.filter(
        call => !sys.some(row => app.exactCalls(row) === call)).sort((a, b) => b.cpu_s - a.cpu_s) : [];
    const calls = this.unsampled.filter(call => matcher && matcher(call.name)).length;
    app.found(!matches ? '' : calls && !inSys.samples && !inWait.waits ? `Matched: ${counted(calls, 'call', 'calls')}, not sampled` : inSys.samples || !inWait.waits ? foundText(app, inSys, 'sys', total(sys)) :
        foundText(app, inWait, 'wait', total(waits)));
    this.list.replaceChildren(...this.table('Sys by cause', sys, 'sys', this.unsampled), ...this.table('Waiting', waits, 'wait', []));
    if (!this.list.children.length)
      this.list.append(h('p', {}, 'No time in the kernel was sampled in what is selected.'));
    this.stacks([...sys, ...waits][state.cause], matches);
  }

  table(title, rows, mode, unsampled) {
    const {app} = this;
    if (!rows.length && !unsampled.length) return [];
    const isSys = mode === 'sys';
    const isExact = isSys && (unsampled.length > 0 || rows.some(row => app.exactCalls(row)));
    const all = total(rows);
    const few = app.isFew(all, mode);
    const whole = VALUE[mode](all);
    const head = h('tr', {}, h('th', {class: 'n', title: isSys ? 'in the kernel, as sampled' : 'off the CPU'}, app.amounts.title(mode)),
                   few ? null : h('th', {class: 'n', title: 'of all ' + mode}, 'share'),
                   h('th', {class: 'n'}, isSys ? 'samples' : 'waits'),
                   h('th', {title: isSys ? 'why the kernel was entered' : 'what was waited for'}, isSys ? 'cause' : 'for'),
                   isExact ? [['calls', 'all of them, counted'], ['errors', 'calls that failed'],
                     ['exact CPU', 'time on a CPU in these calls, measured'], ['mean', 'of a call from entry to return, waiting included']].map(
                       ([name, title]) => h('th', {class: 'n', title}, name)) : null);
    const counts = calls => (calls ? [grouped(calls.calls), grouped(calls.errors), duration(calls.cpu_s * 1e9),
                                      calls.calls ? duration(calls.wall_s * 1e9 / calls.calls) : '–'] : ['', '', '', '']).map(
        text => h('td', {class: 'n'}, text));
    const amounts = weight => [h('td', {class: 'n'}, app.amounts.plain(VALUE[mode](weight)) || '0'),
      few ? null : h('td', {class: 'n'}, weight === NOTHING ? '' : app.share(VALUE[mode](weight), whole, weight, mode, all)),
      h('td', {class: 'n'}, grouped(isSys ? weight.samples : weight.waits))];
    const body = rows.map(row => h('tr', {class: [row.index === app.state.cause ? 'pick' : '',
        this.foundStacks && row.stacks.some(s => this.foundStacks[s]) ? 'hit' : ''].join(' ')}, amounts(row.weight),
        h('td', {}, h('button', {type: 'button', class: 'plain', onclick: () => app.set({cause: row.index})}, app.causeText(row))),
        isExact ? counts(app.exactCalls(row)) : null));
    const matcher = app.matcher();
    const rest = unsampled.map(call => h('tr', {class: matcher && matcher(call.name) ? 'hit' : ''}, amounts(NOTHING),
                                         h('td', {}, call.name), counts(call)));
    return [h('h2', {}, title), h('table', {}, h('thead', {}, head), h('tbody', {}, body, rest))];
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
      item.append(h('div', {class: matches && matches[child.entry] ? 'row hit' : 'row'}, toggle, h('span', {class: 'amount'}, app.amounts.plain(child.total)), name));
      // The heaviest path is open to begin with.
      if (more && open && index === 0 && handle.level < 5) expand(true, true);
      return item;
    }), children.length > 40 ? h('li', {class: 'quiet'}, counted(children.length - 40, 'more', 'more')) : null);
  }
}

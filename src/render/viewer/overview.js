// The first page: where real went, what the numbers are worth, and where to go on.
import {total, VALUE} from './charges.js';
import {counted, FEW_SAMPLES, grouped, percent, seconds, secondDigits} from './format.js';
import {h, stackedBar} from './dom.js';
import {foundStacks, foundText, foundWeight} from './search.js';
import {timesOf} from './times.js';
import {sortRows} from './table.js';
import {KIND} from './tree.js';

const ROWS = 8;

export class OverviewView {
  constructor(app, root) {
    this.app = app;
    this.root = h('div');
    root.append(this.root);
  }

  update() {
    const {app} = this;
    this.matcher = app.matcher();
    this.search();
    this.root.replaceChildren(...[
      this.facts(), this.times(), this.warnings(), this.ledger('causes', 'Where sys went', 'sys'),
      app.model.facts.waits ? this.ledger('waits', 'Where it waited', 'wait') : [], this.functions(), this.run(),
    ].flat());
  }

  /** How much of what is selected the search finds; rows that tell of it are marked (hit). */
  search() {
    const {app} = this;
    const {model} = app;
    if (!this.matcher) return app.found('');
    const sums = model.stackSums;
    const found = foundStacks(model, app.matches(), row => this.matcher(app.causeText(row)));
    const weight = foundWeight(sums, [...found.keys()], found);
    app.found(foundText(app, weight, VALUE.cpu(weight) || !weight.waits ? 'cpu' : 'wait'));
  }
  /** The class of a row with these texts. */
  hit(...texts) { return this.matcher && texts.some(text => text && this.matcher(text)) ? 'hit' : ''; }

  facts() {
    const {app} = this;
    const {all, facts, whole} = app.model;
    const words = [];
    if (facts.selection) words.push(h('b', {}, `Only ${facts.selection} is in this page.`), ' ');
    if (!whole) {
      words.push(h('b', {}, [counted(all.samples, 'sample', 'samples'), facts.waits ? counted(all.waits, 'wait', 'waits') : '']
          .filter(Boolean).join(', ') + ' selected.'), h('span', {class: 'quiet'}, ' Of the whole recording: '));
    }
    const first = words.length;
    for (const fact of facts.facts)
      words.push(words.length > first ? ' · ' : '', h('span', {class: fact.warning ? 'alert' : 'quiet'}, fact.text));
    return h('p', {}, words);
  }

  times() {
    const {app} = this;
    const {facts, all, range} = this.app.model;
    const span = range ? (range[1] - range[0]) * 1000 : facts.span_s ? facts.span_s * 1e9 : null;
    const {whole} = app;
    const times = timesOf(facts, all, whole, span);
    const {real, user, sys, wait, isCharged, drawn} = times;
    const isTime = facts.unit === 's';
    const threads = whole && facts.report.time.threads ? facts.report.time.threads : !app.model.hasSamples ? 2 :
        app.model.lanes.filter(lane => lane.cpu + lane.wait > 0 && (!app.model.threads || lane.threads.some(t => app.model.threads.has(t)))).length;
    const digits = secondDigits(real);
    const amount = ns => (isTime || isCharged ? seconds(ns, digits) + ' s' : app.amounts.withUnit(ns));
    const rows = [];
    const row = (name, value, ...rest) => rows.push(h('span', {}, name), h('b', {}, value), h('span', {}, ...rest));
    if (real > 0) {
      const cores = (user + sys) / real;
      row('real', seconds(real, digits) + ' s', isTime || isCharged ?
          `${cores.toFixed(2)} of ${facts.machine.cpus || '?'} cores used` : '');
    }
    const cpu = user + sys || 1;
    const compares = isCharged && isTime && all.samples >= FEW_SAMPLES;
    const quiet = (text, title = null) => h('span', {class: 'quiet', title}, text);
    const sampled = weight => (compares ? quiet(` sampled ${seconds(weight, digits)} s`) : null);
    const share = part => (all.samples < FEW_SAMPLES ? '' : percent(part / cpu) + ' of CPU time' + (times.bySamples ? ' by samples;' : ''));
    row([h('i', {class: 'dot user'}), 'user'], amount(user), share(drawn.user), sampled(all.user));
    row([h('i', {class: 'dot sys'}), 'sys'], amount(sys), facts.report.time.sampled_sys_s === null ?
        'not sampled: see the notes' : [share(drawn.sys), sampled(all.sys)]);
    if (compares) {
      row('cpu', amount(user + sys), quiet(`user + sys; sampled ${seconds(all.user + all.sys, digits)} s, ${
          percent((all.user + all.sys) / cpu)} of it`, 'What is in no sample: exit teardown, losses, rounding.'));
    }
    if (times.bySamples) {
      row('', '', quiet('The kernel charges user and sys by the mode it finds at its clock tick: only their sum is exact. ' +
                        'The samples split it otherwise, and more finely: shares and bar are theirs.'));
    }
    const sum = user + sys + wait;
    if (facts.waits) {
      row([h('i', {class: 'dot wait'}), 'wait'], amount(wait), threads > 1 ? `summed over ${grouped(threads)} threads` :
          Math.abs(sum - real) < real / 50 ? 'real = user + sys + wait' : '');
    }
    const parts = [['user', drawn.user], ['sys', drawn.sys], ['wait', wait]];
    const text = parts.filter(([, ns]) => ns > 0).map(([name, ns]) => `${name} ${amount(ns)}`).join(', ');
    const bar = stackedBar(parts, sum || 1);
    bar.setAttribute('role', 'img');
    bar.setAttribute('aria-label', text);
    bar.title = text;
    const label = threads > 1 && facts.waits ? 'all threads' : facts.waits ? 'real' : 'CPU';
    rows.push(h('span', {}, label), h('span'), bar);
    return h('section', {class: 'times', 'aria-label': 'Times'}, rows);
  }

  warnings() {
    const {facts} = this.app.model;
    const out = [];
    for (const note of facts.notes) out.push(h('p', {class: 'alert'}, '⚠ ' + note));
    for (const advice of facts.advice) out.push(h('p', {}, '→ ' + advice));
    return out;
  }

  /** Sys by cause or waits by class, each with its main caller. */
  ledger(what, title, mode) {
    const {app} = this;
    const rows = app.model.ledger(what);
    if (!rows.length) return [];
    const value = VALUE[mode];
    const all = total(rows);
    const whole = value(all);
    const isWait = what === 'waits';
    const first = isWait ? app.model.ledger('causes').length : 0;
    const exact = !isWait && rows.some(row => app.exactCalls(row));
    const few = app.isFew(all, mode);
    const {entries} = app.model;
    const body = rows.slice(0, ROWS).map((row, index) => {
      const {site} = row.callers[0];
      const calls = exact ? app.exactCalls(row) : null;
      return h('tr', {class: this.hit(app.causeText(row), site && entries.name(site.entry))},
               h('td', {class: 'n'}, app.amounts.plain(value(row.weight)) || '0'),
               few ? null : h('td', {class: 'n'}, app.share(value(row.weight), whole, row.weight, mode, all)),
               h('td', {class: 'n quiet'}, grouped(isWait ? row.weight.waits : row.weight.samples)),
               exact ? h('td', {class: 'n quiet'}, calls ? grouped(calls.calls) : '') : null,
               h('td', {}, h('button', {type: 'button', class: 'plain', title: 'the stacks behind it', onclick: () =>
                   app.set({view: 'causes', cause: first + index})}, app.causeText(row))),
               h('td', {class: 'name'}, site ? [app.functionLink(site.entry), ' ',
                 h('span', {class: 'quiet'}, site.place || entries.moduleBeside(site.entry))] :
                 h('span', {class: 'quiet'}, 'no user code')));
    });
    if (rows.length > ROWS) {
      const rest = rows.slice(ROWS).reduce((sum, row) => sum + value(row.weight), 0);
      body.push(h('tr', {class: 'quiet'}, h('td', {class: 'n'}, app.amounts.plain(rest)), few ? null : h('td'), h('td'),
                  exact ? h('td') : null, h('td', {}, counted(rows.length - ROWS, 'more', 'more'))));
    }
    const head = [[app.amounts.title(mode), isWait ? 'off the CPU, waiting' : 'in the kernel, as sampled'],
      few ? null : ['share', isWait ? 'of all waiting' : 'of sys'],
      isWait ? ['waits', 'how many, all counted'] : ['samples', ''], exact ? ['calls', 'all of them, counted'] : null];
    return [h('h2', {}, title), h('table', {}, h('thead', {}, h('tr', {},
        head.filter(Boolean).map(([name, title]) => h('th', {class: 'n', title}, name)),
        isWait ? h('th', {title: 'what it waited for'}, 'for') : h('th', {title: 'why the kernel was entered'}, 'cause'),
        h('th', {title: 'the innermost user code outside run-time libraries'}, 'main caller in user code'))), h('tbody', {}, body))];
  }

  functions() {
    const {app} = this;
    const {model} = app;
    const shown = model.functions(true).filter(row => model.entries.kind(row.entry) < KIND.kernel && !model.entries.isStart(row.entry));
    const rows = sortRows(shown, 'total', row => model.entries.name(row.entry)).slice(0, ROWS);
    if (!rows.length) return [];
    const whole = VALUE.cpu(model.all);
    const cells = weight => ['user', 'sys', ...(model.facts.waits ? ['wait'] : [])].map(
        mode => h('td', {class: 'n'}, app.amounts.plain(weight[mode])));
    const head = [['total', 'CPU time with all it called: user and sys'], ['user', ''], ['sys', ''],
      ...(model.facts.waits ? [['wait', 'off the CPU']] : []), ['self', 'CPU time of its own code']];
    return [h('h2', {}, 'Top functions, with all they called'), h('table', {}, h('thead', {}, h('tr', {},
        head.map(([name, title]) => h('th', {class: 'n', title}, app.amounts.title(name))),
        app.few ? h('th', {class: 'n'}, 'samples') : h('th', {class: 'n', title: 'total, of all CPU time'}, 'share'), h('th', {}, 'function'), h('th', {}, 'module'))),
        h('tbody', {}, rows.map(row => h('tr', {class: this.hit(model.entries.name(row.entry))}, h('td', {class: 'n'}, app.amounts.plain(VALUE.cpu(row.total))),
            cells(row.total), h('td', {class: 'n'}, app.amounts.plain(VALUE.cpu(row.self))),
            h('td', {class: 'n'}, app.few ? grouped(row.total.samples) : app.share(VALUE.cpu(row.total), whole, row.total, 'cpu')),
            h('td', {class: 'name'}, app.functionLink(row.entry)),
            h('td', {class: 'quiet'}, model.entries.moduleBeside(row.entry))))))];
  }

  run() {
    const {facts} = this.app.model;
    const {machine, report} = facts;
    const event = report.event;
    const rate = event.frequency_hz ? ` at ${grouped(event.frequency_hz)} Hz` :
        event.period ? `, one in ${grouped(event.period)}` : '';
    const rows = [['command', h('code', {}, report.command.join(' ') || '–')], ['ended', facts.status || '–'],
      ['event', event.name + rate],
      ['recorded', machine.start_unix_ms ? new Date(machine.start_unix_ms).toISOString().replace('T', ' ').slice(0, 19) + ' UTC' : '–'],
      ['machine', [machine.host, machine.kernel && 'Linux ' + machine.kernel, machine.architecture,
        machine.cpus && counted(machine.cpus, 'CPU', 'CPUs')].filter(Boolean).join(' · ')],
      ['cost', `profiler used ${seconds(report.recorder.cpu_s * 1e9, 3)} s of CPU time of its own`],
      ['made by', `profiler ${machine.profiler}`.trim()]];
    return [h('h2', {}, 'The recording'), h('table', {}, h('tbody', {}, rows.map(
        ([name, value]) => h('tr', {}, h('th', {scope: 'row'}, name), h('td', {class: 'name'}, value)))))];
  }
}

// The first page: where real went, what the numbers are worth, and where to go on.
import {total, VALUE} from './charges.js';
import {counted, FEW_SAMPLES, grouped, percent, seconds, secondDigits} from './format.js';
import {h, stackedBar} from './dom.js';
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
    app.found('');
    this.root.replaceChildren(...[
      this.facts(), this.times(), this.warnings(), this.ledger('causes', 'Where sys went', 'sys'),
      app.model.facts.waits ? this.ledger('waits', 'Where it waited', 'wait') : [], this.functions(), this.run(),
    ].flat());
  }

  facts() {
    const {facts} = this.app.model;
    const words = [];
    for (const fact of facts.facts)
      words.push(words.length ? ' · ' : '', h('span', {class: fact.warning ? 'alert' : 'quiet'}, fact.text));
    return h('p', {}, words);
  }

  times() {
    const {app} = this;
    const {facts} = app.model;
    const {all} = app.model;
    const {time} = facts.report;
    const whole = app.model.whole;
    const charged = whole && time.user_s !== null && time.sys_s !== null;
    const real = whole && time.real_s !== null ? time.real_s * 1e9 :
        app.model.range ? (app.model.range[1] - app.model.range[0]) * 1000 : facts.machine.duration_s * 1e9;
    const isTime = facts.unit === 's';
    const user = charged ? time.user_s * 1e9 : all.user;
    const sys = charged ? time.sys_s * 1e9 : all.sys;
    const wait = whole && time.wait_s && facts.waits ? time.wait_s * 1e9 : all.wait;
    const threads = whole && time.threads ? time.threads : !app.model.hasSamples ? 2 :
        app.model.lanes.filter(lane => !app.model.threads || lane.threads.some(t => app.model.threads.has(t))).length;
    const digits = secondDigits(real);
    const amount = ns => (isTime || charged ? seconds(ns, digits) + ' s' : app.amounts.withUnit(ns));
    const rows = [];
    const row = (name, value, ...rest) => rows.push(h('span', {}, name), h('b', {}, value), h('span', {}, ...rest));
    if (real > 0) {
      const cores = (user + sys) / real;
      row('real', seconds(real, digits) + ' s', isTime || charged ?
          `${cores.toFixed(2)} of ${facts.machine.cpus || '?'} cores used` : '');
    }
    const cpu = user + sys || 1;
    const sampled = (weight, of) => (charged && isTime && all.samples >= FEW_SAMPLES ? h('span', {class: 'quiet'},
        `sampled ${seconds(weight, digits)} s, ${percent(of ? weight / of : NaN)} of it`) : null);
    const share = part => (all.samples < FEW_SAMPLES ? '' : percent(part / cpu) + ' of CPU time');
    row([h('i', {class: 'dot user'}), 'user'], amount(user), share(user), ' ', sampled(all.user, user));
    row([h('i', {class: 'dot sys'}), 'sys'], amount(sys), facts.report.time.sampled_sys_s === null ?
        'not sampled: see the notes' : [share(sys), ' ', sampled(all.sys, sys)]);
    if (facts.waits) {
      row([h('i', {class: 'dot wait'}), 'wait'], amount(wait), threads > 1 ?
          `summed over ${grouped(threads)} threads` : 'real = user + sys + wait');
    }
    const parts = [['user', user], ['sys', sys], ['wait', facts.waits ? wait : 0]];
    const sum = user + sys + (facts.waits ? wait : 0);
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
    if (facts.selection) out.push(h('p', {}, 'Only ' + facts.selection + ' is in this page.'));
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
    const body = rows.slice(0, ROWS).map((row, index) => {
      const caller = row.callers[0];
      const calls = what === 'causes' ? app.exactCalls(row) : null;
      return h('tr', {}, h('td', {class: 'n'}, app.amounts.plain(value(row.weight)) || '0'),
               h('td', {class: 'n'}, app.share(value(row.weight), whole, row.weight, mode, all)),
               h('td', {class: 'n quiet'}, what === 'waits' ? counted(row.weight.waits, 'wait', 'waits') :
                 calls ? counted(calls.calls, 'call', 'calls') : ''),
               h('td', {}, what === 'causes' ? h('button', {type: 'button', class: 'plain', onclick: () =>
                   app.set({view: 'causes', cause: index})}, app.causeText(row)) : row.label),
               h('td', {class: 'name'}, caller.site ? [app.functionLink(caller.site.entry), ' ',
                 h('span', {class: 'quiet'}, caller.site.place || app.model.entries.module(caller.site.entry))] :
                 h('span', {class: 'quiet'}, 'no user code')));
    });
    if (rows.length > ROWS) {
      const rest = rows.slice(ROWS).reduce((sum, row) => sum + value(row.weight), 0);
      body.push(h('tr', {class: 'quiet'}, h('td', {class: 'n'}, app.amounts.plain(rest)), h('td'), h('td'),
                  h('td', {}, counted(rows.length - ROWS, 'more', 'more'))));
    }
    return [h('h2', {}, title), h('table', {}, h('thead', {}, h('tr', {}, h('th', {class: 'n'}, mode),
        h('th', {class: 'n'}, 'share'), h('th'), h('th', {}, what === 'waits' ? 'for' : 'cause'),
        h('th', {}, 'main caller in user code'))), h('tbody', {}, body))];
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
    return [h('h2', {}, 'Top functions, with all they called'), h('table', {}, h('thead', {}, h('tr', {},
        ['total', 'user', 'sys', ...(model.facts.waits ? ['wait'] : []), 'self', 'share'].map(
            name => h('th', {class: 'n'}, name)), h('th', {}, 'function'), h('th', {}, 'module'))),
        h('tbody', {}, rows.map(row => h('tr', {}, h('td', {class: 'n'}, app.amounts.plain(VALUE.cpu(row.total))),
            cells(row.total), h('td', {class: 'n'}, app.amounts.plain(VALUE.cpu(row.self))),
            h('td', {class: 'n'}, app.share(VALUE.cpu(row.total), whole, row.total, 'cpu')),
            h('td', {class: 'name'}, app.functionLink(row.entry)),
            h('td', {class: 'quiet'}, model.entries.module(row.entry))))))];
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
      ['recorder', `${seconds(report.recorder.cpu_s * 1e9, 3)} s of CPU time beside it`],
      ['made by', 'profiler ' + machine.profiler]];
    return [h('h2', {}, 'The recording'), h('table', {}, h('tbody', {}, rows.map(
        ([name, value]) => h('tr', {}, h('th', {scope: 'row'}, name), h('td', {class: 'name'}, value)))))];
  }
}

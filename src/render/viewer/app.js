// The page: views on one profile, under one selection and one search.
import {evidence, samplesOf, VALUE} from './charges.js';
import {Amounts, counted, duration, FEW_SAMPLES, percent} from './format.js';
import {byId, h} from './dom.js';
import {CausesView} from './causes.js';
import {ComparedCauses, ComparedFunctions, ComparedOverview, limitState} from './comparison.js';
import {FlameView} from './flame.js';
import {FunctionsView} from './table.js';
import {Model} from './model.js';
import {OverviewView} from './overview.js';
import {decode, decodeSamples} from './payload.js';
import {SourceView} from './source.js';
import {fromFragment, matcher, toFragment} from './state.js';
import {TimelineView} from './timeline.js';

/** A page has the views of its kind only (CMakeLists.txt): the others are not defined there. */
const tabsOf = compared => (compared ?
    [['overview', 'Overview', ComparedOverview], ['flame', 'Flame graph', FlameView],
     ['functions', 'Functions', ComparedFunctions], ['causes', 'Sys by cause', ComparedCauses]] :
    [['overview', 'Overview', OverviewView], ['flame', 'Flame graph', FlameView],
     ['functions', 'Functions', FunctionsView], ['causes', 'Sys by cause', CausesView],
     ['timeline', 'Timeline', TimelineView], ['source', 'Source', SourceView]]);

/** What cannot be shown without the samples, which come after the rest. */
const needsSamples = state => state.range || state.threads || state.view === 'timeline' ||
    (state.view === 'flame' && (state.group === 'process' || state.group === 'thread' || state.color === 'thread'));

/** Kept by the browser, where it may: pages opened from a disk are not allowed everywhere. */
const stored = {
  get theme() {
    try {
      return localStorage.getItem('profiler.theme');
    } catch {
      return null;
    }
  },
  set theme(value) {
    try {
      localStorage.setItem('profiler.theme', value);
    } catch {
      // Then it lasts until the page is loaded again.
    }
  },
};

class App {
  constructor(profile) {
    this.model = new Model(profile);
    const {facts} = this.model;
    document.title = facts.title + ' – profile';
    byId('title').textContent = facts.title;
    byId('title').title = facts.title;
    this.tabs = tabsOf(this.model.compared);
    byId('tabs').append(...this.tabs.map(([key, name]) => h('button', {
      type: 'button', role: 'tab', 'data-view': key, onclick: () => this.set({view: key})}, name)));
    byId('find').addEventListener('input', () => this.set({find: byId('find').value, mark: ''}, true));
    byId('regex').addEventListener('change', () => this.set({regex: byId('regex').checked}, true));
    byId('theme').addEventListener('click', () => this.setTheme(!this.dark, true));
    byId('keys').addEventListener('click', () => this.showKeys());
    document.addEventListener('keydown', event => this.key(event));
    window.addEventListener('hashchange', () => this.read());
    matchMedia('(prefers-color-scheme: dark)').addEventListener(
        'change', event => stored.theme || this.setTheme(event.matches));
    matchMedia('print').addEventListener('change', () => this.view.update());
    this.setTheme(stored.theme ? stored.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches);
    this.read();
  }

  /** Paper is light. */
  get dark() { return this.isDark && !matchMedia('print').matches; }
  /** `chosen`: by hand, and for other pages too. */
  setTheme(dark, chosen = false) {
    this.isDark = dark;
    if (chosen) stored.theme = dark ? 'dark' : 'light';
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    if (this.view) this.view.update();
  }

  read() {
    const hash = location.hash.slice(1);
    if (this.state && hash === this.fragment) return;
    this.state = fromFragment(hash);
    this.fragment = hash;
    this.show();
  }
  /** Changes what is shown. `replace`: as the same step of the browser's history. */
  set(changes, replace = false) {
    Object.assign(this.state, changes);
    const before = this.fragment;
    this.fragment = toFragment(this.state);
    if (this.fragment !== before)
      history[replace ? 'replaceState' : 'pushState'](null, '', '#' + this.fragment);
    this.show();
  }

  show() {
    const {state, model} = this;
    if (model.compared) limitState(state, model);
    if (needsSamples(state) && !model.hasSamples) {
      byId('view').replaceChildren(h('p', {}, 'Reading the samples …'));
      return;
    }
    if (state.range !== model.range || state.threads !== model.threads) model.select(state);
    this.amounts = new Amounts(model.facts.unit, VALUE.cpu(model.all) || model.all.wait);
    for (const tab of byId('tabs').children) {
      const selected = tab.dataset.view === state.view;
      tab.setAttribute('aria-selected', selected);
      tab.tabIndex = selected ? 0 : -1;
    }
    if (byId('find').value !== state.find) byId('find').value = state.find;
    byId('regex').checked = state.regex;
    this.chips();
    const tab = this.tabs.find(([key]) => key === state.view);
    if (!(this.view instanceof tab[2])) {
      if (this.view && this.view.close) this.view.close();
      byId('view').replaceChildren();
      byId('view').scrollTop = 0;
      this.view = new tab[2](this, byId('view'));
    }
    this.view.update();
    if (this.view !== this.last && this.last) byId('view').focus({preventScroll: true});
    this.last = this.view;
  }

  /** What is selected, each with a button that takes it back. */
  chips() {
    const {range, threads, mark, view} = this.state;
    const chip = (text, changes) => h('button', {type: 'button', title: 'select all again',
                                                 onclick: () => this.set(changes)}, text + ' ✕');
    byId('chips').replaceChildren(...[
      range && chip(`${(range[0] / 1e6).toFixed(3)} s to ${(range[1] / 1e6).toFixed(3)} s (${duration((range[1] - range[0]) * 1000)})`, {range: null}),
      threads && chip(this.model.threadsName(threads), {threads: null}),
      view === 'flame' && mark && h('button', {type: 'button', title: 'mark it no longer', onclick: () => this.set({mark: ''})}, `marked: ${mark} ✕`),
    ].filter(Boolean));
  }

  /** Whether the search matches a text: a function; null: nothing is searched for. */
  matcher() {
    this.error = '';
    const {view, mark} = this.state;
    // What another view has marked in the flame graph goes before what is searched for.
    const {find, regex} = view === 'flame' && mark ? {find: mark, regex: false} : this.state;
    if (!find) return null;
    const test = matcher(find, regex);
    this.error = test.error || '';
    return test.error ? () => false : test.test;
  }
  /** Of each entry, whether the search matches it; null: nothing is searched for. */
  matches() {
    const test = this.matcher();
    if (!test) return null;
    const {entries} = this.model;
    const flags = new Uint8Array(entries.size);
    for (let entry = 0; entry < flags.length; ++entry) flags[entry] = test(entries.name(entry)) ? 1 : 0;
    return flags;
  }
  found(text) {
    const alert = this.error && this.state.find;
    byId('found').textContent = alert ? 'Not a regular expression' : text;
    byId('found').className = alert ? 'alert' : '';
    byId('found').title = alert ? this.error : text;
  }

  /** Whether all of the recording is looked at, rather than what was selected or is in the page. */
  get whole() { return this.model.whole && !this.model.facts.selection; }
  /** Whether there are too few samples for percentages. */
  get few() { return this.isFew(this.model.all, 'cpu'); }
  isFew(all, mode) { return evidence(all, mode) < FEW_SAMPLES; }
  /** '12.9 %', or their number where `all`, of which it is a part, are few samples. */
  share(part, whole, weight, mode, all = this.model.all) {
    if (this.isFew(all, mode)) return counted(samplesOf(weight, mode), 'sample', 'samples');
    return percent(whole > 0 ? part / whole : NaN);
  }
  /** ['1.200 s user', '0.300 s sys'], of what the mode shows. */
  parts(weight, mode) {
    const parts = {cpu: ['user', 'sys'], wall: ['user', 'sys', 'wait']}[mode] || [mode];
    return parts.filter(part => weight[part] > 0).map(part => `${this.amounts.withUnit(weight[part])} ${part}`);
  }
  /** '1.500 s (1.200 s user, 0.300 s sys)'. */
  amountText(weight, mode) {
    const parts = this.parts(weight, mode);
    if (parts.length > 1) return `${this.amounts.withUnit(VALUE[mode](weight))} (${parts.join(', ')})`;
    return parts[0] || this.amounts.withUnit(0);
  }
  /** '12 samples, 3 waits': what is behind the weight that the mode shows. */
  countText(weight, mode) {
    return [mode !== 'wait' ? counted(samplesOf(weight, mode), 'sample', 'samples') : '',
            mode === 'wait' || (mode === 'wall' && weight.waits) ? counted(weight.waits, 'wait', 'waits') : '']
        .filter(Boolean).join(', ');
  }
  /** '5.1 % before: +2.0 ± 1.1 points', or that this may be chance. */
  changeText(change) { return this.model.comparison.text(change); }
  causeText(row) { return row.nested ? `${row.label} in ${row.entry}` : row.label; }
  /** What was counted of the call that a cause is; null where nothing was. */
  exactCalls(row) {
    const {syscalls} = this.model.facts;
    if (!syscalls || row.nested || !this.whole) return null;
    return syscalls.syscalls.find(call => call.name === row.label) || null;
  }
  functionLink(entry) {
    const name = this.model.entries.name(entry);
    return h('button', {type: 'button', class: 'plain mono', title: name, onclick: () => this.openFunction(entry)}, name);
  }
  /** 'mt.cc:7', which leads to that line; null where no file is known. */
  sourceLink(entry) {
    const at = this.model.entries.declared(entry);
    return at && h('button', {type: 'button', class: 'plain', title: `${at.file}: source, with its times`, onclick: () => this.set(
        {view: 'source', file: at.file, line: at.line, select: this.model.entries.standalone(entry)})}, this.model.entries.place(entry));
  }
  openFunction(entry) {
    this.set({view: 'functions', select: this.model.entries.standalone(entry), find: ''});
  }

  showKeys() {
    const keys = [['/', 'search'], ['1 – 6', 'the views'], ['arrows, Enter', 'move in a picture, zoom'],
                  ['Esc', 'leave the search, zoom out'], ['?', 'these keys']];
    const dialog = h('dialog', {'aria-label': 'Keys', onclose: () => dialog.remove(), onclick: () => dialog.close()},
        h('table', {}, h('tbody', {}, keys.map(([key, what]) => h('tr', {}, h('td', {}, h('kbd', {}, key)), h('td', {}, what))))),
        h('form', {method: 'dialog'}, h('button', {}, 'Close')));
    document.body.append(dialog);
    dialog.showModal();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector('dialog')) return;
    const find = byId('find');
    if (event.target === find) {
      if (event.key === 'Escape') this.set({find: ''}, true);
      if (event.key === 'Escape' || event.key === 'Enter') find.blur();
    } else if (event.key === '/') {
      find.focus();
      find.select();
      event.preventDefault();
    } else if (event.target.getAttribute && event.target.getAttribute('role') === 'tab' && /^Arrow(Left|Right)$/.test(event.key)) {
      const at = this.tabs.findIndex(([key]) => key === this.state.view);
      const next = this.tabs[(at + (event.key === 'ArrowRight' ? 1 : this.tabs.length - 1)) % this.tabs.length][0];
      this.set({view: next});
      byId('tabs').querySelector(`[data-view=${next}]`).focus();
    } else if (this.tabs[event.key - 1] && !/^(INPUT|SELECT)$/.test(event.target.tagName)) {
      this.set({view: this.tabs[event.key - 1][0]});
    } else if (event.key === '?') {
      this.showKeys();
    } else if (event.key === 'Escape' && this.state.find) {
      this.set({find: ''}, true);
    }
  }
}

/** Called by the page (loader.js) with the profile's tables, and what unpacks its samples. */
export async function start(tables, unpackSamples) {
  const app = window.profilePage = new App(decode(tables));
  // Once the first picture is on the screen.
  await new Promise(painted => requestAnimationFrame(() => setTimeout(painted)));
  app.model.setSamples(decodeSamples(await unpackSamples(), app.model.profile));
  // What the first frame that is pointed at asks for.
  if (app.state.view === 'flame' && app.view) app.view.prepare();
  if (!app.view || app.state.view === 'overview' || app.model.compared) app.show();
}

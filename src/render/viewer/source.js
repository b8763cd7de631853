// User, sys and wait by source line, beside the text where the page holds it (profiler html --source).
import {selfs, totals, VALUE} from './charges.js';
import {counted} from './format.js';
import {functionTable} from './functions.js';
import {h} from './dom.js';
import {baseName, Entries, KIND, stackTree} from './tree.js';

const CONTEXT = 6;  // Lines of text around one that has time.
const FILES = 200;

/** Time by "FILE\nLINE" or by file: rows {entry, self, total} and the names of their entries. */
export function linesOf(model, byFile) {
  const {profile} = model;
  const key = byFile ? 'files' : 'lines';
  if (!model.trees.has(key)) {
    const entries = new Entries({functions: {name: []}, modules: []});
    const {locations, text} = profile;
    const steps = locations.file.map((file, i) => {
      const line = locations.line[i];
      const known = file >= 0 && line;
      return entries.of(KIND.user, !known ? '' : byFile ? text[file] : `${text[file]}\n${line}`);
    });
    model.trees.set(key, stackTree(profile, entries, steps));
  }
  const tree = model.trees.get(key);
  return model.once(key, () => functionTable(tree, totals(tree, model.stackSums), selfs(tree, model.stackSums, true), true)
      .map(row => ({...row, name: tree.entries.name(row.entry), kind: tree.entries.kind(row.entry)}))
      .filter(row => row.kind === KIND.user && row.name !== ''));
}

/** The functions that lines are of: "FILE\nLINE" to a Set of their entries (Entries.standalone). */
export function functionsOfLines(model) {
  if (!model.functionsOfLines) {
    const {locations, text} = model.profile;
    const known = model.functionsOfLines = new Map();
    locations.file.forEach((file, i) => {
      if (file < 0 || !locations.line[i]) return;
      const key = `${text[file]}\n${locations.line[i]}`;
      if (!known.has(key)) known.set(key, new Set());
      known.get(key).add(locations.function[i] * 2);
    });
  }
  return model.functionsOfLines;
}

const ORDERS = [['self', 'self', 'its lines\' own CPU time', row => VALUE.cpu(row.self)],
                ['total', 'total', 'CPU time with all that was called there', row => VALUE.cpu(row.total)],
                ['wait', 'wait', 'off the CPU there', row => row.total.wait]];

/** Heaviest first by one of them, files of equal weight by the others; or by name. */
export function sortFiles(files, order) {
  const name = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const keys = [...ORDERS].sort((a, b) => (b[0] === order) - (a[0] === order)).map(o => o[3]);
  return files.slice().sort((a, b) => (order === 'file' ? 0 : keys.reduce((sum, of) => sum || of(b) - of(a), 0)) || name(a, b));
}

export class SourceView {
  constructor(app, root) {
    this.app = app;
    this.files = h('div');
    this.lines = h('div');
    root.append(h('div', {class: 'fill'}, h('div', {class: 'panes lines'}, this.files, this.lines)));
  }

  update() {
    const {app} = this;
    const {model, state} = app;
    this.functions = functionsOfLines(model);
    this.search();
    const files = sortFiles(linesOf(model, true), state.files);
    const embedded = new Map((model.facts.sources || []).map(source => [source.file, source]));
    const declared = state.select >= 0 && state.select < model.entries.size ? model.entries.declared(state.select) : null;
    const known = new Map(files.map(row => [row.name, row]));
    const file = state.file || (declared && known.has(declared.file) ? declared.file :
        files.length ? (files.find(f => embedded.has(f.name)) || files[0]).name : '');
    const orders = ORDERS.filter(([key]) => key !== 'wait' || model.facts.waits);
    const header = (key, name, title, classes) => h('th', {class: classes, title, 'aria-sort': state.files !== key ? 'none' : key === 'file' ? 'ascending' : 'descending'},
        h('button', {type: 'button', onclick: () => app.set({files: key})}, name + (state.files === key ? ' ▾' : '')));
    const anyText = embedded.size > 0;
    this.files.replaceChildren(h('h2', {}, 'Files'), h('table', {class: 'files'}, h('thead', {}, h('tr', {},
        orders.map(([key, name, title]) => header(key, app.amounts.title(name), title, 'n')), header('file', 'file', null, ''))),
    h('tbody', {}, files.slice(0, FILES).map(row => h('tr', {class: [row.name === file ? 'pick' : '', this.foundFiles.has(row.name) ? 'hit' : ''].join(' ')},
        orders.map(([key, , , of]) => h('td', {class: key === 'self' ? 'n' : 'n quiet'}, app.amounts.plain(of(row)) || '0')),
        h('td', {class: 'name'}, h('button', {type: 'button', class: 'plain', title: row.name, onclick: () => app.set({file: row.name, line: 0})},
          baseName(row.name)), !anyText || embedded.has(row.name) ? '' : h('span', {class: 'quiet'}, ' no text')))))));
    if (!files.length) this.files.append(h('p', {}, 'No line numbers are known: the program has no debug information.'));
    if (files.length > FILES) this.files.append(h('p', {class: 'quiet'}, counted(files.length - FILES, 'more', 'more')));
    const key = `${file}|${state.line}|${state.select}`;
    const isNew = key !== this.shownKey;
    this.shownKey = key;
    const {scrollTop} = this.lines;
    this.lines.replaceChildren(...(file ? this.table(file, embedded.get(file), declared) : []));
    const at = this.lines.querySelector('.pick');
    this.lines.scrollTop = !isNew ? scrollTop : at ? at.offsetTop - this.lines.clientHeight / 3 : 0;
  }

  /** Files by name, and lines by their functions. */
  search() {
    const {app} = this;
    this.matches = app.matches();
    this.foundFiles = new Set();
    if (!this.matches) return app.found('');
    const test = app.matcher();
    let lines = 0;
    for (const {name} of linesOf(app.model, false)) {
      if (!this.isFound(name)) continue;
      ++lines;
      this.foundFiles.add(name.split('\n')[0]);
    }
    for (const {name} of linesOf(app.model, true)) if (test(baseName(name))) this.foundFiles.add(name);
    const files = counted(this.foundFiles.size, 'file', 'files');
    app.found(!this.foundFiles.size ? 'No match' : lines ? `Matched: ${counted(lines, 'line', 'lines')} in ${files}` : `Matched: ${files}`);
  }
  /** Whether a line, "FILE\nLINE", is of a function that matches. */
  isFound(line) {
    return this.matches !== null && [...this.functions.get(line) || []].some(f => this.matches[f] || this.matches[f + 1]);
  }

  table(file, source, declared) {
    const {app} = this;
    const {model, state} = app;
    const times = new Map();
    for (const row of linesOf(model, false)) {
      const [name, line] = row.name.split('\n');
      if (name === file) times.set(Number(line), row);
    }
    const numbers = [...times.keys()].sort((a, b) => a - b);
    const most = Math.max(...[...times.values()].map(row => VALUE.wall(row.total)), 1);
    const notes = [h('h2', {class: 'mono'}, file)];
    if (declared && declared.file === file)
      notes.push(h('p', {}, 'Lines of ', app.functionLink(model.entries.standalone(state.select)), ' are marked.'));
    if (!source) {
      notes.push(h('p', {class: 'quiet'}, model.facts.sources ? 'Its text was not found when the page was made.' :
          model.compared ? 'A comparison holds no source text.' : 'The page holds no source text: profiler html --source adds it.'));
    } else if (source.newer) {
      notes.push(h('p', {class: 'alert'}, 'The file changed after the recording: lines may have moved.'));
    }
    const shown = new Set();
    for (const line of [...numbers, ...(source && state.line ? [state.line] : [])]) {
      if (times.has(line)) shown.add(line);
      for (let near = line - CONTEXT; source && near <= line + CONTEXT; ++near)
        if (near >= 1 && near <= source.lines.length) shown.add(near);
    }
    const modes = ['user', 'sys', ...(model.facts.waits ? ['wait'] : [])];
    const texts = row => [...modes.map(mode => app.amounts.plain(row.total[mode])), app.amounts.plain(VALUE.cpu(row.self))];
    const cells = new Map(numbers.map(line => [line, texts(times.get(line))]));
    const widest = Math.max(app.amounts.title('wait').length - 1, ...[...cells.values()].flat().map(text => text.length));
    const columns = modes.length + 2;
    const pinned = (i, text, more = '') => h('td', {class: 'n pin' + more, style: `--i:${i}`}, text);
    const rows = [];
    let before = 0;
    for (const line of [...shown].sort((a, b) => a - b)) {
      if (before && line !== before + 1) rows.push(h('tr', {class: 'quiet'}, h('td', {colspan: columns + 1}, '⋮')));
      before = line;
      const row = times.get(line);
      const key = `${file}\n${line}`;
      const functions = [...this.functions.get(key) || []];
      const isChosen = line === state.line || functions.includes(state.select & ~1);
      const classes = [row && VALUE.wall(row.total) > most / 3 ? 'hot' : '', isChosen ? 'pick' : '', this.isFound(key) ? 'hit' : ''];
      const names = functions.map(f => model.entries.name(f)).join(', ');
      rows.push(h('tr', {class: classes.filter(Boolean).join(' '), title: names},
          (cells.get(line) || modes.map(() => '').concat('')).map((text, i) => pinned(i, text, i === modes.length ? ' quiet' : '')),
          pinned(columns - 1, String(line), ' quiet'),
          h('td', {class: 'code'}, source ? h('pre', {}, source.lines[line - 1] || '') :
            functions.map((f, i) => [i ? ', ' : '', app.functionLink(f)]).flat())));
    }
    const heads = [...modes.map(mode => [app.amounts.title(mode), 'with all that was called there']),
                   [app.amounts.title('self'), 'CPU time of the line\'s own code'], ['line', null]];
    return [...notes, h('table', {class: 'source', style: `--w:${widest + 1}ch`}, h('thead', {}, h('tr', {},
        heads.map(([name, title], i) => h('th', {class: 'n pin', style: `--i:${i}`, title}, name)), h('th', {}, source ? 'source' : 'function'))),
      h('tbody', {}, rows)), h('p', {class: 'quiet'}, `${counted(numbers.length, 'line', 'lines')} with time.`)];
  }
}

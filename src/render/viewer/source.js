// User, sys and wait by source line, beside the text where the page holds it (profiler html --source).
import {VALUE} from './charges.js';
import {functionTable} from './functions.js';
import {selfs, totals} from './charges.js';
import {grouped} from './format.js';
import {h} from './dom.js';
import {baseName, Entries, KIND, stackTree} from './tree.js';

const CONTEXT = 6;  // Lines of text around one that has time.

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

export class SourceView {
  constructor(app, root) {
    this.app = app;
    this.files = h('div');
    this.lines = h('div');
    root.append(h('div', {class: 'two', style: 'grid-template-columns:minmax(0,1fr) minmax(0,3fr)'}, this.files, this.lines));
  }

  update() {
    const {app} = this;
    const {model, state} = app;
    app.found('');
    // Those with time of their own first: the rest are on the way there.
    const files = linesOf(model, true).sort((a, b) => VALUE.cpu(b.self) - VALUE.cpu(a.self) || VALUE.wall(b.total) - VALUE.wall(a.total));
    const embedded = new Map((model.facts.sources || []).map(source => [source.file, source]));
    const file = state.file || (files.length ? (files.find(f => embedded.has(f.name)) || files[0]).name : '');
    this.files.replaceChildren(h('h2', {}, 'Files'), h('table', {}, h('thead', {}, h('tr', {}, ['total', 'self'].map(name => h('th', {class: 'n'}, name)), h('th', {}, 'file'))), h('tbody', {}, files.slice(0, 200).map(row => h(
        'tr', {class: row.name === file ? 'pick' : ''}, h('td', {class: 'n'}, app.amounts.plain(VALUE.cpu(row.total)) || '0'), h('td', {class: 'n quiet'}, app.amounts.plain(VALUE.cpu(row.self))),
        h('td', {class: 'name'}, h('button', {type: 'button', class: 'plain', title: row.name, onclick: () => app.set({file: row.name})},
          baseName(row.name)), embedded.has(row.name) ? '' : h('span', {class: 'quiet'}, ' no text')))))));
    if (!files.length) this.files.append(h('p', {}, 'No line numbers are known: the program has no debug information.'));
    this.lines.replaceChildren(...(file ? this.table(file, embedded.get(file)) : []));
  }

  table(file, source) {
    const {app} = this;
    const {model} = app;
    const times = new Map();
    for (const row of linesOf(model, false)) {
      const [name, line] = row.name.split('\n');
      if (name === file) times.set(Number(line), row);
    }
    const numbers = [...times.keys()].sort((a, b) => a - b);
    const most = Math.max(...[...times.values()].map(row => VALUE.wall(row.total)), 1);
    const notes = [h('h2', {class: 'mono'}, file)];
    if (!source) {
      notes.push(h('p', {class: 'quiet'}, model.facts.sources ? 'Its text was not found when the page was made.' :
          'The page holds no source text: profiler html --source adds it.'));
    } else if (source.newer) {
      notes.push(h('p', {class: 'alert'}, 'The file changed after the recording: lines may have moved.'));
    }
    const shown = new Set();
    for (const line of numbers) {
      shown.add(line);
      for (let near = line - CONTEXT; source && near <= line + CONTEXT; ++near)
        if (near >= 1 && near <= source.lines.length) shown.add(near);
    }
    const modes = ['user', 'sys', ...(model.facts.waits ? ['wait'] : [])];
    const rows = [];
    let before = 0;
    for (const line of [...shown].sort((a, b) => a - b)) {
      if (before && line !== before + 1) rows.push(h('tr', {class: 'quiet'}, h('td', {colspan: modes.length * 2 + 2}, '⋮')));
      before = line;
      const row = times.get(line);
      rows.push(h('tr', {class: row && VALUE.wall(row.total) > most / 3 ? 'hot' : ''},
          modes.map(mode => h('td', {class: 'n'}, row ? app.amounts.plain(row.total[mode]) : '')),
          h('td', {class: 'n quiet'}, row ? app.amounts.plain(VALUE.cpu(row.self)) : ''),
          h('td', {class: 'n quiet'}, String(line)),
          h('td', {}, h('pre', {}, source ? source.lines[line - 1] || '' : ''))));
    }
    return [...notes, h('table', {class: 'source'}, h('thead', {}, h('tr', {}, modes.map(mode => h('th', {class: 'n'}, mode)),
        h('th', {class: 'n'}, 'self'), h('th', {class: 'n'}, 'line'), h('th', {}, 'source'))), h('tbody', {}, rows)),
        h('p', {class: 'quiet'}, `${grouped(numbers.length)} lines with time. user, sys and wait: with all that was called there; self: the line's own code.`)];
  }
}

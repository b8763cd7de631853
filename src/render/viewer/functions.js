// The flat table of functions, and who calls whom. A function's total counts each sample once, however
// often the function is in its stack.
import {NOTHING, sum, Weights} from './charges.js';
import {KIND} from './tree.js';

/** 1 for nodes above which no other node is the same function. */
function outermost(tree) {
  if (tree.outermost) return tree.outermost;
  const flags = tree.outermost = new Uint8Array(tree.count);
  const open = new Int32Array(tree.entries.size);
  const path = [];
  for (let i = 1; i < tree.count; ++i) {
    while (path.length && tree.end[path[path.length - 1]] <= i)
      --open[tree.entries.standalone(tree.entry[path.pop()])];
    flags[i] = open[tree.entries.standalone(tree.entry[i])]++ === 0 ? 1 : 0;
    path.push(i);
  }
  return flags;
}

const isWaitStep = (tree, i) => tree.entries.kind(tree.entry[i]) === KIND.wait && tree.parent[i] > 0 &&
    tree.entries.kind(tree.entry[tree.parent[i]]) === KIND.entry;

/** Rows {entry, self, total}, in no order; entries that are inlined are rows of their function. */
export function functionTable(tree, totals, selfs, folded) {
  const {entries} = tree;
  const first = outermost(tree);
  const total = new Weights(entries.size);
  const self = new Weights(entries.size);
  const inlined = new Uint8Array(entries.size);  // 1: somewhere, 2: somewhere not.
  for (let i = 1; i < tree.count; ++i) {
    if (folded && tree.inKernel[i]) continue;
    if (isWaitStep(tree, i)) {
      // What a call waits for is no row beside the call.
      self.addRow(tree.entry[tree.parent[i]], selfs, i);
      continue;
    }
    const row = entries.standalone(tree.entry[i]);
    if (first[i]) total.addRow(row, totals, i);
    self.addRow(row, selfs, i);
    inlined[row] |= row === tree.entry[i] ? 2 : 1;
  }
  const rows = [];
  for (let entry = 0; entry < entries.size; ++entry) {
    const kind = entries.kind(entry);
    if (kind === KIND.incomplete || kind === KIND.process) continue;
    if (total.samples[entry] || total.wait[entry] || total.waits[entry])
      rows.push({entry, self: self.at(entry), total: total.at(entry), inlined: inlined[entry] === 1});
  }
  return rows;
}

/** Nodes of the entry, each in whose subtree none of the others lies. */
function nodesOf(tree, entry) {
  const first = outermost(tree);
  const nodes = [];
  for (let i = 1; i < tree.count; ++i)
    if (first[i] && tree.entries.standalone(tree.entry[i]) === entry) nodes.push(i);
  return nodes;
}

const rowsOf = sums => [...sums].map(([entry, weight]) => ({entry, weight}));

/** Who called it: {entry, weight}; entry -1 is the root. */
export function callersOf(tree, totals, entry) {
  const sums = new Map();
  for (const node of nodesOf(tree, entry)) {
    const caller = tree.parent[node] === 0 ? -1 : tree.entries.standalone(tree.entry[tree.parent[node]]);
    sums.set(caller, sum(sums.get(caller) || NOTHING, totals.at(node)));
  }
  return rowsOf(sums);
}

/** What it called, each callee once a sample. */
export function calleesOf(tree, totals, entry, folded) {
  const {entries} = tree;
  const sums = new Map();
  for (const top of nodesOf(tree, entry)) {
    const counted = new Map();  // Callee to the end of the subtree in which it is counted.
    for (let i = top + 1; i < tree.end[top]; ++i) {
      if (entries.standalone(tree.entry[tree.parent[i]]) !== entry || (folded && tree.inKernel[i])) continue;
      const callee = entries.standalone(tree.entry[i]);
      if (callee === entry || (counted.get(callee) || 0) > i) continue;
      counted.set(callee, tree.end[i]);
      sums.set(callee, sum(sums.get(callee) || NOTHING, totals.at(i)));
    }
  }
  return rowsOf(sums);
}

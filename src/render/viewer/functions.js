// The flat table of functions, and who calls whom. A function's total counts each sample once, however
// often the function is in its stack.
import {NOTHING, sum, Weights} from './charges.js';
import {KIND} from './tree.js';

/** Of each node, the function's entry where it is not inlined (Entries.standalone). */
function functionOf(tree) {
  if (!tree.functionOf) tree.functionOf = tree.entry.map(entry => tree.entries.standalone(entry));
  return tree.functionOf;
}

/** 1 for nodes above which no other node is the same function. */
function outermost(tree) {
  if (tree.outermost) return tree.outermost;
  const flags = tree.outermost = new Uint8Array(tree.count);
  const of = functionOf(tree);
  const until = new Int32Array(tree.entries.size);  // Where the subtree ends that it is open in.
  for (let i = 1; i < tree.count; ++i) {
    if (until[of[i]] > i) continue;
    flags[i] = 1;
    until[of[i]] = tree.end[i];
  }
  return flags;
}

/** Rows {entry, self, total}, in no order; entries that are inlined are rows of their function. */
export function functionTable(tree, totals, selfs, folded) {
  const {entries} = tree;
  const first = outermost(tree);
  const of = functionOf(tree);
  const kinds = Uint8Array.from({length: entries.size}, (_, entry) => entries.kind(entry));
  const inlined = new Uint8Array(entries.size);  // 1: somewhere, 2: somewhere not.
  // What a node's total and its self are charged to; -1: nothing.
  const totalOf = new Int32Array(tree.count).fill(-1);
  const selfOf = new Int32Array(tree.count).fill(-1);
  for (let i = 1; i < tree.count; ++i) {
    if (folded && tree.inKernel[i]) continue;
    const entry = tree.entry[i];
    const above = tree.parent[i] > 0 ? tree.entry[tree.parent[i]] : -1;
    if (kinds[entry] === KIND.wait && above >= 0 && kinds[above] === KIND.entry) {
      // What a call waits for is no row beside the call.
      selfOf[i] = above;
      continue;
    }
    selfOf[i] = of[i];
    if (first[i]) totalOf[i] = of[i];
    inlined[of[i]] |= of[i] === entry ? 2 : 1;
  }
  const gather = (to, from) => new Weights(field => {
    const values = new Float64Array(entries.size);
    const source = from[field];
    for (let i = 1; i < to.length; ++i) if (to[i] >= 0) values[to[i]] += source[i];
    return values;
  });
  const total = gather(totalOf, totals);
  const self = gather(selfOf, selfs);
  const rows = [];
  for (let entry = 0; entry < entries.size; ++entry) {
    if (kinds[entry] === KIND.incomplete || kinds[entry] === KIND.process) continue;
    if (total.samples[entry] || total.wait[entry] || total.waits[entry])
      rows.push({entry, self: self.at(entry), total: total.at(entry), inlined: inlined[entry] === 1});
  }
  return rows;
}

/** Nodes of the entry, each in whose subtree none of the others lies. */
function nodesOf(tree, entry) {
  const first = outermost(tree);
  const of = functionOf(tree);
  const nodes = [];
  for (let i = 1; i < tree.count; ++i) if (first[i] && of[i] === entry) nodes.push(i);
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

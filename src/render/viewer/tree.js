// Stacks merged into a tree, from the outermost caller inwards. Weights are no part of it: they change
// with what is selected (charges.js), the tree does not.
//
// Nodes are numbered depth first, so that all that lies below node i is [i + 1, end[i]). Node 0 is the
// root. `entry`: what the node is (Entries). `inKernel`: it lies below what stands for the kernel
// ("<syscall read>"), and is left out where the kernel is folded. Equal to what view/call_tree makes.
/** Kinds of frames, in the order of render/flamegraph_style.h. */
export const KIND = {process: 0, user: 1, inlined: 2, kernel: 3, entry: 4, wait: 5, incomplete: 6, merged: 7};

/** Kinds of functions (render/html_profile.h), added up. */
export const KERNEL = 1;
export const UNNAMED = 2;
export const RUNTIME_NAME = 4;
export const RUNTIME_MODULE = 8;

/** What stands for the kernel part of a wait that entered it by nothing of its own. */
const WAITS_ALONE = new Set(['<runnable>', '[not sampled]']);

/** Everything a node can be: each function twice (as such, inlined), then other steps by their text. */
export class Entries {
  constructor(profile) {
    const {functions} = profile;
    this.functions = functions;
    this.modules = profile.modules;
    this.end = functions.name.length * 2;
    this.extra = [];
    this.known = new Map();
  }
  of(kind, text, thread = -1) {
    const key = `${kind}|${thread}|${text}`;
    let entry = this.known.get(key);
    if (entry === undefined) {
      entry = this.end + this.extra.length;
      this.extra.push({kind, text, thread});
      this.known.set(key, entry);
    }
    return entry;
  }
  get size() { return this.end + this.extra.length; }
  name(entry) {
    return entry < this.end ? this.functions.name[entry >> 1] : this.extra[entry - this.end].text;
  }
  kind(entry) {
    if (entry >= this.end) return this.extra[entry - this.end].kind;
    if (this.functions.kind[entry >> 1] & KERNEL) return KIND.kernel;
    return entry & 1 ? KIND.inlined : KIND.user;
  }
  /** Of the module, '' for none. */
  module(entry) {
    const row = entry < this.end ? this.functions.module[entry >> 1] : -1;
    return row < 0 ? '' : this.modules[row];
  }
  /** Where the function is declared, '' if that is not known. */
  place(entry) {
    if (entry >= this.end || !this.functions.file[entry >> 1]) return '';
    return place(this.functions.file[entry >> 1], this.functions.line[entry >> 1]);
  }
  isNamed(entry) { return entry < this.end && !(this.functions.kind[entry >> 1] & UNNAMED); }
  /** The same function where it is not inlined; any other entry itself. */
  standalone(entry) { return entry < this.end ? entry & ~1 : entry; }
}

export const baseName = path => path.slice(path.lastIndexOf('/') + 1);
export const place = (file, line) => baseName(file) + (line ? ':' + line : '');

/** A hash table of (parent, entry) to node, open addressed. */
class Children {
  constructor() {
    this.resize(1 << 16);
  }
  resize(size) {
    this.mask = size - 1;
    this.slots = new Int32Array(size);
  }
  slot(parent, entry) {
    return (Math.imul(parent, 0x9e3779b1) ^ Math.imul(entry, 0x85ebca6b)) >>> 0;
  }
}

/** Collects nodes in any order; finish() numbers them depth first. */
class TreeBuilder {
  constructor() {
    this.parent = [-1];
    this.entry = [-1];
    this.inKernel = [0];
    this.children = new Children();
  }
  child(parent, entry, inKernel = 0) {
    const table = this.children;
    let i = table.slot(parent, entry) & table.mask;
    for (let node; (node = table.slots[i]) !== 0; i = (i + 1) & table.mask)
      if (this.parent[node] === parent && this.entry[node] === entry) return node;
    const node = this.parent.length;
    this.parent.push(parent);
    this.entry.push(entry);
    this.inKernel.push(inKernel);
    table.slots[i] = node;
    if (node * 2 > table.mask) this.grow();
    return node;
  }
  grow() {
    const table = this.children;
    table.resize((table.mask + 1) * 4);
    for (let node = 1; node < this.parent.length; ++node) {
      let i = table.slot(this.parent[node], this.entry[node]) & table.mask;
      while (table.slots[i] !== 0) i = (i + 1) & table.mask;
      table.slots[i] = node;
    }
  }
  /** `leaves`: of each row, a node of this builder; they become nodes of the tree. */
  finish(leaves, entries) {
    const count = this.parent.length;
    const size = new Int32Array(count).fill(1);
    for (let i = count - 1; i > 0; --i) size[this.parent[i]] += size[i];
    // A node's number is its parent's, 1, and the sizes of the siblings before it.
    const number = new Int32Array(count);
    const next = new Int32Array(count).fill(1);
    for (let i = 1; i < count; ++i) {
      const parent = this.parent[i];
      number[i] = number[parent] + next[parent];
      next[parent] += size[i];
    }
    const tree = {
      count, entries, parent: new Int32Array(count), entry: new Int32Array(count),
      inKernel: new Uint8Array(count), end: new Int32Array(count), leaf: new Int32Array(leaves.length),
    };
    for (let i = 0; i < count; ++i) {
      const node = number[i];
      tree.parent[node] = i === 0 ? -1 : number[this.parent[i]];
      tree.entry[node] = this.entry[i];
      tree.inKernel[node] = this.inKernel[i];
      tree.end[node] = node + size[i];
    }
    for (let row = 0; row < leaves.length; ++row) tree.leaf[row] = number[leaves[row]];
    return tree;
  }
}

/**
 * The tree of the profile's stacks: tree.leaf[stack] is the node of its innermost step.
 * `stepsOf(frame)`: the entries of a frame, outermost first.
 */
export function stackTree(profile, entries, stepsOf) {
  const {nodes, stacks} = profile;
  const builder = new TreeBuilder();
  const steps = [];
  const frameSteps = frame => steps[frame] || (steps[frame] = stepsOf(frame));
  const append = (node, frame, inKernel) => {
    for (const step of frameSteps(frame)) node = builder.child(node, step, inKernel);
    return node;
  };
  // Of each row of `nodes`, by how its stack ends: the tree's node.
  const known = [0, 1, 2].map(() => new Int32Array(nodes.parent.length));
  const roots = [0, builder.child(0, entries.of(KIND.incomplete, '[truncated]')),
                 builder.child(0, entries.of(KIND.incomplete, '[broken]'))];
  const pending = [];
  const leaves = new Int32Array(stacks.mode.length);
  for (let row = 0; row < leaves.length; ++row) {
    const end = stacks.end[row];
    let node = roots[end];
    pending.length = 0;
    for (let n = stacks.user[row]; n >= 0; n = nodes.parent[n]) {
      if (known[end][n]) {
        node = known[end][n];
        break;
      }
      pending.push(n);
    }
    while (pending.length) {
      const n = pending.pop();
      node = known[end][n] = append(node, nodes.frame[n], 0);
    }
    if (stacks.folded[row]) {
      const waits = WAITS_ALONE.has(stacks.folded[row]);
      node = builder.child(node, entries.of(waits ? KIND.wait : KIND.entry, stacks.folded[row]));
    }
    if (stacks.step[row]) node = builder.child(node, entries.of(KIND.wait, stacks.step[row]));
    for (let n = stacks.kernel[row]; n >= 0; n = nodes.parent[n]) pending.push(n);
    while (pending.length) node = append(node, nodes.frame[pending.pop()], 1);
    leaves[row] = node;
  }
  return builder.finish(leaves, entries);
}

/** Entries of a frame, outermost first: the function that was compiled, then those inlined into it. */
export const functionSteps = profile => frame => {
  const steps = [];
  for (let i = profile.frames.start[frame + 1] - 1; i >= profile.frames.start[frame]; --i)
    steps.push(profile.locations.function[i] * 2 + (steps.length ? 1 : 0));
  return steps;
};

/** The same tree with a function that calls itself as one node. */
export function withoutRecursion(tree) {
  const builder = new TreeBuilder();
  const {entries} = tree;
  const merged = new Int32Array(tree.count);
  for (let i = 1; i < tree.count; ++i) {
    const parent = merged[tree.parent[i]];
    const entry = tree.entry[i];
    const same = parent > 0 && entries.isNamed(entry) &&
        entries.standalone(builder.entry[parent]) === entries.standalone(entry);
    merged[i] = same ? parent : builder.child(parent, entry, tree.inKernel[i]);
  }
  return builder.finish(tree.leaf.map(leaf => merged[leaf]), entries);
}

/** A tree of (group, stack) rows in which each group has a node of its own on the root. */
export function groupedTree(tree, rows, entryOfGroup) {
  const builder = new TreeBuilder();
  const known = new Int32Array(tree.count);
  const seen = new Int32Array(tree.count).fill(-1);
  const pending = [];
  const leaves = new Int32Array(rows.stack.length);
  const order = rows.group.map((_, i) => i).sort((a, b) => rows.group[a] - rows.group[b]);
  for (const row of order) {
    const group = rows.group[row];
    let node = 0;
    let n = tree.leaf[rows.stack[row]];
    for (; n > 0 && seen[n] !== group; n = tree.parent[n]) pending.push(n);
    node = n > 0 ? known[n] : builder.child(0, entryOfGroup(group));
    while (pending.length) {
      n = pending.pop();
      node = builder.child(node, tree.entry[n], tree.inKernel[n]);
      known[n] = node;
      seen[n] = group;
    }
    leaves[row] = node;
  }
  return builder.finish(leaves, tree.entries);
}

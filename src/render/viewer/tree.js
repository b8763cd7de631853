// Stacks merged into a tree, from the outermost caller inwards. Weights are no part of it: they change
// with what is selected (charges.js), the tree does not.
//
// Nodes are numbered depth first, so that all that lies below node i is [i + 1, end[i]). Node 0 is the
// root. `entry`: what the node is (Entries). `inKernel`: it lies below what stands for the kernel
// ("<syscall read>"), and is left out where the kernel is folded. Equal to what view/call_tree makes.
/** Kinds of frames, in the order of render/flamegraph_style.h. */
export const KIND = {process: 0, user: 1, inlined: 2, kernel: 3, entry: 4, wait: 5, incomplete: 6, merged: 7};

/** Those that are code of a module. */
export const OF_MODULE = new Set([KIND.user, KIND.inlined, KIND.kernel]);

/** Kinds of functions (render/html_profile.h), added up. */
export const KERNEL = 1;
export const UNNAMED = 2;
export const RUNTIME_NAME = 4;
export const RUNTIME_MODULE = 8;
const START = 16;

/** What stands for the kernel part of a wait that entered it by nothing of its own. */
const WAITS_ALONE = new Set(['<runnable>', '[not sampled]']);

/** Everything a node can be: each function twice (as such, inlined), then other steps by their text. */
export class Entries {
  constructor(profile) {
    const {functions} = profile;
    this.text = profile.text;
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
  /** What groupedTree() was told of the group that it stands for; -1: it stands for none. */
  thread(entry) { return entry >= this.end ? this.extra[entry - this.end].thread : -1; }
  /** Where the function is declared, '' if that is not known. */
  place(entry) {
    const file = entry < this.end ? this.functions.file[entry >> 1] : -1;
    return file < 0 ? '' : place(this.text[file], this.functions.line[entry >> 1]);
  }
  /** The same, '' where the name tells it. */
  moduleBeside(entry) {
    const module = this.module(entry);
    return this.name(entry).startsWith(module + '+') ? '' : module;
  }
  /** Path of the file and line where the function is declared; null if they are not known. */
  declared(entry) {
    const file = entry < this.end ? this.functions.file[entry >> 1] : -1;
    return file < 0 ? null : {file: this.text[file], line: this.functions.line[entry >> 1]};
  }
  /** Where a program or a thread begins, before any code of its own. */
  isStart(entry) { return entry < this.end && (this.functions.kind[entry >> 1] & START) !== 0; }
  isNamed(entry) { return entry < this.end && !(this.functions.kind[entry >> 1] & UNNAMED); }
  /** Whether one is the other, inlined or copied by the compiler, in the source. */
  recurs(a, b) {
    const {same} = this.functions;
    return this.isNamed(a) && this.isNamed(b) && same[a >> 1] === same[b >> 1];
  }
  /** The same function where it is not inlined; any other entry itself. */
  standalone(entry) { return entry < this.end ? entry & ~1 : entry; }
}

export const baseName = path => path.slice(path.lastIndexOf('/') + 1);
export const place = (file, line) => baseName(file) + (line ? ':' + line : '');

/** Collects nodes in any order; finish() numbers them depth first. */
class TreeBuilder {
  constructor(expected) {
    this.count = 1;
    this.parent = new Int32Array(expected + 16);
    this.entry = new Int32Array(expected + 16);
    this.inKernel = new Uint8Array(expected + 16);
    this.parent[0] = this.entry[0] = -1;
    this.rehash(2 * expected);
  }
  /** A hash table of (parent, entry) to node, open addressed: at least `size` slots. */
  rehash(size) {
    const bits = Math.max(32 - Math.clz32(size), 8);
    this.mask = (1 << bits) - 1;
    this.slots = new Int32Array(1 << bits);
    for (let node = 1; node < this.count; ++node) {
      let i = this.slot(this.parent[node], this.entry[node]);
      while (this.slots[i] !== 0) i = (i + 1) & this.mask;
      this.slots[i] = node;
    }
  }
  slot(parent, entry) {
    const hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(entry, 0x85ebca6b);
    return (hash ^ hash >>> 15) & this.mask;
  }
  child(parent, entry, inKernel = 0) {
    let i = this.slot(parent, entry);
    for (let node; (node = this.slots[i]) !== 0; i = (i + 1) & this.mask)
      if (this.parent[node] === parent && this.entry[node] === entry) return node;
    if (this.count === this.parent.length) {
      for (const field of ['parent', 'entry', 'inKernel']) {
        const more = new this[field].constructor(this.count * 2);
        more.set(this[field]);
        this[field] = more;
      }
    }
    const node = this.count++;
    this.parent[node] = parent;
    this.entry[node] = entry;
    this.inKernel[node] = inKernel;
    this.slots[i] = node;
    if (node * 1.5 > this.mask) this.rehash(this.mask * 2);
    return node;
  }
  /** `leaves`: of each row, a node of this builder; they become nodes of the tree. */
  finish(leaves, entries) {
    const {count, parent} = this;
    const size = new Int32Array(count).fill(1);
    for (let i = count - 1; i > 0; --i) size[parent[i]] += size[i];
    // A node's number is its parent's, 1, and the sizes of the siblings before it.
    const number = new Int32Array(count);
    const next = new Int32Array(count).fill(1);
    for (let i = 1; i < count; ++i) {
      const above = parent[i];
      number[i] = number[above] + next[above];
      next[above] += size[i];
    }
    const tree = {
      count, entries, parent: new Int32Array(count), entry: new Int32Array(count),
      inKernel: new Uint8Array(count), end: new Int32Array(count), leaf: new Int32Array(leaves.length),
    };
    tree.parent[0] = tree.entry[0] = -1;
    tree.end[0] = count;
    for (let i = 1; i < count; ++i) {
      const node = number[i];
      tree.parent[node] = number[parent[i]];
      tree.entry[node] = this.entry[i];
      tree.inKernel[node] = this.inKernel[i];
      tree.end[node] = node + size[i];
    }
    for (let row = 0; row < leaves.length; ++row) tree.leaf[row] = number[leaves[row]];
    return tree;
  }
}

/** Of each location the entry of its function. */
export function functionSteps({locations, frames}) {
  const steps = new Int32Array(locations.function.length);
  for (let i = 0; i < steps.length; ++i) steps[i] = locations.function[i] * 2 + 1;
  // The outermost of a frame is no inlined function; the frame's locations end with it.
  for (let frame = 1; frame < frames.start.length; ++frame) --steps[frames.start[frame] - 1];
  return steps;
}

/**
 * The tree of the profile's stacks: tree.leaf[stack] is the node of its innermost step.
 * `steps`: of each location its entry. `byProgram`: below a node for each program.
 */
export function stackTree(profile, entries, steps, byProgram = false) {
  const {nodes, frames: {start}, stacks, text} = profile;
  const builder = new TreeBuilder(nodes.frame.length + stacks.mode.length);
  const append = (node, row, inKernel) => {
    const frame = nodes.frame[row];
    for (let i = start[frame + 1]; i-- > start[frame];) node = builder.child(node, steps[i], inKernel);
    return node;
  };
  const pending = [];
  /** The node of a row of `nodes` below a root. `known`: of each row, once it was asked for. */
  const user = (leaf, {root, known}) => {
    let n = leaf;
    for (; n >= 0 && known[n] === 0; n = nodes.parent[n]) pending.push(n);
    let node = n >= 0 ? known[n] : root;
    while (pending.length) {
      n = pending.pop();
      node = known[n] = append(node, n, 0);
    }
    return node;
  };
  const kernel = (leaf, node) => {
    for (let n = leaf; n >= 0; n = nodes.parent[n]) pending.push(n);
    while (pending.length) node = append(node, pending.pop(), 1);
    return node;
  };
  // For each program and way in which a stack ends.
  const roots = new Map();
  const rootOf = row => {
    const end = stacks.end[row];
    const program = byProgram ? stacks.program[row] : -1;
    const key = program * 4 + end;
    if (!roots.has(key)) {
      let root = program < 0 ? 0 : builder.child(0, entries.of(KIND.process, text[program] || '[no name]'));
      if (end !== 0) root = builder.child(root, entries.of(KIND.incomplete, end === 1 ? '[truncated]' : '[broken]'));
      roots.set(key, {root, known: new Int32Array(nodes.parent.length)});
    }
    return roots.get(key);
  };
  const labels = new Map();
  const entryOf = (row, kind) => {
    if (!labels.has(row)) labels.set(row, entries.of(WAITS_ALONE.has(text[row]) ? KIND.wait : kind, text[row]));
    return labels.get(row);
  };
  const leaves = new Int32Array(stacks.mode.length);
  for (let row = 0; row < leaves.length; ++row) {
    let node = user(stacks.user[row], rootOf(row));
    if (stacks.folded[row] >= 0) node = builder.child(node, entryOf(stacks.folded[row], KIND.entry));
    if (stacks.step[row] >= 0) node = builder.child(node, entryOf(stacks.step[row], KIND.wait));
    leaves[row] = kernel(stacks.kernel[row], node);
  }
  return builder.finish(leaves, entries);
}

/** The same tree with a function that calls itself as one node. */
export function withoutRecursion(tree) {
  const builder = new TreeBuilder(tree.count);
  const {entries} = tree;
  const merged = new Int32Array(tree.count);
  for (let i = 1; i < tree.count; ++i) {
    const parent = merged[tree.parent[i]];
    const entry = tree.entry[i];
    const same = parent > 0 && entries.recurs(builder.entry[parent], entry);
    merged[i] = same ? parent : builder.child(parent, entry, tree.inKernel[i]);
  }
  return builder.finish(tree.leaf.map(leaf => merged[leaf]), entries);
}

/** A tree of (group, stack) rows in which each group has a node of its own on the root. */
export function groupedTree(tree, rows, entryOfGroup) {
  const builder = new TreeBuilder(tree.count);
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

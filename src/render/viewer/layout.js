// Where the frames of a flame graph lie, as far as they are wide enough to be seen. Knows no canvas.
import {NOTHING, selfNode, sum} from './charges.js';

/** Children of a top-down tree: handles are node numbers. */
export class TopDown {
  /** `other`: the totals of the other recording, where two are compared. */
  constructor(tree, totals, values, folded, other = null) {
    Object.assign(this, {tree, totals, values, folded, other});
  }
  get root() { return 0; }
  entry(node) { return this.tree.entry[node]; }
  value(node) { return this.values[node]; }
  weight(node) { return this.totals.at(node); }
  otherWeight(node) { return this.other.at(node); }
  children(node) {
    const {tree, values, folded} = this;
    const found = [];
    for (let i = node + 1; i < tree.end[node]; i = tree.end[i])
      if (values[i] > 0 && !(folded && tree.inKernel[i])) found.push(i);
    return found.sort((a, b) => values[b] - values[a]);
  }
}

/** Children of a bottom-up tree: on each function, its callers. Made as they are asked for. */
export class BottomUp {
  /** `sums` and `values`: of what the tree's leaves stand for. */
  constructor(tree, sums, values, folded, other = null) {
    Object.assign(this, {tree, sums, values, other});
    const rows = [];
    for (let row = 0; row < tree.leaf.length; ++row)
      if (values[row] > 0 || (other && (other.samples[row] || other.waits[row]))) rows.push(row);
    const at = rows.map(row => selfNode(tree, tree.leaf[row], folded));
    this.root = {entry: -1, rows, at, level: 0, total: rows.reduce((all, row) => all + values[row], 0)};
  }
  entry(handle) { return handle.entry; }
  value(handle) { return handle.total; }
  weight(handle) {
    return this.sums.of(handle.rows);
  }
  otherWeight(handle) { return this.other.of(handle.rows); }
  children(handle) {
    if (handle.children) return handle.children;
    const {tree, values} = this;
    const groups = new Map();
    for (let i = 0; i < handle.rows.length; ++i) {
      const node = handle.level === 0 ? handle.at[i] : tree.parent[handle.at[i]];
      if (node <= 0) continue;
      const entry = tree.entry[node];
      let group = groups.get(entry);
      if (!group) groups.set(entry, group = {entry, rows: [], at: [], level: handle.level + 1, total: 0});
      group.rows.push(handle.rows[i]);
      group.at.push(node);
      group.total += values[handle.rows[i]];
    }
    return handle.children = [...groups.values()].filter(group => group.total > 0).sort((a, b) => b.total - a.total);
  }
}

/**
 * Boxes {handle, entry, depth, x, width, value} of a source, `width` px wide. `path`: entries from the
 * root to the frame that takes the whole width; the boxes above it are `above`. Frames narrower than
 * `least` are drawn as one with their like: {merged: how many}.
 */
export function layout(source, path, width, least = 1) {
  const boxes = [];
  let handle = source.root;
  const all = source.value(handle);
  let depth = 0;
  for (const entry of path) {
    const next = source.children(handle).find(child => source.entry(child) === entry);
    if (next === undefined) break;
    boxes.push({handle, entry: source.entry(handle), depth: depth++, x: 0, width,
                value: source.value(handle), above: true, group: depth > 1 ? path[0] : -1});
    handle = next;
  }
  const top = source.value(handle);
  const result = {boxes, all, top, handle, rows: depth + 1, reached: depth};
  if (!(top > 0)) return result;
  const scale = width / top;
  // `group`: the frame on the root that it belongs to.
  const open = [{handle, depth, x: 0, group: depth ? path[0] : -1}];
  while (open.length) {
    const {handle, depth, x, group} = open.pop();
    const value = source.value(handle);
    boxes.push({handle, entry: source.entry(handle), depth, x, width: value * scale, value, group});
    result.rows = Math.max(result.rows, depth + 1);
    let left = x;
    const children = source.children(handle);
    for (let i = 0; i < children.length; ++i) {
      const part = source.value(children[i]) * scale;
      if (part < least) {
        // Heaviest first: so are all that follow.
        let rest = 0;
        for (let j = i; j < children.length; ++j) rest += source.value(children[j]);
        if (rest * scale >= least) {
          boxes.push({handle, entry: -2, depth: depth + 1, x: left, width: rest * scale, value: rest,
                      merged: children.length - i});
          result.rows = Math.max(result.rows, depth + 2);
        }
        break;
      }
      open.push({handle: children[i], depth: depth + 1, x: left, group: depth ? group : source.entry(children[i])});
      left += part;
    }
  }
  return result;
}

/** What of the root lies in frames that match, each sample once: {value, weight, frames}. */
export function matched(tree, totals, values, folded, matches) {
  let value = 0;
  let frames = 0;
  let weight = NOTHING;
  let until = 0;
  for (let i = 1; i < tree.count; ++i) {
    if (!matches[tree.entry[i]] || !(values[i] > 0) || (folded && tree.inKernel[i])) continue;
    ++frames;
    if (i < until) continue;
    until = tree.end[i];
    value += values[i];
    weight = sum(weight, totals.at(i));
  }
  return {value, weight, frames};
}

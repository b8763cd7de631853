// Which stacks a search finds: those with a frame that matches, and those of a cause whose label does.
import {VALUE} from './charges.js';

/** Of each node, 1 where it or one above it matches. `folded`: what the kernel did is not looked at. */
function reached(tree, matches, folded) {
  const flags = new Uint8Array(tree.count);
  for (let i = 1; i < tree.count; ++i)
    flags[i] = flags[tree.parent[i]] || (matches[tree.entry[i]] && !(folded && tree.inKernel[i])) ? 1 : 0;
  return flags;
}

/** Of each stack, 1 where it is found. `matches`: of each entry; `isLabel`: whether a row's label matches. */
export function foundStacks(model, matches, isLabel, folded = true) {
  const {tree} = model.tree();
  const flags = reached(tree, matches, folded);
  const found = Uint8Array.from(tree.leaf, leaf => flags[leaf]);
  for (const what of ['causes', 'waits'])
    for (const row of model.ledger(what)) if (isLabel(row)) for (const s of row.stacks) found[s] = 1;
  return found;
}

/** The weight of those stacks of a list that are found. */
export const foundWeight = (sums, stacks, found) => sums.of(stacks.filter(s => found[s]));

/** 'Matched: 0.100 s, 17.9 %' of a part of all; 'No match'. */
export function foundText(app, weight, mode, all = app.model.all) {
  const value = VALUE[mode](weight);
  if (!weight.samples && !weight.waits) return 'No match';
  return `Matched: ${app.amounts.withUnit(value)}, ${app.share(value, VALUE[mode](all), weight, mode, all)}`;
}

// What changed between two recordings, and whether by more than chance (view/diff_totals.h).

/** Fewer counts, before and after together, prove nothing. */
const TESTABLE = 10;

/** Changes no larger may be chance: of shares, two binomial ones (view/diff_noise.h). */
export function noiseOfShares(before, after, grainBefore, grainAfter, z) {
  const pooled = (before / grainBefore + after / grainAfter) / (1 / grainBefore + 1 / grainAfter);
  const skew = (z * z - 1) / 6 * Math.abs(1 - 2 * pooled) * Math.abs(grainBefore - grainAfter);
  return z * Math.sqrt(Math.max(pooled * (1 - pooled), 0) * (grainBefore + grainAfter)) + Math.max(skew, 0) +
      (grainBefore + grainAfter) / 2;
}

/** Compares shares of the CPU time of two sums. */
export class Comparison {
  constructor(facts, before, after) {
    const {comparison} = facts;
    Object.assign(this, comparison);
    this.allBefore = before.user + before.sys;
    this.allAfter = after.user + after.sys;
    // Of a part of the samples, as much of what they are worth.
    this.grainBefore = 1 / comparison.effective_before;
    this.grainAfter = 1 / (comparison.effective_after * (facts.report.quality.samples ?
        after.samples / facts.report.quality.samples : 1));
  }
  /** {before, after: shares of all, delta: of them, noise, significant, isNew, isGone}. */
  of(before, after) {
    const was = this.allBefore ? (before.user + before.sys) / this.allBefore : 0;
    const is = this.allAfter ? (after.user + after.sys) / this.allAfter : 0;
    const noise = noiseOfShares(was, is, this.grainBefore, this.grainAfter, this.critical);
    return {
      before: was, after: is, delta: is - was, noise,
      significant: Math.abs(is - was) > noise && before.samples + after.samples >= TESTABLE,
      isNew: !before.samples, isGone: !after.samples,
    };
  }
}

/** '+1.2', '-0.3' of a hundred. */
export const points = delta => `${delta < 0 ? '−' : '+'}${(100 * Math.abs(delta)).toFixed(1)}`;

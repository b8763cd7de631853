// What changed between two recordings, and whether by more than chance (view/diff_totals.h).
import {VALUE} from './charges.js';
import {Amounts, FEW_SAMPLES, percent} from './format.js';

/** Fewer counts, before and after together, prove nothing. */
const TESTABLE = 10;

/**
 * Changes no larger may be chance (view/diff_noise.h): of shares, two binomial ones; of what is measured,
 * where counts are Poisson, the same with shares that are small.
 */
export function noiseBand(before, after, grainBefore, grainAfter, z, shares = true) {
  const pooled = (before / grainBefore + after / grainAfter) / (1 / grainBefore + 1 / grainAfter);
  const rest = shares ? 1 - pooled : 1;
  const skew = (z * z - 1) / 6 * (shares ? Math.abs(1 - 2 * pooled) : 1) * Math.abs(grainBefore - grainAfter);
  return z * Math.sqrt(pooled * Math.max(rest, 0) * (grainBefore + grainAfter)) + Math.max(skew, 0) +
      (grainBefore + grainAfter) / 2;
}

const isNothing = weight => !weight.samples && !weight.wait && !weight.waits;

/** What is rounded to nothing has no sign. */
const withSign = (text, delta) => (/[1-9]/.test(text) ? (delta < 0 ? '−' : '+') + text : text);

/** '+1.2', '−0.3' of a hundred. */
export const points = delta => withSign((100 * Math.abs(delta)).toFixed(1), delta);

/**
 * Compares two sums: shares of CPU time, or (`measured`) what was measured; waits as measured always. A
 * change is {before, after, delta, noise: of shares if `points`, else weights; significant, isNew, isGone}.
 */
export class Comparison {
  constructor(facts, before, after, measured) {
    const {comparison} = facts;
    Object.assign(this, comparison);
    this.allBefore = VALUE.cpu(before);
    this.allAfter = VALUE.cpu(after);
    this.few = Math.min(before.samples, after.samples) < FEW_SAMPLES;
    this.shares = !measured;
    this.points = this.shares && !this.few;
    this.amounts = new Amounts(facts.unit, Math.max(this.allBefore, this.allAfter));
    this.waitAmounts = new Amounts('s', Math.max(before.wait, after.wait));
  }

  /** `mode` 'wait': of waits, whose sums vary by the squares of their lengths. */
  of(before, after, mode = 'cpu', squares) {
    const flags = {isNew: isNothing(before), isGone: isNothing(after)};
    if (mode === 'wait') {
      // Unless it is known better: as if all were of one length (view/diff_tree.cc).
      const squareOf = w => (w.waits ? w.wait * w.wait / w.waits : 0);
      const [was, is] = squares || [squareOf(before), squareOf(after)];
      const delta = after.wait - before.wait;
      const noise = this.critical * Math.sqrt(was + is);
      return {before: before.wait, after: after.wait, delta, noise, ...flags, points: false, wait: true,
              significant: Math.abs(delta) > noise && before.waits + after.waits >= TESTABLE};
    }
    const {allBefore, allAfter, shares} = this;
    // What is compared, in shares of all or in weights.
    const [scaleBefore, scaleAfter] = shares ? [allBefore, allAfter] : [1, 1];
    const was = VALUE.cpu(before) / (scaleBefore || 1);
    const is = VALUE.cpu(after) / (scaleAfter || 1);
    const known = this.effective_before > 0 && this.effective_after > 0;
    const noise = known ? noiseBand(was, is, allBefore / scaleBefore / this.effective_before,
                                    allAfter / scaleAfter / this.effective_after, this.critical, shares) : 0;
    const delta = is - was;
    const unit = shares && !this.points ? allAfter : 1;
    return {before: was * unit, after: is * unit, delta: delta * unit, noise: noise * unit, ...flags,
            points: this.points, wait: false,
            significant: known && allBefore > 0 && allAfter > 0 && Math.abs(delta) > noise &&
                before.samples + after.samples >= TESTABLE};
  }

  format({wait}) { return wait ? this.waitAmounts : this.amounts; }
  /** '+14.9', '−0.207': of a hundred, or in the unit of what is compared. */
  delta(change) {
    if (change.points) return points(change.delta);
    return withSign(this.format(change).plain(Math.abs(change.delta)) || '0', change.delta);
  }
  noise(change) {
    return change.points ? (100 * change.noise).toFixed(1) : this.format(change).plain(change.noise) || '0';
  }
  unit(change) { return change.points ? 'points' : change.wait ? 's' : this.amounts.unit; }
  /** '5.1 % before, +2.0 ± 1.1 points', or that this may be chance. */
  text(change) {
    const was = change.points ? percent(change.before) : this.format(change).withUnit(change.before);
    return `${change.isNew ? 'new' : change.isGone ? `${was} before, gone` : was + ' before'}: ${this.delta(change)} ± ${
      this.noise(change)} ${this.unit(change)}${change.significant ? '' : ', no more than chance'}`;
  }
}

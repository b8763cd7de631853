// What the overview says of real, user, sys and wait: as the kernel charged them where that is known and is
// of the same samples, else as sampled.
import {FEW_SAMPLES} from './format.js';

/** Whether two shares differ by a third of the lesser part, and by five standard deviations of the sampled one. */
const disagree = (charged, sampled, samples) =>
    Math.abs(charged - sampled) > Math.max(Math.min(sampled, 1 - sampled) / 3,
                                           5 * Math.sqrt(Math.max(sampled * (1 - sampled), 1 / samples) / samples));

/**
 * {real, user, sys, wait: ns; isCharged; drawn: {user, sys}; bySamples}. `whole`: all of the recording is looked
 * at; `span`: ns of a part of its time that is, or null.
 *
 * The kernel splits what it charges by the mode it finds at its clock tick, every few milliseconds: only the
 * sum of user and sys is exact. Where the samples split it otherwise, and by more than chance, `drawn` is that
 * sum in their proportion (`bySamples`).
 */
export function timesOf(facts, all, whole, span = null) {
  const {time} = facts.report;
  const isCharged = whole && time.user_s !== null && time.sys_s !== null;
  const of = (charged, sampled) => (isCharged ? charged * 1e9 : sampled);
  const times = {
    real: span !== null ? span : whole && time.real_s !== null ? time.real_s * 1e9 : facts.machine.duration_s * 1e9,
    user: of(time.user_s, all.user), sys: of(time.sys_s, all.sys), isCharged,
    wait: !facts.waits ? 0 : whole && time.wait_s ? time.wait_s * 1e9 : all.wait,
  };
  const cpu = times.user + times.sys;
  const sampled = all.user + all.sys;
  times.bySamples = isCharged && facts.unit === 's' && time.sampled_sys_s !== null && all.samples >= FEW_SAMPLES &&
      disagree(times.sys / cpu, all.sys / sampled, all.samples);
  times.drawn = times.bySamples ? {user: cpu * all.user / sampled, sys: cpu * all.sys / sampled} :
      {user: times.user, sys: times.sys};
  return times;
}

// Spans of time, [from, until) in microseconds: what is typed, and what zooming and panning make of one.

const LEAST_SPAN = 100;  // µs

const bounded = (value, least, most) => Math.min(Math.max(value, least), most);

/** Around `at`, which stays where it is; null: the whole time. */
export function zoomed(span, at, factor, duration) {
  const length = Math.max((span[1] - span[0]) * factor, LEAST_SPAN);
  if (length >= duration) return null;
  const from = Math.round(bounded(at - (at - span[0]) / (span[1] - span[0]) * length, 0, duration - length));
  return [from, from + Math.round(length)];
}

/** Moved, as far as there is something. */
export function panned(span, by, duration) {
  const from = Math.round(bounded(span[0] + by, 0, duration - (span[1] - span[0])));
  return [from, from + span[1] - span[0]];
}

/** '0.1', '1.000001'. */
export const secondsText = time => (time / 1e6).toFixed(6).replace(/\.?0+$/, '');

/**
 * The span that two fields mean, in seconds, of which `changed` (0 or 1) was typed last, or why it is
 * none: {span} or {refused}, both with a note on what was made of the other field. That one gives
 * way, so that it does not matter which is typed first.
 */
export function typedSpan(texts, changed, duration) {
  const values = texts.map((text, i) => (text.trim() === '' ? [0, duration][i] : Number(text) * 1e6));
  const end = `the recording ends at ${secondsText(duration)} s`;
  if (!(values[changed] >= 0)) return {refused: 'a number of seconds is needed'};
  if (changed === 0 && values[0] >= duration) return {refused: end};
  if (changed === 1 && values[1] === 0) return {refused: 'the recording begins at 0 s'};
  let note = '';
  if (values[1] > duration) {
    values[1] = duration;
    if (changed === 1) note = end;
  }
  if (!(values[0] < values[1])) {
    values[1 - changed] = [0, duration][1 - changed];
    note = changed ? 'from the beginning, as that is before “From”' : 'up to the end, as that is after “to”';
  }
  const span = [Math.floor(values[0]), Math.ceil(values[1])];
  return {span: [span[0], Math.max(span[1], span[0] + 1)], note};
}

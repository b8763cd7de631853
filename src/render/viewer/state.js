// What is shown, as the fragment of the page's address: a view can be linked to, and the browser's
// back button works.
export const VIEWS = ['overview', 'flame', 'functions', 'causes', 'timeline', 'source'];

const MODES = ['cpu', 'user', 'sys', 'wait', 'wall'];
export const DEFAULTS = {
  view: 'overview', mode: 'cpu', range: null, window: null, threads: null, find: '', regex: false, mark: '', zoom: [],
  inverted: false, icicle: false, merge: false, kernel: false, old: false, group: 'auto', color: 'kind', select: -1,
  sort: 'total', cause: 0, file: '', line: 0, order: 'cpu', files: 'self', compare: '',
};
const FLAGS = ['regex', 'old', 'inverted', 'icicle', 'merge', 'kernel'];
const TEXTS = ['find', 'mark', 'file'];
const RANGES = ['range', 'window'];
const NUMBERS = ['select', 'cause', 'line'];
const CHOICES = {view: VIEWS, mode: MODES, group: ['auto', '', 'program', 'process', 'thread'],
                 color: ['kind', 'module', 'thread', 'change'], order: ['cpu', 'start'], compare: ['', 'shares', 'seconds'],
                 sort: ['total', 'self', 'user', 'sys', 'wait', 'selfUser', 'selfSys', 'selfWait', 'samples', 'change', 'old', 'new', 'name'],
                 files: ['self', 'total', 'wait', 'file']};

const numbers = text => text.split('.').filter(Boolean).map(Number);

/** Only what is not as at the beginning. */
export function toFragment(state) {
  const words = new URLSearchParams();
  for (const key of [...Object.keys(CHOICES), ...TEXTS, ...NUMBERS])
    if (state[key] !== DEFAULTS[key]) words.set(key, state[key]);
  for (const key of FLAGS) if (state[key]) words.set(key, '1');
  for (const key of RANGES) if (state[key]) words.set(key, state[key].map(Math.round).join('-'));
  if (state.threads) words.set('threads', [...state.threads].join('.'));
  if (state.zoom.length) words.set('zoom', state.zoom.join('.'));
  return words.toString();
}

/** What cannot be understood is as at the beginning. */
export function fromFragment(fragment) {
  const words = new URLSearchParams(fragment.replace(/^#/, ''));
  const state = {...DEFAULTS};
  for (const [key, choices] of Object.entries(CHOICES))
    if (choices.includes(words.get(key))) state[key] = words.get(key);
  for (const key of TEXTS) state[key] = words.get(key) || '';
  for (const key of NUMBERS)
    if (/^\d+$/.test(words.get(key) || '')) state[key] = Number(words.get(key));
  for (const key of FLAGS) state[key] = words.get(key) === '1';
  for (const key of RANGES) {
    const range = (words.get(key) || '').match(/^(\d+)-(\d+)$/);
    if (range && Number(range[1]) < Number(range[2])) state[key] = [Number(range[1]), Number(range[2])];
  }
  if (/^[\d.]+$/.test(words.get('threads') || '')) state.threads = new Set(numbers(words.get('threads')));
  if (/^[\d.]+$/.test(words.get('zoom') || '')) state.zoom = numbers(words.get('zoom'));
  return state;
}

/** A test of names, or {error}. */
export function matcher(text, regex) {
  if (!regex) {
    const lower = text.toLowerCase();
    return {test: name => name.toLowerCase().includes(lower)};
  }
  try {
    const expression = new RegExp(text, 'i');
    return {test: name => expression.test(name)};
  } catch (error) {
    return {error: error.message};
  }
}

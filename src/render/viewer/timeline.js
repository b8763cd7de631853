// Each thread's user, sys and wait over time. A range that is selected here holds for every view.
import {SYS, USER, WAIT} from './payload.js';
import {counted, duration, grouped} from './format.js';
import {css, h, prepare} from './dom.js';

const STRIP = 24;
const GAP = 4;
const AXIS = 22;
const GUTTER = 210;

/** Adds what of [from, until) lies in each bin, as a share of the bin. */
export function spread(bins, from, until, window, amount = 1) {
  const scale = bins.length / (window[1] - window[0]);
  let a = (from - window[0]) * scale;
  let b = (until - window[0]) * scale;
  if (b <= 0 || a >= bins.length) return;
  a = Math.max(a, 0);
  b = Math.min(b, bins.length);
  const first = Math.floor(a);
  const last = Math.min(Math.floor(b), bins.length - 1);
  if (first === last) {
    bins[first] += (b - a) * amount;
    return;
  }
  bins[first] += (first + 1 - a) * amount;
  for (let i = first + 1; i < last; ++i) bins[i] += amount;
  bins[last] += (b - last) * amount;
}

/** Shares of user, sys and wait of each bin of a window, for some threads together. */
export function stripOf(profile, threads, window, size, isTime) {
  const strip = {user: new Float64Array(size), sys: new Float64Array(size), wait: new Float64Array(size)};
  for (const thread of threads) addThread(strip, profile, thread, window, size, isTime);
  return strip;
}

function addThread(strip, profile, thread, window, size, isTime) {
  const {samples, stacks, waits} = profile;
  const perBin = (window[1] - window[0]) / size;
  for (let i = samples.start[thread]; i < samples.start[thread + 1]; ++i) {
    const mode = stacks.mode[samples.stack[i]];
    const time = samples.time[i];
    const length = samples.weight[i] / 1000;
    if (mode === WAIT) continue;  // Those are estimates; `waits` are what was recorded.
    if (isTime) {
      spread(strip[mode === USER ? 'user' : 'sys'], time - length, time, window);
    } else {
      spread(strip[mode === USER ? 'user' : 'sys'], time, time + perBin, window);
    }
  }
  for (let i = waits.start[thread]; i < waits.start[thread + 1]; ++i)
    spread(strip.wait, waits.time[i], waits.time[i] + waits.length[i], window);
}

export class TimelineView {
  constructor(app, root) {
    this.app = app;
    this.cache = new Map();
    this.canvas = h('canvas', {tabindex: 0, role: 'application', 'aria-label':
      'Timeline. Arrow keys move the cursor, with Shift they select, Escape selects everything.'});
    this.spacer = h('div');
    this.scroll = h('div', {class: 'scroll timeline'}, this.canvas, this.spacer);
    this.details = h('div', {class: 'details', role: 'status'});
    const field = (name, index) => h('label', {}, name + ' ', this['input' + index] = h('input', {
      type: 'number', step: 'any', min: 0, 'aria-label': name + ', in seconds', style: 'width:9em', onchange: () => this.typed()}), ' s');
    root.append(h('div', {class: 'flame'}, h('div', {class: 'controls'}, field('From', 0), field('to', 1),
        this.zoom = h('button', {type: 'button', onclick: () => app.set({window: app.state.range})}, 'Zoom to selection'),
        this.out = h('button', {type: 'button', onclick: () => app.set({window: null})}, 'Whole recording'),
        this.clear = h('button', {type: 'button', onclick: () => app.set({range: null, threads: null})}, 'Clear selection'),
        ['user', 'sys', 'wait'].filter(name => name !== 'wait' || app.model.facts.waits).map(
            name => h('span', {}, h('i', {class: 'dot ' + name}), name))),
        this.scroll, this.details));
    this.lanes = app.model.lanes;
    this.isTime = app.model.facts.unit === 's';
    this.cursor = null;
    this.scroll.addEventListener('scroll', () => this.paint());
    this.canvas.addEventListener('pointerdown', event => this.press(event));
    this.canvas.addEventListener('pointermove', event => this.move(event));
    this.canvas.addEventListener('pointerup', event => this.release(event));
    this.canvas.addEventListener('keydown', event => this.key(event));
    this.observer = new ResizeObserver(() => this.update());
    this.observer.observe(this.scroll);
  }
  close() { this.observer.disconnect(); }

  get window() { return this.app.state.window || [0, Math.max(this.app.model.duration, 1)]; }
  get plot() { return Math.max(this.width - this.gutter, 50); }
  x(time) { return this.gutter + (time - this.window[0]) / (this.window[1] - this.window[0]) * this.plot; }
  time(x) {
    const at = this.window[0] + (x - this.gutter) / this.plot * (this.window[1] - this.window[0]);
    return Math.min(Math.max(at, this.window[0]), this.window[1]);
  }

  update() {
    const {range, threads} = this.app.state;
    this.app.found('');
    this.width = Math.max(this.scroll.clientWidth, 120);
    this.gutter = Math.min(GUTTER, this.width / 3);
    const height = AXIS + (this.lanes.length + 1) * (STRIP + GAP);
    this.spacer.style.height = Math.max(height - this.scroll.clientHeight, 0) + 'px';
    const shown = range || this.window;
    [0, 1].forEach(i => (this['input' + i].value = (shown[i] / 1e6).toFixed(6).replace(/\.?0+$/, '')));
    this.zoom.disabled = !range;
    this.out.disabled = !this.app.state.window;
    this.clear.disabled = !range && !threads;
    this.describe();
    this.paint();
  }

  /** Of a lane; of all of them for null. */
  strip(lane) {
    const key = `${lane ? lane.threads[0] : ''}|${this.window}|${this.plot}`;
    if (!this.cache.has(key)) {
      if (this.cache.size > 500) this.cache.clear();
      const size = Math.floor(this.plot);
      this.cache.set(key, lane ? stripOf(this.app.model.profile, lane.threads, this.window, size, this.isTime) :
          this.sum(size));
    }
    return this.cache.get(key);
  }
  /** All threads together: of the cores of the machine, or of as many as were in use. */
  sum(size) {
    const strip = stripOf(this.app.model.profile, this.lanes.flatMap(lane => lane.threads), this.window, size, this.isTime);
    strip.wait = [];
    let most = 0;
    for (let i = 0; i < size; ++i) most = Math.max(most, strip.user[i] + strip.sys[i]);
    const scale = Math.max(this.isTime ? this.app.model.facts.machine.cpus || 1 : 0, most, 1e-9);
    for (const mode of ['user', 'sys']) strip[mode] = strip[mode].map(value => value / scale);
    return strip;
  }

  rowAt(y) { return Math.floor((y + this.scroll.scrollTop - AXIS) / (STRIP + GAP)); }

  paint() {
    const room = this.scroll.clientHeight;
    const context = prepare(this.canvas, this.width, room);
    const colors = Object.fromEntries(['paper', 'ink', 'quiet', 'line', 'strip', 'user', 'sys', 'wait', 'pick', 'link'].map(
        name => [name, css('--' + name)]));
    context.fillStyle = colors.paper;
    context.fillRect(0, 0, this.width, room);
    const top = this.scroll.scrollTop;
    const {threads, range} = this.app.state;
    const first = Math.max(this.rowAt(0), 0);
    const last = Math.min(this.rowAt(room), this.lanes.length);
    for (let row = first; row <= last; ++row) {
      const y = AXIS + row * (STRIP + GAP) - top;
      const lane = row === 0 ? null : this.lanes[row - 1];
      const chosen = !lane || !threads || lane.threads.some(t => threads.has(t));
      context.globalAlpha = chosen ? 1 : 0.35;
      this.paintStrip(context, this.strip(lane), lane, y, colors);
      context.fillStyle = colors.ink;
      context.font = (lane && threads && chosen ? 'bold ' : '') + '12px system-ui,sans-serif';
      const text = lane ? lane.name : `all ${counted(this.lanes.length, 'thread', 'threads')}`;
      const fits = Math.floor(this.gutter / 6.6);
      context.fillText(text.length > fits ? text.slice(0, fits - 1) + '…' : text, 2, y + 16);
      context.globalAlpha = 1;
    }
    this.paintAxis(context, colors);
    const selected = this.drag ? [Math.min(...this.drag), Math.max(...this.drag)] : range;
    if (selected) {
      const [a, b] = selected.map(time => Math.min(Math.max(this.x(time), this.gutter), this.width));
      context.fillStyle = colors.paper;
      context.globalAlpha = 0.6;
      context.fillRect(this.gutter, AXIS, a - this.gutter, room);
      context.fillRect(b, AXIS, this.width - b, room);
      context.globalAlpha = 1;
      context.fillStyle = colors.link;
      context.fillRect(a - 1, 0, 2, room);
      context.fillRect(b - 1, 0, 2, room);
    }
    if (this.cursor !== null) {
      context.fillStyle = colors.ink;
      context.fillRect(this.x(this.cursor), 0, 1, room);
    }
  }

  paintStrip(context, strip, lane, y, colors) {
    context.fillStyle = colors.strip;
    context.fillRect(this.gutter, y, this.plot, STRIP);
    for (let i = 0; i < strip.user.length; ++i) {
      let base = y + STRIP;
      for (const mode of ['user', 'sys', 'wait']) {
        const height = Math.min((strip[mode][i] || 0) * STRIP, base - y);
        if (height <= 0.05) continue;
        context.fillStyle = colors[mode];
        // Waiting is dotted: drawn in every third column at full strength, beside a lighter ground.
        if (mode === 'wait') context.globalAlpha *= i % 3 ? 0.45 : 1;
        context.fillRect(this.gutter + i, base - height, 1, height);
        if (mode === 'wait') context.globalAlpha /= i % 3 ? 0.45 : 1;
        base -= height;
      }
    }
    for (const thread of lane ? lane.threads : []) this.paintSamples(context, thread, y, colors);
  }
  /** Single samples, where there is room for them. */
  paintSamples(context, thread, y, colors) {
    const {samples, stacks} = this.app.model.profile;
    const [from, until] = this.sampleRange(thread);
    // Each takes as much room as the time that it stands for.
    const perUs = this.plot / (this.window[1] - this.window[0]);
    for (let i = from; i < until; ++i) {
      const mode = stacks.mode[samples.stack[i]];
      if (mode === WAIT || samples.weight[i] / 1000 * perUs < 4) continue;
      context.fillStyle = colors.ink;
      const x = this.x(samples.time[i]);
      context.fillRect(x - 0.5, mode === SYS ? y : y + STRIP / 2, 1, STRIP / 2);
    }
  }
  /** Samples of a thread that lie in the window: [from, until). */
  sampleRange(thread) {
    const {samples} = this.app.model.profile;
    const find = time => {
      let low = samples.start[thread];
      let high = samples.start[thread + 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (samples.time[middle] < time) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return [find(this.window[0]), find(this.window[1])];
  }

  paintAxis(context, colors) {
    context.fillStyle = colors.paper;
    context.fillRect(0, 0, this.width, AXIS - 2);
    const length = this.window[1] - this.window[0];
    const least = length / (this.plot / 90);
    let step = 10 ** Math.floor(Math.log10(least));
    step *= [1, 2, 5, 10].find(factor => factor * step >= least) || 10;
    context.font = '11px system-ui,sans-serif';
    for (let time = Math.ceil(this.window[0] / step) * step; time <= this.window[1]; time += step) {
      const x = this.x(time);
      context.fillStyle = colors.line;
      context.fillRect(x, AXIS - 8, 1, 6);
      context.fillStyle = colors.quiet;
      const text = step >= 1e6 ? time / 1e6 + ' s' : (time / 1e6).toFixed(Math.min(6, Math.ceil(-Math.log10(step / 1e6)))) + ' s';
      if (x < this.width - 40) context.fillText(text, x + 3, 12);
    }
  }

  describe() {
    const {app} = this;
    const {range} = app.state;
    const words = [];
    if (this.cursor !== null) words.push(`at ${(this.cursor / 1e6).toFixed(6)} s`);
    const lane = this.row > 0 ? this.lanes[this.row - 1] : undefined;
    if (lane && this.cursor !== null) {
      words.push(lane.name, ...lane.threads.map(thread => this.sampleText(thread)));
    } else {
      words.push(range ? `${duration((range[1] - range[0]) * 1000)} selected` : 'Drag to select a time, click a name to select a thread',
                 `${grouped(app.model.all.samples)} samples`, app.amountText(app.model.all, app.model.facts.waits ? 'wall' : 'cpu'));
    }
    this.details.textContent = words.filter(Boolean).join(' · ');
  }
  /** What the thread did there, by the next sample. */
  sampleText(thread) {
    const {profile, entries} = this.app.model;
    const {samples, stacks} = profile;
    const {tree} = this.app.model.tree();
    for (let i = samples.start[thread]; i < samples.start[thread + 1]; ++i) {
      const mode = stacks.mode[samples.stack[i]];
      const length = samples.weight[i] / 1000;
      const [from, until] = mode === WAIT ? [samples.time[i], samples.time[i] + length] : [samples.time[i] - length, samples.time[i]];
      if (this.cursor < from || this.cursor >= until || (mode === WAIT && samples.waits[i] !== 1)) continue;
      const site = this.app.model.callSite(samples.stack[i]);
      const leaf = entries.name(tree.entry[tree.leaf[samples.stack[i]]]);
      return `${['user', 'sys', 'waiting'][mode]}: ${leaf}${site && entries.name(site.entry) !== leaf ?
          ' for ' + entries.name(site.entry) : ''}`;
    }
    return '';
  }

  press(event) {
    if (event.button !== 0) return;
    const row = this.rowAt(event.offsetY);
    if (event.offsetX < this.gutter) {
      if (row < 1 || row > this.lanes.length) return;
      const threads = new Set(this.app.state.threads || []);
      const lane = this.lanes[row - 1].threads;
      const had = lane.some(t => threads.has(t));
      for (const t of lane) threads[had ? 'delete' : 'add'](t);
      this.app.set({threads: threads.size ? threads : null});
      return;
    }
    this.canvas.setPointerCapture(event.pointerId);
    this.drag = [this.time(event.offsetX), this.time(event.offsetX)];
  }
  move(event) {
    this.cursor = event.offsetX >= this.gutter ? this.time(event.offsetX) : null;
    this.row = this.rowAt(event.offsetY);
    if (this.drag) this.drag[1] = this.time(event.offsetX);
    this.describe();
    this.paint();
  }
  release(event) {
    if (!this.drag) return;
    const [a, b] = this.drag;
    this.drag = null;
    const wide = Math.abs(this.x(a) - this.x(b)) >= 3;
    this.select(wide ? [Math.min(a, b), Math.max(a, b)] : null);
  }
  select(range) {
    this.app.set({range: range && [Math.floor(range[0]), Math.max(Math.ceil(range[1]), Math.floor(range[0]) + 1)]});
  }
  typed() {
    const range = [0, 1].map(i => Number(this['input' + i].value) * 1e6);
    if (range[0] >= 0 && range[0] < range[1]) this.select(range);
    else this.update();
  }
  key(event) {
    const step = (this.window[1] - this.window[0]) / 100;
    const sign = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (sign) {
      const before = this.cursor === null ? this.window[0] : this.cursor;
      this.cursor = Math.min(Math.max(before + sign * step, this.window[0]), this.window[1]);
      if (event.shiftKey) {
        if (this.anchor === undefined) this.anchor = before;
        const range = [Math.min(this.anchor, this.cursor), Math.max(this.anchor, this.cursor)];
        if (range[1] > range[0]) this.select(range);
      } else {
        this.anchor = undefined;
      }
      this.describe();
      this.paint();
    } else if (event.key === 'Enter' && this.app.state.range) {
      this.app.set({window: this.app.state.range});
    } else if (event.key === 'Escape') {
      this.anchor = undefined;
      this.app.set({range: null, threads: null});
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

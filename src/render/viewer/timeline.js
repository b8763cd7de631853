// The timeline: each thread's user, sys and wait. A range that is selected here holds for every view.
import {VALUE} from './charges.js';
import {counted, duration} from './format.js';
import {h, prepare} from './dom.js';
import {firstAfter, momentText} from './moment.js';
import {SYS, WAIT} from './payload.js';
import {panned, secondsText, typedSpan, zoomed} from './span.js';
import {AXIS, GAP, STRIP, StripPainter, SUM} from './strip_painter.js';
import {StripCache} from './strip_cache.js';
import {longestSample, matchingStacks} from './strips.js';

const GUTTER = 210;  // px, of the names.
const TICK = 4;      // px that a sample's time takes from which it has a tick.
const MOST_ON_PAPER = 900;  // px

export class TimelineView {
  constructor(app, root) {
    this.app = app;
    this.strips = new StripCache(app.model);
    this.picture = h('canvas');
    this.canvas = h('canvas', {tabindex: 0, role: 'application', 'aria-describedby': 'timeline-details', 'aria-label':
      'Timeline. Arrow keys move the cursor, with Shift they select a time, Space selects the thread, plus and minus zoom, Enter zooms to the selection, Escape selects everything.'});
    this.spacer = h('div');
    this.scroll = h('div', {class: 'scroll timeline'}, this.canvas, this.spacer);
    this.details = h('div', {class: 'details', id: 'timeline-details', role: 'status'});
    this.legend = h('div', {class: 'legend'});
    this.inputs = [];
    const field = (name, index) => h('label', {}, name + ' ', this.inputs[index] = h('input', {
      type: 'number', step: 'any', min: 0, 'aria-label': name + ', in seconds', style: 'width:9em', onchange: () => this.typed(index)}), ' s');
    this.note = h('span', {class: 'alert', role: 'alert'});
    root.append(h('div', {class: 'flame'}, h('div', {class: 'controls on-screen'}, field('From', 0), field('to', 1),
        this.zoom = h('button', {type: 'button', onclick: () => app.set({window: app.state.range})}, 'Zoom to selection'),
        this.out = h('button', {type: 'button', onclick: () => app.set({window: null})}, 'Whole recording'),
        this.clear = h('button', {type: 'button', onclick: () => app.set({range: null, threads: null})}, 'Clear selection'),
        h('label', {}, 'Threads by ', this.order = h('select', {onchange: event => app.set({order: event.target.value})},
            [['cpu', 'CPU time'], ['start', 'start']].map(([value, name]) => h('option', {value}, name)))), this.note),
        this.scroll, this.details, this.legend, h('div', {class: 'legend on-screen'},
            'Drag: select a time · click on a name: select a thread · double click: zoom to the selection · wheel on the axis, or with Ctrl: zoom · with Shift: move')));
    this.isTime = app.model.facts.unit === 's';
    this.cursor = null;
    this.row = -1;
    this.presses = 0;
    this.scroll.addEventListener('scroll', () => this.paint());
    const {canvas} = this;
    canvas.addEventListener('pointerdown', event => this.press(event));
    canvas.addEventListener('pointermove', event => this.move(event));
    canvas.addEventListener('pointerup', () => this.release());
    canvas.addEventListener('pointerleave', () => this.point(null, -1));
    canvas.addEventListener('dblclick', event => this.zoomTwice(event));
    canvas.addEventListener('wheel', event => this.wheel(event), {passive: false});
    canvas.addEventListener('keydown', event => this.key(event));
    this.observer = new ResizeObserver(() => this.update());
    this.observer.observe(this.scroll);
  }
  close() { this.observer.disconnect(); }

  get duration() { return Math.max(this.app.model.duration, 1); }
  get window() { return this.app.state.window || [0, this.duration]; }
  get plot() { return Math.max(this.width - this.gutter, 50); }
  x(time) { return this.gutter + (time - this.window[0]) / (this.window[1] - this.window[0]) * this.plot; }
  time(x) {
    const at = this.window[0] + (x - this.gutter) / this.plot * (this.window[1] - this.window[0]);
    return Math.min(Math.max(at, this.window[0]), this.window[1]);
  }
  /** Row 0 is all threads together; -1: none, the axis. */
  rowAt(y) {
    const below = y + this.scroll.scrollTop - AXIS;
    return y < AXIS ? -1 : below < SUM + GAP ? 0 : 1 + Math.floor((below - SUM - GAP) / (STRIP + GAP));
  }
  /** Of a row's upper edge, on the canvas. */
  y(row) { return AXIS + (row > 0 ? SUM + GAP + (row - 1) * (STRIP + GAP) : 0) - this.scroll.scrollTop; }

  update() {
    const {model, state} = this.app;
    const {range, threads} = state;
    this.width = Math.max(this.scroll.clientWidth, 120);
    this.gutter = Math.round(Math.min(GUTTER, this.width / 3));
    this.lanes = state.order === 'start' ? model.lanesByStart : model.lanes;
    const height = AXIS + SUM + GAP + this.lanes.length * (STRIP + GAP);
    // On paper nothing can be scrolled.
    const printing = matchMedia('print').matches;
    this.scroll.style.height = printing ? Math.min(height, MOST_ON_PAPER) + 2 + 'px' : '';
    this.isCut = printing && height > MOST_ON_PAPER;
    this.spacer.style.height = Math.max(height - this.scroll.clientHeight, 0) + 'px';
    const shown = range || this.window;
    // What is being typed, or was refused, stays.
    this.inputs.forEach((input, i) => {
      if (this.refused || (input === document.activeElement && input.value !== input.shown)) return;
      input.value = input.shown = secondsText(shown[i]);
    });
    this.zoom.disabled = !range;
    this.out.disabled = !state.window;
    this.clear.disabled = !range && !threads;
    this.order.value = state.order;
    if (!this.painter || this.dark !== this.app.dark) this.painter = new StripPainter();
    this.dark = this.app.dark;
    this.search();
    this.describe();
    this.paint();
  }

  /** Of each stack whether it holds what is searched for; and what that is of what is selected. */
  search() {
    const {app} = this;
    const {model, state} = app;
    const key = JSON.stringify([state.find, state.regex, state.kernel]);
    if (key !== this.searchKey) {
      const matches = app.matches();
      this.searchKey = key;
      this.flags = matches && matchingStacks(model.tree().tree, matches, !state.kernel);
      this.strips.mark(this.flags);
    }
    if (!this.flags) return app.found('');
    const sum = field => model.stackSums[field].reduce((all, value, s) => (this.flags[s] ? all + value : all), 0);
    const found = {user: sum('user'), sys: sum('sys'), wait: sum('wait'), samples: sum('samples')};
    if (!found.samples && !found.wait) return app.found('No match');
    const share = app.share(VALUE.cpu(found), VALUE.cpu(model.all), found, 'cpu');
    app.found(`Matched: ${app.amounts.withUnit(VALUE.cpu(found))}, ${share}${
        found.wait ? `; ${app.amounts.withUnit(found.wait)} wait` : ''}`);
  }

  strip(lane) { return this.strips.of(lane, this.window, Math.floor(this.plot)); }

  /** Everything; `afresh`: the strips, too, and not only what lies over them. */
  paint(afresh = true) {
    if (!this.lanes) return;
    const room = this.scroll.clientHeight;
    if (afresh) this.paintStrips(room);
    const context = prepare(this.canvas, this.width, room);
    context.drawImage(this.picture, 0, 0, this.width, room);
    const {colors} = this.painter;
    const selected = this.drag ? [Math.min(...this.drag), Math.max(...this.drag)] : this.app.state.range;
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
    context.fillStyle = colors.ink;
    if (this.cursor !== null) context.fillRect(this.x(this.cursor), 0, 1, room);
    if (this.row > 0 && this.row <= this.lanes.length) context.fillRect(0, this.y(this.row), 2, STRIP);
  }

  paintStrips(room) {
    const context = prepare(this.picture, this.width, room);
    const {colors} = this.painter;
    context.fillStyle = colors.paper;
    context.fillRect(0, 0, this.width, room);
    this.hasTicks = false;
    const last = Math.min(this.rowAt(room), this.lanes.length);
    for (let row = last; row >= Math.max(this.rowAt(AXIS), 0); --row) {
      if (row > 0) this.paintLane(context, this.lanes[row - 1], this.y(row));
      else this.paintAll(context, this.y(0));
    }
    this.painter.axis(context, this.window, this.gutter, this.plot);
    this.showLegend();
  }
  paintAll(context, y) {
    const {painter, lanes} = this;
    const {strip, most, part} = this.strip(null);
    this.paintName(context, lanes.length === 1 ? 'all threads' : `all ${counted(lanes.length, 'thread', 'threads')}`, y, false, 55);
    context.fillStyle = painter.colors.strip;
    context.fillRect(this.gutter, y, this.plot, SUM);
    painter.draw(context, this.gutter, y, SUM, strip, most, part);
    const {cpus} = this.app.model.facts.machine;
    if (this.isTime) painter.scale(context, this.gutter, y, this.plot, most, cpus ? counted(cpus, 'CPU', 'CPUs') : `${most.toFixed(1)} CPUs`);
  }
  paintLane(context, lane, y) {
    const {threads} = this.app.state;
    const chosen = !threads || lane.threads.some(t => threads.has(t));
    context.globalAlpha = chosen ? 1 : 0.35;
    this.paintName(context, lane.name, y, threads && chosen);
    const {strip, part} = this.strip(lane);
    // The ground is as long as the thread was there, where that is known.
    const known = this.app.model.facts.waits;
    const [a, b] = (known ? [lane.first, lane.last] : this.window).map(time => Math.min(Math.max(this.x(time), this.gutter), this.width));
    context.fillStyle = this.painter.colors.strip;
    context.fillRect(a, y, Math.max(b - a, 1), STRIP);
    this.painter.draw(context, this.gutter, y, STRIP, strip, 1, part);
    for (const thread of lane.threads) this.paintSamples(context, thread, y);
    context.globalAlpha = 1;
  }
  paintName(context, name, y, strong, less = 0) {
    context.fillStyle = this.painter.colors.ink;
    context.font = (strong ? 'bold ' : '') + '12px system-ui,sans-serif';
    const fits = Math.floor((this.gutter - less - 6) / 6.6);
    context.fillText(name.length > fits ? name.slice(0, fits - 1) + '…' : name, 4, y + 16);
  }
  /** Single samples, where there is room for them. */
  paintSamples(context, thread, y) {
    const {samples, stacks} = this.app.model.profile;
    const perUs = this.plot / (this.window[1] - this.window[0]);
    if (longestSample(this.app.model.profile) * perUs < TICK) return;
    const [begin, end] = [samples.start[thread], samples.start[thread + 1]];
    const until = firstAfter(samples.time, begin, end, this.window[1]);
    for (let i = firstAfter(samples.time, begin, end, this.window[0] - 1); i < until; ++i) {
      const mode = stacks.mode[samples.stack[i]];
      if (mode === WAIT || samples.weight[i] / 1000 * perUs < TICK) continue;
      this.hasTicks = true;
      this.painter.tick(context, this.x(samples.time[i]), y, mode === SYS);
    }
  }

  showLegend() {
    const shown = [['user', 'user'], ['sys', 'sys']];
    if (this.app.model.facts.waits) shown.push(['wait', 'wait']);
    if (this.flags) shown.push(['found', 'of what is searched for']);
    if (this.hasTicks) shown.push(['tick', 'a sample: in the kernel above, in user code below']);
    const key = shown.join() + this.dark;
    if (key === this.legendKey) return;
    this.legendKey = key;
    this.legend.replaceChildren(...shown.map(([what, text]) => h('span', {}, this.painter.swatch(what), text)));
  }

  describe() {
    const {app} = this;
    const {model} = app;
    const {range} = app.state;
    const words = [];
    const lane = this.row > 0 ? this.lanes[this.row - 1] : undefined;
    if (this.cursor !== null) words.push(`at ${(this.cursor / 1e6).toFixed(6)} s`);
    if (this.cursor !== null && this.row === 0) {
      words.push(this.busyText());
    } else if (lane) {
      words.push(lane.name);
      const near = 3 * (this.window[1] - this.window[0]) / this.plot;
      if (this.cursor !== null) words.push(...lane.threads.map(thread => momentText(model, thread, this.cursor, this.hasTicks ? near : 0)));
      else words.push(app.amounts.withUnit(lane.cpu) + (this.isTime ? ' on a CPU' : ''), lane.wait ? app.amounts.withUnit(lane.wait) + ' wait' : '');
    } else {
      words.push(range ? `${duration((range[1] - range[0]) * 1000)} selected` : '', counted(model.all.samples, 'sample', 'samples'),
                 app.amountText(model.all, model.facts.waits ? 'wall' : 'cpu'), this.isCut ? 'not all threads are shown' : '');
    }
    this.details.textContent = words.filter(Boolean).join(' · ');
  }
  /** How many CPUs were busy where the cursor is. */
  busyText() {
    const {strip, most, part} = this.strip(null);
    const at = Math.min(Math.floor(this.x(this.cursor) - this.gutter), strip.wait.length - 1);
    const [user, sys] = [strip.user[at], strip.sys[at]];
    if (!this.isTime) return counted(user + sys, 'sample', 'samples');
    const {cpus} = this.app.model.facts.machine;
    const of = value => value.toFixed(most < 10 ? 2 : 1);
    return `${of(user + sys)} ${cpus ? `of ${counted(cpus, 'CPU', 'CPUs')}` : 'CPUs'} busy: ${of(user)} user, ${of(sys)} sys${
        part ? `; ${of(part.cpu[at])} in what is searched for` : ''} (in ${duration(strip.perBin * 1000)})`;
  }

  press(event) {
    if (event.button !== 0) return;
    ++this.presses;
    const row = this.rowAt(event.offsetY);
    if (event.offsetX < this.gutter) {
      this.toggle(row);
      return;
    }
    this.canvas.setPointerCapture(event.pointerId);
    if (event.offsetY < AXIS) this.grip = {x: event.offsetX, window: this.window};
    else this.drag = [this.time(event.offsetX), this.time(event.offsetX)];
  }
  toggle(row) {
    if (row < 1 || row > this.lanes.length) return;
    const threads = new Set(this.app.state.threads || []);
    const lane = this.lanes[row - 1].threads;
    const had = lane.some(t => threads.has(t));
    for (const t of lane) threads[had ? 'delete' : 'add'](t);
    this.app.set({threads: threads.size ? threads : null});
  }
  move(event) {
    const onAxis = event.offsetY < AXIS;
    const onNames = event.offsetX < this.gutter;
    this.canvas.style.cursor = onNames ? (this.rowAt(event.offsetY) > 0 ? 'pointer' : 'default') :
        !onAxis ? 'crosshair' : this.app.state.window ? 'grab' : 'default';
    if (this.grip) {
      const {x, window} = this.grip;
      if (this.app.state.window) this.show(panned(window, (x - event.offsetX) / this.plot * (window[1] - window[0]), this.duration));
      return;
    }
    if (this.drag) this.drag[1] = this.time(event.offsetX);
    this.point(onNames ? null : this.time(event.offsetX), this.rowAt(event.offsetY));
  }
  /** Puts the cursor at a time, or at none, of a row. */
  point(time, row) {
    this.cursor = time;
    this.row = row;
    this.describe();
    this.paint(false);
  }
  release() {
    this.grip = null;
    if (!this.drag) return;
    const [a, b] = this.drag;
    this.drag = null;
    const wide = Math.abs(this.x(a) - this.x(b)) >= 3;
    // Of a double click the first one takes the selection back that the second zooms to.
    if (!wide && this.app.state.range) this.taken = {range: this.app.state.range, press: this.presses};
    this.select(wide ? [Math.min(a, b), Math.max(a, b)] : null);
  }
  zoomTwice(event) {
    if (event.offsetX < this.gutter || event.offsetY < AXIS) return;
    const range = this.taken && this.presses <= this.taken.press + 1 ? this.taken.range : null;
    this.taken = null;
    this.app.set({window: range, range}, true);
  }
  wheel(event) {
    const pans = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!pans && !event.ctrlKey && event.offsetY >= AXIS) return;  // It scrolls.
    event.preventDefault();
    const much = (pans && event.deltaX ? event.deltaX : event.deltaY) * (event.deltaMode ? 16 : 1);
    if (pans) {
      if (this.app.state.window)
        this.show(panned(this.window, much / this.plot * (this.window[1] - this.window[0]), this.duration));
    } else {
      this.show(zoomed(this.window, this.time(event.offsetX), Math.min(Math.max(Math.exp(much / 300), 0.5), 2), this.duration));
    }
  }
  /** Another part of the time; null: all of it. Part of the same step of the browser's history. */
  show(window) { this.app.set({window}, true); }

  select(range) {
    this.refused = false;
    this.note.textContent = '';
    this.app.set({range: range && [Math.floor(range[0]), Math.max(Math.ceil(range[1]), Math.floor(range[0]) + 1)]});
  }
  typed(index) {
    const {span, refused, note} = typedSpan(this.inputs.map(input => (input.validity.badInput ? '?' : input.value)), index, this.app.model.duration);
    if (span) {
      this.inputs.forEach(input => { input.shown = input.value; });
      this.select(span);
    }
    this.refused = !!refused;
    this.note.textContent = refused || note;
  }
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const {window, duration: all} = this;
    const step = (window[1] - window[0]) / 100;
    const sign = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    const up = {ArrowUp: -1, ArrowDown: 1}[event.key];
    const factor = {'+': 0.5, '=': 0.5, '-': 2}[event.key];
    if (sign) {
      const before = this.cursor === null ? window[0] : this.cursor;
      const to = Math.min(Math.max(before + sign * step, 0), all);
      // The window goes along.
      if (this.app.state.window && (to < window[0] || to > window[1])) this.show(panned(window, sign * step * 10, all));
      this.point(to, this.row);
      if (event.shiftKey) {
        if (this.anchor === undefined) this.anchor = before;
        const range = [Math.min(this.anchor, to), Math.max(this.anchor, to)];
        if (range[1] > range[0]) this.select(range);
      } else {
        this.anchor = undefined;
      }
    } else if (up) {
      const row = Math.min(Math.max(this.row + up, 0), this.lanes.length);
      this.reveal(row);
      this.point(this.cursor, row);
    } else if (factor) {
      this.show(zoomed(window, this.cursor === null ? (window[0] + window[1]) / 2 : this.cursor, factor, all));
    } else if (event.key === ' ' && this.row > 0) {
      this.toggle(this.row);
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
  reveal(row) {
    const y = this.y(row);
    const over = y + STRIP - this.scroll.clientHeight;
    if (y < AXIS) this.scroll.scrollTop += row === 0 ? -this.scroll.scrollTop : y - AXIS;
    else if (over > 0) this.scroll.scrollTop += over + GAP;
  }
}

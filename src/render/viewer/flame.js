// The flame graph: a canvas as large as the window, on which only what can be seen is drawn.
import {evidence, VALUE} from './charges.js';
import {counted, FEW_SAMPLES, grouped, percent} from './format.js';
import {css, h, prepare} from './dom.js';
import {layout, matched, TopDown} from './layout.js';
import {Painter, PITCH} from './painter.js';
import {KIND, OF_MODULE} from './tree.js';

const MOST_PRINTED = 720;  // px: what is left of a page.
const MOST_IN_LEGEND = 8;

const MODE_NAMES = [['cpu', 'CPU: user and sys'], ['user', 'user'], ['sys', 'sys'], ['wait', 'waiting'],
                    ['wall', 'all: user, sys, wait']];

export class FlameView {
  constructor(app, root) {
    this.app = app;
    this.canvas = h('canvas', {tabindex: 0, role: 'application', 'aria-describedby': 'details',
                               'aria-label': 'Flame graph. Arrow keys move, Enter zooms, Escape goes back.'});
    this.spacer = h('div');
    this.scroll = h('div', {class: 'scroll'}, this.canvas, this.spacer);
    this.details = h('div', {class: 'details', id: 'details', role: 'status'});
    this.crumbs = h('div', {class: 'crumbs', 'aria-label': 'Zoomed in to'});
    this.legend = h('div', {class: 'legend'});
    this.tip = h('div', {class: 'tip', 'aria-hidden': 'true', hidden: true});
    this.root = h('div', {class: 'flame'}, this.controls(), this.crumbs, this.scroll, this.details, this.legend, this.tip);
    root.append(this.root);
    this.cursor = null;
    this.scroll.addEventListener('scroll', () => {
      if (this.scroll.scrollTop === this.paintedAt) return;
      this.paint();
      // The pointer stays, frames move below it.
      if (this.pointer) this.follow(this.pointer);
    });
    this.canvas.addEventListener('mousemove', event => this.follow(event));
    this.canvas.addEventListener('mouseleave', () => this.follow(null));
    this.canvas.addEventListener('click', event => this.zoomTo(this.boxAt(event)));
    this.canvas.addEventListener('keydown', event => this.key(event));
    this.observer = new ResizeObserver(() => this.update());
    this.observer.observe(this.scroll);
  }
  close() { this.observer.disconnect(); }
  prepare() { this.source.weight(this.source.root); }

  controls() {
    const {app} = this;
    const {compared} = app.model;
    const check = (key, text, title = '') => h('label', {title}, this[key] = h('input', {
      type: 'checkbox', onchange: event => app.set({[key]: event.target.checked, zoom: []})}), ' ' + text);
    const choice = (key, text, options) => h('label', {}, text + ' ', this[key] = h('select', {
      onchange: event => {
        event.target.chosen = true;
        app.set({[key]: event.target.value, zoom: []});
      }},
      options.map(([value, name]) => h('option', {value}, name))));
    const modes = app.model.facts.waits ? MODE_NAMES : MODE_NAMES.slice(0, 3);
    return h('div', {class: 'controls'},
        choice('mode', 'Time', modes),
        compared ? check('old', 'widths before', 'as in the old recording: shows what is gone') : null,
        check('inverted', 'inverted', 'bottom-up: on each function, its callers'),
        check('icicle', 'icicle', 'the root at the top'),
        check('kernel', 'kernel frames', 'unfold what the kernel did'),
        check('merge', 'merge recursion', 'a function that calls itself is one frame'),
        choice('group', 'By', [['', 'all together'], ...(app.model.hasPrograms ? [['program', 'program']] : []), ['process', 'process'], ['thread', 'thread']]),
        choice('color', 'Colour', [...(compared ? [['change', 'change']] : []), ['kind', 'kind'], ['module', 'module'], ['thread', 'thread']]),
        this.reset = h('button', {type: 'button', onclick: () => app.set({zoom: []})}, 'Reset zoom'));
  }

  update() {
    const {app} = this;
    const {state, model} = app;
    for (const key of ['inverted', 'icicle', 'kernel', 'merge', 'old']) if (this[key]) this[key].checked = state[key];
    this.mode.value = state.mode;
    this.group.value = model.groupOf({group: state.group});
    // What changed is the first thing to be seen of a comparison.
    this.shownColor = model.compared && state.color === 'kind' && !this.color.chosen ? 'change' : state.color;
    this.color.value = this.shownColor;
    this.width = Math.max(this.scroll.clientWidth, 100);
    const group = model.groupOf(state);
    this.source = model.source({mode: state.mode, folded: !state.kernel, merge: state.merge, group,
                                inverted: state.inverted, old: state.old});
    this.layout = layout(this.source, state.zoom, this.width);
    if (model.compared) {
      for (const box of this.layout.boxes) {
        if (box.merged) continue;
        const [is, other] = [this.source.weight(box.handle), this.source.otherWeight(box.handle)];
        box.change = state.old ? model.comparison.of(is, other, state.mode) : model.comparison.of(other, is, state.mode);
      }
    }
    this.up = !state.icicle;
    this.height = this.layout.rows * PITCH;
    // On paper nothing can be scrolled.
    this.printed = matchMedia('print').matches ? Math.min(this.height, MOST_PRINTED) : 0;
    const {room} = this.measure();
    this.spacer.style.height = (this.printed ? 0 : Math.max(this.height - room, 0)) + 'px';
    this.reset.disabled = state.zoom.length === 0;
    const key = JSON.stringify([this.printed, room, state.zoom, state.icicle]);
    if (key !== this.lastKey || this.source !== this.lastSource) {
      // What is zoomed lies next to the root.
      this.canvas.style.height = room + 'px';
      this.scroll.scrollTop = this.up ? this.height : 0;
      this.cursor = null;
      this.tip.hidden = true;
    }
    this.lastKey = key;
    this.lastSource = this.source;
    if (!this.painter || this.painter.dark !== app.dark) this.painter = new Painter(app, app.dark);
    this.search();
    this.showCrumbs();
    this.showLegend();
    this.describe(this.cursor);
    this.paint();
  }

  search() {
    const {app} = this;
    const {state, model} = app;
    this.matches = app.matches();
    if (!this.matches) return app.found('');
    // Of the tree as it is from the root, whatever the picture's direction.
    const source = state.inverted ? model.source({mode: state.mode, folded: !state.kernel}) : this.source;
    const {value, weight, frames} = source instanceof TopDown ?
        matched(source.tree, source.totals, source.values, source.folded, this.matches) : {};
    const whole = this.layout.all;
    app.found(!frames ? 'No match' :
        `Matched: ${app.amounts.withUnit(value)}, ${app.share(value, whole, weight, state.mode)}`);
  }

  /** Asking the browser where things are may cost a layout: once a paint, not once a box. */
  measure() {
    this.room = this.printed || this.scroll.clientHeight;
    this.top = !this.printed ? this.scroll.scrollTop : this.up ? this.height - this.printed : 0;
    return this;
  }
  /** Of the box's upper edge on the canvas, by what was measured last. */
  y(box) {
    if (!this.up) return box.depth * PITCH - this.top;
    return Math.max(this.height, this.room) - (box.depth + 1) * PITCH - this.top;
  }

  paint() {
    if (!this.layout) return;
    this.measure();
    this.paintedAt = this.top;
    const {room} = this;
    const context = prepare(this.canvas, this.width, room);
    context.styleOf = null;
    context.fillStyle = css('--paper');
    context.fillRect(0, 0, this.width, room);
    const {entries} = this.app.model;
    const {state} = this.app;
    this.painter.begin(this.y({depth: 0}));
    for (const box of this.layout.boxes) {
      const y = this.y(box);
      if (y + PITCH < 0 || y > room) continue;
      // On whole pixels, with a gap between neighbours where there is room for one.
      const x = Math.round(box.x);
      const width = Math.round(box.x + box.width) - x;
      if (width <= 0) continue;
      this.painter.draw(context, box, x, Math.round(y), width > 2 ? width - 1 : width, {
        color: this.shownColor, faint: box.above,
        found: this.matches && box.entry >= 0 && this.matches[box.entry],
        text: this.name(box, entries)});
    }
    if (this.cursor) {
      context.lineWidth = 2;
      context.strokeStyle = css('--ink');
      context.strokeRect(this.cursor.x + 1, this.y(this.cursor) + 1, Math.max(this.cursor.width - 2, 1), PITCH - 3);
    }
    const hidden = this.height - room;
    this.more(context, this.top, '▲', 0);
    this.more(context, hidden - this.top, '▼', room);
    if (!(this.layout.all > 0)) {
      context.fillStyle = css('--quiet');
      context.font = '14px system-ui,sans-serif';
      context.fillText('Nothing of that was recorded in what is selected.', 12, 24);
    }
  }

  /** Says at the edge y that the picture goes on for some px. */
  more(context, px, arrow, y) {
    const rows = Math.ceil((px - 3) / PITCH);
    if (rows <= 0) return;
    const inwards = y ? -1 : 1;
    const shade = context.createLinearGradient(0, y, 0, y + inwards * 12);
    shade.addColorStop(0, 'rgba(0,0,0,.35)');
    shade.addColorStop(1, 'rgba(0,0,0,0)');
    context.fillStyle = shade;
    context.fillRect(0, y ? y - 12 : 0, this.width, 12);
    const text = `${arrow} ${counted(rows, 'more row', 'more rows')}${this.printed ? ', left out on paper' : ''}`;
    context.font = '12px system-ui,sans-serif';
    context.styleOf = null;
    const width = context.measureText(text).width + 16;
    const [left, top] = [Math.round((this.width - width) / 2), y ? y - 24 : 4];
    context.fillStyle = css('--ink');
    context.fillRect(left, top, width, 20);
    context.fillStyle = css('--paper');
    context.fillText(text, left + 8, top + 14);
  }

  name(box, entries = this.app.model.entries) {
    if (box.merged) return box.merged + ' more';
    const mark = box.change && box.change.significant && this.shownColor === 'change' ? (box.change.delta > 0 ? '▲ ' : '▼ ') : '';
    return mark + (box.entry < 0 ? 'all' : entries.name(box.entry));
  }

  describe(box) {
    const {app} = this;
    const {entries} = app.model;
    const shown = box || this.layout.boxes.find(b => b.handle === this.layout.handle && !b.merged);
    this.details.replaceChildren();
    if (!shown) return;
    const {state} = app;
    // Of the root without the totals of all nodes, which nothing may need yet.
    const weight = shown.handle === this.source.root && !state.old ? app.model.all : this.source.weight(shown.handle);
    const parts = [];
    if (shown.merged) {
      parts.push(app.amounts.withUnit(shown.value), 'too narrow to draw: zoom in');
    } else {
      parts.push(app.amountText(weight, state.mode), app.countText(weight, state.mode));
      if (evidence(app.model.all, state.mode) >= 30) {
        parts.push(percent(shown.value / this.layout.all));
        if (state.zoom.length) parts.push(percent(shown.value / this.layout.top) + ' of what is zoomed');
      }
      if (shown.change) parts.push(app.changeText(shown.change));
      if (shown.entry >= 0) {
        const kind = this.painter.kind(shown);
        if (kind === KIND.inlined) parts.push('inlined');
        parts.push(entries.module(shown.entry), entries.place(shown.entry));
      }
    }
    const name = this.name(shown);
    const much = parts.filter(Boolean).join(' · ');
    this.details.append(h('b', {class: 'mono what', title: name}, name), h('span', {class: 'much'}, much), ' ');
    this.tip.replaceChildren(h('b', {class: 'mono'}, name), h('br'), much);
    // Without the pointer it is about what was clicked, so that this can be reached.
    if (shown.entry >= 0)
      this.details.append(h('button', {type: 'button', class: 'plain', onclick: () => app.openFunction(shown.entry)},
                            'callers and callees'));
  }

  showCrumbs() {
    const {app} = this;
    const path = app.state.zoom.slice(0, this.layout.reached);
    const {entries} = app.model;
    this.crumbs.replaceChildren();
    const names = ['all', ...path.map(entry => entries.name(entry))];
    names.forEach((name, depth) => {
      if (names.length > 6 && this.wholePath !== path.join() && depth > 0 && depth < names.length - 3) {
        if (depth === 1) {
          this.crumbs.append(h('button', {type: 'button', title: `show all ${names.length}`, onclick: () => {
            this.wholePath = path.join();
            this.showCrumbs();
          }}, '…'), '›');
        }
        return;
      }
      const last = depth === names.length - 1;
      this.crumbs.append(last ? h('b', {class: 'mono'}, name) :
          h('button', {type: 'button', title: name, onclick: () => app.set({zoom: path.slice(0, depth)})}, name));
      if (!last) this.crumbs.append('›');
    });
  }

  showLegend() {
    const {facts} = this.app.model;
    const kinds = [...new Set(this.layout.boxes.map(box => this.painter.kind(box)))].sort();
    const {comparison} = this.app.model;
    const comparesShares = comparison && comparison.shares && this.app.state.mode !== 'wait';
    const key = kinds.join() + this.app.dark + this.shownColor + comparesShares;
    const ranked = this.shownColor === 'module' || this.shownColor === 'thread';
    if (key === this.legendKey && !ranked) return;
    this.legendKey = key;
    if (ranked) return this.legend.replaceChildren(...this.rankedLegend(kinds));
    if (this.shownColor === 'change') {
      this.legend.replaceChildren(...[[comparesShares ? '▲ a larger share than before' : '▲ more than before', 1], [comparesShares ? '▼ a smaller one' : '▼ less', -1], ['no more than chance', 0]].map(([text, delta]) => h(
          'span', {}, h('i', {class: 'dot', style: `background:${this.painter.changeColor(
              {significant: delta !== 0, delta, before: 1, after: 1})}`}), text)));
      return;
    }
    this.legend.replaceChildren(...kinds.map(kind => h('span', {}, this.swatch(kind), facts.kinds[kind])));
  }
  swatch(kind) {
    const canvas = h('canvas');
    const context = prepare(canvas, 22, PITCH - 2);
    const example = {entry: -1, merged: kind === KIND.merged};
    const painter = Object.create(this.painter, {kind: {value: () => kind}});
    painter.draw(context, example, 0, 0, 22, {color: 'kind'});
    return canvas;
  }
  /** The heaviest modules or threads with their colours, then kinds of frames that are of none. */
  rankedLegend(kinds) {
    const {app, painter} = this;
    const {state, model} = app;
    const {entries, facts} = model;
    const of = {mode: state.mode, folded: !state.kernel, merge: state.merge, group: 'thread'};
    const byModule = this.shownColor === 'module';
    const threads = () => {
      const top = this.source instanceof TopDown ? this.source : model.source(of);
      return top.children(top.root).map(handle => [top.entry(handle), top.value(handle)]);
    };
    const times = byModule ? model.moduleTimes(of.mode, of.folded) : threads();
    const whole = VALUE[of.mode](model.all);
    const share = value => (evidence(model.all, of.mode) < FEW_SAMPLES ? '' : ' ' + percent(value / whole));
    const named = byModule ? times.filter(([key]) => typeof key === 'string') : times;
    const spans = named.slice(0, MOST_IN_LEGEND).map(([key, value]) => h(
        'span', {}, h('i', {class: 'dot', style: `background:${byModule ? painter.moduleColor(key) : painter.threadColor(key)}`}),
        (byModule ? key || '[no module]' : entries.name(key)) + share(value)));
    if (named.length > MOST_IN_LEGEND) spans.push(h('span', {}, `and ${grouped(named.length - MOST_IN_LEGEND)} more`));
    const others = kinds.filter(kind => kind === KIND.merged || (byModule && kind !== KIND.process && !OF_MODULE.has(kind)));
    return [...spans, ...others.map(kind => {
      const time = times.find(([key]) => byModule && key === kind);
      return h('span', {}, this.swatch(kind), facts.kinds[kind] + (time ? share(time[1]) : ''));
    })];
  }

  boxAt(event) {
    this.measure();
    return this.layout.boxes.find(box => {
      const y = this.y(box);
      return event.offsetX >= box.x && event.offsetX < box.x + Math.max(box.width, 1) &&
          event.offsetY >= y && event.offsetY < y + PITCH;
    }) || null;
  }
  /** The pointer is there; null: it has left. */
  follow(event) {
    this.pointer = event && {offsetX: event.offsetX, offsetY: event.offsetY, clientX: event.clientX, clientY: event.clientY};
    const box = event && this.boxAt(event);
    this.point(box);
    this.tip.hidden = !box;
    if (!box) return;
    const {offsetWidth: width, offsetHeight: height} = this.tip;
    const below = event.clientY + 20;
    this.tip.style.left = Math.max(Math.min(event.clientX + 14, innerWidth - width - 8), 0) + 'px';
    this.tip.style.top = (below + height < innerHeight ? below : Math.max(event.clientY - height - 12, 0)) + 'px';
  }
  point(box) {
    if (box === this.cursor) return;
    this.cursor = box;
    this.canvas.style.cursor = box ? 'pointer' : 'default';
    this.describe(box);
    this.paint();
  }

  /** The box's entries from the root. */
  path(box) {
    const boxes = this.layout.boxes;
    const path = [];
    for (let at = box; at && at.depth > 0; at = this.parent(at)) path.unshift(at.entry);
    return path;
  }
  parent(box) {
    const middle = box.x + box.width / 2;
    return this.layout.boxes.find(b => b.depth === box.depth - 1 && b.x <= middle && middle < b.x + b.width);
  }
  zoomTo(box) {
    if (!box || box.merged) return;
    this.app.set({zoom: this.path(box)});
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.cursor || this.layout.boxes.find(b => b.handle === this.layout.handle);
    if (!at) return;
    const row = depth => this.layout.boxes.filter(b => b.depth === depth).sort((a, b) => a.x - b.x);
    const child = () => row(at.depth + 1).find(b => b.x >= at.x - 1e-6 && b.x < at.x + at.width);
    const beside = step => {
      const boxes = row(at.depth);
      return boxes[boxes.indexOf(at) + step];
    };
    const moves = {
      ArrowUp: () => (this.up ? child() : this.parent(at)),
      ArrowDown: () => (this.up ? this.parent(at) : child()),
      ArrowLeft: () => beside(-1), ArrowRight: () => beside(1),
    };
    if (event.key in moves) {
      const box = this.cursor ? moves[event.key]() : at;
      if (box) {
        this.pointer = null;
        this.tip.hidden = true;
        this.point(box);
        this.reveal(box);
      }
    } else if (event.key === 'Enter') {
      this.zoomTo(at);
    } else if (event.key === 'Escape' && this.app.state.zoom.length) {
      this.app.set({zoom: []});
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
  reveal(box) {
    this.measure();
    const y = this.y(box);
    const {room} = this;
    if (y < 0) this.scroll.scrollTop += y;
    else if (y + PITCH > room) this.scroll.scrollTop += y + PITCH - room;
  }
}


// What the frames of a flame graph look like on a canvas: the colours, marks and shades of the SVG
// (render/flamegraph_style.h).
import {KIND, OF_MODULE} from './tree.js';

export const PITCH = 18;  // px from one row to the next.
const CELL = 6.95;  // Width of a character of 11.5 px, as the font is measured.
const FONT = '11.5px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace';
const SHADES = 5;

/** FNV-1a: the same name has the same shade in every picture, as in the SVG. */
function hash(text) {
  let value = 2166136261;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 16777619) >>> 0;
  return (value ^ value >>> 15) >>> 0;
}

/** What marks each kind beside its colour: strokes on a tile of PITCH px height; where they are all. */
const MARKS = {
  [KIND.entry]: [9, 'M-2 5L5 -2M-2 14L14 -2M-2 23L14 7M3 27L14 16', 3],
  [KIND.wait]: [8, 'M2 4h2M6 8h2M2 12h2M6 16h2', 1.4],
  [KIND.incomplete]: [9, 'M0 0L9 9M9 0L0 9M0 9L9 18M9 9L0 18', 1],
  [KIND.merged]: [8, 'M2 0v18M6 0v18', 1],
  [KIND.inlined]: [8, 'M1 16h6', 2, [15, 2]],
  [KIND.kernel]: [8, 'M0 16h8', 2, [15, 2]],
};

const HUES = [28, 210, 130, 290, 54, 180, 340, 245];

/** Of modules and threads, by their rank in the whole recording: the first are as unlike as can be. */
export function rankColor(rank, dark) {
  const round = Math.floor(rank / HUES.length);
  return `hsl(${(HUES[rank % HUES.length] + 14 * round) % 360} ${dark ? 42 : 62}% ${(dark ? [30, 23, 33] : [74, 83, 69])[round % 3]}%)`;
}

export class Painter {
  constructor(app, dark) {
    this.model = app.model;
    this.entries = app.model.entries;
    this.dark = dark;
    this.colors = app.model.facts.colors[dark ? 'dark' : 'light'];
    this.shade = new Map();
    this.patterns = new Map();
  }
  shadeOf(entry) {
    if (!this.shade.has(entry)) this.shade.set(entry, hash(this.entries.name(entry)) % SHADES);
    return this.shade.get(entry);
  }
  moduleColor(name) { return rankColor(this.model.moduleRanks.get(name), this.dark); }
  /** `entry`: of the frame that stands for the thread. */
  threadColor(entry) { return rankColor(this.model.threadRank(this.entries.thread(entry)), this.dark); }
  kind(box) {
    if (box.merged) return KIND.merged;
    return box.entry < 0 ? KIND.process : this.entries.kind(box.entry);
  }
  ground(box, color) {
    const kind = this.kind(box);
    if (color === 'change' && box.change) return this.changeColor(box.change);
    if (color === 'module' && OF_MODULE.has(kind)) return this.moduleColor(this.entries.module(box.entry));
    if (color === 'thread' && kind !== KIND.merged) {
      // Bottom-up, only the threads themselves are of one.
      const of = this.entries.thread(box.entry) >= 0 ? box.entry : box.group;
      if (this.entries.thread(of) >= 0) return this.threadColor(of);
    }
    return this.colors[kind * SHADES + (box.entry < 0 ? 0 : this.shadeOf(box.entry))];
  }
  /** Red grew, blue shrank, the more the stronger; grey changed by no more than chance. */
  changeColor(change) {
    if (!change.significant) return this.dark ? '#3a3f45' : '#dfe3e7';
    const much = Math.min(Math.abs(change.delta) / Math.max(change.before, change.after) * 1.5, 1);
    return `hsl(${change.delta > 0 ? 8 : 214} ${this.dark ? 55 : 85}% ${this.dark ? 30 + 16 * much : 84 - 26 * much}%)`;
  }
  mark(context, kind) {
    if (!MARKS[kind]) return null;
    if (!this.patterns.has(kind)) {
      const [size, path, width] = MARKS[kind];
      const scale = window.devicePixelRatio || 1;
      const tile = document.createElement('canvas');
      tile.width = size * scale;
      tile.height = PITCH * scale;
      const c = tile.getContext('2d');
      c.scale(scale, scale);
      c.lineWidth = width;
      c.strokeStyle = this.dark ? 'rgba(255,255,255,.28)' : 'rgba(20,24,40,' + (width > 2.5 ? '.10)' : '.38)');
      c.stroke(new Path2D(path));
      const pattern = context.createPattern(tile, 'repeat');
      this.patterns.set(kind, pattern);
      this.place(pattern);
    }
    return this.patterns.get(kind);
  }
  /** Marks begin where the rows do: at y, of the canvas. */
  begin(y) {
    this.origin = y;
    this.patterns.forEach(pattern => this.place(pattern));
  }
  place(pattern) {
    pattern.setTransform(new DOMMatrix().translate(0, this.origin || 0).scale(1 / (window.devicePixelRatio || 1)));
  }
  /** The box at (x, y), as the state has it. */
  draw(context, box, x, y, width, {color, found, faint, text}) {
    const kind = this.kind(box);
    if (faint) context.globalAlpha = 0.5;
    context.fillStyle = found ? '#c2185b' : this.ground(box, color);
    context.fillRect(x, y, width, PITCH - 1);
    const mark = found || width < 4 ? null : this.mark(context, kind);
    if (mark) {
      const [top, height] = MARKS[kind][3] || [0, PITCH - 1];
      context.fillStyle = mark;
      context.fillRect(x, y + top, width, height);
    }
    const room = Math.floor((width - 6) / CELL);
    if (text && room >= 2) {
      context.fillStyle = found ? '#fff' : this.dark ? '#f6f7f8' : '#15171a';
      const style = kind === KIND.inlined || kind === KIND.incomplete ? 'italic ' : kind === KIND.entry ? 'bold ' : '';
      if (context.styleOf !== style) context.font = style + FONT;
      context.styleOf = style;
      context.fillText(text.length > room ? text.slice(0, room - 1) + '…' : text, x + 3, y + 12.5);
    }
    if (faint) context.globalAlpha = 1;
  }
}

// What strips of the timeline look like on a canvas: the colours, and the marks beside them, that the
// legend shows, too.
import {css, h, prepare} from './dom.js';

export const STRIP = 24;  // px
export const GAP = 4;
export const AXIS = 22;
/** Of the strip of all threads, which has a scale. */
export const SUM = 2 * STRIP + GAP;

const COLORS = ['paper', 'ink', 'quiet', 'line', 'strip', 'user', 'sys', 'wait', 'link', 'found'];
/** Size of a tile, the path on it, and whether that is filled: other strokes. */
const STRIP_MARKS = {
  sys: [8, 'M-2 10L10 -2M-2 2L2 -2M6 10L10 6', false],
  wait: [6, 'M1 1h2v2h-2zM4 4h2v2h-2z', true],
};

export class StripPainter {
  /** Of the theme that the page has now. */
  constructor() {
    this.colors = Object.fromEntries(COLORS.map(name => [name, css('--' + name)]));
    this.fills = {user: this.colors.user};
  }

  fill(context, mode) {
    if (this.fills[mode]) return this.fills[mode];
    const [size, path, solid] = STRIP_MARKS[mode];
    const scale = window.devicePixelRatio || 1;
    const tile = h('canvas', {width: Math.round(size * scale), height: Math.round(size * scale)});
    const c = tile.getContext('2d');
    c.scale(tile.width / size, tile.height / size);
    c.fillStyle = this.colors[mode];
    c.fillRect(0, 0, size, size);
    c.globalAlpha = solid ? 0.55 : 0.35;
    c.lineWidth = 1.5;
    c.fillStyle = c.strokeStyle = this.colors.paper;
    c[solid ? 'fill' : 'stroke'](new Path2D(path));
    this.fills[mode] = context.createPattern(tile, 'repeat');
    this.fills[mode].setTransform(new DOMMatrix().scale(size / tile.width));
    return this.fills[mode];
  }

  /** A strip `height` px high at (x, y), of which `most` is the full height; of `part`, if any, what was found. */
  draw(context, x, y, height, strip, most, part) {
    context.save();
    context.translate(x, y);
    const size = strip.wait.length;
    const base = new Float64Array(size);
    const bars = (values, fill) => {
      context.fillStyle = fill;
      for (let i = 0, next = 0; i < size; i = next) {
        const from = base[i];
        const much = Math.min(values[i] / most * height, height - from);
        // Equal ones are one bar.
        for (next = i + 1; next < size && values[next] === values[i] && base[next] === from;) base[next++] += Math.max(much, 0);
        if (!(much > 0.05)) continue;
        base[i] += much;
        context.fillRect(i, height - from - much, next - i, much);
      }
    };
    bars(strip.user, this.fills.user);
    bars(strip.sys, this.fill(context, 'sys'));
    const cpu = base.slice();
    // Waits of all threads together are no part of what the CPUs did.
    if (most === 1) bars(strip.wait, this.fill(context, 'wait'));
    if (part) {
      base.fill(0);
      bars(part.cpu, this.colors.found);
      base.set(cpu);
      if (most === 1) bars(part.wait, this.colors.found);
    }
    context.restore();
  }

  /** A single sample: in the kernel in the upper half of the strip, in user code in the lower one. */
  tick(context, x, y, inKernel, height = STRIP) {
    context.fillStyle = this.colors.ink;
    context.fillRect(x - 0.5, inKernel ? y : y + height / 2, 1, height / 2);
  }

  /** Of the legend: a mode, 'found', or 'tick'. */
  swatch(what) {
    const canvas = h('canvas');
    const context = prepare(canvas, 22, 12);
    context.fillStyle = what === 'tick' ? this.colors.strip : what === 'found' ? this.colors.found : this.fill(context, what);
    context.fillRect(0, 0, 22, 12);
    if (what === 'tick') for (const x of [6, 16]) this.tick(context, x, 0, x < 10, 12);
    return canvas;
  }

  axis(context, span, x, width) {
    const {colors} = this;
    context.fillStyle = colors.paper;
    context.fillRect(0, 0, x + width, AXIS - 2);
    const length = span[1] - span[0];
    const least = length / (width / 90);
    let step = 10 ** Math.floor(Math.log10(least));
    step *= [1, 2, 5, 10].find(factor => factor * step >= least) || 10;
    const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(step / 1e6))));
    context.font = '11px system-ui,sans-serif';
    for (let n = Math.ceil(span[0] / step); n * step <= span[1]; ++n) {
      const at = x + (n * step - span[0]) / length * width;
      context.fillStyle = colors.line;
      context.fillRect(at, AXIS - 8, 1, 6);
      context.fillStyle = colors.quiet;
      if (at < x + width - 40) context.fillText((n * step / 1e6).toFixed(digits) + ' s', at + 3, 12);
    }
  }

  /** Lines at whole CPUs, and how many are the full height, left of the strip. */
  scale(context, x, y, width, cpus, label) {
    const {colors} = this;
    const lines = cpus <= 4 ? cpus : cpus % 2 ? 1 : 2;
    context.save();
    context.font = '10px system-ui,sans-serif';
    context.textAlign = 'right';
    for (let i = 0; i <= lines; ++i) {
      const at = y + SUM - SUM * i / lines;
      if (i > 0 && i < lines) {
        context.fillStyle = colors.quiet;
        context.globalAlpha = 0.5;
        context.fillRect(x, Math.round(at), width, 1);
        context.globalAlpha = 1;
      }
      context.fillStyle = colors.quiet;
      const text = i === lines ? label : i === 0 || lines <= 4 ? String(Math.round(cpus * i / lines)) : '';
      context.fillText(text, x - 4, Math.min(Math.max(at + 3, y + 9), y + SUM - 1));
    }
    context.restore();
  }
}

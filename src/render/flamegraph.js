// The behaviour of a flame graph in a browser: zoom, search, details, keyboard. Runs inside the SVG
// it belongs to and needs nothing but the DOM. The picture is complete without it.
//
// The frames stand in the document depth first. Each carries its weight and its samples, waits
// included (data-v),
// which are exact where the drawn widths are rounded: positions are computed from those alone.
(() => {
  'use strict';
  const SVG = 'http://www.w3.org/2000/svg';
  const XHTML = 'http://www.w3.org/1999/xhtml';
  const FEW_SAMPLES = 30;  // Below, counts instead of percentages.
  const CELL = 6.95;  // Width of a label's character, px.
  const BASELINE = 12;
  const INSET = 3;
  const CONTROLS = 36;  // Height of the row of controls, px.
  const FOOT = 44;
  const NARROWEST = 0.05;  // px; what is narrower is not shown.

  const svg = (document.currentScript && document.currentScript.ownerSVGElement) ||
      document.querySelector('svg.flamegraph');
  const standalone = document.documentElement === svg;
  const group = svg.querySelector('.frames');
  const head = svg.querySelector('.head');
  const data = group.dataset;
  const pitch = Number(data.pitch);
  const rows = Number(data.rows);
  const up = data.up === '1';
  const margin = group.transform.baseVal.getItem(0).matrix.e;
  const top = group.transform.baseVal.getItem(0).matrix.f + CONTROLS;
  let inner = Number(data.width);

  // --- The frames as a tree -----------------------------------------------------------------

  const frames = [];
  {
    const open = [];  // The frame last seen on each row, root first.
    const filled = [];
    for (const g of group.children) {
      const rect = g.querySelector('rect');
      const lines = g.querySelector('title').textContent.split('\n');
      const [weight, samples] = g.dataset.v.split(' ').map(Number);
      const drawnRow = Math.round(Number(rect.getAttribute('y')) / pitch);
      const row = up ? rows - 1 - drawnRow : drawnRow;
      const index = frames.length;
      const parent = row === 0 ? -1 : open[row - 1];
      const offset = row === 0 ? 0 : filled[row - 1];
      if (row > 0) filled[row - 1] += weight;
      open[row] = index;
      filled[row] = offset;
      frames.push({
        g, rect, row, parent, offset, weight, samples, end: index + 1,
        name: lines[0], details: lines[1] || '', label: g.querySelector('text'),
        text: g.dataset.l || lines[0],
        searchable: row !== 0 && !g.classList[0].startsWith('m'),
      });
    }
    for (let i = frames.length - 1; i > 0; --i) {
      const parent = frames[frames[i].parent];
      parent.end = Math.max(parent.end, frames[i].end);
    }
  }
  const all = frames[0];

  // --- Words --------------------------------------------------------------------------------

  const grouped = n => n.toLocaleString('en-US');
  const quantity = w =>
      data.unit === 'ns' ? (w / 1e9).toFixed(3) + ' s' : grouped(w) + ' ' + data.unit;
  const exact = data.counts === 'waits';  // Their length is no matter of samples.
  const one = data.counts === 'waits' ? 'wait' : data.counts === 'both' ? 'sample or wait' : 'sample';
  const many =
      data.counts === 'waits' ? 'waits' : data.counts === 'both' ? 'samples and waits' : 'samples';
  const samplesText = n => grouped(n) + ' ' + (n === 1 ? one : many);
  const share = (part, whole) => {
    const percent = 100 * part / whole;
    if (part === 0) return '0 %';
    if (percent < 0.05) return '< 0.1 %';
    if (part < whole && percent >= 99.95) return '> 99.9 %';
    return percent.toFixed(1) + ' %';
  };
  const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
  const clip = (text, cells) => {
    if (text.length * 2 <= cells) return text;
    const points = Array.from(text);
    let used = 0;
    let keep = 0;
    for (let i = 0; i < points.length; ++i) {
      if (used + 1 <= cells) keep = i;
      used += wide.test(points[i]) ? 2 : 1;
      if (used > cells) return cells < 1 ? '' : points.slice(0, keep).join('') + '…';
    }
    return text;
  };

  // --- Controls -----------------------------------------------------------------------------

  const html = (tag, properties, ...children) => {
    const element = document.createElementNS(XHTML, tag);
    Object.assign(element, properties);
    element.append(...children);
    return element;
  };
  const foreign = (parent, x, y, height, ...children) => {
    const object = document.createElementNS(SVG, 'foreignObject');
    object.setAttribute('x', x);
    object.setAttribute('y', y);
    object.setAttribute('height', height);
    object.append(...children);
    parent.append(object);
    return object;
  };

  const style = document.createElementNS(SVG, 'style');
  style.textContent = `
    .flame-ui { --ink: #1b1d20; --quiet: #59616a; --line: #c3c9cf; --field: #fff; --alert: #b3261e;
      display: flex; align-items: center; gap: 10px; height: 100%; color: var(--ink);
      font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", Arial, sans-serif;
      white-space: nowrap; }
    @media (prefers-color-scheme: dark) {
      .flame-ui { --ink: #eceef0; --quiet: #a3abb3; --line: #4a5057; --field: #22262a;
        --alert: #ff8a80; } }
    .flame-ui input[type=search], .flame-ui button { font: inherit; color: inherit;
      background: var(--field); border: 1px solid var(--line); border-radius: 5px; height: 26px;
      box-sizing: border-box; padding: 0 8px; }
    .flame-ui input[type=search] { width: 220px; flex: none; }
    .flame-ui :focus-visible { outline: 2px solid #3b82f6; outline-offset: -2px; }
    .flame-ui button { cursor: pointer; flex: none; }
    .flame-ui button[disabled] { visibility: hidden; }
    .flame-ui label { display: flex; align-items: center; gap: 4px; color: var(--quiet); }
    .flame-ui .found { font-weight: 600; overflow: hidden; text-overflow: ellipsis; }
    .flame-ui .found.alert { color: var(--alert); }
    .flame-ui .crumbs { flex: 1; display: flex; justify-content: flex-end; gap: 4px;
      overflow: hidden; min-width: 0; color: var(--quiet); align-items: center; }
    .flame-ui .crumbs button { border: 0; background: none; padding: 0 2px; height: 22px;
      flex: 0 1 auto; min-width: 24px; max-width: 180px; overflow: hidden;
      text-overflow: ellipsis; text-decoration: underline; text-underline-offset: 3px; }
    .flame-ui .crumbs b { overflow: hidden; text-overflow: ellipsis; color: var(--ink);
      min-width: 40px; }
    .flame-foot { display: block; box-sizing: border-box; padding: 5px 0; line-height: 17px;
      border-top: 1px solid var(--line); }
    .flame-foot div { overflow: hidden; text-overflow: ellipsis; min-height: 17px; }
    .flame-foot .what { font: 12px/17px ui-monospace, "SF Mono", Menlo, Consolas,
      "DejaVu Sans Mono", "Liberation Mono", monospace; }
    .flame-foot .much { color: var(--quiet); }`;
  svg.insertBefore(style, svg.firstChild.nextSibling);

  const field = html('input', {type: 'search', placeholder: 'Search  ( / )', spellcheck: false});
  field.setAttribute('aria-label', 'Search for functions');
  const regex = html('input', {type: 'checkbox'});
  const found = html('span', {className: 'found'});
  found.setAttribute('role', 'status');
  const crumbs = html('span', {className: 'crumbs'});
  const reset = html('button', {type: 'button', disabled: true, title: 'Escape'}, 'Reset zoom');
  const controls = foreign(head, margin, top - CONTROLS - 2, CONTROLS - 4,
      html('div', {className: 'flame-ui'}, field,
          html('label', {title: 'A regular expression instead of plain text'}, regex, 'regex'),
          found, crumbs, reset));
  head.querySelector('.paper').setAttribute('height', top - 4);
  group.setAttribute('transform', `translate(${margin},${top})`);

  const foot = document.createElementNS(SVG, 'g');
  const footPaper = document.createElementNS(SVG, 'rect');
  footPaper.setAttribute('class', 'paper');
  footPaper.setAttribute('width', '100%');
  footPaper.setAttribute('height', FOOT);
  foot.append(footPaper);
  const what = html('div', {className: 'what'});
  const much = html('div', {className: 'much'});
  const footText =
      foreign(foot, margin, 0, FOOT, html('div', {className: 'flame-ui flame-foot'}, what, much));
  svg.append(foot);

  // --- Drawing ------------------------------------------------------------------------------

  let zoomed = 0;  // Index of the frame that fills the width.
  let cursor = -1;  // Index of the frame that the keyboard is at.

  const draw = () => {
    const base = frames[zoomed];
    const scale = inner / base.weight;
    const above = new Set();
    for (let i = base.parent; i >= 0; i = frames[i].parent) above.add(i);
    frames.forEach((frame, i) => {
      const isAbove = above.has(i);
      const inside = i >= zoomed && i < base.end;
      const x = isAbove ? 0 : (frame.offset - base.offset) * scale;
      const width = isAbove ? inner : frame.weight * scale;
      if (!isAbove && (!inside || width < NARROWEST)) {
        frame.g.setAttribute('display', 'none');
        return;
      }
      frame.g.removeAttribute('display');
      frame.g.classList.toggle('above', isAbove);
      frame.g.classList.toggle('w', width >= 3);
      frame.rect.setAttribute('x', x.toFixed(2));
      frame.rect.setAttribute('width', width.toFixed(2));
      const text = width > 4 * CELL ? clip(frame.text, Math.floor((width - 2 * INSET) / CELL)) : '';
      if (text && !frame.label) {
        frame.label = document.createElementNS(SVG, 'text');
        frame.label.setAttribute('y', Number(frame.rect.getAttribute('y')) + BASELINE);
        frame.g.append(frame.label);
      }
      if (frame.label) {
        frame.label.textContent = text;
        frame.label.setAttribute('x', (x + INSET).toFixed(2));
      }
    });
  };

  const describe = index => {
    const frame = frames[index < 0 ? zoomed : index];
    what.textContent = frame.name;
    let text = frame.details;
    const base = frames[zoomed];
    if (zoomed !== 0 && frame !== base && (base.samples >= FEW_SAMPLES || exact) &&
        frame.weight <= base.weight)
      text += ` · ${share(frame.weight, base.weight)} of what is zoomed`;
    much.textContent = text;
  };

  const showCrumbs = () => {
    crumbs.replaceChildren();
    reset.disabled = zoomed === 0;
    if (zoomed === 0) return;
    const path = [];
    for (let i = frames[zoomed].parent; i >= 0; i = frames[i].parent) path.unshift(i);
    const shown = path.length > 4 ? [path[0], null, ...path.slice(-2)] : path;
    for (const i of shown) {
      if (i === null) {
        crumbs.append('… ›');
        continue;
      }
      const button = html('button', {type: 'button', title: frames[i].name}, frames[i].name);
      button.addEventListener('click', () => zoom(i));
      crumbs.append(button, '›');
    }
    crumbs.append(html('b', {}, frames[zoomed].name));
  };

  const zoom = index => {
    zoomed = index;
    draw();
    showCrumbs();
    describe(cursor);
  };

  const moveTo = index => {
    if (cursor >= 0) frames[cursor].g.classList.remove('cursor');
    cursor = index;
    describe(index);
    if (index < 0) return;
    frames[index].g.classList.add('cursor');
    if (!standalone) return;
    const y = top + Number(frames[index].rect.getAttribute('y'));
    if (y < scrollY + top) scrollTo(scrollX, y - top);
    if (y + pitch > scrollY + innerHeight - FOOT) scrollTo(scrollX, y + pitch - innerHeight + FOOT);
  };

  // --- Search -------------------------------------------------------------------------------

  const matcher = text => {
    if (regex.checked) {
      const expression = new RegExp(text, 'i');
      return name => expression.test(name);
    }
    const lower = text.toLowerCase();
    return name => name.toLowerCase().includes(lower);
  };

  const search = () => {
    const text = field.value;
    let matches = () => false;
    found.classList.remove('alert');
    found.textContent = '';
    if (text !== '') {
      try {
        matches = matcher(text);
      } catch (error) {
        found.classList.add('alert');
        found.textContent = 'Not a regular expression';
        found.title = error.message;
      }
    }
    const known = new Map();  // Many frames have the same name.
    let weight = 0;
    let samples = 0;
    let any = false;
    let countedUpTo = 0;  // Frames before this index lie on a match: their samples are counted.
    frames.forEach((frame, i) => {
      if (!known.has(frame.name)) known.set(frame.name, matches(frame.name));
      const hit = frame.searchable && known.get(frame.name);
      frame.g.classList.toggle('found', hit);
      if (!hit) return;
      any = true;
      if (i < countedUpTo) return;
      countedUpTo = frame.end;
      weight += frame.weight;
      samples += frame.samples;
    });
    if (text === '' || found.classList.contains('alert')) return;
    const part = all.samples < FEW_SAMPLES && !exact ? '' : share(weight, all.weight) + ', ';
    const bound = data.left !== '0' && weight < all.weight ? 'at least ' : '';
    found.textContent = !any ? 'No match' :
        `Matched: ${bound}${part}${quantity(weight)}, ${samplesText(samples)}`;
    found.title = found.textContent;
  };

  const clearSearch = () => { field.value = ''; search(); };

  // --- Input --------------------------------------------------------------------------------

  const frameOf = target => {
    const g = target.closest && target.closest('.frames > g');
    return g ? frames.findIndex(frame => frame.g === g) : -1;
  };
  group.addEventListener('click', event => {
    const index = frameOf(event.target);
    if (index >= 0) zoom(index);
  });
  group.addEventListener('mouseover', event => describe(frameOf(event.target)));
  group.addEventListener('mouseleave', () => describe(cursor));
  reset.addEventListener('click', () => zoom(0));
  field.addEventListener('input', search);
  regex.addEventListener('change', search);

  const visible = i => i >= 0 && i < frames.length && !frames[i].g.hasAttribute('display');
  const child = i => (visible(i + 1) && frames[i + 1].parent === i ? i + 1 : i);
  const nextSibling = i => {
    const next = frames[i].end;
    return visible(next) && frames[next].parent === frames[i].parent ? next : i;
  };
  const previousSibling = i => {
    let before = i;
    for (let j = frames[i].parent + 1; j < i; j = frames[j].end) before = j;
    return visible(before) ? before : i;
  };
  const steps = {
    ArrowUp: i => (up ? child(i) : Math.max(frames[i].parent, 0)),
    ArrowDown: i => (up ? Math.max(frames[i].parent, 0) : child(i)),
    ArrowLeft: previousSibling,
    ArrowRight: nextSibling,
  };

  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target === field) {
      if (event.key === 'Enter') {
        field.blur();
        moveTo(frames.findIndex((f, i) => f.g.classList.contains('found') && visible(i)));
      } else if (event.key === 'Escape') {
        event.preventDefault();
        clearSearch();
        field.blur();
      }
      return;
    }
    if (event.key === '/') {
      field.focus();
      field.select();
    } else if (event.key === 'Escape') {
      if (zoomed !== 0) zoom(0);
      else if (field.value !== '') clearSearch();
      else moveTo(-1);
    } else if (event.key === 'Enter' && cursor >= 0 && event.target.localName !== 'button') {
      zoom(cursor);
    } else if (event.key in steps) {
      moveTo(cursor < 0 || !visible(cursor) ? zoomed : steps[event.key](cursor));
    } else {
      return;
    }
    event.preventDefault();
  });

  // --- Window -------------------------------------------------------------------------------

  const height = top + rows * pitch + FOOT + 2;
  const pin = () => {
    const y = standalone ? Math.max(scrollY, 0) : 0;
    const end = standalone ? Math.min(y + innerHeight, height) : height;
    head.setAttribute('transform', `translate(0,${y})`);
    foot.setAttribute('transform', `translate(0,${end - FOOT})`);
  };
  const fit = () => {
    const window_width = window.visualViewport ? visualViewport.width : innerWidth;
    const width = standalone && data.fit === '1' ? Math.max(window_width, 400) :
                                                   Number(data.width) + 2 * margin;
    inner = width - 2 * margin;
    svg.setAttribute('width', width);
    svg.setAttribute('height', height);
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    controls.setAttribute('width', inner);
    footText.setAttribute('width', inner);
    draw();
    pin();
  };
  fit();
  describe(-1);
  if (standalone) {
    window.addEventListener('resize', fit);
    window.addEventListener('scroll', pin);
    if (up) scrollTo(0, height);
    pin();
  }
})();

// Elements from values. Text is always text: nothing of a profile is ever read as markup.

/** h('td', {class: 'n', onclick: f}, 'text', element, …). */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== ''));
  return element;
}

export const byId = id => document.getElementById(id);

/** Colours of the page, which follow its theme. */
export const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Makes a canvas as large as it is shown, in the screen's own pixels; its context, in CSS pixels. */
export function prepare(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const context = canvas.getContext('2d');
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

/** A bar of parts: [class, weight]. */
export function stackedBar(parts, whole) {
  const bar = h('span', {class: 'bar'});
  for (const [name, weight] of parts)
    if (weight > 0) bar.append(h('i', {class: name, style: `width:${100 * weight / whole}%`}));
  return bar;
}

// What tests do with a page, and see of it: by the names of frames, tabs and cells.
import assert from 'node:assert/strict';
import {test as open} from './page_test.mjs';

/** The page is there when its viewer has started. */
export const test = (name, file, body, options = {}) => open(name, file, async page => {
  if (options.javaScriptEnabled !== false) await page.waitForFunction(() => window.profilePage && window.profilePage.model.hasSamples && window.profilePage.view);
  await body(page);
}, options);

export const text = async (page, selector) => (await page.locator(selector).first().innerText()).trim();
export const tab = (page, name) => page.getByRole('tab', {name}).click();
export const cells = (page, selector) => page.locator(selector).evaluateAll(
    rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim())));
/** Where the flame graph's frames lie on the screen, by name. */
export const frames = page => page.evaluate(() => {
  const view = window.profilePage.view;
  const box = view.canvas.getBoundingClientRect();
  view.measure();
  return view.layout.boxes.map(b => ({name: view.name(b), x: box.x + b.x, y: box.y + view.y(b), width: b.width, above: !!b.above}));
});
export const named = async (page, name) => {
  const frame = (await frames(page)).find(f => f.name === name);
  assert.ok(frame, `no frame ${name}`);
  return frame;
};
export const point = async (page, name) => {
  const f = await named(page, name);
  await page.mouse.move(f.x + f.width / 2, f.y + 8);
};
export const click = async (page, name) => {
  const f = await named(page, name);
  await page.mouse.click(f.x + f.width / 2, f.y + 8);
};
/** Colours of a part of the screen: '255,255,255', row by row. */
export const pixels = async (page, {x, y, width, height}) => {
  const shot = await page.screenshot({clip: {x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height)}});
  return page.evaluate(async bytes => {
    const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], {type: 'image/png'}));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d', {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, image.width, image.height);
    return Array.from({length: data.length / 4}, (_, i) => data.slice(4 * i, 4 * i + 3).join());
  }, [...shot]);
};
export const near = (a, b, message) => assert.ok(Math.abs(a - b) < 1, `${message}: ${a}, not ${b}`);

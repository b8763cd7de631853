// How fast a page is in Chromium: html_figures.mjs PAGE prints a line of JSON, in milliseconds. `first`:
// from the beginning of the navigation to the first picture of the flame graph on the screen; the rest, when
// the samples are read too: from
// an input to the frame that shows what came of it, the slowest of several.
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {chromium} from 'playwright-core';

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const address = pathToFileURL(path.resolve(process.argv[2])).href;
const figures = {};

/** Opens the page at a view, and waits for the frame in which that is painted. */
const open = async view => {
  const page = await browser.newPage({viewport: {width: 1280, height: 800}});
  await page.addInitScript(() => {
    const begun = performance.now();
    const look = () => (window.profilePage && window.profilePage.view ?
        requestAnimationFrame(() => { window.firstPicture = performance.now() - begun; }) : setTimeout(look, 1));
    look();
  });
  await page.goto(`${address}#view=${view}`);
  await page.waitForFunction(() => window.firstPicture, null, {timeout: 60000});
  return page;
};
for (let i = 0; i < 3; ++i) {
  const page = await open('flame');
  figures.first = Math.min(figures.first || Infinity, await page.evaluate(() => window.firstPicture));
  await page.close();
}
const page = await open('flame');
await page.waitForFunction(() => window.profilePage.model.hasSamples);
const slowest = async (name, steps) => {
  figures[name] = await page.evaluate(async source => {
    const steps = new Function('app', `return [${source}]`)(window.profilePage);
    let most = 0;
    for (const step of steps) {
      const begun = performance.now();
      step();
      await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
      most = Math.max(most, performance.now() - begun);
    }
    return most;
  }, steps.join(','));
};
const zoom = depth => `() => app.set({zoom: app.view.path(app.view.layout.boxes.filter(b => b.depth === ${depth} && !b.merged)[0])})`;
await slowest('zoom', [zoom(8), zoom(20), '() => app.set({zoom: []})', zoom(14)]);
await slowest('search', ['a', 'al', 'allo', 'x', ''].map(text => `() => app.set({find: '${text}'}, true)`));
await slowest('hover', [5, 9, 12].map(depth => `() => app.view.point(app.view.layout.boxes.find(b => b.depth === ${depth}))`));
await slowest('inverted', ['() => app.set({inverted: true, zoom: []})', '() => app.set({inverted: false})']);
await slowest('range', ['() => app.set({range: [1e6, app.model.duration / 2]})', '() => app.set({range: null})']);
await slowest('functions', ["() => app.set({view: 'functions'})", "() => app.set({sort: 'self'})"]);
await slowest('timeline', ["() => app.set({view: 'timeline'})"]);
console.log(JSON.stringify(Object.fromEntries(Object.entries(figures).map(([name, ms]) => [name, Math.round(ms)]))));
await browser.close();

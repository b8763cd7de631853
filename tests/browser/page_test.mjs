// Opens pages in a browser, and runs tests on them: in the one that BROWSER names, chromium or firefox, whose
// program CHROMIUM or FIREFOX is. A complaint on the console, a dialog, a request to anywhere is a failure. One
// line for each test.
import assert from 'node:assert/strict';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {chromium, firefox} from 'playwright-core';

export const browserName = process.env.BROWSER || 'chromium';

/** How a page is to be seen that a browser can be told only as a whole, when it is started. */
const START = {
  chromium: () => ({}),
  // A Firefox as it is distributed, which is driven by WebDriver BiDi; Playwright's own is a patched one.
  firefox: ({colorScheme, javaScriptEnabled = true}) => ({
    'layout.css.prefers-color-scheme.content-override': colorScheme === 'dark' ? 0 : 1,
    'javascript.enabled': javaScriptEnabled,
  }),
}[browserName];
const LAUNCH = {
  chromium: () => chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  }),
  firefox: firefoxUserPrefs => firefox.launch({
    channel: 'moz-firefox', executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr', firefoxUserPrefs,
  }),
}[browserName];

/** Browsers that have been started, by what they were told. */
const browsers = new Map();
const browserFor = options => {
  const start = START(options);
  const key = JSON.stringify(start);
  if (!browsers.has(key)) browsers.set(key, LAUNCH(start));
  return browsers.get(key);
};
let failed = 0;

/** Opens a file of the directory that the first argument names, and runs `body` on it. */
export async function test(name, file, body, options = {}) {
  const seen = {viewport: {width: 1200, height: 600}, colorScheme: 'light', ...options};
  const context = await (await browserFor(seen)).newContext(seen);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', message => complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(error.message));
  page.on('dialog', dialog => {
    complaints.push('dialog: ' + dialog.message());
    dialog.dismiss();
  });
  page.on('request', request => {
    if (!request.url().startsWith('file:')) complaints.push('request: ' + request.url());
  });
  try {
    await page.goto(pathToFileURL(path.join(path.resolve(process.argv[2]), file)).href + (options.fragment || ''));
    await body(page);
    assert.deepEqual(complaints, []);
    console.log('ok      ' + name);
  } catch (error) {
    ++failed;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
  await context.close();
}

/** Of a colour as a browser writes it, and how far two are apart: WCAG 2. */
export const luminance = rgb => {
  const [r, g, b] = rgb.match(/[\d.]+/g).slice(0, 3).map(Number).map(
      c => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
export const contrast = (a, b) => (Math.max(luminance(a), luminance(b)) + 0.05) / (Math.min(luminance(a), luminance(b)) + 0.05);

/** Ends the program: with 1 if a test failed. */
export async function finish() {
  for (const browser of browsers.values()) await (await browser).close();
  if (failed !== 0) console.log(`${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

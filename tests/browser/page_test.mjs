// Opens pages in Chromium, and runs tests on them. A complaint on the console, a dialog, a request to
// anywhere is a failure. One line for each test.
import assert from 'node:assert/strict';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {chromium} from 'playwright-core';

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
let failed = 0;

/** Opens a file of the directory that the first argument names, and runs `body` on it. */
export async function test(name, file, body, options = {}) {
  const context = await browser.newContext(
      {viewport: {width: 1200, height: 600}, colorScheme: 'light', ...options});
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

/** Ends the program: with 1 if a test failed. */
export async function finish() {
  await browser.close();
  if (failed !== 0) console.log(`${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

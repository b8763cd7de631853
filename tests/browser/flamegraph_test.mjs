// What a person does with a flame graph: flamegraph_test.mjs DIRECTORY, where sample_flamegraphs has written its
// pictures.
import assert from 'node:assert/strict';
import {contrast, finish, luminance, test} from './page_test.mjs';

/** The frames that can be seen: name, label, box on the screen, classes. */
const frames = page => page.evaluate(
    () => [...document.querySelectorAll('.frames > g')].filter(g => !g.hasAttribute('display')).map(g => {
      const rect = g.querySelector('rect');
      // Where it is, and how large without its stroke, which getBoundingClientRect counts in Firefox.
      const [box, size, scale] = [rect.getBoundingClientRect(), rect.getBBox(), rect.getScreenCTM()];
      const [width, height] = [size.width * scale.a, size.height * scale.d];
      const label = g.querySelector('text');
      return {
        name: g.querySelector('title').textContent.split('\n')[0],
        label: label ? label.textContent : '',
        labelWidth: label ? label.getBoundingClientRect().width : 0,
        x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height,
        found: g.classList.contains('found'), above: g.classList.contains('above'),
      };
    }));
const named = async (page, name) => {
  const frame = (await frames(page)).find(f => f.name === name);
  assert.ok(frame, `no frame ${name}`);
  return frame;
};
const clickFrame = async (page, name) => {
  const f = await named(page, name);
  await page.mouse.click(f.x + f.width / 2, f.y + f.height / 2);
};
const text = async (page, selector) => (await page.locator(selector).textContent()).trim();
const near = (a, b, message) => assert.ok(Math.abs(a - b) < 0.1, `${message}: ${a}, not ${b}`);
const search = async (page, words) => {
  await page.keyboard.press('/');
  await page.keyboard.type(words);
};

for (const colorScheme of ['light', 'dark']) {
  await test(`the picture is legible in the ${colorScheme} scheme`, 'kinds.svg', async page => {
    const colors = await page.evaluate(() => {
      const color = (selector, property) =>
          getComputedStyle(document.querySelector(selector))[property];
      return {
        paper: color('.paper', 'fill'), title: color('.head .name', 'fill'),
        user: color('.frames g[class^=u] rect', 'fill'),
        label: color('.frames g[class^=u] text', 'fill'),
      };
    });
    assert.ok(contrast(colors.paper, colors.title) > 7, JSON.stringify(colors));
    assert.ok(contrast(colors.user, colors.label) > 4.5, JSON.stringify(colors));
    assert.equal(luminance(colors.paper) > 0.5, colorScheme === 'light');
  }, {colorScheme});
}

await test('header, legend and details can be read', 'kinds.svg', async page => {
  assert.equal(await text(page, '.head .name'), './prog --size 100');
  assert.match(await text(page, '.head .facts'),
      /^cpu-clock at 1,000 Hz · user 0\.380 s · sys 0\.180 s · 560 samples$/);
  assert.deepEqual(await page.locator('.legend text').allTextContents(),
      ['user', 'user, inlined', 'kernel, by what entered it', 'stack incomplete']);
  assert.equal(await text(page, '.what'), 'all');
  const f = await named(page, 'load');
  await page.mouse.move(f.x + 20, f.y + 5);
  assert.equal(await text(page, '.what'), 'load');
  assert.equal(await text(page, '.much'), '0.080 s sys, 80 samples, 14.3 % · prog');
});

await test('frames fill the window and hold their labels', 'kinds.svg', async page => {
  for (const width of [1200, 700, 1500]) {
    await page.setViewportSize({width, height: 600});
    await page.waitForFunction(
        w => Math.abs(document.querySelector('.frames rect').getBoundingClientRect().width - w) < 1,
        width - 20);
    for (const f of await frames(page))
      assert.ok(f.labelWidth <= f.width + 0.5, `${f.label} (${f.labelWidth}) in ${f.width}`);
  }
});

await test('a click zooms, a click on the row below goes back', 'kinds.svg', async page => {
  const before = await frames(page);
  await clickFrame(page, 'solve');
  const all = await named(page, 'all');
  const solve = await named(page, 'solve');
  near(solve.width, all.width, 'width of the zoomed frame');
  assert.equal((await named(page, 'main')).above, true);
  assert.ok(!(await frames(page)).some(f => f.name === 'load'), 'what is beside it is hidden');
  near((await named(page, 'dot<double, 3>')).width, all.width * 200 / 350, 'share of the zoomed');
  assert.match(await text(page, '.crumbs'), /all\s*›\s*_start\s*›\s*main\s*›\s*solve/);
  const grow = await named(page, 'Arena::grow(unsigned long)');
  await page.mouse.move(grow.x + 5, grow.y + 5);
  assert.match(await text(page, '.much'), /100 samples, 17\.9 % · prog · 28\.6 % of what is zoomed$/);
  await clickFrame(page, 'all');
  assert.deepEqual((await frames(page)).map(f => [f.name, f.x, f.width]),
      before.map(f => [f.name, f.x, f.width]));
});

await test('zooming in shows labels that had no room', 'kinds.svg', async page => {
  assert.equal((await named(page, '[broken]')).label, '');
  await clickFrame(page, '[broken]');
  assert.equal((await named(page, '[broken]')).label, '[broken]');
  assert.equal((await named(page, 'prog+0x1f00')).label, 'prog+0x1f00');
  await page.keyboard.press('Escape');
  assert.equal((await named(page, '[broken]')).label, '');
  await clickFrame(page, 'solve');
  await page.getByRole('button', {name: 'Reset zoom'}).click();
  assert.equal((await named(page, 'load')).label, 'load');
  await clickFrame(page, 'solve');
  await page.locator('.crumbs button', {hasText: '_start'}).click();
  near((await named(page, '_start')).width, 1180, 'zoomed by the breadcrumb');
});

await test('search counts each sample once', 'kinds.svg', async page => {
  // 60 of the 100 samples of parse() are in a parse() called by parse().
  await search(page, 'PARSE');
  assert.equal((await frames(page)).filter(f => f.found).length, 2);
  assert.equal(await text(page, '.found[role=status]'), 'Matched: 17.9 %, 0.100 s, 100 samples');
  await page.keyboard.press('Escape');
  assert.equal((await frames(page)).filter(f => f.found).length, 0);
  assert.equal(await text(page, '.found[role=status]'), '');
  await search(page, '<page fault>');
  assert.equal(await text(page, '.found[role=status]'), 'Matched: 12.5 %, 0.070 s, 70 samples');
  await page.keyboard.press('Escape');
  await search(page, 'nothing of that name');
  assert.equal(await text(page, '.found[role=status]'), 'No match');
});

await test('search takes regular expressions', 'kinds.svg', async page => {
  await search(page, '^(read|brk)$');
  assert.equal(await text(page, '.found[role=status]'), 'No match');
  await page.locator('label:has-text("regex") input').check();
  assert.equal(await text(page, '.found[role=status]'), 'Matched: 19.6 %, 0.110 s, 110 samples');
  await page.locator('input[type=search]').fill('(');
  assert.equal(await text(page, '.found[role=status]'), 'Not a regular expression');
  assert.equal((await frames(page)).filter(f => f.found).length, 0);
});

await test('the keyboard reaches every frame', 'kinds.svg', async page => {
  await search(page, 'brk');
  await page.keyboard.press('Enter');
  assert.equal(await text(page, '.what'), 'brk');
  await page.keyboard.press('ArrowUp');
  assert.equal(await text(page, '.what'), '<syscall brk>');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await text(page, '.what'), '<page fault>');
  await page.keyboard.press('Enter');
  near((await named(page, '<page fault>')).width, 1180, 'zoomed with Enter');
  await page.keyboard.press('Escape');
  assert.equal((await frames(page)).filter(f => f.found).length, 2, 'the search outlives the zoom');
  await page.keyboard.press('Escape');
  assert.equal((await frames(page)).filter(f => f.found).length, 0);
});

await test('a name that is markup is only text', 'kinds.svg', async page => {
  assert.equal(await page.locator('img').count(), 0);
  await clickFrame(page, '</script><img src=x onerror=alert(1)>');
  assert.match(await text(page, '.crumbs'), /<\/script><img src=x onerror=alert\(1\)>/);
  assert.equal(await page.locator('img').count(), 0);
});

await test('real kernel frames have a kind of their own', 'kernel.svg', async page => {
  await search(page, 'vfs_read');
  assert.equal(await text(page, '.found[role=status]'), 'Matched: 14.3 %, 0.080 s, 80 samples');
  assert.ok((await page.locator('.legend text').allTextContents()).includes('kernel'));
});

await test('an icicle hangs from its root, at its own width', 'icicle.svg', async page => {
  assert.ok((await named(page, 'all')).y < (await named(page, 'main')).y);
  await page.setViewportSize({width: 800, height: 600});
  near((await named(page, 'all')).width, 1180, 'fixed width');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.equal(await text(page, '.what'), '_start');
});

await test('under thirty samples there are no percentages', 'few.svg', async page => {
  await search(page, 'f');
  assert.equal(await text(page, '.found[role=status]'), 'Matched: 0.003 s, 3 samples');
  assert.ok(!(await page.content()).includes(' %<'));
  assert.equal(await text(page, '.much'), '0.005 s user, 5 samples');
});

await test('a picture higher than the window keeps header and details in view', 'deep.svg',
    async page => {
      const inView = async () => {
        for (const selector of ['.head .name', '.what']) {
          const box = await page.locator(selector).boundingBox();
          assert.ok(box.y >= 0 && box.y + box.height <= 600, `${selector} at ${box.y}`);
        }
      };
      assert.ok(await page.evaluate(() => scrollY) > 1000, 'begins at the root');
      await inView();
      assert.ok((await named(page, 'all')).y < 600);
      await page.evaluate(() => scrollTo(0, 300));
      await page.waitForFunction(() => document.querySelector('.head').getBoundingClientRect().y >= -1);
      await inView();
      await page.evaluate(() => scrollTo(0, 0));
      await search(page, 'f4999');
      await page.keyboard.press('Enter');
      assert.ok((await named(page, 'f4999')).y > 0);
    });

await test('a differential picture says what changed, in colour and in words', 'diff.svg', async page => {
  assert.deepEqual(await page.locator('.legend text').allTextContents(),
                   ['▲ a larger share than before', '▼ a smaller one', 'no change beyond chance']);
  assert.equal((await named(page, 'solve')).label, '▲ solve  +23.3');
  assert.equal((await named(page, 'parse')).label, '▼ parse  -23.3');
  assert.equal((await named(page, 'steady')).label, 'steady');
  const colours = await page.evaluate(() => Object.fromEntries(
      [...document.querySelectorAll('.frames > g')].map(g => [
        g.querySelector('title').textContent.split('\n')[0],
        getComputedStyle(g.querySelector('rect')).fill.match(/\d+/g).map(Number)])));
  const [red, , blue] = colours.solve;
  assert.ok(red > blue + 60, 'more is red');
  assert.ok(colours.parse[2] > colours.parse[0] + 60, 'less is blue');
  assert.ok(Math.abs(colours.steady[0] - colours.steady[2]) < 20, 'chance is grey');
  // A zoom writes labels anew.
  await clickFrame(page, 'solve');
  assert.equal((await named(page, 'solve')).label, '▲ solve  +23.3');
  assert.match(await text(page, '.much'), /1\.000 s → 2\.000 s.* 23\.3 % → 46\.5 %: \+23\.3 points/);
  assert.equal(await page.locator('img').count(), 0);
});

await test('an empty profile says so', 'empty.svg', async page => {
  assert.ok(await page.getByText('No samples in this profile').isVisible());
});

await test('without script the whole picture is there', 'kinds.svg', async page => {
  const names = await page.locator('.frames text').allTextContents();
  for (const name of ['main', 'solve', 'load', '<page fault>']) assert.ok(names.includes(name), name);
  near((await named(page, 'all')).width, 1180, 'width');
  assert.ok(await page.getByText('kernel, by what entered it').isVisible());
}, {javaScriptEnabled: false});

await finish();

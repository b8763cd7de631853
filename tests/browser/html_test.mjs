// What a person does with a page: html_test.mjs DIRECTORY, where sample_pages has written its
// pages. What the numbers are, viewer_test.mjs asserts; this is about what can be seen and done.
import assert from 'node:assert/strict';
import {cells, click, frames, named, near, pixels, point, tab, test, text} from './html_page.mjs';
import {contrast, finish, luminance} from './page_test.mjs';

for (const colorScheme of ['light', 'dark']) {
  await test(`the page is legible in the ${colorScheme} scheme`, 'waits.html', async page => {
    for (const view of ['Overview', 'Flame graph', 'Functions', 'Sys by cause', 'Timeline', 'Source']) {
      await tab(page, view);
      const low = await page.evaluate(() => [...document.querySelectorAll('header *, main *')].filter(
          e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length).map(e => {
        let ground = e;
        while (ground.parentElement && /rgba\(0, 0, 0, 0\)|transparent/.test(getComputedStyle(ground).backgroundColor))
          ground = ground.parentElement;
        return [e.innerText, getComputedStyle(e).color, getComputedStyle(ground).backgroundColor];
      }));
      assert.ok(low.length > 5, view);
      for (const [words, ink, paper] of low) assert.ok(contrast(ink, paper) > 4.5, `${view}: ${words} ${ink} on ${paper}`);
    }
    assert.equal(luminance(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)) > 0.5, colorScheme === 'light');
    await page.getByTitle('light or dark').click();
    assert.equal(luminance(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)) > 0.5, colorScheme === 'dark');
  }, {colorScheme});
}

await test('the overview says where real went', 'waits.html', async page => {
  assert.equal(await page.title(), './server – profile');
  assert.equal(await text(page, 'h1'), './server');
  const times = await text(page, '.times');
  assert.match(times, /user\s+0\.300 s/);
  assert.match(times, /sys\s+0\.100 s/);
  assert.match(times, /wait\s+1\.000 s\s+summed over 2 threads/);
  const tables = await cells(page, 'tbody tr');
  assert.deepEqual(tables[0], ['0.100', '100.0 %', '', 'write', 'handle prog']);
  assert.ok(tables.some(row => row[3] === 'poll' && row[4] === 'serve prog'), JSON.stringify(tables));
  assert.match(await page.locator('main').innerText(), /cpu-clock at 1,000 Hz · 400 samples · none lost/);
});

await test('a click zooms, crumbs lead back, the address tells', 'kinds.html', async page => {
  await tab(page, 'Flame graph');
  const all = await named(page, 'all');
  near((await named(page, 'solve')).width / all.width, 350 / 560, 'share');
  await click(page, 'solve');
  near((await named(page, 'solve')).width, all.width, 'zoomed');
  assert.ok((await named(page, 'main')).above);
  near((await named(page, 'dot<double, 3>')).width / all.width, 200 / 350, 'share of the zoomed');
  assert.ok(!(await frames(page)).some(f => f.name === 'load'), 'what is beside it is hidden');
  assert.match(await text(page, '.crumbs'), /all\s*›\s*_start\s*›\s*main\s*›\s*solve/);
  assert.match(page.url(), /view=flame.*zoom=/);
  await point(page, 'Arena::grow(unsigned long)');
  assert.match(await text(page, '.details'), /0\.100 s sys · 100 samples · 17\.9 % · 28\.6 % of what is zoomed · prog/);
  await page.goBack();
  near((await named(page, 'solve')).width / all.width, 350 / 560, 'the way back');
});

await test('a view can be linked to', 'kinds.html', async page => {
  assert.equal(await page.getByRole('tab', {selected: true}).innerText(), 'Flame graph');
  assert.ok(await page.getByLabel('inverted').isChecked());
  assert.equal(await page.locator('#find').inputValue(), 'parse');
  assert.ok((await named(page, 'dot<double, 3>')).width > 100);
  await page.reload();
  assert.ok(await page.getByLabel('inverted').isChecked());
}, {fragment: '#view=flame&inverted=1&find=parse'});

await test('search counts each sample once', 'kinds.html', async page => {
  await tab(page, 'Flame graph');
  await page.keyboard.press('/');
  await page.keyboard.type('PARSE');
  assert.equal(await text(page, '#found'), 'Matched: 0.100 s, 17.9 %');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#found').innerText(), '');
  await page.keyboard.press('/');
  await page.keyboard.type('^(read|brk)$');
  assert.equal(await text(page, '#found'), 'No match');
  await page.locator('#regex').check();
  assert.equal(await text(page, '#found'), 'Matched: 0.110 s, 19.6 %');
  await page.locator('#find').fill('(');
  assert.equal(await text(page, '#found'), 'Not a regular expression');
});

await test('the keyboard reaches every frame', 'kinds.html', async page => {
  await tab(page, 'Flame graph');
  await page.getByRole('application').focus();
  const what = () => text(page, '.what');
  await page.keyboard.press('ArrowUp');
  assert.equal(await what(), 'all');
  for (const name of ['_start', 'main', 'solve', 'dot<double, 3>']) {
    await page.keyboard.press('ArrowUp');
    assert.equal(await what(), name);
  }
  await page.keyboard.press('ArrowRight');
  assert.equal(await what(), 'Arena::grow(unsigned long)');
  await page.keyboard.press('ArrowUp');
  assert.equal(await what(), '<page fault>');
  await page.keyboard.press('Enter');
  near((await named(page, '<page fault>')).width, (await named(page, 'all')).width, 'zoomed with Enter');
  await page.keyboard.press('Escape');
  assert.ok((await named(page, '<page fault>')).width < 300);
});

await test('kernel frames unfold, waits and threads are shown', 'waits.html', async page => {
  await tab(page, 'Flame graph');
  assert.ok(!(await frames(page)).some(f => f.name === 'vfs_write'));
  await page.getByLabel('kernel frames').check();
  await named(page, 'vfs_write');
  await page.getByLabel('Time').selectOption('wall');
  await named(page, '<wait poll>');
  await page.getByLabel('Time').selectOption('wait');
  assert.match(await text(page, '.details'), /1\.000 s wait · 66 waits · 100\.0 %/);
  await page.getByLabel('By').selectOption('thread');
  await named(page, 'flusher 101 (prog)');
  await page.getByLabel('Colour').selectOption('thread');
  await page.getByLabel('Colour').selectOption('module');
  assert.match(await text(page, '.legend'), /waiting, off the CPU/);
});

await test('recursion merges', 'kinds.html', async page => {
  await tab(page, 'Flame graph');
  assert.equal((await frames(page)).filter(f => f.name.startsWith('parse')).length, 2);
  await page.getByLabel('merge recursion').check();
  assert.equal((await frames(page)).filter(f => f.name.startsWith('parse')).length, 1);
});

await test('the frames are really painted', 'kinds.html', async page => {
  await tab(page, 'Flame graph');
  const color = async name => {
    const f = await named(page, name);
    return (await pixels(page, {x: f.x + f.width - 8, y: f.y + 2, width: 1, height: 1}))[0];
  };
  const [user, other] = [await color('dot<double, 3>'), await color('load')];
  assert.notEqual(user, '255,255,255');
  await page.locator('#find').fill('dot<');
  assert.equal(await color('dot<double, 3>'), '194,24,91');
  assert.equal(await color('load'), other);
});

await test('user, sys and wait are told apart by patterns, too', 'waits.html', async page => {
  // The part of a bar that has the colour itself; the rest are stripes or dots.
  for (const [kind, least, most] of [['user', 1, 1], ['sys', 0.5, 0.75], ['wait', 0.7, 0.95]]) {
    const bar = page.locator('.times .bar i.' + kind);
    const {x, y, width, height} = await bar.boundingBox();
    const seen = await pixels(page, {x: x + 8, y, width: width - 16, height});
    const color = await bar.evaluate(e => getComputedStyle(e).backgroundColor.match(/\d+/g).join());
    const part = seen.filter(pixel => pixel === color).length / seen.length;
    assert.ok(part >= least && part <= most, `${kind}: ${part}`);
  }
});

await test('functions sort by any column, and show who calls whom', 'kinds.html', async page => {
  await tab(page, 'Functions');
  const names = async () => (await cells(page, '.functions tbody tr')).map(row => row[row.length - 1]);
  assert.match((await names())[0], /^_start prog$/);
  await page.locator('.functions th button', {hasText: 'samples'}).click();
  await page.locator('.functions th button', {hasText: 'self'}).first().click();
  assert.match((await names())[0], /^dot<double, 3> inlined prog/);
  assert.equal(await page.locator('th[aria-sort=descending]').innerText(), 'self ▾');
  await page.locator('.functions th button', {hasText: 'function'}).click();
  const sorted = await names();
  assert.ok(sorted[0].startsWith('</script>'), sorted[0]);
  await page.getByRole('button', {name: 'solve', exact: true}).click();
  assert.match(await text(page, '.side'), /solve[\s\S]*Callers[\s\S]*main[\s\S]*Callees[\s\S]*dot<double, 3>/);
  await page.locator('.side').getByRole('button', {name: 'main'}).click();
  assert.match(await text(page, '.side'), /^main[\s\S]*Callers[\s\S]*_start[\s\S]*Callees[\s\S]*solve/);
  await page.locator('#find').fill('parse');
  assert.equal((await names()).length, 1);
});

await test('callers and callees have room beside the table', 'waits.html', async page => {
  await tab(page, 'Functions');
  await page.getByRole('button', {name: 'handle', exact: true}).click();
  assert.match(await text(page, '.side'), /Callers\s+0\.660 s\s+serve\s+0\.300 s user, 0\.100 s sys, 0\.260 s wait\s+Callees/);
  const [width, room] = await page.evaluate(() => [document.querySelector('main').scrollWidth, document.querySelector('main').clientWidth]);
  assert.ok(width <= room, `${width} px in ${room}`);
  const name = await page.locator('.side').getByRole('button', {name: 'pthread_mutex_lock'}).boundingBox();
  assert.ok(name.height < 30, 'on one line');
});

await test('a cause has its user stacks', 'kinds.html', async page => {
  await tab(page, 'Sys by cause');
  const rows = await cells(page, 'tbody tr');
  assert.deepEqual(rows.map(row => row[3]), ['read', 'page fault (anonymous)', 'brk']);
  assert.match(await text(page, '.side'), /read: user code behind it[\s\S]*0\.080\s*read\s[\s\S]*0\.080\s*load/);
  await page.getByRole('button', {name: 'page fault (anonymous)'}).click();
  assert.match(await text(page, '.side'), /0\.070\s*Arena::grow[\s\S]*0\.070\s*solve/);
  await page.locator('#find').fill('solve');
  await page.getByRole('button', {name: 'In the flame graph'}).click();
  assert.equal(await text(page, '#found'), 'Matched: 0.070 s, 38.9 %');
  // The search is still there, and back with a click.
  assert.equal(await page.locator('#find').inputValue(), 'solve');
  await page.getByRole('button', {name: 'marked: page fault'}).click();
  assert.equal(await text(page, '#found'), 'Matched: 0.100 s, 55.6 %');
});

await test('counted calls stand beside what was sampled of them', 'counts.html', async page => {
  await tab(page, 'Sys by cause');
  const rows = await cells(page, 'tbody tr');
  // sys, share, samples, cause, calls, errors, exact CPU, mean.
  assert.deepEqual(rows, [['0.060', '60.0 %', '60', 'read', '8,000', '5', '61.0 ms', '8.00 µs'],
                          ['0.040', '40.0 %', '40', 'brk', '2', '0', '39.0 ms', '20.0 ms']]);
  await tab(page, 'Overview');
  assert.match(await text(page, 'main'), /60\.0 %\s*8,000 calls\s*read/);
  // Of a part of the time nothing was counted.
  await page.evaluate(() => window.profilePage.set({view: 'causes', range: [0, 150000]}));
  assert.ok(!(await text(page, 'main')).includes('8,000'));
});

await test('zoomed in, the timeline has single samples and says what they are', 'waits.html', async page => {
  await page.evaluate(() => window.profilePage.set({view: 'timeline', window: [100000, 140000]}));
  const box = await page.getByRole('application').boundingBox();
  const at = await page.evaluate(() => window.profilePage.view.x(120500));
  await page.mouse.move(box.x + at, box.y + 22 + 28 + 12);
  assert.match(await text(page, '.details'), /at 0\.120\d+ s · prog 100 · user: handle/);
  // Lines of the page's ink, one each millisecond.
  const lines = await page.evaluate(() => {
    const view = window.profilePage.view;
    let drawn = 0;
    const context = {fillRect: () => ++drawn};
    view.paintSamples(context, 0, 0, {});
    return drawn;
  });
  assert.ok(lines >= 39 && lines <= 41, `${lines} samples`);
});

await test('a range of the timeline holds for every view', 'waits.html', async page => {
  await tab(page, 'Timeline');
  const box = await page.getByRole('application').boundingBox();
  const whole = await page.evaluate(() => window.profilePage.model.all.samples);
  const x = await page.evaluate(() => window.profilePage.view.x(200000));
  await page.mouse.move(box.x + 215, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + x, box.y + 40, {steps: 4});
  await page.mouse.up();
  assert.match(await text(page, '#chips'), /0\.0\d\d s to 0\.(199|200|201) s/);
  const part = await page.evaluate(() => window.profilePage.model.all.samples);
  assert.ok(part > 100 && part < whole, `${part} of ${whole}`);
  await tab(page, 'Overview');
  assert.match(await text(page, '.times'), /user\s+0\.(19|20)\d s/);
  await tab(page, 'Flame graph');
  assert.match(await text(page, '.details'), new RegExp(`${part} samples`));
  await page.getByTitle('select all again').click();
  assert.match(await text(page, '.details'), new RegExp(`${whole} samples`));
  await tab(page, 'Timeline');
  await page.getByLabel('From, in seconds').fill('0.1');
  await page.getByLabel('to, in seconds').fill('0.15');
  await page.getByLabel('to, in seconds').press('Enter');
  assert.match(page.url(), /range=100000-150000/);
  await page.getByRole('button', {name: 'Zoom to selection'}).click();
  assert.match(page.url(), /window=100000-150000/);
});

await test('a thread can be selected', 'waits.html', async page => {
  await tab(page, 'Timeline');
  const box = await page.getByRole('application').boundingBox();
  await page.mouse.click(box.x + 40, box.y + 22 + 28 * 2 + 12);
  assert.match(await text(page, '#chips'), /flusher 101/);
  await tab(page, 'Overview');
  assert.match(await text(page, '.times'), /wait\s+0\.440 s/);
});

await test('source lines have their times beside the text', 'lines.html', async page => {
  await tab(page, 'Source');
  const rows = (await cells(page, '.source tbody tr')).filter(row => row.length > 2);
  const line = number => rows.find(row => row[row.length - 2] === String(number));
  assert.deepEqual(line(11), ['0.300', '', '0.300', '11', 'line 11; </script> <b>bold</b>']);
  assert.deepEqual(line(5), ['', '0.050', '', '5', 'line 5; </script> <b>bold</b>']);
  assert.equal(await page.locator('.source b').count(), 0);
});

await test('without source text the page says how to have it', 'kinds.html', async page => {
  await tab(page, 'Source');
  assert.match(await text(page, 'main'), /No line numbers are known|profiler html --source/);
});

await test('a comparison shows what changed', 'comparison.html', async page => {
  const rows = (await cells(page, 'tbody tr')).map(row => row.join(' '));
  assert.ok(rows.some(row => /20\.0 % 34\.9 % ▲ \+14\.9 grows prog/.test(row)), rows.join());
  assert.ok(rows.some(row => /10\.0 % 0\.0 % ▼ −10\.0 goes gone/.test(row)));
  assert.ok(!rows.some(row => /points.*stays/.test(row)));
  await tab(page, 'Flame graph');
  assert.match(await text(page, '.legend'), /▲ more than before\s*▼ less\s*no more than chance/);
  await point(page, '▲ grows');
  assert.match(await text(page, '.details'), /20\.0 % before, \+14\.9 points/);
  await named(page, 'stays');
  assert.ok(!(await frames(page)).some(f => f.name.includes('goes')));
  await page.getByLabel('widths before').check();
  await named(page, '▼ goes');
  await page.getByLabel('Colour').selectOption('kind');
  await named(page, 'goes');
  await tab(page, 'Functions');
  const first = (await cells(page, '.functions tbody tr'))[0].join(' ');
  assert.match(first, /▲ \+14\.9.*grows/);
});

await test('names that are markup are only text', 'hostile.html', async page => {
  for (const view of ['Overview', 'Flame graph', 'Functions', 'Sys by cause', 'Timeline', 'Source']) {
    await tab(page, view);
    assert.equal(await page.locator('img').count(), 0, view);
  }
  await tab(page, 'Flame graph');
  await click(page, '</script><img src=x onerror=alert(1)>');
  assert.match(await text(page, '.crumbs'), /<\/script><img src=x onerror=alert\(1\)>/);
  assert.equal(await page.locator('img').count(), 0);
  // 5,000 frames deep: the picture is scrolled, not as high as that.
  await page.getByRole('button', {name: 'Reset zoom'}).click();
  assert.ok(await page.evaluate(() => window.profilePage.view.canvas.height) < 2000);
  await page.evaluate(() => { window.profilePage.view.scroll.scrollTop = 0; });
  assert.ok((await named(page, 'f4999')).y > 0);
});

await test('under thirty samples there are no percentages', 'few.html', async page => {
  for (const view of ['Overview', 'Flame graph', 'Functions']) {
    await tab(page, view);
    await page.locator('#find').fill('f');
    assert.ok(!/\d %/.test(await page.locator('main').innerText()), view);
  }
  assert.match(await text(page, 'main'), /0\.003/);
});

await test('an empty profile says so', 'empty.html', async page => {
  for (const view of ['Flame graph', 'Functions', 'Sys by cause', 'Timeline', 'Source', 'Overview']) await tab(page, view);
  assert.match(await text(page, 'main'), /no samples/);
});

await test('an event that is no clock has its own unit', 'cycles.html', async page => {
  assert.match(await text(page, 'main'), /100,000,000 cache-misses/);
});

await test('ten thousand threads', 'threads.html', async page => {
  await tab(page, 'Timeline');
  assert.ok(await page.evaluate(() => window.profilePage.view.canvas.height) < 2000);
  await page.evaluate(() => { window.profilePage.view.scroll.scrollTop = 200000; });
  await page.mouse.move(600, 400);
  assert.match(await text(page, '.details'), /t\d+ \d+/);
});

for (const [width, height] of [[400, 700], [1600, 900]]) {
  await test(`nothing is cut off at ${width} px`, 'compile.html', async page => {
    for (const view of ['Overview', 'Flame graph', 'Functions', 'Sys by cause', 'Timeline', 'Source']) {
      await tab(page, view);
      const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(inner <= outer, `${view}: ${inner} in ${outer}`);
    }
  }, {viewport: {width, height}});
}

/** What the page is while it is printed. */
const print = async page => {
  await page.evaluate(() => matchMedia('print').addEventListener('change', () => {
    const {view} = window.profilePage;
    const main = document.querySelector('main');
    const printed = window.printed = {
      nav: getComputedStyle(document.querySelector('nav')).display,
      main: [main.clientHeight, main.scrollHeight],
    };
    if (!view.canvas) return;
    printed.canvas = [view.canvas.clientWidth, view.canvas.clientHeight];
    printed.picture = view.height;
    printed.root = view.y({depth: 0});
    // What Firefox prints is a copy: laid out anew, as wide as the paper, but not painted anew.
    const paper = document.createElement('div');
    paper.style.width = '500px';
    paper.append(view.scroll.cloneNode(true));
    main.append(paper);
    const [scroll, canvas] = ['.scroll', 'canvas'].map(selector => paper.querySelector(selector).getBoundingClientRect());
    printed.copy = {width: canvas.width, height: canvas.height, right: canvas.right - scroll.right, bottom: canvas.bottom - scroll.bottom};
    paper.remove();
  }, {once: true}));
  await page.pdf();
  return page.evaluate(() => window.printed);
};

await test('paper shows the whole view', 'compile.html', async page => {
  const overview = await print(page);
  assert.equal(overview.nav, 'none');
  assert.equal(overview.main[0], overview.main[1]);
  await tab(page, 'Flame graph');
  const {canvas: [width, height], picture, copy} = await print(page);
  assert.ok(picture > 600, 'higher than the window');
  assert.equal(height, Math.min(picture, 720));
  assert.ok(copy.right <= 0 && copy.bottom <= 0, JSON.stringify(copy));
  near(copy.height / copy.width * 500, height / width * 500, 'shape of the copy');
  await page.waitForFunction(() => window.profilePage.view.canvas.clientHeight < 600, null, {timeout: 5000});
});

await test('of a picture longer than paper the root is printed', 'hostile.html', async page => {
  await tab(page, 'Flame graph');
  const {canvas: [, height], root} = await print(page);
  assert.equal(height, 720);
  assert.ok(root > 0 && root < height, `root at ${root} of ${height}`);
});

await test('without script the page says what it needs', 'kinds.html', async page => {
  assert.ok(await page.getByText('by JavaScript: nothing is shown without it').isVisible());
}, {javaScriptEnabled: false});

await test('a browser without fromBase64 opens it, too', 'kinds.html', async page => {
  await page.addInitScript(() => delete Uint8Array.fromBase64);
  await page.reload();
  await page.waitForFunction(() => window.profilePage && window.profilePage.model.hasSamples);
  assert.equal(await page.evaluate(() => Uint8Array.fromBase64), undefined);
  assert.match(await text(page, '.times'), /user\s+0\.\d+ s/);
});

await test('samples are counted of the mode that is shown', 'kinds.html', async page => {
  await tab(page, 'Flame graph');
  for (const [mode, words] of [['sys', '0.180 s sys · 180 samples'], ['user', '0.380 s user · 380 samples'],
                               ['cpu', '0.560 s (0.380 s user, 0.180 s sys) · 560 samples']]) {
    await page.getByLabel('Time').selectOption(mode);
    assert.ok((await text(page, '.details')).includes(words), await text(page, '.details'));
  }
});

await test('the pointer reaches the callers of what was clicked', 'kinds.html', async page => {
  await tab(page, 'Flame graph');
  await click(page, 'solve');
  const link = page.locator('.details button');
  const box = await link.boundingBox();
  // Over other frames, out of the picture.
  await page.mouse.move(box.x + 10, box.y + 5, {steps: 30});
  assert.equal(await text(page, '.what'), 'solve');
  await page.mouse.click(box.x + 10, box.y + 5);
  assert.match(await text(page, '.side'), /^solve[\s\S]*Callers[\s\S]*main/);
});

await test('a tip at the pointer names the frame, and stays in the window', 'hostile.html', async page => {
  await tab(page, 'Flame graph');
  const right = (await named(page, 'all')).width;
  for (const name of ['all', 'n'.repeat(10000)]) {
    const f = await named(page, name);
    await page.mouse.move(Math.min(f.x + f.width - 3, right), f.y + 8);
    const tip = await page.locator('.tip').boundingBox();
    assert.ok(tip.x >= 0 && tip.y >= 0 && tip.x + tip.width <= 1200 && tip.y + tip.height <= 600, JSON.stringify(tip));
    assert.ok((await text(page, '.tip')).startsWith(name.slice(0, 100)));
  }
  await page.mouse.move(5, 5);
  assert.ok(!(await page.locator('.tip').isVisible()));
});

/** What is written on the canvas, besides the frames. */
const notesOf = () => {
  const {view} = window.profilePage;
  const context = view.canvas.getContext('2d');
  const drawn = [];
  context.fillText = text => drawn.push(text);
  view.paint();
  delete context.fillText;
  view.paint();
  return drawn.filter(text => /more row/.test(text));
};
const notes = page => page.evaluate(notesOf);

await test('a picture higher than its box says so, and follows the wheel', 'recursion.html', async page => {
  await tab(page, 'Flame graph');
  const [all, shown] = await page.evaluate(() => [window.profilePage.view.layout.rows, window.profilePage.view.scroll.clientHeight / 18]);
  assert.ok(all > 200 && shown < 30);
  const [note] = await notes(page);
  assert.match(note, /^▲ \d+ more rows$/);
  assert.ok(Math.abs(Number(note.match(/\d+/)[0]) - (all - shown)) <= 1, note);
  await point(page, 'main');
  assert.equal(await text(page, '.what'), 'main');
  await page.mouse.wheel(0, -360);
  await page.waitForFunction(() => /depth/.test(document.querySelector('.what').innerText));
  assert.match(await text(page, '.tip'), /^depth/);
  assert.deepEqual((await notes(page)).map(words => words[0]), ['▲', '▼']);
});

await test('what changes the tree leaves the picture at its root', 'recursion.html', async page => {
  await tab(page, 'Flame graph');
  const atRoot = () => page.evaluate(() => {
    const {scroll} = window.profilePage.view;
    return scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop;
  });
  assert.equal(await atRoot(), 0);
  await page.getByLabel('merge recursion').check();
  assert.equal((await frames(page)).filter(f => f.name.startsWith('depth')).length, 2);
  await page.getByLabel('merge recursion').uncheck();
  assert.equal(await atRoot(), 0);
  assert.ok((await named(page, 'all')).y > 100);
});

await test('on paper, a deep picture is what fits on a page', 'hostile.html', async page => {
  await tab(page, 'Flame graph');
  await page.evaluate(`window.notesOf = ${notesOf}`);
  await page.evaluate(() => matchMedia('print').addEventListener('change', () => { window.noted = window.notesOf(); }, {once: true}));
  const pdf = (await page.pdf({format: 'A4'})).toString('latin1');
  // What Firefox writes cannot be read so easily.
  if (process.env.BROWSER !== 'firefox') assert.equal(pdf.match(/\/Type\s*\/Page\b/g).length, 1);
  assert.match(await page.evaluate(() => window.noted.join()), /^▲ 4,9\d\d more rows, left out on paper$/);
});

await test('the legend is of what the colours are', 'waits.html', async page => {
  await tab(page, 'Flame graph');
  await page.getByLabel('Time').selectOption('wall');
  const dots = () => page.locator('.legend .dot').evaluateAll(all => all.map(dot => getComputedStyle(dot).backgroundColor));
  await page.getByLabel('Colour').selectOption('thread');
  assert.match(await text(page, '.legend'), /prog 100 \(server\)|prog 100 .*%\s*flusher 101 .*%/);
  assert.equal(new Set(await dots()).size, 2);
  await page.getByLabel('Colour').selectOption('module');
  await page.getByLabel('Time').selectOption('cpu');
  assert.match(await text(page, '.legend'), /^prog 75\.0 %\s*kernel, by what entered it 25\.0 %$/);
  await page.getByLabel('kernel frames').check();
  assert.match(await text(page, '.legend'), /^prog 75\.0 %\s*\[kernel\] 25\.0 %/);
  const [, kernel] = await dots();
  await page.getByLabel('Time').selectOption('sys');
  assert.deepEqual(await dots(), [kernel]);
  assert.match(await text(page, '.legend'), /^\[kernel\] 100\.0 %/);
});

await test('crumbs that are left out can be had', 'kinds.html', async page => {
  await tab(page, 'Flame graph');
  await click(page, '<syscall brk>');
  assert.ok(!(await text(page, '.crumbs')).includes('main'));
  await page.locator('.crumbs').getByRole('button', {name: '…', exact: true}).click();
  assert.match(await text(page, '.crumbs'), /_start\s*›\s*main\s*›\s*solve/);
  await page.locator('.crumbs').getByRole('button', {name: 'main'}).click();
  near((await named(page, 'main')).width, (await named(page, 'all')).width, 'zoomed by a crumb');
});

for (const width of [1000, 1200, 1400]) {
  await test(`the header stays where it is while a search is typed, at ${width} px`, 'kinds.html', async page => {
    const places = () => page.evaluate(() => ['find', 'tabs', 'view', 'title', 'theme'].map(id => {
      const {x, y, width} = document.getElementById(id).getBoundingClientRect();
      return [id, x, y, width].join(' ');
    }));
    for (const view of ['Flame graph', 'Functions']) {
      await tab(page, view);
      const before = await places();
      await page.locator('#find').fill('parse');
      assert.notEqual(await text(page, '#found'), '');
      assert.deepEqual(await places(), before);
      await page.locator('#find').fill('');
    }
  }, {viewport: {width, height: 600}});
}

await finish();

// What a person does with a page: html_test.mjs DIRECTORY, where sample_pages has written its
// pages. What the numbers are, viewer_test.mjs asserts; this is about what can be seen and done.
import assert from 'node:assert/strict';
import {cells, click, frames, named, near, pixels, point, tab, test, text} from './html_page.mjs';
import {browserName, contrast, finish, luminance} from './page_test.mjs';

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
  assert.deepEqual(tables[0], ['0.100', '100.0 %', '100', 'write', 'handle prog']);
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
  assert.match(await text(page, '.side'), /Callers\s+0\.400\s+0\.260\s+serve prog\s+Callees/);
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
                          ['0.040', '40.0 %', '40', 'brk', '2', '0', '39.0 ms', '20.0 ms'],
                          ['0', '', '0', 'mmap', '3', '0', '12.0 µs', '4.00 µs']]);
  await tab(page, 'Overview');
  assert.match(await text(page, 'main'), /60\.0 %\s*60\s*8,000\s*read/);
  // Of a part of the time nothing was counted.
  await page.evaluate(() => window.profilePage.set({view: 'causes', range: [0, 150000]}));
  assert.ok(!(await text(page, 'main')).includes('8,000'));
});

/** Where a time, and a row of the timeline, is on the screen: row 0 is all threads, -1 the axis. */
const place = (page, time, row) => page.evaluate(([time, row]) => {
  const {view} = window.profilePage;
  const box = view.canvas.getBoundingClientRect();
  return [box.x + view.x(time), box.y + (row < 0 ? 10 : view.y(row) + 12)];
}, [time, row]);
const hover = async (page, time, row) => {
  await page.mouse.move(0, 0);
  await page.mouse.move(...await place(page, time, row));
};
/** Colours of a part of a canvas, each once. */
const colors = (page, canvas, x, y, width, height) => page.evaluate(([canvas, x, y, width, height]) => {
  const copy = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
  copy.drawImage(document.querySelector(canvas), -x, -y);
  const data = copy.getImageData(0, 0, width, height).data;
  return [...new Set(Array.from({length: data.length / 4}, (_, i) => data.slice(4 * i, 4 * i + 3).join()))].sort();
}, [canvas, x, y, width, height]);

await test('the strip of all threads has the CPUs of the machine as its height', 'turns.html', async page => {
  for (const window of [null, [200000, 400000], [250000, 260000], [251000, 252000]]) {
    await page.evaluate(window => globalThis.profilePage.set({view: 'timeline', window}), window);
    const [from, until] = window || [0, 600000];
    const time = (from + until) / 2;
    await hover(page, time, 0);
    const [, busy, user] = (await text(page, '.details')).match(/ ([\d.]+) of 2 CPUs busy: ([\d.]+) user, 0\.00 sys /);
    assert.ok(busy > 1 && busy <= 2 && user === busy, `${busy} at ${window}`);
    // As high as it says, and never higher.
    const [x, top] = await page.evaluate(time => [Math.round(globalThis.profilePage.view.x(time)) + 3, globalThis.profilePage.view.y(0)], time);
    assert.notDeepEqual(await colors(page, '.scroll canvas', x, top + 40, 1, 1), await colors(page, '.scroll canvas', 215, 10, 1, 1));
    assert.equal((await colors(page, '.scroll canvas', x, top - 2, 20, 1)).length, 1, 'above it');
  }
});

await test('the marks of the strips are those of the legend', 'waits.html', async page => {
  await tab(page, 'Timeline');
  const wait = await page.evaluate(() => {
    const {view} = window.profilePage;
    const strip = view.strip(view.lanes[1]).strip.wait;
    const at = strip.findIndex((_, i) => strip.slice(i, i + 12).every(value => value > 0.999));
    return [view.gutter + at, view.y(2)];
  });
  const drawn = await colors(page, '.scroll canvas', ...wait, 12, 12);
  assert.ok(drawn.length > 1, 'dots on a ground');
  assert.deepEqual(await colors(page, '.legend span:nth-child(3) canvas', 0, 0, 12, 12), drawn);
});

await test('the timeline says what was waited for', 'waits.html', async page => {
  await tab(page, 'Timeline');
  const moment = label => page.evaluate(label => {
    const {samples, stacks, text} = window.profilePage.model.profile;
    const i = samples.stack.findIndex((s, i) => stacks.mode[s] === 2 && text[stacks.wait[s]] === label && samples.waits[i] === 1);
    return samples.time[i] + samples.weight[i] / 2000;
  }, label);
  for (const [label, words] of [['lock', /waiting for lock, in futex_do_wait, called by pthread_mutex_lock ← handle ← serve$/],
                                ['runnable', /runnable, waiting for a CPU, in handle, called by serve ← main$/]]) {
    const time = await moment(label);
    await page.evaluate(([from, until]) => window.profilePage.set({window: [from, until]}), [Math.round(time) - 500, Math.round(time) + 500]);
    await hover(page, time, 1);
    assert.match(await text(page, '.details'), words);
  }
});

await test('a search marks its part of the timeline', 'turns.html', async page => {
  await tab(page, 'Timeline');
  const hasFound = async () => (await colors(page, '.scroll canvas', 215, 24, 900, 150)).includes('194,24,91');
  assert.ok(!await hasFound());
  await page.locator('#find').fill('work');
  assert.equal(await text(page, '#found'), 'Matched: 0.800 s, 66.6 %');
  assert.ok(await hasFound());
  assert.match(await text(page, '.legend'), /searched for/);
  await page.locator('#find').fill('nowhere');
  assert.equal(await text(page, '#found'), 'No match');
  assert.ok(!await hasFound());
  await page.locator('#find').fill('');
  assert.equal(await page.locator('#found').innerText(), '');
  assert.ok(!/searched/.test(await text(page, '.legend')));
});

await test('from and to are typed in any order, and refused with a reason', 'turns.html', async page => {
  await page.evaluate(() => window.profilePage.set({view: 'timeline', range: [100000, 150000]}));
  const type = async (name, value) => {
    await page.getByLabel(`${name}, in seconds`).fill(value);
    await page.getByLabel(`${name}, in seconds`).press('Tab');
  };
  await type('From', '0.2');
  assert.equal(await page.getByLabel('From, in seconds').inputValue(), '0.2');
  await type('to', '0.25');
  assert.match(page.url(), /range=200000-250000/);
  await type('to', '0.1');
  await type('From', '0.05');
  assert.match(page.url(), /range=50000-100000/);
  await type('From', '7');
  assert.match(await page.getByRole('alert').innerText(), /the recording ends at 0\.6/);
  assert.equal(await page.getByLabel('From, in seconds').inputValue(), '7');
  assert.match(page.url(), /range=50000-100000/);
  await type('From', '0.06');
  assert.equal(await page.getByRole('alert').innerText(), '');
});

await test('threads by start or by CPU time, and by the name that they have now', 'turns.html', async page => {
  await tab(page, 'Timeline');
  await page.getByLabel('Threads by').selectOption('start');
  assert.match(page.url(), /order=start/);
  const row = await page.evaluate(() => 1 + window.profilePage.view.lanes.findIndex(lane => lane.threads.length === 2));
  assert.ok(row > 0);
  const [, y] = await place(page, 0, row);
  await page.mouse.click(60, y);
  assert.equal(await text(page, '#chips'), 'worker-3 103 (prog) ✕');
  await page.getByLabel('Threads by').selectOption('cpu');
  assert.match(await text(page, '#chips'), /worker-3/);
  assert.ok(!page.url().includes('order'));
});

await test('the timeline zooms and moves with the wheel, the mouse and the keys', 'turns.html', async page => {
  await tab(page, 'Timeline');
  const span = () => page.evaluate(() => window.profilePage.view.window);
  await page.mouse.move(...await place(page, 300000, -1));
  await page.mouse.wheel(0, -300);
  await page.waitForFunction(() => window.profilePage.state.window);
  const [from, until] = await span();
  assert.ok(from > 100000 && until < 500000 && from < 300000 && until > 300000, `${from} ${until}`);
  await page.keyboard.down('Shift');
  await page.mouse.wheel(0, 100);
  await page.waitForFunction(before => window.profilePage.state.window[0] > before, from);
  await page.keyboard.up('Shift');
  const moved = await span();
  near(moved[1] - moved[0], until - from, 'as long as before');
  // The axis is dragged, not selected.
  const [x, y] = await place(page, (moved[0] + moved[1]) / 2, -1);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y, {steps: 3});
  await page.mouse.up();
  assert.ok((await span())[0] < moved[0]);
  assert.equal(await page.evaluate(() => window.profilePage.state.range), null);
  await page.evaluate(() => window.profilePage.set({window: null, range: [200000, 300000]}));
  const [clientX, clientY] = await place(page, 250000, 1);
  await page.mouse.dblclick(clientX, clientY);
  // Firefox makes one of two clicks of a person, not of those of WebDriver BiDi.
  if (browserName === 'firefox') await page.locator('.scroll canvas').dispatchEvent('dblclick', {clientX, clientY});
  assert.deepEqual(await span(), [200000, 300000]);
  assert.match(page.url(), /range=200000-300000/);
  await page.getByRole('application').focus();
  await page.keyboard.press('+');
  assert.equal((await span())[1] - (await span())[0], 50000);
  await page.keyboard.press('-');
  assert.equal((await span())[1] - (await span())[0], 100000);
});

await test('on paper the timeline has no fields and hints', 'turns.html', async page => {
  await tab(page, 'Timeline');
  const seen = () => page.evaluate(() => window.seen());
  await page.evaluate(() => {
    const {view} = window.profilePage;
    window.seen = () => ['.controls input', '.legend.on-screen', '.legend', '.details'].map(
        selector => document.querySelector(selector).getClientRects().length > 0);
    matchMedia('print').addEventListener('change', () => { window.printed = [window.seen(), view.spacer.offsetHeight]; }, {once: true});
  });
  assert.deepEqual(await seen(), [true, true, true, true]);
  await page.pdf();
  assert.deepEqual(await page.evaluate(() => window.printed), [[false, false, true, true], 0]);
});

await test('one sample of one thread', 'one.html', async page => {
  await tab(page, 'Timeline');
  assert.match(await text(page, '.details'), /^1 sample · /);
});

await test('zoomed in, the timeline has single samples and says what they are', 'waits.html', async page => {
  await page.evaluate(() => window.profilePage.set({view: 'timeline', window: [100000, 140000]}));
  await hover(page, 120500, 1);
  assert.match(await text(page, '.details'), /at 0\.120\d+ s · prog 100 · user: handle, called by serve ← main$/);
  await hover(page, 120000, 1);
  assert.match(await text(page, '.details'), /sample at 0\.120000 s · user: handle/);
  assert.match(await text(page, '.legend'), /a sample: in the kernel above, in user code below/);
  // Lines of the page's ink, one each millisecond.
  const lines = await page.evaluate(() => {
    const view = window.profilePage.view;
    let drawn = 0;
    const context = {fillRect: () => ++drawn};
    view.paintSamples(context, 0, 0);
    return drawn;
  });
  assert.ok(lines >= 39 && lines <= 41, `${lines} samples`);
  await page.getByRole('button', {name: 'Whole recording'}).click();
  assert.ok(!(await text(page, '.legend')).includes('a sample'));
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
  const [, y] = await place(page, 0, 2);
  await page.mouse.click(60, y);
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
  assert.ok(rows.some(row => /^0\.200 0\.380 20\.0 % 34\.9 % ▲ \+14\.9 \d\.\d grows prog$/.test(row)), rows.join('\n'));
  assert.ok(rows.some(row => /^0\.100 0 10\.0 % 0\.0 % ▼ −10\.0 \d\.\d goes prog gone$/.test(row)), rows.join('\n'));
  assert.ok(!rows.some(row => /stays/.test(row)));
  // Causes are compared, too; the program itself says of which recording each number is.
  assert.ok(rows.some(row => /^0 0\.040 0\.0 % 3\.7 % ▲ \+3\.7 \d\.\d read new$/.test(row)), rows.join('\n'));
  assert.deepEqual((await cells(page, '.totals thead tr'))[0].filter(Boolean), ['OLD', 'NEW', 'change']);
  assert.match(await text(page, '.summary'), /^CPU time changed by no more than chance: 1\.000 → 1\.090 s \(\+0\.090 ± 0\.\d+ s\)\.$/);
  assert.deepEqual(await page.locator('#tabs button').allInnerTexts(), ['Overview', 'Flame graph', 'Functions', 'Sys by cause']);
  await tab(page, 'Flame graph');
  assert.match(await text(page, '.legend'), /▲ a larger share than before\s*▼ a smaller one\s*no more than chance/);
  await point(page, '▲ grows');
  assert.match(await text(page, '.details'), /20\.0 % before: \+14\.9 ± \d\.\d points/);
  await named(page, 'stays');
  assert.ok(!(await frames(page)).some(f => f.name.includes('goes')));
  await page.getByLabel('widths before').check();
  await named(page, '▼ goes');
  await page.getByLabel('Colour').selectOption('kind');
  await named(page, 'goes');
  await tab(page, 'Functions');
  const first = (await cells(page, '.functions tbody tr'))[0].join(' ');
  assert.match(first, /^0\.200 0\.380 20\.0 % 34\.9 % ▲ \+14\.9 \d\.\d 0\.200 0\.380 ▲ \+14\.9 \d\.\d grows prog$/);
  // What is chance has its number and its band, too.
  assert.match((await cells(page, '.functions tbody tr')).map(row => row.join(' ')).find(row => /stays/.test(row)), /−2\.4 \d\.\d /);
  await page.getByRole('button', {name: 'grows'}).click();
  assert.match(await text(page, '.even'), /Callers, s\s+old\s+new\s+share\s+→ new\s+points\s+function\s+0\.200\s+0\.380\s+20\.0 %\s+34\.9 %\s+\+14\.9\s+main/);
  await tab(page, 'Sys by cause');
  assert.match(await text(page, '.side'), /read: user code behind it[^]*0\s+0\.040[^]*comes/);
});

await test('shares or seconds of a comparison, as is chosen', 'slower.html', async page => {
  const row = async name => (await cells(page, '.functions tbody tr')).map(row => row.join(' ')).find(row => row.includes(name));
  assert.match(await text(page, '.summary'), /^CPU time grew by 2\.000 ± 0\.\d+ s \(5\.000 → 7\.000 s, \+40\.0 %\), nearly all of it in parse/);
  assert.match(await text(page, 'main'), /shares of CPU time[^]*What cost as much as before has a smaller share[^]*compare seconds/);
  await tab(page, 'Functions');
  assert.match(await row('render'), /▼ −17\.1/);
  await page.getByLabel('Compare').selectOption('seconds');
  assert.match(page.url(), /compare=seconds/);
  assert.match(await row('parse'), /▲ \+2\.000 0\.\d+ /);
  assert.doesNotMatch(await row('render'), /[▲▼]/);
  await tab(page, 'Overview');
  assert.doesNotMatch(await text(page, 'main'), /shares of CPU time are|smaller share|faster/);
});

await test('a comparison as it was asked for: in seconds', 'slower-none.html', async page => {
  assert.equal(await page.getByLabel('Compare').inputValue(), 'seconds');
  const rows = (await cells(page, 'tbody tr')).map(row => row.join(' '));
  assert.ok(rows.some(row => /^2\.000 4\.000 40\.0 % 57\.1 % ▲ \+2\.000 0\.\d+ parse/.test(row)), rows.join('\n'));
  assert.ok(!rows.some(row => /render/.test(row)));
});

await test('a comparison as it was asked for: of waits', 'waiting-wait.html', async page => {
  assert.match(await text(page, '.summary'), /^Time waited changed by no more than chance: 1\.000 → 1\.520 s/);
  assert.doesNotMatch(await text(page, 'main'), /no samples|real = user/);
  await tab(page, 'Flame graph');
  assert.equal(await page.getByLabel('Time').inputValue(), 'wait');
  await named(page, 'pthread_mutex_lock');
  await tab(page, 'Functions');
  assert.match((await cells(page, '.functions thead tr'))[0].join(' '), /^waiting, with all it called, s waiting, its own, s/);
});

await test('a comparison with waits has those of both', 'waiting.html', async page => {
  const totals = (await cells(page, '.totals tbody tr')).map(row => row.join(' '));
  // 20 locks of 10 ms and 10 polls of 30 ms, 30 and 40 ms runnable, 4 times 50 ms of disk and 0.2 s.
  assert.ok(totals.some(row => /^real 2\.000 s 6\.000 s \+200\.0 %$/.test(row)), totals.join('\n'));
  assert.doesNotMatch(await text(page, 'main'), /real = user|--source|app_new 0/);
  await page.goto(page.url().replace(/#.*/, '') + '#view=timeline&range=0-5');
  assert.match(await text(page, '.summary'), /CPU time grew/);
  await tab(page, 'Flame graph');
});

await test('few samples, or none, are compared without percentages', 'few-compared.html', async page => {
  for (const view of ['Overview', 'Functions']) {
    await tab(page, view);
    assert.doesNotMatch(await text(page, 'main'), /\d %/, view);
  }
});

await test('where there is nothing to compare the page says so', 'empty-compared.html', async page => {
  assert.match(await text(page, 'main'), /empty-compared\.old has no samples: nothing to compare/);
  await tab(page, 'Functions');
  await tab(page, 'Flame graph');
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

/** Or scaled, with its width, to what the paper has room for. */
const isAsHigh = (height, wanted) => assert.ok(height <= wanted && height > 0.95 * wanted, `${height}, not ${wanted}`);

await test('paper shows the whole view', 'compile.html', async page => {
  const overview = await print(page);
  assert.equal(overview.nav, 'none');
  assert.equal(overview.main[0], overview.main[1]);
  await tab(page, 'Flame graph');
  const {canvas: [width, height], picture, copy} = await print(page);
  assert.ok(picture > 600, 'higher than the window');
  isAsHigh(height, Math.min(picture, 720));
  assert.ok(copy.right <= 0 && copy.bottom <= 0, JSON.stringify(copy));
  near(copy.height / copy.width * 500, height / width * 500, 'shape of the copy');
  await page.waitForFunction(() => window.profilePage.view.canvas.clientHeight < 600, null, {timeout: 5000});
});

await test('of a picture longer than paper the root is printed', 'hostile.html', async page => {
  await tab(page, 'Flame graph');
  const {canvas: [, height], root} = await print(page);
  isAsHigh(height, 720);
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

await test('callers and callees can be read at any width', 'namesakes.html', async page => {
  await tab(page, 'Functions');
  await page.locator('.functions').getByRole('button', {name: '__libc_start_main'}).click();
  const {height} = page.viewportSize();
  for (const width of [700, 901, 1000, 1200, 1400, 1920, 2560]) {
    await page.setViewportSize({width, height});
    const boxes = await page.locator('.calls td.name button').evaluateAll(buttons => buttons.map(button => {
      const box = button.getBoundingClientRect();
      const pane = button.closest('.side').getBoundingClientRect();
      return [button.innerText, box.left >= pane.left && box.right <= pane.right + 1 && pane.right <= innerWidth, box.width > box.height];
    }));
    assert.ok(boxes.length >= 6, `${width}: ${boxes.length}`);
    for (const [name, isInside, isWide] of boxes) assert.ok(isInside && (isWide || name.length < 6), `${name} at ${width}`);
  }
  const rows = await cells(page, '.calls tr');
  assert.deepEqual(rows[0], ['CPU, s', '']);
  assert.deepEqual(rows.slice(2, 5), [['0.150', '_start cc1plus'], ['0.100', '_start as'], ['0.100', '_start collect2']]);
  await page.locator('.calls').getByRole('button', {name: '_start'}).first().click();
  assert.match(await text(page, '.calls'), /nothing: stacks begin with it/);
});

await test('total is CPU time wherever it stands', 'waits.html', async page => {
  await tab(page, 'Functions');
  const row = (await cells(page, '.functions tbody tr')).find(row => /^handle /.test(row[row.length - 1]));
  await page.locator('.functions').getByRole('button', {name: 'handle'}).click();
  const [heads, , caller] = await cells(page, '.calls tr');
  assert.deepEqual(heads, ['CPU, s', 'wait, s', '']);
  assert.deepEqual(caller, [row[0], row[3], 'serve prog']);
  assert.equal(row[0], '0.400');
});

await test('the search acts in every view', 'lines.html', async page => {
  const marked = selector => page.locator(`${selector} tr.hit`).count();
  for (const [view, some] of [['Overview', 'main'], ['Functions', ''], ['Sys by cause', 'main'], ['Source', '.source']]) {
    await tab(page, view);
    await page.locator('#find').fill('read');
    assert.match(await text(page, '#found'), view === 'Source' ? /^No match$/ : /Matched|of \d+ functions/, view);
    if (some && view !== 'Source') assert.ok(await marked(some) > 0, view);
    await page.locator('#find').fill('work');
    assert.match(await text(page, '#found'), view === 'Sys by cause' ? /^No match$/ : /Matched|of \d+ functions/, view);
    if (view === 'Source') assert.equal(await marked(some), 2);
    await page.locator('#find').fill('nothing of that name');
    assert.equal(await text(page, '#found'), 'No match', view);
    assert.equal(await marked('main'), 0, view);
    await page.locator('#find').fill('');
    assert.equal(await page.locator('#found').innerText(), '');
  }
  await page.evaluate(() => window.profilePage.set({view: 'overview', find: 'read'}));
  assert.equal(await text(page, '#found'), 'Matched: 0.050 s, 11.1 %');
  await page.evaluate(() => window.profilePage.set({view: 'causes'}));
  assert.equal(await text(page, '#found'), 'Matched: 0.050 s, 100.0 %');
});

await test('a function leads to its source, which marks it', 'lines.html', async page => {
  await tab(page, 'Functions');
  await page.locator('.functions').getByRole('button', {name: 'work'}).click();
  await page.locator('.side').getByRole('button', {name: 'main.c:10'}).click();
  assert.match(page.url(), /view=source.*line=10/);
  const picked = await cells(page, '.source tr.pick');
  assert.deepEqual(picked.map(row => row[3]), ['10', '11', '12']);
  await page.getByRole('button', {name: 'work'}).click();
  assert.match(await text(page, '.side h2'), /^work$/);
  // And so does the tab, with the function still chosen.
  await page.evaluate(() => window.profilePage.set({file: '', line: 0}));
  await tab(page, 'Source');
  assert.deepEqual((await cells(page, '.source tr.pick')).map(row => row[3]), ['11', '12']);
});

await test('lines without text say which function they are of', 'bare_lines.html', async page => {
  await tab(page, 'Source');
  assert.match(await text(page, 'main'), /profiler html --source adds it/);
  const rows = await cells(page, '.source tbody tr');
  assert.ok(rows.some(row => row.slice(-2).join() === '11,work'), JSON.stringify(rows));
});

await test('long lines scroll without the numbers, and panes lie side by side', 'lines.html', async page => {
  await page.evaluate(() => {
    window.profilePage.model.facts.sources[0].lines[10] = 'x'.repeat(1000);
    window.profilePage.set({view: 'source'});
  });
  const left = () => page.evaluate(() => ['.files', '.source td.pin', '.source td.code'].map(s => document.querySelector(s).getBoundingClientRect().left));
  const before = await left();
  await page.evaluate(() => { document.querySelector('.source').parentElement.scrollLeft = 500; });
  const after = await left();
  assert.deepEqual(after.slice(0, 2), before.slice(0, 2));
  near(after[2], before[2] - 500, 'the code');
  for (const width of [400, 700, 1000]) {
    await page.setViewportSize({width, height: 700});
    const [a, b] = await page.evaluate(() => [...document.querySelectorAll('.panes > div')].map(e => {
      const {left, right, top, bottom} = e.getBoundingClientRect();
      return {left, right, top, bottom};
    }));
    assert.ok(a.right <= b.left || a.bottom <= b.top, `${width}: ${JSON.stringify([a, b])}`);
    const name = await page.locator('.files button', {hasText: 'main.c'}).boundingBox();
    assert.ok(name.height < 30, `${name.height}`);
  }
});

await test('files are sorted by what is clicked', 'lines.html', async page => {
  await tab(page, 'Source');
  assert.equal(await page.locator('.files th[aria-sort=descending]').innerText(), 'self, s ▾');
  await page.locator('.files th button', {hasText: 'total'}).click();
  assert.equal(await page.locator('.files th[aria-sort=descending]').innerText(), 'total, s ▾');
  assert.match(page.url(), /files=total/);
});

await test("where the kernel's split and the samples' disagree, the page says so", 'split.html', async page => {
  const times = await text(page, '.times');
  assert.match(times, /user\s+3\.000 s\s+24\.6 % of CPU time by samples; sampled 0\.980 s/);
  assert.match(times, /sys\s+1\.000 s\s+75\.4 % of CPU time by samples; sampled 3\.000 s/);
  assert.match(times, /cpu\s+4\.000 s\s+user \+ sys; sampled 3\.980 s, 99\.5 % of it/);
  assert.match(times, /only their sum is exact/);
  assert.match(await page.locator('.bar').first().getAttribute('title'), /user 0\.985 s, sys 3\.015 s/);
});

await test('the headline of a page of a part is of that part', 'part.html', async page => {
  assert.match(await text(page, 'main'), /^Only thread=helper is in this page\./);
  const times = await text(page, '.times');
  assert.match(times, /user\s+0\.000 s/);
  assert.match(times, /sys\s+1\.000 s\s+100\.0 % of CPU time/);
  assert.ok(!/sampled|cpu/.test(times), times);
  assert.match(await text(page, 'main'), /made by\s*profiler 1\.2\.3/);
});

await test('facts of the whole recording are called so when a part is selected', 'waits.html', async page => {
  await page.evaluate(() => window.profilePage.set({range: [100000, 200000]}));
  assert.match(await text(page, 'main'), /^\d+ samples, \d+ waits selected\. Of the whole recording: cpu-clock at 1,000 Hz · 400 samples/);
});

await test('a theme that was chosen is kept', 'kinds.html', async page => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByTitle('light or dark').click();
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await page.waitForFunction(() => window.profilePage && window.profilePage.view);
  assert.equal(await ground(), dark);
  // On paper all is light, whatever was chosen; and what is coloured stays so. Firefox cannot be told to show paper.
  if (browserName === 'firefox') return;
  await page.emulateMedia({media: 'print'});
  assert.equal(await ground(), light);
  assert.equal(await page.evaluate(() => window.profilePage.dark), false);
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.bar i')).printColorAdjust), 'exact');
  for (const [view, hidden] of [['flame', '.controls select'], ['functions', '#find'], ['timeline', '.controls input']]) {
    await page.evaluate(view => window.profilePage.set({view}), view);
    assert.ok(!(await page.locator(hidden).first().isVisible()), view);
  }
});

await test('a page opens where nothing may be stored', 'kinds.html', async page => {
  await page.addInitScript(() => Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }}));
  await page.reload();
  await page.waitForFunction(() => window.profilePage && window.profilePage.view);
  await page.getByTitle('light or dark').click();
  assert.equal(await page.evaluate(() => window.profilePage.dark), true);
});

await test('? lists the keys', 'kinds.html', async page => {
  await page.keyboard.press('?');
  assert.match(await page.getByRole('dialog').innerText(), /\/\s*search[\s\S]*1 – 6\s*the views/);
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.getByTitle('keys').click();
  await page.getByRole('button', {name: 'Close'}).click();
  assert.equal(await page.getByRole('dialog').count(), 0);
});

await test('tables say their unit, and few samples have no share', 'few.html', async page => {
  const heads = () => page.locator('main th').allInnerTexts();
  assert.deepEqual((await heads()).slice(0, 5), ['total, s', 'user, s', 'sys, s', 'self, s', 'samples']);
  await tab(page, 'Functions');
  assert.ok((await heads()).includes('with all it called, s'));
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

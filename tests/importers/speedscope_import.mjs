// Loads profiles with speedscope's own importer and prints, as JSON, what it made of each:
//
//   node speedscope_import.mjs FILE...
//   [{"file": …, "error": null, "profiles": [{"name", "unit", "total",
//     "functions": {NAME: {"self", "total"}}}]}]
//
// The package holds the page's one script. It is run here without a page: its importer is an
// export of one of its modules, so a function that the script looks up by name when it makes them.
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import vm from 'node:vm';

const release = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
                          'node_modules/speedscope/dist/release');
const script = fs.readdirSync(release).find((name) => /^speedscope-.*\.js$/.test(name));

let importer = null;
function load() {
  const defineProperty = Object.defineProperty;
  class Quiet {}
  const nothing = () => {};
  const page = {
    console: {...console, log: nothing, warn: nothing, assert: console.assert},
    setTimeout, clearTimeout, TextDecoder, TextEncoder, atob, btoa, URL, performance,
    navigator: {userAgent: '', platform: ''},
    location: {protocol: 'file:', hash: '', href: 'file:///', search: ''},
    localStorage: {getItem: () => null, setItem: nothing},
    document: {},
    HTMLElement: Quiet, HTMLCanvasElement: Quiet, FileReader: Quiet,
    addEventListener: nothing,
    matchMedia: () => ({matches: false, addListener: nothing, addEventListener: nothing}),
  };
  page.window = page.self = page;
  vm.createContext(page);
  // Objects of the page's own realm: what is looked up is its Object.
  vm.runInContext('Object', page).defineProperty = (object, name, how) => {
    if (name === 'importProfilesFromArrayBuffer' && how.get) importer = how.get;
    return defineProperty(object, name, how);
  };
  page.Uint8Array = Uint8Array;
  page.ArrayBuffer = ArrayBuffer;
  try {
    vm.runInContext(fs.readFileSync(path.join(release, script), 'utf8'), page, {filename: script});
  } catch (error) {
    // It goes on to draw the page, which is not there.
    if (process.env.SPEEDSCOPE_DEBUG) console.error(error);
  }
}

function read(profile) {
  const functions = {};
  profile.forEachFrame((frame) => {
    const sum = (functions[frame.name] ??= {self: 0, total: 0});
    sum.self += frame.getSelfWeight();
    sum.total += frame.getTotalWeight();
  });
  return {
    name: profile.getName(),
    unit: profile.getWeightUnit(),
    total: profile.getTotalWeight(),
    functions,
  };
}

load();
await new Promise((resolve) => setTimeout(resolve, 0));
if (importer === null) throw new Error('this version of speedscope hides its importer elsewhere');
const results = [];
for (const file of process.argv.slice(2)) {
  const bytes = fs.readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const result = {file: path.basename(file), error: null, profiles: []};
  try {
    const group = await importer()(path.basename(file), buffer);
    if (group === null) result.error = 'unrecognized format';
    else result.profiles = group.profiles.map(read);
  } catch (error) {
    result.error = String(error);
  }
  results.push(result);
}
console.log(JSON.stringify(results));

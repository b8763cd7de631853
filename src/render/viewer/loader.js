// The only script of a page that is not compressed: unpacks the viewer, and starts it.
async function unpack(id) {
  const text = atob(document.getElementById(id).textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; ++i) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
// The samples stand behind this script.
const whole = new Promise(done => document.addEventListener('DOMContentLoaded', done));
(async () => {
  try {
    if (!window.DecompressionStream)
      throw new Error('this browser is too old: Firefox 113, Chrome 80 or Safari 16.4 is needed');
    const [viewer, profile] = await Promise.all([unpack('viewer'), unpack('profile')]);
    const script = document.createElement('script');
    script.textContent = new TextDecoder().decode(viewer);
    document.body.append(script);
    await startViewer(profile, () => whole.then(() => unpack('samples')));
  } catch (error) {
    document.getElementById('view').textContent = 'The profile cannot be shown: ' + error.message;
    throw error;
  }
})();

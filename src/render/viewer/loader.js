// The only script of a page that is not compressed: unpacks the viewer, and starts it.
function decoded(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);  // Since Firefox 133, Chrome 140.
  const bytes = atob(text);
  return Uint8Array.from(bytes, (_, i) => bytes.charCodeAt(i));
}
async function unpack(id) {
  const bytes = decoded(document.getElementById(id).textContent);
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

// Reads two-dimensional codes with the camera, by zxing (`vendor/zxing/reader.js` sets the global ZXingWASM, its
// WebAssembly is served by us). The page needs `script-src 'wasm-unsafe-eval'`. No picture is kept, none leaves.
//
//     const reader = await openReader(wasmAddress);            // ["QRCode"] by default; ["QRCode", "Aztec"]
//     const scan = await openScan(video, reader, (octets, seenAt, text) => { … });
//     scan.pause(); scan.resume(); scan.stop();
//
// `openScan` throws a DOMException where there is no camera or none is allowed: the page says so in words, and always
// has another way (a code typed in).

const SIDE_MAX_PX = 960; // frames are made smaller than this: enough for the largest of our codes, and much quicker
const PAUSE_MS = 15; // between two frames, for the page to breathe

/** A reader of codes. `read(imageData)` gives {octets, text} or null. */
export async function openReader(wasmAddress, formats = ["QRCode"]) {
  const zxing = globalThis.ZXingWASM;
  await zxing.prepareZXingModule({ overrides: { locateFile: () => wasmAddress }, fireImmediately: true });
  const quick = { formats, maxNumberOfSymbols: 1, tryHarder: false, tryRotate: true, tryInvert: false, tryDownscale: false };
  const thorough = { ...quick, tryHarder: true, tryInvert: true, tryDownscale: true };
  let turn = 0;
  return {
    async read(image) {
      turn += 1;
      const found = await zxing.readBarcodes(image, turn % 4 ? quick : thorough);
      const good = found.find((each) => each.isValid && each.bytes.length);
      return good ? { octets: good.bytes, text: good.text } : null;
    },
  };
}

/** Opens the camera behind the telephone in `video` and calls `onCode(octets, seenAt, text)` at each code read.
 * `seenAt` is performance.now() when the frame was taken. */
export async function openScan(video, reader, onCode, { device = null } = {}) {
  const wanted = device ? { deviceId: { exact: device } } : { facingMode: "environment" };
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { ...wanted, width: { ideal: 1280 }, height: { ideal: 720 } },
    audio: false,
  });
  video.srcObject = stream;
  video.muted = true;
  video.playsInline = true;
  await video.play();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let stopped = false;
  let paused = false;

  async function look() {
    if (stopped) return;
    if (!paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth) {
      const seenAt = performance.now();
      const scale = Math.min(1, SIDE_MAX_PX / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const found = await reader.read(context.getImageData(0, 0, canvas.width, canvas.height));
      if (found && !stopped && !paused) await onCode(found.octets, seenAt, found.text);
    }
    if (!stopped) setTimeout(look, PAUSE_MS);
  }
  look();

  return {
    pause: () => (paused = true),
    resume: () => (paused = false),
    stop() {
      stopped = true;
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
    /** Whether the camera has a lamp, and switching it. */
    async lamp(on) {
      const [track] = stream.getVideoTracks();
      if (!track?.getCapabilities?.().torch) return false;
      await track.applyConstraints({ advanced: [{ torch: on }] });
      return true;
    },
  };
}

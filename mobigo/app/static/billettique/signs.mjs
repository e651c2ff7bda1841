// What a verdict sounds and feels like, besides its colour, its symbol and its words: two high tones and one short pulse
// for good, one low tone and a long pulse for refused, something between for "look twice".

const SOUNDS = { good: [[880, 0.09], [1320, 0.12]], look: [[660, 0.12], [660, 0.12]], bad: [[196, 0.45]] };
const PULSES = { good: [60], look: [90, 70, 90], bad: [350] };
let context = null;

/** To be called from a touch: browsers let nothing sound before one. */
export function wake() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume().catch(() => {});
}

export function sign(tone) {
  navigator.vibrate?.(PULSES[tone]);
  if (!context || context.state !== "running") return;
  let at = context.currentTime;
  for (const [pitch, length] of SOUNDS[tone]) {
    const voice = context.createOscillator();
    const loudness = context.createGain();
    voice.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.2, at);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + length);
    voice.connect(loudness).connect(context.destination);
    voice.start(at);
    voice.stop(at + length);
    at += length + 0.03;
  }
}

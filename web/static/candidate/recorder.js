// A few seconds of the microphone as samples, and samples as a WAV file. Nothing leaves the page here.

export const RATE_HZ = 16_000; // what speech recognition takes

/** Whether this browser can hand over a microphone's samples. */
export function canRecord() {
  return Boolean(window.AudioWorkletNode && window.OfflineAudioContext);
}

/**
 * Records the track for `ms` milliseconds, or until `signal` is aborted. Returns 16 kHz samples, Float32 in -1…1.
 * Throws when the browser gives no sound.
 */
export async function record(track, ms, signal) {
  const context = new AudioContext();
  try {
    await context.resume();
    await context.audioWorklet.addModule("/static/candidate/pcm-worklet.js");
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
    const pieces = [];
    tap.port.onmessage = ({ data }) => pieces.push(data);
    source.connect(tap);
    await elapsed(ms, signal);
    source.disconnect();
    return await resampled(joined(pieces), context.sampleRate);
  } finally {
    await context.close();
  }
}

/** 16-bit mono PCM in a WAV file. samples: Float32 in -1…1, RATE_HZ a second. */
export function wavOf(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at, letters) => [...letters].forEach((letter, index) => bytes.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true); // PCM
  bytes.setUint16(22, 1, true); // channels
  bytes.setUint32(24, RATE_HZ, true);
  bytes.setUint32(28, RATE_HZ * 2, true); // bytes a second
  bytes.setUint16(32, 2, true); // bytes a sample of all channels
  bytes.setUint16(34, 16, true); // bits
  text(36, "data");
  bytes.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, index) => bytes.setInt16(44 + index * 2, Math.max(-1, Math.min(1, sample)) * 32_767, true));
  return new Blob([bytes.buffer], { type: "audio/wav" });
}

/** Three rising notes, as samples: the test sound. */
export function notes() {
  const [length, frequencies] = [RATE_HZ * 0.32, [523.25, 659.25, 783.99]];
  const samples = new Float32Array(length * frequencies.length);
  frequencies.forEach((hz, note) => tone(samples, note * length, length, hz));
  return samples;
}

/** The short tone after which people speak. */
export function beep() {
  const samples = new Float32Array(RATE_HZ * 0.2);
  tone(samples, 0, samples.length, 880);
  return samples;
}

function tone(samples, from, length, hz) {
  for (let at = 0; at < length; at += 1) {
    const fade = Math.min(1, at / 320) * Math.exp((-4 * at) / length); // struck, then dying away: no click
    samples[from + at] = 0.35 * fade * Math.sin((2 * Math.PI * hz * at) / RATE_HZ);
  }
}

function elapsed(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    }, { once: true });
  });
}

function joined(pieces) {
  const samples = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  return samples;
}

async function resampled(samples, rateHz) {
  if (!samples.length) throw new Error("no sound came from the microphone");
  const context = new OfflineAudioContext(1, Math.ceil((samples.length * RATE_HZ) / rateHz), RATE_HZ);
  const buffer = context.createBuffer(1, samples.length, rateHz);
  buffer.copyToChannel(samples, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

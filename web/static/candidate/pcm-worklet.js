// Runs in the browser's audio thread: hands on the samples of the microphone as they come.

class Tap extends AudioWorkletProcessor {
  process([[samples]]) {
    // A copy: the browser uses the same memory again.
    if (samples) this.port.postMessage(samples.slice());
    return true;
  }
}

registerProcessor("tap", Tap);

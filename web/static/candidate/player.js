// Plays a sound by the speaker that was chosen.

/** Plays the WAV; resolves when it has ended. Throws when this browser does not play it. */
export async function play(wav, speakerId) {
  const audio = new Audio(URL.createObjectURL(wav));
  try {
    // A speaker that is gone by now: the standard one plays.
    if (speakerId && audio.setSinkId) await audio.setSinkId(speakerId).catch(() => {});
    const ended = new Promise((done, failed) => {
      audio.addEventListener("ended", done, { once: true });
      audio.addEventListener("error", () => failed(new Error("the sound does not play")), { once: true });
    });
    await audio.play();
    await ended;
  } finally {
    URL.revokeObjectURL(audio.src);
  }
}

/** Whether a page may choose the speaker in this browser. */
export function canChooseSpeaker() {
  return "setSinkId" in HTMLMediaElement.prototype;
}

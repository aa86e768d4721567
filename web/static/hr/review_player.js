// The player of the review room: goes to a moment, tells where it is with every picture, plays slower and faster.

const SPEED_KEY = "review-speed";
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const STEP_S = 5;

function remembered() {
  try {
    const speed = Number(localStorage.getItem(SPEED_KEY));
    return SPEEDS.includes(speed) ? speed : 1;
  } catch {
    return 1;
  }
}

function remember(speed) {
  try {
    localStorage.setItem(SPEED_KEY, String(speed));
  } catch {
    // A browser that keeps nothing begins at the usual speed.
  }
}

/** element: video or audio, or null where nothing plays. onTime(ms, isPlaying) is called while it plays and after each jump. */
export function playerOf(element, speedSelect, onTime) {
  let frame = null;

  function tell() {
    onTime(element.currentTime * 1000, !element.paused);
  }

  function loop() {
    tell();
    frame = element.paused || element.ended ? null : requestAnimationFrame(loop);
  }

  function setSpeed(speed) {
    element.playbackRate = speed;
    remember(speed);
  }

  if (element) {
    element.preservesPitch = true;
    element.addEventListener("play", () => {
      frame ??= requestAnimationFrame(loop);
    });
    for (const type of ["pause", "seeking", "seeked", "ended"]) element.addEventListener(type, tell);
    element.addEventListener("error", () => {
      document.getElementById("player-trouble").hidden = false;
    });
    element.addEventListener("ratechange", () => {
      if (SPEEDS.includes(element.playbackRate)) speedSelect.value = String(element.playbackRate);
    });
    speedSelect.addEventListener("change", () => setSpeed(Number(speedSelect.value)));
    element.defaultPlaybackRate = remembered();
    element.playbackRate = remembered();
  }

  return {
    /** Whether there is anything to play. */
    there: Boolean(element),
    element,
    ms: () => (element ? element.currentTime * 1000 : 0),
    isPlaying: () => Boolean(element && !element.paused),
    /** Goes to a moment, milliseconds; before the recording is there, it begins there. */
    cue(ms) {
      if (element) element.currentTime = Math.max(0, ms / 1000);
    },
    /** Goes to a moment and plays. */
    playFrom(ms) {
      if (!element) return;
      this.cue(ms);
      element.play().catch(() => {}); // the browser may want a click on the player itself
    },
    toggle() {
      if (!element) return;
      if (element.paused) element.play().catch(() => {});
      else element.pause();
    },
    /** Five seconds back (-1) or on (1). */
    step(direction) {
      if (element) this.cue((element.currentTime + direction * STEP_S) * 1000);
    },
    /** Slower (-1) or faster (1). */
    changeSpeed(direction) {
      if (!element) return;
      const place = SPEEDS.indexOf(element.playbackRate);
      setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (place < 0 ? 2 : place) + direction))]);
    },
  };
}

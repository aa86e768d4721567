// Waiting before the next try: quickly at first, then every five seconds, never all pages at the same moment.

const STEPS_MS = [0, 300, 1200, 2700, 4800, 5000];

/** Milliseconds to wait before try number `attempt` (from 0), with up to 30 % of jitter. */
export function delayMs(attempt) {
  const step = STEPS_MS[Math.min(attempt, STEPS_MS.length - 1)];
  return step * (1 + 0.3 * Math.random());
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

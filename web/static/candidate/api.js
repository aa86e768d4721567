// Requests to the server: a refusal is an ApiError with the server's sentence; silence is tried again.

import { delayMs, sleep } from "./backoff.js";
import { pageLanguage } from "./i18n.js";

const TIMEOUT_MS = 20_000;

/** The server's refusal. status: HTTP; code: key of the sentence; field: the field at fault, or null; retryAfterS: seconds. */
export class ApiError extends Error {
  constructor(status, { code = "internal", message = "", field = null } = {}, retryAfterS = null) {
    super(message);
    Object.assign(this, { status, code, field, retryAfterS });
  }

  /** Whether the server answered as it meant to: asking again at once would not help. */
  get refused() {
    return this.full || (this.status < 500 && this.status !== 429);
  }

  /** Whether no interview can be begun now; the place is kept until `retryAfterS` is over. */
  get full() {
    return ["server_full", "server_draining"].includes(this.code);
  }
}

/** One request under /api/interview. Throws ApiError, or TypeError/AbortError when the server cannot be reached. */
export async function call(method, path, body) {
  const response = await fetch(`/api/interview${path}`, {
    method,
    headers: {
      "Accept-Language": pageLanguage,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout?.(TIMEOUT_MS),
  });
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => ({}));
  throw new ApiError(response.status, answer.error, Number(response.headers.get("Retry-After")) || null);
}

/**
 * The request, repeated until the server has acknowledged or refused it. Every command may be repeated: the server
 * counts it once. onWaiting(attempt) is told before each repetition.
 */
export async function insist(method, path, body, onWaiting = () => {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call(method, path, body);
    } catch (error) {
      if (error instanceof ApiError && error.refused) throw error;
      onWaiting(attempt);
      await sleep(delayMs(attempt + 1));
    }
  }
}

// Texts, numbers and times in the reader's language.

const messages = JSON.parse(document.getElementById("messages").textContent);

export const language = document.documentElement.lang;

/** The text for a key with its {placeholders} filled; the key itself when the catalogue lacks it. */
export function t(key, params = {}) {
  const text = messages[`hr.${key}`] ?? messages[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

const percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const times = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const days = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

/** 0-1 as a percentage. */
export const percent = (share) => percents.format(share);

/** Points, 0-10, with one decimal. */
export const points = (value) => tenths.format(value);

/** The time of day of an ISO 8601 moment, in the reader's zone. */
export const time = (iso) => times.format(new Date(iso));

/** Date and time of an ISO 8601 moment, in the reader's zone. */
export const moment = (iso) => days.format(new Date(iso));

/** Milliseconds as minutes and seconds: 4:05. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Milliseconds as a person says it: "40 s", "3 min". */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 90 ? t("seconds", { n: seconds }) : t("minutes", { n: Math.round(seconds / 60) });
}

/** Writes a text only when it differs, so that nothing is announced or repainted twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

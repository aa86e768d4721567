// The wall: one card an interview, those that need a person first.

import { attention, NEEDS } from "./attention.js";
import { h, keep } from "./dom.js";
import { showRecognition } from "./recognition.js";
import { follow } from "./stream.js";
import { moment, say, t } from "./text.js";
import { Alerts } from "./wall_alerts.js";
import { Hold } from "./wall_hold.js";
import { CardList } from "./wall_list.js";
import { isOver, WallModel } from "./wall_model.js";
import { Order } from "./wall_order.js";
import { isFiltered, matches } from "./wall_query.js";
import { Toolbar } from "./wall_toolbar.js";

const $ = (id) => document.getElementById(id);
const LIVE = ["running", "paused", "between_rounds", "checking"];
/** Cards from which on those off the screen are left out of layout and paint. */
const MANY = 40;
const LOOK_EVERY_MS = 250;
const TICK_MS = 2_000;
const ASK_SERVER_MS = 5_000;

const root = $("groups");
const order = new Order();
const hold = new Hold($("wall-area"), () => look());
const needs = new Map();
const model = new WallModel({ read, changed, removed: (id) => needs.delete(id) });
const list = new CardList(root, (id) => {
  const view = model.views.get(id);
  return view ? { view, need: needs.get(id) ?? attention(view, Date.now()), standing: isOver(view) ? { rank: 0 } : order.standing(id) } : null;
});
const toolbar = new Toolbar($("wall-tools"), () => rearrange());
const alerts = new Alerts({ sound: $("wall-sound"), notify: $("wall-notify"), hint: $("wall-hint"), live: $("wall-live"), open: show });
let lookedAt = 0;
let looking = 0;

async function read(id) {
  const answer = await fetch(`/api/hr/interviews/${id}?card=1`);
  return answer.ok ? answer.json() : null;
}

function take(type, message) {
  if (type === "reach") return void ($("limited").hidden = !message.limited);
  model.take(type, message);
  if (type === "snapshot") {
    showServer(message.recognition);
    look();
  }
  return undefined;
}

function changed(id, what) {
  list.mark(id, what);
  if (what === "words") return;
  // A hidden page's timers hardly run; its messages come.
  if (Date.now() - lookedAt >= 4 * LOOK_EVERY_MS) look();
  else if (looking === 0) looking = setTimeout(look, LOOK_EVERY_MS);
}

/** Looks who needs a person now: tells of it, and lets the cards stand accordingly. */
function look() {
  clearTimeout(looking);
  looking = 0;
  const now = (lookedAt = Date.now());
  model.expire();
  const views = [...model.views.values()];
  for (const view of views) setNeed(view, attention(view, now));
  const needing = views.filter((view) => needs.get(view.interview_id).rank >= NEEDS);
  alerts.take(needing.map((view) => ({ id: view.interview_id, name: view.candidate_name, job: view.job, reason: needs.get(view.interview_id).reason })), now);
  showTitle(needing.length);
  place(views, hold.held, now);
}

function setNeed(view, need) {
  const before = needs.get(view.interview_id);
  needs.set(view.interview_id, need);
  if (before?.reason !== need.reason) list.mark(view.interview_id, "all");
}

/** The reader wants something else: nothing holds the cards. */
function rearrange() {
  hold.release();
  look();
}

function place(views, held, now) {
  const { wanted } = toolbar;
  const item = (view) => ({ view, need: needs.get(view.interview_id) });
  const shown = ({ view, need }) => matches(view, need, wanted);
  // Whoever waits for a person has not begun and never will by themselves: they are no part of the quiet list below.
  const live = views.filter((view) => !isOver(view) && (LIVE.includes(view.status) || view.person_instead || needs.get(view.interview_id).rank >= NEEDS)).map(item);
  const over = views.filter((view) => isOver(view)).map(item).sort((a, b) => b.view.overAt - a.view.overAt);
  const items = live.filter(shown);
  const { groups, moved } = order.arrange(items, { grouping: wanted.group, held, now });
  const done = over.filter(shown);
  list.place(done.length ? [...groups, { key: "just-done", items: done }] : groups);
  root.classList.toggle("wall--compact", wanted.compact);
  root.classList.toggle("wall--many", items.length > MANY);
  showWaiting(views.filter((view) => !isOver(view) && !LIVE.includes(view.status) && !live.some((one) => one.view === view)).map(item).filter(shown));
  toolbar.offer(live.map(({ view }) => view.job));
  toolbar.count(items.length, live.length);
  $("nothing").hidden = live.length > 0 || isFiltered(wanted);
  $("no-match").hidden = items.length + done.length > 0 || !isFiltered(wanted);
  $("held").hidden = !moved;
  const there = live.filter(({ need }) => need.rank >= NEEDS).length;
  $("wall-next").hidden = there === 0;
  say($("wall-next-count"), String(there));
}

function showWaiting(items) {
  $("waiting").hidden = items.length === 0;
  say($("waiting-count"), String(items.length));
  keep(
    $("waiting-list"),
    items,
    ({ view }) => view.interview_id,
    ({ view }) => h("li", { class: "waiting", testid: `wall-card-${view.interview_id}` }, h("a", { href: `/hr/interviews/${view.interview_id}`, text: view.candidate_name }), h("span", { class: "small soft", text: view.job }), h("span", { class: "small soft waiting__status" })),
    (element, { view }) => say(element.querySelector(".waiting__status"), t(view.status === "ready" ? "waiting_ready" : "waiting_invited")),
  );
}

function showTitle(count) {
  const title = count ? t("title_needing", { n: count }) : t("wall_title");
  if (!document.title.startsWith(title)) document.title = `${title} · ${document.title.split(" · ").at(-1)}`;
}

/** What concerns all interviews: whether speech is recognised, and whether there is room for another. */
function showServer(recognition) {
  showRecognition($("recognition"), recognition);
  $("full").hidden = !recognition.full;
}

async function askServer() {
  const answer = document.hidden ? null : await fetch("/api/hr/recognition").catch(() => null);
  if (answer?.ok) showServer(await answer.json());
}

/** Brings an interview's card before the reader. */
function show(id) {
  if (!list.card(id)) toolbar.clear();
  list.card(id)?.focus();
  hold.touch();
}

/** The next card that needs a person, behind the one that has the focus. */
function next() {
  const cards = list.inOrder();
  const now = cards.findIndex(({ element }) => element.contains(document.activeElement));
  const behind = [...cards.slice(now + 1), ...cards.slice(0, now + 1)];
  const found = behind.find(({ id }) => needs.get(id)?.rank >= NEEDS);
  if (found) show(found.id);
  else if (isFiltered(toolbar.wanted)) toolbar.clear();
}

for (const element of document.querySelectorAll("time[datetime]")) say(element, moment(element.dateTime));
$("held-release").addEventListener("click", rearrange);
$("wall-next").addEventListener("click", next);
addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyN") return;
  event.preventDefault();
  next();
});
document.addEventListener("visibilitychange", () => document.hidden || look());
take("snapshot", JSON.parse($("initial").textContent));
follow(
  "wall",
  () => 0,
  take,
  (open) => {
    $("own-line").hidden = open;
  },
);
setInterval(() => {
  look();
  if (!document.hidden) list.tick(Date.now());
}, TICK_MS);
setInterval(askServer, ASK_SERVER_MS);

// Camera, microphone, speaker and connection check, with a way on whatever is missing: answering by typing.

import { devicePicker } from "./devicepicker.js";
import { el, fill, icon, notice } from "./dom.js";
import { fullNotice } from "./full.js";
import { t } from "./i18n.js";
import { problemText } from "./media.js";
import { networkPart } from "./network.js";
import { recognitionNotice } from "./recognition.js";
import { sentencePart } from "./sentence.js";
import { soundPart } from "./soundcheck.js";

const IMPOSSIBLE = ["insecure", "unsupported"]; // no device will start on this page

export function checkScreen(interview) {
  const { media } = interview;
  const voice = interview.allows("voice");
  const sent = interview.wishes.pictureSent;
  const microphone = microphonePart(media);
  const camera = voice ? cameraPart(interview, sent) : null;
  const network = voice ? networkPart() : null;
  const sentence = voice ? sentencePart(media, { onSent: (way) => network.sent(way) }) : null;
  const sound = soundPart(media);
  const problems = el("div", { class: "stack", "aria-live": "polite" });
  const recognition = el("div", { "aria-live": "polite" });
  const start = el("button", { class: "button button--primary button--large", testid: "check-continue", onclick: () => go("voice") }, t("start_interview"));
  const type = el("button", { class: "button button--large", testid: "check-type-instead", onclick: () => go("typed") }, icon("keyboard"), t("start_typing"));
  const failed = el("div", { "aria-live": "polite" });
  const note = el("p", { class: "soft small check__note" }, t("start_note"));
  // They stay in sight: everything above may be skipped.
  const ways = el("div", { class: "row actions" }, start, type);
  let asking = voice;
  let full = null; // the notice that the server is full, while it is

  const node = el("section", { class: "stack stack--loose" },
    el("header", { class: "stack stack--tight" },
      el("h1", { tabindex: -1 }, t(!voice ? "check_title_typed" : sent ? "check_title_camera" : "check_title")),
      el("p", { class: "lead" }, t(voice ? "check_lead" : "check_lead_typed"))),
    voice ? el("div", { class: "card card--calm check" }, problems, camera?.node, voice ? microphone.node : null) : null,
    el("div", { class: "card card--calm check" }, sound.node, sentence?.node, network?.node),
    recognition,
    failed,
    note,
    ways);

  async function ask() {
    asking = true;
    update();
    await media.open({ audio: voice && !media.audio, video: interview.wishes.cameraWanted && !media.video });
    asking = false;
    interview.changed();
  }

  async function go(mode) {
    start.disabled = type.disabled = true;
    interview.setMode(mode);
    if (mode === "typed" && media.audio) media.stop("audio");
    if (!sent && media.video) media.stop("video");
    try {
      await interview.command("/start");
    } catch (error) {
      start.disabled = type.disabled = false;
      if (error.full) return wait(mode, error);
      fill(failed, notice("danger", error.message));
    }
    full?.leave();
    return undefined;
  }

  function leave() {
    sentence?.leave();
    full?.leave();
  }

  /** The place is kept: the same again in a minute, by itself or when they say so. */
  function wait(mode, error) {
    if (full) return full.again(error.retryAfterS);
    full = fullNotice(error, () => go(mode));
    ways.hidden = note.hidden = true;
    failed.replaceChildren(full.node);
    return full.focus();
  }

  function update() {
    microphone.update();
    camera?.update();
    sound.update();
    sentence?.update();
    const open = { audio: media.problems.audio, video: sent ? media.problems.video : null };
    const retry = () => el("button", { class: "button", testid: "check-retry", onclick: ask }, t("common.try_again"));
    const waiting = asking && !media.audio && !open.audio && voice;
    fill(problems,
      waiting ? notice("accent", t(camera && interview.wishes.cameraWanted ? "check_asking_camera" : "check_asking")) : null,
      open.audio ? problem("warn", problemText(open.audio, "microphone"), open.audio, retry) : null,
      open.video && open.video !== open.audio ? problem("", problemText(open.video, "camera"), open.video, open.audio ? null : retry) : null);
    const trouble = voice && recognitionNotice(interview.snapshot.recognition);
    fill(recognition, trouble ? el("div", { testid: "recognition-notice" }, trouble) : null);
    // Without voice there is one way on, and it is the main one.
    start.hidden = voice && !media.audio;
    type.hidden = !voice;
    type.classList.toggle("button--primary", start.hidden);
  }

  // Not at once: what opens the devices also shows the screen, and this one is still being made.
  if (asking) queueMicrotask(ask);
  network?.measure();
  return { node, update, level: microphone.level, leave };
}

/** What happens to the picture, as the candidate decided. */
function pictureUse(interview) {
  if (!interview.wishes.pictureSent) return "camera_local";
  if (!interview.allows("recording")) return "camera_sent";
  return interview.allows("expression") ? "camera_recorded_and_sent" : "camera_recorded";
}

function problem(kind, text, reason, retry) {
  const permanent = IMPOSSIBLE.includes(reason);
  const box = notice(kind, t(text), permanent || !retry ? null : retry());
  box.dataset.problem = reason;
  box.dataset.testid = "media-problem";
  return box;
}

function microphonePart(media) {
  const picker = devicePicker(media, "audio", { testid: "check-microphone" });
  const bar = el("div", { class: "level", role: "meter", "aria-label": t("level"), "aria-valuemin": 0, "aria-valuemax": 100, testid: "check-level" });
  const words = el("p", { class: "soft", "aria-live": "polite" }, t("level_waiting"));
  const node = el("div", { class: "stack" }, picker.node, el("div", { class: "stack stack--tight" }, bar, words));
  let best = 0;

  function level({ level, heard, faint }) {
    bar.style.setProperty("--level", level.toFixed(3));
    bar.setAttribute("aria-valuenow", Math.round(level * 100));
    const now = heard ? 2 : faint ? 1 : 0;
    if (now <= best) return;
    best = now;
    words.textContent = t(best === 2 ? "level_heard" : "level_quiet");
    words.classList.toggle("good", best === 2);
  }

  function update() {
    picker.update();
    node.hidden = !media.audio;
  }

  return { node, update, level };
}

function cameraPart(interview, sent) {
  const { media } = interview;
  const video = el("video", { class: "preview__video", muted: true, autoplay: true, playsinline: true, "aria-hidden": "true" });
  video.muted = true;
  const off = el("p", { class: "preview__off" }, t(sent ? "camera_off_sent" : "camera_off"));
  const picker = devicePicker(media, "video", { testid: "check-camera", none: t("camera_none"), onNone: () => turn(false) });
  const toggle = el("button", { class: "button", type: "button", testid: "check-camera-toggle", onclick: () => turn(!media.video) });
  const note = el("p", { class: "soft small", testid: "check-camera-note" }, t(pictureUse(interview)));
  const trouble = el("p", { class: "small", "aria-live": "polite" });
  const node = el("div", { class: "camera" },
    el("div", { class: "preview" }, video, off),
    el("div", { class: "camera__side stack stack--tight" }, picker.node, el("div", { class: "row" }, toggle), trouble, note));

  function turn(on) {
    if (sent) sessionStorage.setItem("camera", on ? "on" : "off");
    return on ? media.open({ audio: false, video: true }) : media.stop("video");
  }

  function update() {
    node.hidden = IMPOSSIBLE.includes(media.problems.audio);
    picker.update();
    if (!media.video) picker.node.hidden = true;
    const shown = video.srcObject?.getVideoTracks()[0] ?? null;
    if (shown !== media.video) video.srcObject = media.video ? new MediaStream([media.video]) : null;
    off.hidden = Boolean(media.video);
    video.hidden = !media.video;
    note.hidden = !media.video;
    toggle.textContent = t(media.video ? "camera_hide" : "camera_show");
    const problem = sent ? null : media.problems.video;
    trouble.textContent = problem ? t(problemText(problem, "camera")) : "";
  }

  return { node, update };
}

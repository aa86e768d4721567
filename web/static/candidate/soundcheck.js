// Can the candidate hear us? Which speaker, and a test sound.

import { devicePicker } from "./devicepicker.js";
import { el, icon } from "./dom.js";
import { t } from "./i18n.js";
import { play } from "./player.js";
import { notes, wavOf } from "./recorder.js";

export function soundPart(media) {
  const picker = devicePicker(media, "output", { testid: "check-speaker" });
  const note = el("p", { class: "soft small" }, t("speaker_note"));
  const said = el("p", { class: "small", role: "status", testid: "check-sound-said" });
  const button = el("button", { class: "button", type: "button", testid: "check-sound-play", onclick: () => sound() }, icon("speaker"), t("sound_play"));
  const node = el("section", { class: "check__part stack stack--tight" },
    el("h2", {}, t("sound_title")),
    el("div", { class: "row check__sound" }, picker.node, button),
    said,
    note);

  async function sound() {
    button.disabled = true;
    said.textContent = t("sound_playing");
    try {
      await play(wavOf(notes()), media.speaker);
      said.textContent = "";
    } catch {
      said.textContent = t("sound_failed");
    }
    button.disabled = false;
    button.focus({ preventScroll: true });
  }

  function update() {
    picker.update();
    note.hidden = picker.node.hidden || ["", "default"].includes(media.speaker);
  }

  return { node, update };
}

// A select of microphones, cameras or speakers that follows what is plugged in.

import { el } from "./dom.js";
import { t } from "./i18n.js";
import { canChooseSpeaker } from "./player.js";

const NAMES = { audio: "microphone", video: "camera", output: "speaker" };

/** kind: "audio", "video" or "output". none: text of a first entry that turns the device off, or null. */
export function devicePicker(media, kind, { testid, none = null, onNone = () => {} }) {
  const name = t(NAMES[kind]);
  const select = el("select", { testid, onchange: () => choose() });
  const node = el("label", { class: "field" }, el("span", { class: "label-text" }, name), select);

  function choose() {
    if (select.value === "none") return onNone();
    return kind === "output" ? media.chooseSpeaker(select.value) : media.choose(kind, select.value);
  }

  function update() {
    const options = media.devices[kind].map((device, index) =>
      [device.deviceId, device.label || t("device_unnamed", { kind: name, number: index + 1 })]);
    if (none) options.unshift(["none", none]);
    const key = JSON.stringify(options);
    if (key !== select.dataset.key) {
      select.dataset.key = key;
      select.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
    }
    if (kind !== "output" && (document.activeElement !== select || media[kind])) select.value = media.current(kind) || (none ? "none" : select.value);
    if (kind === "output") return showSpeakers();
    node.hidden = media.devices[kind].length === 0 || (!media[kind] && !none);
    return undefined;
  }

  function showSpeakers() {
    select.value = media.speaker || media.devices.output[0]?.deviceId || "";
    node.hidden = !canChooseSpeaker() || media.devices.output.length < 2;
  }

  return { node, update };
}

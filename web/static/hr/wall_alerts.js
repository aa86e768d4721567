// Tells of each new need once: in words for screen readers, and on demand by a sound and the browser's notification.

import { h } from "./dom.js";
import { say, t } from "./text.js";

/** A need that is gone this long and comes back is a new one: a line that flickers is told of once. */
const FORGOTTEN_AFTER_MS = 30_000;
const SPEAKS_EVERY_MS = 5_000;
const SOUNDS_EVERY_MS = 3_000;
const MOST_AT_ONCE = 3;

/** Which needs are new since the last time. Pure, but for what it remembers. */
export class NewNeeds {
  #known = new Map();
  #begun = false;

  get size() {
    return this.#known.size;
  }

  /** needs: [{id, reason, …}] → those not told of yet. What was there in the beginning is on the page for all to see. */
  take(needs, now) {
    const fresh = needs.filter(({ id, reason }) => !this.#known.has(`${id} ${reason}`));
    for (const { id, reason } of needs) this.#known.set(`${id} ${reason}`, now);
    for (const [key, at] of this.#known) if (now - at >= FORGOTTEN_AFTER_MS) this.#known.delete(key);
    if (this.#begun) return fresh;
    this.#begun = true;
    return [];
  }
}

/** Of several tabs one leads: the one that holds a lock of the browser. */
class Lead {
  #name;
  #letGo = null;
  #asking = null;

  constructor(name) {
    this.#name = name;
  }

  get mine() {
    return this.#letGo !== null;
  }

  want() {
    if (this.#asking || this.mine) return;
    if (!navigator.locks) {
      this.#letGo = () => {}; // no secure page: no lock, and every tab is its own
      return;
    }
    this.#asking = new AbortController();
    const held = () => new Promise((done) => {
      this.#asking = null;
      this.#letGo = done;
    });
    navigator.locks.request(this.#name, { signal: this.#asking.signal }, held).catch(() => {});
  }

  drop() {
    this.#asking?.abort();
    this.#asking = null;
    this.#letGo?.();
    this.#letGo = null;
  }
}

/** A button that stays pressed, in all tabs of this browser and after a reload. */
class Toggle {
  constructor(button, key, changed) {
    this.button = button;
    this.#key = key;
    this.#changed = changed;
    button.addEventListener("click", () => this.set(!this.on, true));
    addEventListener("storage", (event) => event.key === key && this.#show());
  }

  #key;
  #changed;

  get on() {
    return localStorage.getItem(this.#key) === "1";
  }

  set(on, byHand = false) {
    if (on) localStorage.setItem(this.#key, "1");
    else localStorage.removeItem(this.#key);
    this.#show(byHand);
  }

  #show(byHand = false) {
    this.button.setAttribute("aria-pressed", String(this.on));
    this.#changed(this.on, byHand);
  }

  begin() {
    this.#show();
  }
}

export class Alerts {
  /** sound, notify: the buttons; hint: where it is said what a browser does not allow; live: the live region; open(id):
   * shows an interview's card. */
  constructor({ sound, notify, hint, live, open }) {
    this.#hint = hint;
    this.#live = live;
    this.#open = open;
    this.#soundLead = new Lead("wall-sound");
    this.#notifyLead = new Lead("wall-notify");
    this.#sound = new Toggle(sound, "wall-sound", (on, byHand) => this.#soundChanged(on, byHand));
    this.#notify = new Toggle(notify, "wall-notify", (on, byHand) => void this.#notifyChanged(on, byHand));
    notify.hidden = !("Notification" in window);
    this.#sound.begin();
    this.#notify.begin();
    // A browser lets a page be heard only once somebody has touched it.
    for (const type of ["pointerdown", "keydown"]) addEventListener(type, () => this.#sound.on && this.#wake(), { passive: true });
  }

  #hint;
  #live;
  #open;
  #sound;
  #notify;
  #soundLead;
  #notifyLead;
  #audio = null;
  #soundedAt = 0;
  #news = new NewNeeds();
  #unspoken = [];
  #spokenAt = -Infinity;

  get size() {
    return this.#news.size + this.#unspoken.length;
  }

  /** needs: [{id, reason, name, job}] of all interviews, whatever the page shows. now: milliseconds. */
  take(needs, now) {
    const fresh = this.#news.take(needs, now);
    this.#unspoken.push(...fresh);
    const waiting = new Set(needs.map(({ id }) => id));
    this.#unspoken = this.#unspoken.filter(({ id }) => waiting.has(id));
    if (this.#unspoken.length > 0 && now - this.#spokenAt >= SPEAKS_EVERY_MS) this.#speak(now);
    if (fresh.length === 0) return;
    if (this.#sound.on && this.#soundLead.mine && now - this.#soundedAt >= SOUNDS_EVERY_MS) this.#play(now);
    if (this.#notify.on && this.#notifyLead.mine) this.#show(fresh);
  }

  #speak(now) {
    const [first] = this.#unspoken;
    const more = this.#unspoken.length - 1;
    const text = t("wall.new_need", { name: first.name, reason: t(first.reason) });
    // A new element is read even when its words are those of the last.
    this.#live.replaceChildren(h("p", { text: more > 0 ? `${text} ${t("wall.new_more", { n: more })}` : text }));
    this.#unspoken = [];
    this.#spokenAt = now;
  }

  #soundChanged(on, byHand) {
    say(this.#hint, "");
    if (!on) return this.#soundLead.drop();
    return this.#wake(byHand);
  }

  /** byHand: let the reader hear what it will be like. */
  async #wake(byHand = false) {
    this.#audio ??= new AudioContext();
    if (this.#audio.state !== "running") await Promise.race([this.#audio.resume(), new Promise((done) => setTimeout(done, 300))]);
    if (this.#audio.state !== "running") return say(this.#hint, t("wall.sound_sleeps"));
    say(this.#hint, "");
    this.#soundLead.want();
    if (byHand) this.#play(Date.now());
    return undefined;
  }

  /** Two short tones, the second higher. */
  #play(now) {
    this.#soundedAt = now;
    const start = this.#audio.currentTime;
    [660, 880].forEach((frequency, place) => {
      const at = start + place * 0.16;
      const tone = new OscillatorNode(this.#audio, { frequency, type: "sine" });
      const volume = new GainNode(this.#audio, { gain: 0 });
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.2, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.15);
      tone.connect(volume).connect(this.#audio.destination);
      tone.start(at);
      tone.stop(at + 0.16);
    });
  }

  async #notifyChanged(on, byHand) {
    if (!on) return this.#notifyLead.drop();
    if (byHand && Notification.permission === "default") await Notification.requestPermission();
    if (Notification.permission === "granted") return this.#notifyLead.want();
    if (byHand) {
      this.#notify.set(false);
      say(this.#hint, t("wall.notify_blocked"));
    }
    return undefined;
  }

  #show(fresh) {
    const shown = fresh.length > MOST_AT_ONCE ? [{ title: t("wall.notify_many", { n: fresh.length }), body: "", id: fresh[0].id, tag: "wall" }] : fresh.map(({ id, name, reason, job }) => ({ title: name, body: `${t(reason)}\n${job}`, id, tag: `wall-${id}` }));
    for (const { title, body, id, tag } of shown) {
      try {
        const note = new Notification(title, { body, tag, icon: "/static/icon.svg" });
        note.onclick = () => {
          window.focus();
          note.close();
          this.#open(id);
        };
      } catch {
        say(this.#hint, t("wall.notify_blocked")); // some phones' browsers show none from a page
      }
    }
  }
}

// The recording on the report: questions lead to their places; which one is playing is marked.

const player = document.getElementById("player");
const positions = JSON.parse(document.getElementById("positions")?.textContent ?? "[]");
const LOOK_AGAIN_MS = 15_000;

function seek(ms) {
  player.currentTime = ms / 1000;
  player.play().catch(() => {}); // the browser may want a click on the player itself
  player.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

/** The question whose answer plays at this time, by its id; null before the first. */
function playing(ms) {
  return positions.filter((position) => position.asked_ms <= ms + 50).at(-1)?.question_id ?? null;
}

function mark() {
  const now = playing(player.currentTime * 1000);
  for (const button of document.querySelectorAll("#recording-questions [data-question]")) {
    const here = button.dataset.question === now && (player.currentTime > 0 || !player.paused);
    if (here) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

if (player) {
  for (const button of document.querySelectorAll("[data-seek]")) button.addEventListener("click", () => seek(Number(button.dataset.seek)));
  for (const type of ["timeupdate", "seeked", "play"]) player.addEventListener(type, mark);
  player.addEventListener("error", () => {
    document.getElementById("player-trouble").hidden = false;
  });
}

// While it is being prepared: look now and then, and show it when it is there.
const preparing = document.querySelector("[data-preparing]");
if (preparing) {
  setInterval(async () => {
    if (document.visibilityState !== "visible") return;
    const answer = await fetch(preparing.dataset.preparing).catch(() => null);
    if (answer?.ok && (await answer.json()).recording.status !== "preparing") location.reload();
  }, LOOK_AGAIN_MS);
}

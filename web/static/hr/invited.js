// Copies the invitation's link.

import { moment, say, t } from "./text.js";

const link = document.getElementById("link");
const copied = document.getElementById("copied");

document.getElementById("copy").addEventListener("click", async () => {
  link.select();
  try {
    await navigator.clipboard.writeText(link.value);
    say(copied, t("copied"));
  } catch {
    // Plain HTTP beyond this machine has no clipboard interface; the link is selected for the keyboard.
    say(copied, t("copy_by_hand"));
  }
});
link.addEventListener("focus", () => link.select());
for (const element of document.querySelectorAll("time[datetime]")) say(element, moment(element.dateTime));

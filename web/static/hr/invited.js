// Copies the invitation's link, or the message around it.

import { moment, say, t } from "./text.js";

const copied = document.getElementById("copied");

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    source.select();
    try {
      await navigator.clipboard.writeText(source.value);
      say(copied, t("copied"));
    } catch {
      // Plain HTTP beyond this machine has no clipboard interface; the text is selected for the keyboard.
      say(copied, t("copy_by_hand"));
    }
  });
  source.addEventListener("focus", () => source.select());
}
for (const element of document.querySelectorAll("time[datetime]")) say(element, moment(element.dateTime));

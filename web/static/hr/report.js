// The report: leads from a quote to its words.

import { moment, say } from "./text.js";
import { markWords } from "./words.js";

for (const element of document.querySelectorAll("time[datetime]")) say(element, moment(element.dateTime));
for (const quote of document.querySelectorAll("[data-quote]")) {
  quote.addEventListener("click", () => {
    const answer = document.getElementById(`answer-${quote.dataset.quote}`);
    const words = markWords(answer, Number(quote.dataset.first), Number(quote.dataset.last));
    words[0]?.scrollIntoView({ block: "center", behavior: "smooth" });
  });
}

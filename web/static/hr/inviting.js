// The form for inviting: a job brings its flow, so that the choice of a flow is shown only without one; an
// appointment needs a letter and a time zone, at first the reader's own.

const job = document.getElementById("job");
const parts = document.querySelectorAll("[data-without-job]");

function show() {
  for (const part of parts) part.hidden = job.value !== "";
}

if (job) {
  job.addEventListener("change", show);
  show();
}

const letter = document.getElementById("by_mail");

function showAppointment() {
  for (const part of document.querySelectorAll("[data-with-mail]")) part.hidden = !letter.checked;
}

if (letter) {
  letter.addEventListener("change", showAppointment);
  showAppointment();
}

const zone = document.getElementById("time_zone");

if (zone) {
  zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone;
  // Browsers before 2022 do not tell the names; they can be typed all the same.
  for (const name of Intl.supportedValuesOf?.("timeZone") ?? []) {
    document.getElementById("time-zones").append(new Option("", name));
  }
}

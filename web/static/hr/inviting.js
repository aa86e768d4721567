// The form for inviting: a job brings its flow, so that the choice of a flow is shown only without one.

const job = document.getElementById("job");
const parts = document.querySelectorAll("[data-without-job]");

function show() {
  for (const part of parts) part.hidden = job.value !== "";
}

if (job) {
  job.addEventListener("change", show);
  show();
}

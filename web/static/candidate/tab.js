// One tab at a time takes part: the one opened last; the others step back.

/** Takes the interview over in this tab; onTaken() is called when another tab does. */
export function claimTab(onTaken) {
  if (!window.BroadcastChannel) return;
  const tabs = new BroadcastChannel("interview");
  tabs.addEventListener("message", onTaken);
  tabs.postMessage("here");
}

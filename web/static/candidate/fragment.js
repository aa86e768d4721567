// SDP fragments (RFC 8840): one side's ICE credentials and addresses, without the rest of a description.

const first = (sdp, name) => sdp.match(new RegExp(`^a=${name}:.*$`, "m"))?.[0].trim();

/** What the server is told: the credentials of this description, and these RTCIceCandidates. */
export function fragmentOf(sdp, candidates) {
  const lines = [
    first(sdp, "ice-ufrag"),
    first(sdp, "ice-pwd"),
    "m=audio 9 UDP/TLS/RTP/SAVPF 0",
    first(sdp, "mid"), // all sections share the first one's way
    ...candidates.map(({ candidate }) => `a=${candidate}`),
  ];
  return `${lines.join("\r\n")}\r\n`;
}

/** The server's former answer with the credentials and addresses of its fragment. */
export function answerWith(answer, fragment) {
  const [username, password] = [first(fragment, "ice-ufrag"), first(fragment, "ice-pwd")];
  const addresses = fragment.split(/\r?\n/).filter((line) => /^a=(candidate:|end-of-candidates)/.test(line));
  let untold = addresses;
  const lines = [];
  for (const line of answer.trimEnd().split(/\r?\n/)) {
    if (/^a=(candidate:|end-of-candidates)/.test(line)) continue;
    if (line.startsWith("o=")) lines.push(line.replace(/^(o=\S+ \S+ )(\d+)/, (_, head, version) => head + (Number(version) + 1)));
    else if (line.startsWith("a=ice-ufrag:")) lines.push(username);
    else if (line.startsWith("a=ice-pwd:")) {
      lines.push(password, ...untold);
      untold = [];
    } else lines.push(line);
  }
  return `${lines.join("\r\n")}\r\n`;
}

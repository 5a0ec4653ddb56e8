// Keeps a door going without a network; the page works without it.

const door = document.querySelector("[data-door]");
const part = (name) => door.querySelector(`[data-door-${name}]`);
const now = () => new Date().toISOString();

// The key of a link stands behind the # of its address, which browsers send to nobody.
const entry = document.querySelector("[data-door-enter]");
if (entry && location.hash.length > 1) {
  entry.elements.key.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  entry.requestSubmit();
}

// What this door knows: its passes by id, and what it has yet to tell.
const place = door && `door:${door.dataset.door}`;
const fresh = () => ({ passes: {}, queue: [], twice: [] });
function known() {
  try {
    return { ...fresh(), ...JSON.parse(localStorage.getItem(place)) };
  } catch {
    return fresh();
  }
}
function keep(state) {
  try {
    localStorage.setItem(place, JSON.stringify(state));
    return true;
  } catch {
    note("This browser keeps nothing, so this door cannot work without a network.");
    return false;
  }
}

// As the server reads a code: in any case, with or without hyphen, and with look-alikes.
const ALIKE = { O: "0", I: "1", L: "1", U: "V" };
function meant(text) {
  const code = text.replace(/[-–\s]/g, "").toUpperCase().replace(/[OILU]/g, (letter) => ALIKE[letter]);
  return /^[0-9A-HJKMNP-TV-Z]{6}$/.test(code) ? code : text.trim();
}

async function digest(text) {
  const bytes = new TextEncoder().encode(`${door.dataset.door}:${meant(text)}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash.slice(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Asks the server; `undefined` if nobody answers in time, or not now.
async function ask(check) {
  const { key, id, ...body } = check;
  try {
    const answer = await fetch(`${door.dataset.here}/checks`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(5000),
    });
    if (answer.ok) return await answer.json();
    if (answer.status === 422) return { result: "unknown" };
    if (answer.type === "opaqueredirect") note("You are signed out. Load this page again.");
    if (answer.status === 403) {
      keep({ ...known(), passes: {} });
      return { result: "closed" };
    }
  } catch {
    // No network: the list answers.
  }
}

const pick = ({ passes }, wanted) =>
  Object.entries(passes).find(([, { code, token }]) => code === wanted || token === wanted);

// Decides by the list. Who is let in is told to the server later, under the same key.
async function decide(check) {
  const wanted = await digest(check.pass);
  // Nothing is awaited from here to the end: two checks at once would forget one of them.
  const state = known();
  const found = pick(state, wanted);
  if (!found) return { result: "unknown" };
  const [id, pass] = found;
  if (pass.status === "voided") return { result: "void" };
  if (pass.status === "used") return { result: "used", firstUsedAt: pass.at };
  [pass.status, pass.at] = ["used", now()];
  state.queue.push({ ...check, id, at: pass.at });
  return { result: keep(state) ? "welcome" : "notKept" };
}

// What the server let in is used here, too, when the network goes.
async function learn(text, at) {
  const wanted = await digest(text);
  const state = known();
  const [, pass] = pick(state, wanted) ?? [];
  if (pass?.status !== "issued") return;
  [pass.status, pass.at] = ["used", at ?? now()];
  keep(state);
}

const WORDS = {
  welcome: ["Welcome", "One person may come in."],
  used: ["Already used", "Somebody was let in with it"],
  void: ["Void", "The order was cancelled or refunded."],
  otherTicket: ["Not for this event", "The ticket is for another event."],
  notKept: ["Not checked", "This browser keeps nothing. Check the ticket with a network."],
  closed: ["Closed", "This door is not yours, or no more. Ask the seller for a link."],
  unknown: ["Unknown", "There is no such ticket. Check the code."],
};
const time = (at) => new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });

function line(kind, text) {
  const element = document.createElement(kind);
  element.textContent = text;
  return element;
}

function say({ result, firstUsedAt }) {
  const [word, reason] = WORDS[result];
  const verdict = document.createElement("div");
  verdict.className = "verdict";
  verdict.dataset.kind = result === "welcome" ? "welcome" : "refused";
  const heading = line("p", word);
  heading.className = "verdict-word";
  verdict.append(heading, line("p", result === "used" && firstUsedAt ? `${reason}: ${time(firstUsedAt)}` : reason));
  part("verdict").replaceChildren(verdict);
  navigator.vibrate?.(result === "welcome" ? 100 : [100, 80, 100]);
}

function note(text) {
  part("note").hidden = !text;
  part("note").textContent = text;
}

function show() {
  const { passes, queue, twice } = known();
  const all = Object.values(passes);
  const count = (status) => all.filter((pass) => pass.status === status).length;
  if (all.length) {
    part("inside").textContent = count("used");
    part("expected").textContent = count("issued");
    part("void").textContent = count("voided");
  }
  const times = ({ at, again }) => [at, again].filter(Boolean).map(time).join(" and ");
  const again = all.filter(({ again }) => again).map((pass) => `${pass.name}: ${times(pass)}`);
  const told = [...new Set([...again, ...twice])];
  part("twice").hidden = !told.length;
  part("twice").querySelector("ul").replaceChildren(...told.map((text) => line("li", text)));
  if (queue.length) note(`No network: tickets are checked by the list of this device. ${queue.length} to be told.`);
}

// Tells what was decided here, in order; what was let in elsewhere too is said at once.
async function tell() {
  for (let check; (check = known().queue[0]); ) {
    const answer = await ask(check);
    if (!answer || answer.result === "closed") return false;
    const state = known();
    state.queue = state.queue.filter(({ key }) => key !== check.key);
    // One that was used before is in the list that is read next, with both times.
    if (!["welcome", "used"].includes(answer.result)) {
      state.twice.push(`${meant(check.pass).slice(0, 6)}: ${WORDS[answer.result][0]}, ${time(check.at)}`);
    }
    keep(state);
  }
  note("");
  return true;
}

// Reads the whole list. A pass of which this door has yet to tell stays used.
async function refresh() {
  const passes = {};
  let cursor = "";
  do {
    const page = await fetch(`${door.dataset.here}/passes?limit=100&cursor=${cursor}`, { redirect: "error" });
    if (!page.ok) return;
    const { items, nextCursor } = await page.json();
    for (const { id, orderId, place, status, usedAt, againAt, codeDigest, tokenDigest } of items) {
      const name = `Order …${orderId.slice(-8)}, place ${place}`;
      passes[id] = { name, status, at: usedAt, again: againAt, code: codeDigest, token: tokenDigest };
    }
    cursor = encodeURIComponent(nextCursor ?? "");
  } while (cursor);
  const state = known();
  // What is used stays used: a page of the list may be older than what was learned meanwhile.
  for (const [id, { status, at }] of Object.entries(state.passes)) {
    if (status === "used" && passes[id]?.status === "issued") Object.assign(passes[id], { status, at });
  }
  keep({ ...state, passes });
}

let busy = false;
async function meet() {
  if (busy) return;
  busy = true;
  try {
    // Order matters: what is told is in the list that is read then.
    if (await tell()) await refresh();
  } catch {
    // Another time.
  }
  busy = false;
  show();
}

async function check(pass) {
  const checked = { key: crypto.randomUUID(), pass };
  const answer = await ask(checked);
  if (["welcome", "used"].includes(answer?.result)) await learn(pass, answer.firstUsedAt);
  say(answer ?? (await decide(checked)));
  show();
  meet();
}

// The camera, where the browser reads squares by itself.
async function scan(button) {
  const camera = part("camera");
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  [camera.hidden, button.hidden] = [false, true];
  await camera.play();
  let last;
  setInterval(async () => {
    const [seen] = await detector.detect(camera).catch(() => []);
    if (seen && seen.rawValue !== last) await check((last = seen.rawValue));
    if (!seen) last = undefined;
  }, 300);
}

// Without a secure context there is nothing to recognise a pass by: the form is sent as it is.
if (door && crypto.subtle) {
  const form = part("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { pass } = form.elements;
    if (pass.value.trim()) check(pass.value.trim());
    pass.value = "";
    pass.focus();
  });
  const button = part("scan");
  if ("BarcodeDetector" in window && navigator.mediaDevices) {
    button.hidden = false;
    button.addEventListener("click", () => scan(button).catch(() => note("The camera cannot be used.")));
  }
  addEventListener("online", meet);
  setInterval(meet, 15000);
  meet();
}

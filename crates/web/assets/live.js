// Every page works without it.

const SHUT = { soldOut: "Sold out", salesEnded: "Sales ended", withdrawn: "Withdrawn", calledOff: "Called off" };
const each = (root, selector, act) => root.querySelectorAll(selector).forEach(act);

// Calls `act` when the page is seen again, the network is back, or the machine slept.
function onReturn(act) {
  let skew;
  const look = () => {
    const before = skew;
    skew = Date.now() - performance.now();
    if (Math.abs(skew - before) > 2000) act();
  };
  setInterval(look, 1000);
  addEventListener("online", act);
  addEventListener("pageshow", ({ persisted }) => persisted && act());
  document.addEventListener("visibilitychange", () => document.hidden || act());
}

// Times and amounts in the reader's way.
function showTime(element) {
  const time = new Date(element.dateTime);
  if (isNaN(time)) return;
  element.title ||= element.textContent;
  element.textContent = time.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

const decimals = (value) => value.split(".")[1]?.length ?? 0;

function showMoney(element) {
  const { currency } = element.dataset;
  const digits = decimals(element.value);
  const options = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  try {
    // As text: a number cannot hold every amount.
    element.textContent = new Intl.NumberFormat([], options).format(element.value);
  } catch {
    // Not known to this browser: the server's text stays.
  }
}

// The time of an event stays as it is on the clocks of its place; the reader's own follows where it differs.
function showEventTime(element) {
  const time = new Date(element.dateTime);
  if (isNaN(time)) return;
  try {
    const there = time.toLocaleString("en", { timeZone: element.dataset.zone });
    if (there === time.toLocaleString("en")) return;
  } catch {
    // A zone that this browser does not know.
  }
  const own = document.createElement("small");
  own.textContent = ` (${time.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })} your time)`;
  element.after(own);
}

each(document, "time:not([data-zone])", showTime);
each(document, "time[data-zone]", showEventTime);

// A seller is mostly where the event is. Only for a new ticket: the times of one that is there were read by others.
each(document, "[data-own-zone] [name=timeZone]", (input) => {
  input.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
});
each(document, "data", showMoney);

// How long an order is still held, by the server's clock: the device's may be wrong.
// It only shows; whether an order can still be paid is for the server to say.
each(document, "[data-countdown]", (element) => {
  const { countdown } = element.dataset;
  const left = element.querySelector("[data-countdown-left]");
  const note = element.parentNode.querySelector("[data-countdown-note]");
  const end = Date.parse(countdown);
  let said = Date.parse(element.dataset.now);
  let saidAt = performance.getEntriesByType("navigation")[0]?.responseStart || performance.now();
  let [askAt, wait] = [0, 5000];
  if (isNaN(end) || isNaN(said)) return;
  const ask = async () => {
    if (!element.isConnected) return;
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => {});
    if (!answer?.ok) return;
    const at = performance.now();
    const time = (await answer.text()).split(` data-countdown="${countdown}" data-now="`)[1];
    // The order is no longer held: its page says what became of it, and on any other there may be a form half filled in.
    if (!time) return element.matches("main *") ? location.reload() : element.remove();
    [said, saidAt] = [Date.parse(time.split('"')[0]), at];
    tick();
  };
  // Heard once each, while the time itself is silent.
  const announce = (seconds) => {
    const words = seconds > 0 ? `Less than ${seconds > 30 ? "2 minutes" : "30 seconds"} left to pay.` : "The time to pay is over.";
    element.dataset.urgent = seconds > 0 ? "soon" : "over";
    if (note.textContent !== words) note.textContent = words;
  };
  const tick = () => {
    const at = performance.now();
    const seconds = Math.ceil((end - said - (at - saidAt)) / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    left.textContent = seconds > 0 ? clock : "Time is over";
    if (seconds <= 120) announce(seconds);
    if (seconds > 0 || at < askAt || document.hidden) return;
    [askAt, wait] = [at + wait, Math.min(2 * wait, 60000)];
    ask();
  };
  setInterval(tick, 1000);
  onReturn(ask);
  tick();
});

// What is left of a ticket, and for how much.
function showStock(root, { available, status }) {
  const state = ["withdrawn", "calledOff", "salesEnded"].includes(status) ? status : available > 0 ? "onSale" : "soldOut";
  const set = (selector, act) => each(root, selector, act);
  set("[data-live-available]", (element) => (element.textContent = available));
  set(".badge", (badge) => {
    badge.dataset.status = state;
    badge.textContent = SHUT[state] ?? "On sale";
  });
  set("[data-live-open]", (element) => (element.hidden = state in SHUT));
  set("[data-live-closed]", (element) => (element.hidden = element.dataset.liveClosed !== state));
  set("[name=quantity]", (input) => (input.max = Math.max(available, 1)));
}

// Never touches the form: what it sends is the price that its reader saw when the page was loaded.
function showPrice(root, { amount, currency }) {
  each(root, ".price-line data", (element) => {
    const exponent = digitsOf(element, currency);
    const text = String(amount).padStart(exponent + 1, "0");
    const value = exponent ? `${text.slice(0, -exponent)}.${text.slice(-exponent)}` : text;
    const was = (root.was ??= element.textContent);
    element.dataset.currency = currency;
    element.value = value;
    showMoney(element);
    each(root, "[data-live-note]", (note) => {
      note.hidden = element.textContent === was;
      note.textContent = `The price was ${was} and is now ${element.textContent}. You are asked before you order at it.`;
    });
  });
}

function digitsOf(element, currency) {
  if (element.dataset.currency === currency) return decimals(element.value);
  return new Intl.NumberFormat([], { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

function show(root, news) {
  if (news.version < +root.dataset.version) return;
  root.dataset.version = news.version;
  root.dataset.closes = news.closesAt ?? "";
  showStock(root, news);
  showPrice(root, news.price);
}

// Sales end by themselves, by the server's clock.
function showEnd(root, now) {
  const is = (state) => root.querySelector(`.badge[data-status=${state}]`);
  const available = root.querySelector("[data-live-available]")?.textContent;
  const isOver = Date.parse(now) >= Date.parse(root.dataset.closes);
  if (isOver && (is("onSale") || is("soldOut"))) showStock(root, { available, status: "salesEnded" });
}

// Live updates. Only pages that somebody looks at get any, and of all those of a browser one listens,
// the one that holds the lock, and passes on what it hears.
const roots = [...document.querySelectorAll("[data-live]")];
if (roots.length && self.EventSource) followLive(roots.map((root) => root.dataset.live));

function followLive(mine) {
  const [HEARTBEAT, MOST] = [15000, 32];
  const shared = navigator.locks && self.BroadcastChannel;
  const [wanted, known] = [new Map(), new Map()];
  let on, quit, letGo, channel, source, listened, retry, tries, heardAt, triedAt;

  const stale = (is) => each(document, "[data-live-stale]", (note) => (note.hidden = !is));
  const hear = (news) => {
    heardAt = triedAt = performance.now();
    stale(false);
    roots.forEach((root) => root.dataset.live === news.ticket && show(root, news));
    if (news.now) roots.forEach((root) => showEnd(root, news.now));
  };
  const pass = (news) => {
    tries = 0;
    hear(news);
    channel?.postMessage({ news });
  };
  const open = () => {
    clearTimeout(retry);
    source?.close();
    triedAt = performance.now();
    wanted.forEach((at, ticket) => triedAt - at > 3 * HEARTBEAT && wanted.delete(ticket));
    listened = [...new Set([...mine, ...wanted.keys()])].slice(0, MOST);
    const query = new URLSearchParams(listened.map((ticket) => ["ticket", ticket]));
    // The site may be mounted below a path; this script is always two names below its root.
    source = new EventSource(new URL(`../api/live?${query}`, import.meta.url));
    source.onmessage = ({ data }) => {
      const news = JSON.parse(data);
      known.set(news.ticket, news);
      pass(news);
    };
    source.addEventListener("heartbeat", ({ data }) => pass(JSON.parse(data)));
    // A browser gives up after an answer such as 503; this does not.
    source.onerror = () => {
      source.close();
      channel?.postMessage({ trying: true });
      openIn(Math.min(1000 * 2 ** tries++, 30000) * (0.5 + Math.random()));
    };
  };
  const openIn = (span) => {
    clearTimeout(retry);
    retry = setTimeout(open, span);
  };
  const serve = (want) => {
    want.forEach((ticket) => wanted.set(ticket, performance.now()));
    if (listened.length < MOST && want.some((ticket) => !listened.includes(ticket))) return openIn(50);
    want.forEach((ticket) => known.has(ticket) && channel.postMessage({ news: known.get(ticket) }));
  };
  const receive = ({ data: { news, want, who, trying } }) => {
    if (source) return want && serve(want);
    if (news) hear(news);
    if (trying) triedAt = performance.now();
    // Answered with each heartbeat, so that who is gone is forgotten.
    if (who || (news && !news.ticket)) channel.postMessage({ want: mine });
  };
  const lead = (options) => {
    const { signal } = quit;
    const hold = () =>
      new Promise((done) => {
        letGo = done;
        channel.postMessage({ who: true });
        open();
      });
    navigator.locks.request("live", options ?? { signal }, hold).catch(() => {
      // Nobody looks here any more, or another page took over.
      if (signal.aborted) return;
      clearTimeout(retry);
      source?.close();
      source = undefined;
      lead();
    });
  };
  const start = () => {
    if (on || document.hidden) return;
    [on, tries, quit] = [true, 0, new AbortController()];
    heardAt = triedAt = performance.now();
    if (!shared) return open();
    channel = new BroadcastChannel("live");
    channel.onmessage = receive;
    channel.postMessage({ want: mine });
    lead();
  };
  const stop = () => {
    on = false;
    quit?.abort();
    letGo?.();
    clearTimeout(retry);
    source?.close();
    channel?.close();
    letGo = source = channel = undefined;
  };
  setInterval(() => {
    if (!on) return;
    const at = performance.now();
    stale(at - heardAt > 2 * HEARTBEAT);
    if (at - triedAt < 2 * HEARTBEAT) return;
    // Silent for two heartbeats: the line is dead, or the page that listened is.
    triedAt = at;
    if (source) open();
    else lead({ steal: true });
  }, 1000);
  addEventListener("pageshow", start);
  addEventListener("pagehide", stop);
  document.addEventListener("visibilitychange", () => document.hidden && stop());
  onReturn(() => {
    if (!on) return start();
    tries = 0;
    if (source) open();
  });
  start();
}

// A password can be looked at while it is typed; it is sent as a password.
each(document, "[type=password]", (input) => {
  const button = document.createElement("button");
  const show = (is) => {
    input.type = is ? "text" : "password";
    button.ariaPressed = is;
  };
  Object.assign(button, { type: "button", className: "field-show", textContent: "Show password" });
  button.addEventListener("click", () => show(input.type === "password"));
  input.form.addEventListener("submit", () => show(false));
  input.after(button);
  show(false);
});

// Buttons that cannot be pressed twice.
const buttons = (form, disabled) =>
  each(form, "button[type=submit]", (button) => (button.disabled = disabled));
addEventListener("submit", ({ target, defaultPrevented }) => {
  if (target.method === "post" && !defaultPrevented) setTimeout(() => buttons(target, true));
});
addEventListener("pageshow", () => each(document, "form", (form) => buttons(form, false)));

// Makes pages livelier; every page works without it.

const SHUT = { soldOut: "Sold out", withdrawn: "Withdrawn" };
const each = (root, selector, act) => root.querySelectorAll(selector).forEach(act);

// Times and amounts, the way of the reader's place.
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
    // A currency or a browser that does not go with it: the text from the server stays.
  }
}

each(document, "time", showTime);
each(document, "data", showMoney);

// How long an order is still held.
each(document, "[data-countdown]", (element) => {
  const left = element.querySelector("[data-countdown-left]");
  const end = Date.parse(element.dataset.countdown);
  if (isNaN(end)) return;
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    if (seconds > 0) {
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      return;
    }
    clearInterval(timer);
    left.textContent = "Time is over";
    each(document, "[data-countdown-stops]", (button) => (button.disabled = button.dataset.over = true));
  };
  const timer = setInterval(tick, 1000);
  tick();
});

// What is left of a ticket, and for how much.
each(document, "[data-live]", (root) => {
  const set = (selector, act) => each(root, selector, act);
  const apply = ({ available, price, status, version }) => {
    if (version < +root.dataset.version) return;
    root.dataset.version = version;
    showStock(available, status);
    if (price) showPrice(price);
  };
  const showStock = (available, status) => {
    const state = status === "withdrawn" ? status : available > 0 ? "onSale" : "soldOut";
    set("[data-live-available]", (element) => (element.textContent = available));
    set(".badge", (badge) => {
      badge.dataset.status = state;
      badge.textContent = SHUT[state] ?? "On sale";
    });
    set("[data-live-open]", (element) => (element.hidden = state in SHUT));
    set("[data-live-closed]", (element) => (element.hidden = element.dataset.liveClosed !== state));
    set("[name=quantity]", (input) => (input.max = Math.max(available, 1)));
  };
  const showPrice = ({ amount, currency }) => {
    set("data", (element) => {
      const exponent = digitsOf(element, currency);
      const text = String(amount).padStart(exponent + 1, "0");
      const value = exponent ? `${text.slice(0, -exponent)}.${text.slice(-exponent)}` : text;
      if (element.value === value && element.dataset.currency === currency) return;
      element.dataset.currency = currency;
      element.value = value;
      showMoney(element);
      set("[data-live-note]", (note) => {
        note.textContent = "The price has changed.";
        note.hidden = false;
      });
    });
    set("[data-live-amount]", (input) => (input.value = amount));
    set("[data-live-currency]", (input) => (input.value = currency));
  };
  let source;
  const open = () => {
    source?.close();
    source = new EventSource(root.dataset.live);
    source.onmessage = (event) => apply(JSON.parse(event.data));
  };
  // A page kept for going back must not keep its connection.
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", open);
});

function digitsOf(element, currency) {
  if (element.dataset.currency === currency) return decimals(element.value);
  return new Intl.NumberFormat([], { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

// Buttons that cannot be pressed twice.
const buttons = (form, disabled) =>
  each(form, "button[type=submit]", (button) => (button.disabled = disabled || !!button.dataset.over));
addEventListener("submit", ({ target }) => {
  if (target.method === "post") setTimeout(() => buttons(target, true));
});
addEventListener("pageshow", () => each(document, "form", (form) => buttons(form, false)));

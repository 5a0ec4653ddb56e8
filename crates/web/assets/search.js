// Titles to choose from while somebody types what to search for. The search works without it.

document.querySelectorAll("input[data-suggest]").forEach((input) => {
  let wait, asked;
  const suggest = async () => {
    const text = (asked = input.value.trim());
    // The site may be mounted below a path; this script is always two names below its root.
    const url = new URL(`../api/tickets/suggestions?${new URLSearchParams({ text })}`, import.meta.url);
    const reply = await fetch(url).catch(() => undefined);
    if (!reply?.ok || text !== asked) return;
    const { items } = await reply.json();
    if (text === asked) input.list.replaceChildren(...items.map((title) => new Option("", title)));
  };
  input.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(suggest, 150);
  });
});

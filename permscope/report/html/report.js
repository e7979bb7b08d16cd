"use strict";
/* Puts the parts on the page, each when it is first asked for. */
(() => {
  const { el, empty, page } = permscope;
  const main = document.getElementById("content");
  const tabs = document.getElementById("tabs");
  const made = new Map();
  const parts = page.parts.map(([name, words, build]) => {
    const tab = el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `part-${name}`, "aria-selected": "false", tabindex: "-1" }, words);
    const section = el("section", { id: `part-${name}`, role: "tabpanel", "aria-labelledby": `tab-${name}`, hidden: true });
    tab.addEventListener("click", () => show(name));
    tabs.append(tab);
    main.append(section);
    return { name, words, build, tab, section };
  });
  const build = (part) => {
    if (made.has(part.name)) return;
    made.set(part.name, true);
    empty(part.section, el("h2", { class: "unseen" }, part.words), part.build());
  };
  const show = (name, then) => {
    for (const part of parts) {
      const chosen = part.name === name;
      if (chosen) build(part);
      part.section.hidden = !chosen;
      part.tab.setAttribute("aria-selected", String(chosen));
      part.tab.tabIndex = chosen ? 0 : -1;
    }
    if (location.hash !== `#${name}`) history.replaceState(null, "", `#${name}`);
    window.scrollTo(0, 0);
    if (name === "graph" && !then) permscope.drawing.shown();
    if (then) then();
  };
  permscope.show = show;
  tabs.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = parts.findIndex((part) => part.tab === document.activeElement);
    const next = parts[(at + by + parts.length) % parts.length];
    show(next.name);
    next.tab.focus();
  });

  empty(document.getElementById("verdict"), page.verdict());
  empty(document.getElementById("subject"), permscope.data.subject);
  document.title = `permscope: ${document.getElementById("verdict").textContent.trim() || "permission graph"}`;
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const paint = (dark) => {
    root.dataset.theme = dark ? "dark" : "light";
    theme.setAttribute("aria-pressed", String(dark));
    permscope.drawing.repaint();
  };
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  paint(system.matches);
  system.addEventListener("change", (event) => paint(event.matches));
  theme.addEventListener("click", () => paint(root.dataset.theme !== "dark"));
  let unfolded = [];
  const ready = () => {
    parts.filter((part) => part.name !== "graph").forEach(build);
    unfolded = [...unfolded, ...document.querySelectorAll("details.finding:not([open])")];
    unfolded.forEach((each) => { each.open = true; });
  };
  window.addEventListener("beforeprint", ready);
  window.addEventListener("afterprint", () => { unfolded.forEach((each) => { each.open = false; }); unfolded = []; });
  document.getElementById("print").addEventListener("click", () => { ready(); window.print(); });
  const asked = location.hash.slice(1);
  show(parts.some((part) => part.name === asked) ? asked : "summary");
})();

"use strict";
/* The data of the report, indexed, and the one way in which text reaches the page. */
const permscope = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { nodes, edges } = data;
  const outgoing = nodes.map(() => []);
  const incoming = nodes.map(() => []);
  nodes.forEach((node, id) => { node.id = id; node.findings = []; });
  edges.forEach((edge, id) => {
    edge.id = id;
    outgoing[edge.source].push(edge);
    incoming[edge.target].push(edge);
  });
  const through = nodes.map(() => []);
  data.through.forEach((edge) => through[edge.source].push(edge));
  data.findings.forEach((finding, id) => {
    finding.id = id;
    finding.rank = data.severities.indexOf(finding.severity);
    finding.nodes.forEach((node) => nodes[node].findings.push(finding));
  });

  const degree = (node) => outgoing[node.id].length + incoming[node.id].length;
  const worst = (found) => found.reduce((rank, finding) => Math.min(rank, finding.rank), data.severities.length);
  const rolesOf = (node) => outgoing[node.id].filter((edge) => edge.kind === "executes_as").map((edge) => nodes[edge.target]);
  const isEntry = (edge) => edge.kind === "triggers" || (edge.kind === "can_invoke" && !edge.routine);

  /* Findings about a function: its own, of the roles it acts with, of the routes in front of it. */
  const around = (node) => {
    const near = [node, ...rolesOf(node)];
    incoming[node.id].filter((edge) => edge.kind === "triggers").forEach((edge) => near.push(nodes[edge.source]));
    const found = new Set();
    near.forEach((each) => each.findings.forEach((finding) => found.add(finding)));
    return [...found].sort((one, other) => one.rank - other.rank || one.id - other.id);
  };
  const isOpen = (node) => Boolean(node.open) || incoming[node.id].some((edge) => edge.kind === "triggers" && nodes[edge.source].open && edge.authorized !== false);

  /* An element; text becomes text nodes, whatever is in it. */
  const el = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "class") made.className = value;
      else if (name === "on") for (const [event, run] of Object.entries(value)) made.addEventListener(event, run);
      else made.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(3)) {
      if (child === undefined || child === null || child === false) continue;
      made.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return made;
  };
  const empty = (element, ...children) => { element.replaceChildren(...children.flat(3).filter(Boolean)); return element; };
  /* A name that may be broken at its joints, and is copied as it is. */
  const named = (text) => text.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[-_/.:,])(?=.)/).flatMap((part, at) => at ? [el("wbr"), part] : [part]);
  const chip = (words, kind) => el("span", { class: `chip ${kind || ""}` }, words);
  /* Text in which what stands between backticks is code. */
  const ticked = (text) => text.split("`").map((part, number) => number % 2 ? el("code", {}, part) : part);
  const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many || one + "s"}`;
  const say = (words) => { document.getElementById("said").textContent = words; };

  const copy = async (text, button) => {
    let done = false;
    try { await navigator.clipboard.writeText(text); done = true; } catch { /* not allowed here: the older way */ }
    if (!done) {
      const area = el("textarea", { class: "unseen", "aria-hidden": "true", tabindex: "-1" });
      area.value = text;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    const before = button.textContent;
    button.textContent = done ? "Copied" : "Not allowed";
    say(done ? "The fix is copied" : "The browser does not allow copying");
    setTimeout(() => { button.textContent = before; }, 1500);
  };

  return { data, nodes, edges, outgoing, incoming, through, degree, worst, rolesOf, isEntry, around, isOpen, el, named, empty, chip, ticked, count, say, copy };
})();

"use strict";
/* The parts of the report besides the drawing. */
permscope.page = (() => {
  const { data, nodes, outgoing, incoming, el, named, empty, chip, ticked, count, say, copy, worst, rolesOf, isEntry, around, isOpen, ways } = permscope;
  const STEP = 60;
  const COLUMNS = 60;  // of the matrix, shown at once
  const FIRST = 12;  // rows of a table on the summary
  const levelNames = { L: "List", R: "Read", W: "Write", T: "Tagging", P: "Permissions management" };
  const functions = nodes.filter((node) => node.kind === "function");
  const facts = new Map(functions.map((node) => {
    const findings = around(node);
    return [node, { findings, rank: worst(findings), open: isOpen(node) }];
  }));
  const bySeverity = [...functions].sort((one, other) => facts.get(one).rank - facts.get(other).rank
    || facts.get(other).open - facts.get(one).open || one.id - other.id);

  const goTo = (node) => permscope.show("graph", () => permscope.drawing.focus(node.id));
  const nodeLink = (node) => el("button", { type: "button", class: "link name", title: "Show in the graph", "aria-label": node.name, "data-node": node.id, on: { click: () => goTo(node) } }, named(node.name));
  /* Letters for the eye, words for the ear. */
  const said = (words, ...shown) => el("span", { role: "img", "aria-label": words }, shown);
  const namesOf = (text) => [...text].map((letter) => levelNames[letter]).join(", ");
  const letters = (text) => text ? said(namesOf(text), [...text].map((letter) => el("abbr", { class: letter, title: levelNames[letter] }, letter))) : null;
  const verdictOf = (edge) => edge.authorized === true ? said("authorized", chip("✓", "good"))
    : edge.authorized === false ? chip("not authorized", "no") : edge.authorized === null ? chip("unknown", "unsure") : null;
  const severityOf = (finding) => chip(finding.severity, finding.severity);

  /* A list that grows when asked to, so that thousands of entries stay quick. */
  const growing = (holder, items, draw, noun, first = STEP) => {
    let shown = 0;
    const more = el("button", { type: "button", class: "more" });
    const grow = (by) => {
      holder.append(...items.slice(shown, shown + by).map(draw));
      shown = Math.min(shown + by, items.length);
      more.textContent = items.length - shown > STEP * 4 ? `Show ${STEP * 4} of ${count(items.length - shown, `more ${noun}`)}` : `Show ${count(items.length - shown, `more ${noun}`)}`;
      more.hidden = shown >= items.length;
    };
    more.addEventListener("click", () => { grow(STEP * 4); say(`${count(shown, noun)} of ${items.length.toLocaleString("en")} shown`); });
    empty(holder);
    grow(first);
    return more;
  };

  /* Summary */
  const figure = (number, words, kind) => el("div", { role: "listitem", class: `figure ${number ? kind || "" : ""}` }, el("b", {}, number.toLocaleString("en")), el("span", {}, words));
  const summary = () => {
    const open = functions.filter((node) => facts.get(node).open).length;
    const broken = permscope.edges.filter((edge) => edge.authorized === false).length;
    const sums = data.summary;
    const rules = new Map();
    data.findings.forEach((finding) => rules.set(finding.rule, [...(rules.get(finding.rule) || []), finding]));
    const ranked = [...rules.values()].sort((one, other) => worst(one) - worst(other) || other.length - one.length);
    const exposed = bySeverity.filter((node) => facts.get(node).open || facts.get(node).rank <= 1).slice(0, 6);
    const routes = nodes.filter((node) => node.kind === "route").sort((one, other) => (other.open || 0) - (one.open || 0) || one.id - other.id);
    const direct = permscope.edges.filter((edge) => edge.kind === "can_invoke" && !edge.routine && nodes[edge.source].kind === "public" && nodes[edge.target].kind === "function");
    const rulesBody = el("tbody");
    const moreRules = growing(rulesBody, ranked, (found) => el("tr", {}, el("td", {}, severityOf(found.reduce((one, other) => other.rank < one.rank ? other : one))),
      el("td", {}, el("button", { type: "button", class: "link", on: { click: () => permscope.show("findings", () => filterFindings(found[0].rule)) } }, found[0].rule), el("div", { class: "soft small" }, found[0].title)),
      el("td", { class: "number" }, found.length)), "rule", FIRST);
    return [
      el("div", { class: "figures", role: "list", "aria-label": "What there is" },
        figure(sums.functions, "functions"), figure(open, "open to anyone", "bad"), figure(sums.roles, "roles"),
        figure(sums.routes, "routes"), figure(sums.resources, "resources"), figure(broken, "broken wirings", "bad"),
        figure(sums.unknowns, "unknowns", "unsure"), sums.errors ? figure(sums.errors, "inputs not read", "bad") : null),
      el("div", { class: "two" },
        data.audited ? el("div", {}, el("h3", {}, "Findings by rule"),
          ranked.length ? [el("table", { "aria-label": "Findings by rule" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Worst"), el("th", { scope: "col" }, "Rule"), el("th", { scope: "col", class: "number" }, "Findings"))), rulesBody), moreRules]
            : el("p", {}, chip(`✓ ${count(data.rules, "rule")} run, no finding`, "good"), data.summary.unknowns ? " There are unknowns: not everything could be judged." : "")) : null,
        el("div", {}, el("h3", {}, "Ways in"),
          routes.length || direct.length ? waysIn(direct, routes) : el("p", { class: "soft" }, "No route or function URL in the input, and no function that lets everybody in."))),
      exposed.length ? el("div", { class: "stack" }, el("h3", {}, "Most exposed functions"), el("div", { class: "cards" }, exposed.map((node) => card(node, "h4")))) : null,
    ];
  };
  const waysIn = (direct, routes) => {
    const body = el("tbody");
    const row = (one) => one.kind === "route" ? el("tr", {},
      el("td", {}, nodeLink(one)), el("td", {}, one.open ? chip(one.type, "open") : chip(one.type, one.auth === "unknown" || one.auth === "none" ? "unsure" : "good")),
      el("td", {}, outgoing[one.id].filter((edge) => ["triggers", "delivers_to", "executes_as"].includes(edge.kind)).map((edge) => el("div", {}, nodeLink(nodes[edge.target]), " ", verdictOf(edge)))))
      : el("tr", {}, el("td", {}, "direct call"), el("td", {}, chip(one.if ? "anyone, under conditions" : "anyone", one.if ? "unsure" : "open"), one.if ? el("div", { class: "if small" }, "if ", one.if) : null), el("td", {}, nodeLink(nodes[one.target])));
    const more = growing(body, [...direct, ...routes], row, "way in", FIRST);
    return [el("table", { "aria-label": "Ways in" }, el("thead", {}, el("tr", {}, ["Route", "Authorization", "Runs"].map((name) => el("th", { scope: "col" }, name)))), body), more];
  };

  /* Functions */
  const entryLine = (edge) => {
    const source = nodes[edge.source];
    return el("li", {}, nodeLink(source), " ", source.open || source.kind === "public" ? chip(source.kind === "public" ? "public" : source.type, "open") : el("span", { class: "soft small" }, source.type || ""),
      " ", verdictOf(edge), edge.if ? el("div", { class: "if small" }, "if ", edge.if) : null, edge.authorized === false && edge.reason ? el("div", { class: "small" }, edge.reason) : null);
  };
  const touchLine = (edge) => {
    const target = nodes[edge.target];
    return el("li", {}, edge.kind === "can_access" ? null : `${edge.words} `, target.kind === "resource_set" ? el("span", { class: "wide" }, nodeLink(target)) : nodeLink(target), " ",
      letters(edge.levels || ""), " ", el("span", { class: "soft small" }, edge.kind === "can_access" ? edge.words : ""), edge.if ? el("div", { class: "if small" }, "if ", edge.if) : null);
  };
  const capped = (items, draw, limit, noun) => {
    const list = el("ul", { class: "plain" }, items.slice(0, limit).map(draw));
    if (items.length > limit) {
      const button = el("button", { type: "button", class: "link small" }, `and ${items.length - limit} more`);
      button.addEventListener("click", () => { empty(list, items.map(draw)); });
      list.append(el("li", { "data-noun": noun }, button));
    }
    return list;
  };
  const blastLine = (node) => {
    const found = ways.blast(node.id);
    const parts = [];
    if (found.targets.size) parts.push(count(found.targets.size, "resource"));
    if (found.functions.size) parts.push(count(found.functions.size, "other function"));
    if (found.roles.size > 1) parts.push(count(found.roles.size, "role"));
    if (found.wide.size) parts.push(count(found.wide.size, "pattern"));
    return parts.length ? parts.join(", ") : "nothing but the routine";
  };
  const isTold = (node) => rolesOf(node).some((role) => role.kind !== "external");
  const card = (node, heading) => {
    const { findings, open } = facts.get(node);
    const entries = incoming[node.id].filter(isEntry);
    const roles = rolesOf(node);
    const touches = roles.flatMap((role) => outgoing[role.id].filter((edge) => ["can_access", "can_pass", "can_assume", "can_invoke"].includes(edge.kind)));
    const routine = [...new Set(touches.filter((edge) => edge.routine).map((edge) => edge.words))];
    const delivered = outgoing[node.id].filter((edge) => edge.kind === "delivers_to");
    return el("article", { class: `card of-${findings.length ? findings[0].severity : "none"}`, "data-function": node.name },
      el("div", { class: "split" }, el(heading, {}, nodeLink(node)), open ? chip("open to anyone", "open") : null),
      el("div", { class: "soft small mono name" }, node.place),
      el("dl", {},
        el("dt", {}, "invoked by"), el("dd", {}, entries.length ? capped(entries, entryLine, 6) : el("span", { class: "soft" }, "nothing in the input")),
        el("dt", {}, "runs as"), el("dd", {}, roles.length ? roles.map((role) => el("div", {}, nodeLink(role))) : el("span", { class: "soft" }, "no role in the input")),
        el("dt", {}, "touches"), el("dd", {}, capped(touches.filter((edge) => !edge.routine), touchLine, 8), routine.length ? el("div", { class: "soft small" }, `routine: ${routine.join(", ")}`) : null, touches.length || isTold(node) ? null : el("div", { class: "soft small" }, "what it may touch is in no input")),
        delivered.length ? [el("dt", {}, "delivers to"), el("dd", {}, capped(delivered, (edge) => el("li", {}, nodeLink(nodes[edge.target]), " ", el("span", { class: "soft small" }, edge.words), " ", verdictOf(edge)), 6))] : null,
        el("dt", {}, "reaches"), el("dd", {}, blastLine(node)),
        findings.length ? [el("dt", {}, "findings"), el("dd", {}, capped(findings, (finding) => el("li", {}, severityOf(finding), " ",
          el("button", { type: "button", class: "link", on: { click: () => permscope.show("findings", () => openFinding(finding)) } }, finding.rule)), 6))] : null));
  };
  const functionsPart = () => {
    const holder = el("div", { class: "cards" });
    const tail = el("p");
    const search = el("input", { type: "search", placeholder: "name, route, resource, role", "aria-label": "Filter functions", id: "filter-functions" });
    const severity = severitySelect("any severity");
    const open = el("input", { type: "checkbox", id: "only-open" });
    const texts = new Map(functions.map((node) => [node, [node.name, node.place, ...incoming[node.id].map((edge) => nodes[edge.source].name),
      ...rolesOf(node).flatMap((role) => [role.name, ...outgoing[role.id].map((edge) => nodes[edge.target].name)])].join("\n").toLowerCase()]));
    const draw = () => {
      const wanted = search.value.trim().toLowerCase();
      const limit = severity.value === "" ? 99 : Number(severity.value);
      const found = bySeverity.filter((node) => (!wanted || texts.get(node).includes(wanted)) && (limit === 99 || facts.get(node).rank <= limit) && (!open.checked || facts.get(node).open));
      const more = growing(holder, found, (node) => card(node, "h3"), "function");
      empty(tail, found.length ? more : el("span", { class: "soft" }, "No function matches."));
      return found.length;
    };
    [search, severity, open].forEach((each) => each.addEventListener("input", () => say(`${count(draw(), "function")} found`)));
    draw();
    return [el("div", { class: "bar" }, el("label", {}, "Filter", search), data.audited ? el("label", {}, "Findings", severity) : null, el("label", {}, open, el("span", {}, "open to anyone"))), holder, tail];
  };
  const severitySelect = (all) => el("select", {}, el("option", { value: "" }, all),
    data.severities.map((name, rank) => el("option", { value: rank }, rank ? `${name} and worse` : name)));

  /* Findings */
  const marked = (line, guilty) => {
    const at = guilty ? line.indexOf(guilty) : -1;
    return at < 0 ? line : [line.slice(0, at), el("mark", {}, guilty), line.slice(at + guilty.length)];
  };
  const finding = (one) => {
    const button = el("button", { type: "button", "aria-label": `Copy the fix of ${one.rule}` }, "Copy");
    button.addEventListener("click", () => copy(one.fix, button));
    return el("details", { class: "finding", id: `finding-${one.id}`, "data-rule": one.rule },
      el("summary", {}, el("span", {}, severityOf(one)), el("strong", { class: "name" }, one.rule), el("span", { class: "name" }, ticked(one.message)), el("span", { class: "soft small mono name" }, one.place)),
      el("p", {}, ticked(one.why)),
      one.text.length ? [el("h3", {}, "Statement"), el("pre", {}, one.text.flatMap((line, number) => [number ? "\n" : "", marked(line, one.guilty)]))] : null,
      one.fix ? [el("h3", {}, "Fix"), el("div", { class: "fix" }, button, el("pre", {}, one.fix))] : null,
      one.nodes.length ? el("p", { class: "small" }, "Concerns: ", one.nodes.slice(0, 8).flatMap((id, number) => [number ? ", " : "", nodeLink(nodes[id])])) : null,
      one.aliases.length ? el("p", { class: "small soft" }, "Also known as ", one.aliases.join(", ")) : null,
      one.references.length ? el("ul", { class: "plain small" }, one.references.map((url) => el("li", {}, el("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, url)))) : null,
      el("p", { class: "small soft" }, `Confidence: ${one.confidence}. Resource: ${one.resource}.`));
  };
  let search = null;
  let drawFindings = () => {};
  const filterFindings = (text) => { search.value = text; drawFindings(); };
  const openFinding = (one) => {
    search.value = "";
    drawFindings(one);
    const shown = document.getElementById(`finding-${one.id}`);
    if (shown) { shown.open = true; shown.scrollIntoView({ block: "center" }); shown.querySelector("summary").focus(); }
  };
  const findingsPart = () => {
    const holder = el("div", { id: "finding-list" });
    const tail = el("p");
    const number = el("span", { class: "soft", id: "finding-count" });
    search = el("input", { type: "search", placeholder: "rule, resource, file, words", "aria-label": "Filter findings", id: "filter-findings" });
    const severity = severitySelect("any");
    const order = el("select", { "aria-label": "Sort by", id: "sort-findings" }, [["severity", "severity"], ["place", "place"], ["rule", "rule"], ["resource", "resource"]].map(([value, words]) => el("option", { value }, words)));
    const texts = data.findings.map((one) => [one.rule, one.resource, one.place, one.message, one.title, ...one.aliases].join("\n").toLowerCase());
    drawFindings = (first) => {
      const wanted = search.value.trim().toLowerCase();
      const limit = severity.value === "" || first ? 99 : Number(severity.value);
      const key = order.value;
      const found = data.findings.filter((one, id) => (!wanted || texts[id].includes(wanted)) && one.rank <= limit);
      if (key !== "severity") found.sort((one, other) => one[key].localeCompare(other[key], "en", { numeric: true }) || one.id - other.id);
      if (first) found.sort((one, other) => (other === first) - (one === first));
      const more = growing(holder, found, finding, "finding");
      empty(tail, found.length ? more : el("span", { class: "soft" }, "No finding matches."));
      number.textContent = `${found.length} of ${count(data.findings.length, "finding")}${data.suppressed ? `, ${data.suppressed} suppressed` : ""}`;
    };
    [search, severity, order].forEach((each) => each.addEventListener("input", () => { drawFindings(); say(`${number.textContent}, by ${order.value}`); }));
    drawFindings();
    return [el("div", { class: "bar" }, el("label", {}, "Filter", search), el("label", {}, "Severity", severity), el("label", {}, "Sort by", order), number), holder, tail];
  };

  /* Access */
  const accessPart = () => {
    const [services, resources] = [data.matrix, data.resources];
    const choice = el("select", { "aria-label": "Columns", id: "matrix-columns" }, resources ? el("option", { value: "resources" }, "resources") : null, el("option", { value: "services" }, "services"));
    if (resources && resources.columns.length > COLUMNS) choice.value = "services";
    let rows, names, columns, byRow;
    const read = () => {
      const chosen = choice.value === "services" ? services : resources;
      ({ rows, names, columns } = chosen);
      byRow = rows.map(() => new Map());
      chosen.cells.forEach(([row, column, sure, unsure]) => byRow[row].set(column, [sure, unsure]));
    };
    read();
    const body = el("tbody");
    const head = el("tr");
    const tail = el("p");
    const filter = el("input", { type: "search", placeholder: "function or resource", "aria-label": "Filter the matrix", id: "filter-matrix" });
    const draw = () => {
      const wanted = filter.value.trim().toLowerCase();
      const hits = (text) => text.toLowerCase().includes(wanted);
      let kept = rows.map((_, row) => row).filter((row) => byRow[row].size);
      let used = columns.map((_, column) => column);
      if (wanted) {
        const byName = kept.filter((row) => hits(names[row]));
        const byColumn = new Set(used.filter((column) => hits(columns[column])));
        if (byColumn.size) { used = [...byColumn]; kept = kept.filter((row) => byName.includes(row) || used.some((column) => byRow[row].has(column))); } else kept = byName;
      }
      const all = kept.length;
      kept = kept.slice(0, 200);
      const touched = new Set(kept.flatMap((row) => [...byRow[row].keys()]));
      used = used.filter((column) => touched.has(column));
      const cut = used.length > COLUMNS;
      used = used.slice(0, COLUMNS);
      empty(head, el("th", { scope: "col" }, "Function"), used.map((column) => el("th", { scope: "col", class: "name", "aria-label": columns[column] }, el("span", {}, named(columns[column])))));
      empty(body, kept.map((row) => el("tr", {}, el("th", { scope: "row", "aria-label": names[row] }, nodeLink(nodes[rows[row]]), el("span", { class: "soft small name" }, named(names[row].slice(nodes[rows[row]].name.length)))), used.map((column) => {
        const cell = byRow[row].get(column);
        return cell ? el("td", {}, letters(cell[0]), cell[1] ? said(`${namesOf(cell[1])} under conditions`, el("span", { class: "if", title: "under conditions" }, `(${cell[1]})`)) : null) : el("td", {});
      }))));
      const without = rows.filter((_, row) => !byRow[row].size).map((row) => nodes[row]);
      const untold = without.filter((node) => !isTold(node)).length;
      const idle = without.length - untold;
      empty(tail, el("span", { class: "soft" }, [`${kept.length < all ? `${kept.length} of ` : ""}${count(all, "function")}, ${cut ? `the first ${used.length} columns` : count(used.length, "column")}`, cut || kept.length < all ? "filter to see the others" : "", idle ? `${count(idle, "function")} may touch nothing but the routine` : "", untold ? `what ${count(untold, "function")} may touch is in no input` : ""].filter(Boolean).join(" · ")));
    };
    filter.addEventListener("input", () => { draw(); say(tail.textContent); });
    choice.addEventListener("input", () => { read(); draw(); say(tail.textContent); });
    draw();
    return [el("div", { class: "bar" }, el("label", {}, "Filter", filter), el("label", {}, "Columns", choice),
      el("span", { class: "small", "aria-hidden": "true" }, Object.entries(levelNames).map(([letter, name]) => [el("span", { class: letter }, letter), ` ${name}  `]), el("span", { class: "if" }, "(W) under conditions"))),
      el("div", { class: "matrix-box", tabindex: "0", role: "region", "aria-label": "Access matrix" }, el("table", { class: "matrix", "aria-label": "Functions against what they may touch" }, el("thead", {}, head), body)), tail];
  };

  /* Unknowns */
  const table = (items, words) => el("table", { "aria-label": words }, el("thead", {}, el("tr", {}, ["What", "Why", "Where"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, items.slice(0, 2000).map((one) => el("tr", {}, el("td", {}, ticked(one.what)), el("td", {}, ticked(one.why)), el("td", { class: "mono name" }, one.place)))));
  const unknownsPart = () => [
    data.errors.length ? [el("h3", {}, "Inputs that could not be read"), table(data.errors, "Inputs that could not be read"), el("p")] : null,
    el("h3", {}, "What the input does not tell"),
    data.unknowns.length ? table(data.unknowns, "What the input does not tell") : el("p", { class: "soft" }, "Nothing: every value was known."),
  ];

  const verdict = () => {
    const counts = data.severities.map((name) => data.findings.filter((one) => one.severity === name).length);
    const parts = data.severities.map((name, rank) => counts[rank] ? chip(`${counts[rank]} ${name}`, name) : null).filter(Boolean);
    if (data.audited && !parts.length) parts.push(chip("no findings", "good"));
    if (data.summary.errors) parts.push(chip(`${count(data.summary.errors, "input")} not read`, "no"));
    if (data.summary.unknowns) parts.push(chip(count(data.summary.unknowns, "unknown"), "unsure"));
    return parts.flatMap((part) => [part, " "]);
  };
  const parts = [["summary", "Summary", summary], ["functions", "Functions", functionsPart], ["graph", "Graph", () => permscope.drawing.part()],
    ...(data.audited ? [["findings", "Findings", findingsPart]] : []), ["access", "Access", accessPart], ["unknowns", "Unknowns", unknownsPart]];
  return { parts, verdict, said, bySeverity, facts, nodeLink, letters, verdictOf, severitySelect, severityOf };
})();

"use strict";
/* The interactive graph; everything it shows is in the panel beside it too, as text and buttons. */
permscope.drawing = (() => {
  const { data, nodes, edges, outgoing, incoming, el, named, empty, chip, ticked, count, say, ways, groups, page } = permscope;
  const WHOLE = 120;  // nodes up to which everything is drawn at once
  const MOST = 350;   // nodes above which a neighbourhood is cut
  const MOST_FOUND = 30; // names in the list below a search field
  const SHARED = 4;   // ends of edges from which a public or a pattern is drawn once for each
  const LAYERED = 700; // nodes up to which the layered layout is quick
  const [WIDE, HIGH] = [130, 50];
  const [PART_WIDE, PART_HIGH] = [190, 64];
  const kindWords = { triggers: "wirings", can_invoke: "may invoke", executes_as: "runs as", can_assume: "may become", can_access: "access", can_pass: "may pass", delivers_to: "deliveries", can_take_over: "may take over", writes_into: "writes into" };
  const state = { focus: null, depth: 2, kinds: new Set(Object.keys(kindWords)), routine: false, severity: 99, open: false, foreign: false, whole: false, way: null, part: [], opened: new Set() };
  let cy = null;
  const box = {};

  const usable = (edge) => state.kinds.has(edge.kind) && (state.routine || !edge.routine);
  const reachable = () => {
    const opened = new Set();
    if (state.open) {
      let front = nodes.filter((node) => node.kind === "public").map((node) => node.id);
      front.forEach((id) => opened.add(id));
      while (front.length) front = front.flatMap((id) => outgoing[id].filter((edge) => usable(edge) && edge.authorized !== false && !opened.has(edge.target)).map((edge) => { opened.add(edge.target); return edge.target; }));
    }
    return opened;
  };
  const wanted = () => {
    let kept = new Set(nodes.map((node) => node.id));
    const keepAround = (test) => {
      const seeds = [...kept].filter((id) => test(nodes[id]));
      const near = new Set(seeds);
      seeds.forEach((id) => [...outgoing[id], ...incoming[id]].filter(usable).forEach((edge) => { near.add(edge.source); near.add(edge.target); }));
      kept = new Set([...kept].filter((id) => near.has(id)));
    };
    if (state.severity < 99) keepAround((node) => node.findings.some((finding) => finding.rank <= state.severity));
    if (state.foreign) keepAround((node) => node.foreign);
    if (state.open) { const opened = reachable(); kept = new Set([...kept].filter((id) => opened.has(id))); }
    return kept;
  };

  /* The nodes to draw: around the focus, each way, acting with a role being no step. */
  const neighbourhood = (kept) => {
    const found = new Map([[state.focus, 0]]);
    for (const forward of [true, false]) {
      const seen = new Map([[state.focus, 0]]);
      let front = [state.focus];
      while (front.length) {
        const next = [];
        for (const id of front) {
          for (const edge of forward ? outgoing[id] : incoming[id]) {
            const other = forward ? edge.target : edge.source;
            const depth = seen.get(id) + (edge.kind === "executes_as" ? 0 : 1);
            if (!usable(edge) || !kept.has(other) || depth > state.depth || (seen.get(other) ?? 99) <= depth) continue;
            seen.set(other, depth);
            found.set(other, Math.min(found.get(other) ?? 99, depth));
            next.push(other);
          }
        }
        front = next;
      }
    }
    const ordered = [...found].sort((one, other) => one[1] - other[1] || one[0] - other[0]).map(([id]) => id);
    return { ids: ordered.slice(0, MOST), cut: ordered.length - MOST };
  };
  const joinedIn = (kept) => [...kept].filter((id) => [...outgoing[id], ...incoming[id]].some((edge) => usable(edge) && kept.has(edge.source) && kept.has(edge.target)));
  /* What to draw: nodes, or the parts of a graph that is too large for one drawing. */
  const selection = () => {
    const kept = wanted();
    if (state.way) return { ids: [...new Set(state.way.flatMap((edge) => [edge.source, edge.target]))], cut: 0 };
    if (state.focus !== null && !state.whole) { kept.add(state.focus); return neighbourhood(kept); }
    const joined = joinedIn(kept);
    if (state.whole || joined.length <= WHOLE) return { ids: joined, cut: 0 };
    let inside = joined;
    for (const name of state.part) {
      const found = (groups.of(inside, usable) || []).find((each) => each.name === name);
      if (found) inside = found.ids;
    }
    const parts = inside.length > MOST || !state.part.length ? groups.of(inside, usable) : null;
    if (parts) return { ids: [], cut: 0, parts };
    if (state.part.length) return { ...withShared(inside, kept), own: new Set(inside) };
    return { ids: [], cut: joined.length };
  };

  /* The nodes of a part, with what is next to them: first its own, then the strangers and patterns, then other parts. */
  const withShared = (inside, kept) => {
    const own = new Set(inside);
    const near = new Set(inside.flatMap((id) => [...outgoing[id], ...incoming[id]].filter(usable).map((edge) => edge.source === id ? edge.target : edge.source)).filter((id) => kept.has(id) && !own.has(id)));
    const ids = [...own, ...near];
    return { ids: ids.slice(0, MOST), cut: ids.length - MOST };
  };

  /* Zero-width spaces where a name may be broken, and in words that are too long for a line. */
  const breakable = (text) => text.replace(/([a-z0-9])(?=[A-Z])|([-_/.:,])/g, "$1$2\u200b").replace(/[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]/g, "$&\u200b").replace(/[^\s\u200b]{14}(?=[^\s\u200b])/g, "$&\u200b");
  /* At most so many columns of a text, wide characters counted as two: its beginning and its end. */
  const columns = (letter) => /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(letter) ? 2 : 1;
  const first = (letters, most) => { let used = 0; return letters.filter((letter) => (used += columns(letter)) <= most); };
  const short = (text, most) => {
    const letters = [...text];
    if (letters.reduce((sum, letter) => sum + columns(letter), 0) <= most) return text;
    const end = first([...letters].reverse(), Math.floor(most / 4)).reverse();
    return `${first(letters, most - Math.floor(most / 4) - 1).join("")}…${end.join("")}`;
  };
  const LONGEST = 36;       // columns of a name in the drawing
  const LONGEST_ROUTE = 27; // and of a route, which has less room in its shape
  const groupOf = (node) => ({ public: "public", function: "function", role: "role", route: "route", resource: "resource", resource_set: "set" })[node.kind] || "other";
  /* Of many things that only one node touches, the ones that matter most; the rest become one node to open. */
  const FEW = 9;
  const bundles = (ids, pool) => {
    const drawn = new Set(ids);
    const touching = new Map(ids.map((id) => [id, []]));
    pool.forEach((edge) => { if (drawn.has(edge.source) && drawn.has(edge.target)) { touching.get(edge.source).push(edge); touching.get(edge.target).push(edge); } });
    const groups = new Map();
    for (const id of ids) {
      const near = touching.get(id);
      const [first] = near;
      if (id === state.focus || !first || near.some((edge) => edge.source !== first.source || edge.target !== id)) continue;
      const key = first.source;
      groups.set(key, [...(groups.get(key) || []), { id, weight: Math.max(...near.map((edge) => (edge.levels || "").length)) + (nodes[id].kind === "resource" ? 10 : 0) }]);
    }
    const found = new Map();
    groups.forEach((leaves, owner) => {
      if (leaves.length <= FEW + 1 || state.opened.has(owner)) return;
      leaves.sort((one, other) => other.weight - one.weight || one.id - other.id);
      found.set(owner, leaves.slice(FEW).map((leaf) => leaf.id));
    });
    return found;
  };
  const elements = (given) => {
    const pool = state.way || [...new Set(given.flatMap((id) => outgoing[id]))].filter(usable);
    const hidden = state.way ? new Map() : bundles(given, pool);
    const away = new Set([...hidden.values()].flat());
    const ids = given.filter((id) => !away.has(id));
    const drawn = new Set(ids);
    /* Where everything is drawn, what many share would tie all of it into one knot: each gets a copy of its own. */
    const copied = new Set(state.whole ? ids.filter((id) => ["public", "resource_set"].includes(nodes[id].kind) && outgoing[id].length + incoming[id].length > SHARED) : []);
    const asNode = (id, key) => {
      const node = nodes[id];
      const rank = node.findings.reduce((least, finding) => Math.min(least, finding.rank), 99);
      return { group: "nodes", data: { id: key, number: id, label: breakable(short(node.name, node.kind === "route" ? LONGEST_ROUTE : LONGEST)), group: groupOf(node), severity: rank < 99 ? data.severities[rank] : "none" } };
    };
    const made = ids.filter((id) => !copied.has(id)).map((id) => asNode(id, `n${id}`));
    const copies = new Set();
    const end = (id, other) => {
      if (!copied.has(id)) return `n${id}`;
      const key = `n${id}-${other}`;
      if (!copies.has(key)) { copies.add(key); made.push(asNode(id, key)); }
      return key;
    };
    hidden.forEach((rest, owner) => {
      made.push({ group: "nodes", data: { id: `m${owner}`, owner, label: `${rest.length} more`, group: "more", severity: "none" } });
      made.push({ group: "edges", data: { id: `g${owner}`, source: `n${owner}`, target: `m${owner}`, label: "", words: "", state: "yes" } });
    });
    pool.filter((edge) => edge.source !== edge.target && drawn.has(edge.source) && drawn.has(edge.target)).forEach((edge) => {
      const state_ = edge.authorized === false ? "no" : edge.if ? "if" : edge.kind === "can_take_over" || edge.kind === "writes_into" ? "derived" : "yes";
      made.push({ group: "edges", data: { id: edge.id === undefined ? `t${made.length}` : `e${edge.id}`, source: end(edge.source, edge.target), target: end(edge.target, edge.source), label: edge.kind === "can_access" ? edge.levels || "" : "", words: edge.kind === "can_access" ? edge.levels || "" : short(edge.words || "", 26), state: state_ }, scratch: { edge } });
    });
    return made;
  };

  /* The parts of a large graph, with how many ways lead from one to another. */
  const partElements = (parts) => {
    const partOf = new Map(parts.flatMap((part, at) => part.ids.map((id) => [id, at])));
    const between = new Map();
    const add = (from, to, edge) => { const key = `${from}>${to}`; between.set(key, [...(between.get(key) || []), edge]); };
    edges.filter(usable).forEach((edge) => {
      const from = partOf.get(edge.source);
      const to = partOf.get(edge.target);
      if (from !== undefined && to !== undefined && from !== to) add(`p${from}`, `p${to}`, edge);
    });
    const asPart = (part, at) => ({ group: "nodes", data: { id: `p${at}`, part: at, label: `${breakable(short(part.name, 44))}\n${partWords(part)}`, group: "part", open: openIn(part) ? "yes" : "no", severity: part.rank < 99 ? data.severities[part.rank] : "none" } });
    return [...parts.map(asPart), ...[...between].map(([key, found]) => {
      const [source, target] = key.split(">");
      return { group: "edges", data: { id: `b${key}`, source, target, label: String(found.length), words: "", state: found.every((edge) => edge.authorized === false) ? "no" : "yes" } };
    })];
  };
  const openIn = (part) => part.ids.filter((id) => nodes[id].kind === "function" && page.facts.get(nodes[id]).open).length;
  const partWords = (part) => {
    const open = openIn(part);
    return part.functions ? `${count(part.functions, "function")}${open ? `, ${open.toLocaleString("en")} open` : ""}` : count(part.ids.length, "node");
  };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const style = () => [
    { selector: "node", style: { label: "data(label)", "font-size": 14, "font-family": "system-ui, sans-serif", color: colour("ink"), "text-valign": "center", "text-halign": "center", "text-wrap": "wrap", "text-overflow-wrap": "whitespace", "text-max-width": 120, width: WIDE, height: HIGH, shape: "round-rectangle", "background-color": colour("card"), "border-width": 1.5, "border-color": colour("node-other") } },
    ...["public", "function", "role", "route", "resource", "set", "other"].map((group) => ({ selector: `node[group = "${group}"]`, style: { "border-color": colour(`node-${group}`) } })),
    { selector: 'node[group = "function"]', style: { "border-width": 2.5, "font-weight": 600 } },
    { selector: 'node[group = "role"]', style: { shape: "cut-rectangle" } },
    { selector: 'node[group = "route"]', style: { shape: "tag" } },
    { selector: 'node[group = "resource"]', style: { shape: "barrel" } },
    { selector: 'node[group = "set"]', style: { "border-style": "dashed" } },
    { selector: 'node[group = "route"]', style: { "text-max-width": 104, "text-margin-x": -8 } },
    { selector: 'node[group = "more"]', style: { "border-style": "double", "border-width": 4, height: 34, color: colour("accent") } },
    { selector: 'node[group = "part"]', style: { width: PART_WIDE, height: PART_HIGH, "text-max-width": 180, "border-width": 2.5, "border-color": colour("node-function"), shape: "round-rectangle" } },
    { selector: 'node[group = "part"][open = "yes"]', style: { "border-color": colour("node-public") } },
    { selector: 'node[group = "public"]', style: { "background-color": colour("critical-back"), "font-weight": 600 } },
    ...["critical", "high", "medium"].map((severity) => ({ selector: `node[severity = "${severity}"]`, style: { "background-color": colour(`${severity}-back`) } })),
    { selector: "edge", style: { width: 1.4, "line-color": colour("soft"), "target-arrow-color": colour("soft"), "target-arrow-shape": "triangle", "arrow-scale": 0.9, "curve-style": "bezier", "source-endpoint": "90deg", "target-endpoint": "270deg", "control-point-step-size": 24, "target-label": "data(label)", "target-text-offset": 24, "font-size": 11, color: colour("soft"), "text-background-color": colour("card"), "text-background-opacity": 0.9, "text-background-padding": 2, "min-zoomed-font-size": 7 } },
    { selector: 'edge[state = "no"]', style: { "line-style": "dashed", "line-color": colour("critical"), "target-arrow-color": colour("critical") } },
    { selector: 'edge[state = "if"]', style: { "line-style": "dashed", "line-color": colour("unsure"), "target-arrow-color": colour("unsure") } },
    { selector: 'edge[state = "derived"]', style: { "line-style": "dotted", "line-color": colour("high"), "target-arrow-color": colour("high") } },
    { selector: "edge.back", style: { "source-endpoint": "270deg", "target-endpoint": "90deg" } },
    { selector: "edge.loose", style: { opacity: 0.2, width: 1 } },
    { selector: ".faded", style: { opacity: 0.18 } },
    { selector: ".way, :selected", style: { "border-color": colour("accent"), "border-width": 4, "line-color": colour("accent"), "target-arrow-color": colour("accent"), width: (each) => each.isEdge() ? 3 : each.data("part") === undefined ? WIDE : PART_WIDE } },
    { selector: "edge:selected, edge.way", style: { label: "data(words)", "target-label": "", color: colour("ink") } },
    { selector: "node.focus", style: { "border-width": 4 } },
  ];

  /* Each connected part from left to right, the parts in rows that fill the canvas. */
  const GAP = 60;
  const HUB = 8;     // edges of a kind out of one node, other than access, from which they do not pull their ends together
  const CROWD = 25;  // and edges of a kind into one node
  const isLoose = (kinds) => (edge) => {
    const kind = (edge.scratch("edge") || {}).kind;
    return kind !== undefined && ((kind !== "can_access" && kinds.get(`${edge.data("source")}>${kind}`) > HUB) || kinds.get(`${kind}>${edge.data("target")}`) > CROWD);
  };
  const looseEdges = () => {
    const kinds = new Map();
    const add = (key) => kinds.set(key, (kinds.get(key) || 0) + 1);
    cy.edges().forEach((edge) => { const kind = (edge.scratch("edge") || {}).kind; add(`${edge.data("source")}>${kind}`); add(`${kind}>${edge.data("target")}`); });
    return cy.edges().filter(isLoose(kinds));
  };
  /* The box of a part from the places of its nodes, which is quicker than asking for their outlines. */
  const boxOf = (part) => {
    const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
    part.nodes().forEach((node) => {
      const { x, y } = node.position();
      const [w, h] = node.data("part") === undefined ? [WIDE, HIGH] : [PART_WIDE, PART_HIGH];
      box.x1 = Math.min(box.x1, x - w / 2); box.x2 = Math.max(box.x2, x + w / 2);
      box.y1 = Math.min(box.y1, y - h / 2); box.y2 = Math.max(box.y2, y + h / 2);
    });
    return { ...box, w: box.x2 - box.x1, h: box.y2 - box.y1 };
  };
  const TANGLE = 1.5; // edges for each part of a large graph from which the parts stand in rows
  const arrange = () => {
    const tangled = box.parts.length && cy.edges().length > box.parts.length * TANGLE;
    const loose = tangled ? cy.edges() : state.whole ? looseEdges() : cy.collection();
    loose.addClass("loose");
    const quick = cy.nodes().length > LAYERED;
    const parts = cy.elements().difference(loose).components().map((part) => {
      const small = part.nodes().length <= LAYERED;
      part.layout(small ? { name: "dagre", rankDir: "LR", nodeSep: 14, rankSep: state.way ? 130 : 54, edgeSep: 8, ranker: quick ? "longest-path" : "network-simplex", animate: false, fit: false }
        : { name: "breadthfirst", directed: true, spacingFactor: 1.1, animate: false, fit: false, transform: (_, at) => ({ x: at.y * 2, y: at.x / 2 }) }).run();
      return { part, box: boxOf(part) };
    });
    const first = ({ part }) => Math.min(...part.nodes().map((node) => node.data("part") ?? node.data("number") ?? nodes.length));
    parts.sort((one, other) => other.box.h - one.box.h || first(one) - first(other));
    const area = parts.reduce((sum, { box }) => sum + (box.w + GAP) * (box.h + GAP), 0);
    const width = Math.max(...parts.map(({ box }) => box.w), Math.sqrt(area * cy.width() / cy.height()));
    const at = { x: 0, y: 0, height: 0 };
    cy.batch(() => parts.forEach(({ part, box }) => {
      if (at.x && at.x + box.w > width) { at.x = 0; at.y += at.height + GAP; at.height = 0; }
      part.nodes().shift({ x: at.x - box.x1, y: at.y - box.y1 });
      at.x += box.w + GAP;
      at.height = Math.max(at.height, box.h);
    }));
    cy.fit(undefined, 14);
  };

  const draw = () => {
    if (!cy) {
      cy = cytoscape({ container: box.canvas, style: style(), minZoom: 0.05, maxZoom: 3, boxSelectionEnabled: false });
      cy.on("tap", "node", (event) => {
        const owner = event.target.data("owner");
        const at = event.target.data("part");
        if (at !== undefined) { openPart(box.parts[at].name); return; }
        if (owner === undefined) { focus(event.target.data("number")); return; }
        state.opened.add(owner);
        draw();
        showNode(owner);
      });
      cy.on("tap", "edge", (event) => { const edge = event.target.scratch("edge"); if (edge) showEdge(edge); });
    }
    const { ids, cut, parts, own } = selection();
    box.parts = parts || [];
    box.own = own;
    cy.elements().remove();
    cy.add(parts ? partElements(parts) : elements(ids));
    cy.style(style());
    if (state.focus !== null) cy.getElementById(`n${state.focus}`).addClass("focus");
    if (state.way) cy.elements().addClass("way");
    if (cy.nodes().length) {
      arrange();
      cy.edges().forEach((each) => { if (each.source().position("x") > each.target().position("x")) each.addClass("back"); });
      if (cy.zoom() > 1.15) { cy.zoom(1.15); cy.center(); }
      if (cy.zoom() < 0.55 && !state.whole && !parts && !state.part.length) {  // readable rather than complete: the rest is one drag away
        const middle = cy.getElementById(`n${state.focus ?? (page.bySeverity[0] || {}).id}`);
        cy.zoom(0.7);
        cy.center(middle.length ? middle : undefined);
      }
    }
    const shown = `${count(cy.nodes().length, "node")}, ${count(cy.edges().length, "edge")}`;
    box.status.textContent = parts ? `${count(parts.length, "part")} of a graph too large to read at once; open one` : ids.length ? cut > 0 ? `${shown}; the nearest are drawn, ${cut.toLocaleString("en")} are farther away` : shown : cut > 0 ? `${count(cut, "node")} are too many to read at once: search for one, or pick a function` : "Nothing matches the filters";
    box.status.hidden = false;
    box.all.hidden = state.whole || (ids.length > 0 && cut <= 0 && state.focus === null && !state.part.length);
    box.canvas.setAttribute("aria-label", `Drawing of ${parts ? count(parts.length, "part") : shown}. The panel beside it is the same to walk through as text.`);
    return ids;
  };

  /* The panel */
  const reasons = (edge) => edge.reasons.map((number) => {
    const reason = data.reasons[number];
    return el("div", {}, el("div", {}, reason.words), el("div", { class: "mono small soft name" }, reason.place), reason.text.length ? el("pre", {}, reason.text.join("\n")) : null);
  });
  const showEdge = (edge) => {
    if (cy && edge.id !== undefined) { cy.elements().unselect(); cy.getElementById(`e${edge.id}`).select(); }
    empty(box.panel, el("h3", {}, "Edge"),
      el("p", {}, nodeButton(edge.source), " ", el("strong", {}, edge.kind === "can_access" ? "may" : edge.words), " ", nodeButton(edge.target), edge.qualifier ? ` :${edge.qualifier}` : "", " ", page.verdictOf(edge)),
      edge.kind === "can_access" ? el("p", {}, page.letters(edge.levels || ""), " ", edge.words) : null,
      edge.reason ? el("p", { class: "small" }, edge.reason) : null,
      edge.if ? el("p", { class: "if" }, "if ", edge.if) : null,
      el("h4", {}, "Because of"), edge.reasons.length ? reasons(edge) : el("p", { class: "soft" }, "the wiring itself"));
    box.panel.focus();
    say("Edge shown in the panel");
  };
  const nodeButton = (id) => el("button", { type: "button", class: "link name", "aria-label": nodes[id].name, on: { click: () => focus(id) } }, named(nodes[id].name));
  const edgeRow = (edge, other, before) => el("li", {},
    el("button", { type: "button", class: "link small", "aria-label": `${before}, why: ${edge.words} ${nodes[other].name}`, "data-edge": edge.id, on: { click: () => showEdge(edge) } }, before), " ", nodeButton(other), " ",
    edge.kind === "can_access" ? page.letters(edge.levels || "") : page.verdictOf(edge), edge.if ? el("span", { class: "if small" }, " conditional") : null);
  const showNode = (id) => {
    const node = nodes[id];
    const into = incoming[id].filter(usable);
    const out = outgoing[id].filter(usable);
    const list = (found, other) => el("ul", { class: "plain" }, found.slice(0, 200).map((edge) => edgeRow(edge, edge[other], edge.kind === "can_access" ? "may use" : edge.words)), found.length > 200 ? el("li", { class: "soft" }, `and ${found.length - 200} more`) : null);
    empty(box.panel, el("h3", { class: "name" }, node.name), el("p", { class: "soft" }, [node.kind.replace("_", " "), node.type === node.kind ? "" : node.type].filter(Boolean).join(", "), node.foreign ? " · another account" : ""),
      node.place ? el("p", { class: "mono small name" }, node.place) : null, node.arn ? el("p", { class: "mono small soft name" }, node.arn) : null,
      node.findings.length ? [el("h4", {}, "Findings"), el("ul", { class: "plain" }, node.findings.slice(0, 20).map((finding) => el("li", {}, page.severityOf(finding), " ", ticked(finding.message))))] : null,
      el("h4", {}, `In (${into.length})`), into.length ? list(into, "source") : el("p", { class: "soft" }, "nothing"),
      el("h4", {}, `Out (${out.length})`), out.length ? list(out, "target") : el("p", { class: "soft" }, "nothing"),
      (node.kind === "function" ? permscope.rolesOf(node) : []).map((role) => {
        const touched = outgoing[role.id].filter(usable);
        return touched.length ? [el("h4", {}, `As ${role.name} (${touched.length})`), list(touched, "target")] : null;
      }));
  };
  const focus = (id) => {
    state.focus = id; state.whole = false; state.way = null; state.part = [];
    draw(); showNode(id);
    say(`${nodes[id].name} is in focus, ${box.status.textContent}`);
  };

  const openPart = (name) => {
    state.part.push(name); state.focus = null; state.whole = false; state.way = null;
    draw(); showPart();
    box.panel.focus();
    say(`${name} is shown, ${box.status.textContent}`);
  };
  const leavePart = () => {
    state.part.pop();
    draw(); showPart();
    box.panel.focus();
  };
  /* The panel of a part, or of all of them: what is in the drawing, as text and buttons. */
  const showPart = () => {
    const inside = [...(box.own || [])].map((id) => nodes[id]);
    const own = inside.filter((node) => node.kind === "function");
    const others = inside.filter((node) => node.kind !== "function");
    const rank = (node) => page.facts.get(node).rank;
    own.sort((one, other) => rank(one) - rank(other) || one.id - other.id);
    empty(box.panel, el("h3", { class: "name" }, state.part.length ? state.part.at(-1) : "Overview"),
      state.part.length ? el("p", {}, el("button", { type: "button", class: "link", on: { click: leavePart } }, state.part.length > 1 ? `Back to ${state.part.at(-2)}` : "Back to the overview")) : null,
      box.parts.length ? [el("p", { class: "soft" }, "Open a part, or find a node by its name. A number on an edge is how many ways lead there."), el("h4", {}, `Parts (${box.parts.length})`), el("ul", { class: "plain" }, box.parts.map((part) => el("li", {}, el("button", { type: "button", class: "link name", on: { click: () => openPart(part.name) } }, part.name), " ", el("span", { class: "soft small" }, partWords(part)))))]
        : [el("h4", {}, `Functions (${own.length})`), own.length ? el("ul", { class: "plain" }, own.slice(0, 200).map((node) => el("li", {}, nodeButton(node.id), " ", page.facts.get(node).open ? chip("open", "open") : null))) : el("p", { class: "soft" }, "nothing"), others.length ? [el("h4", {}, `Also here (${others.length})`), el("ul", { class: "plain" }, others.slice(0, 200).map((node) => el("li", {}, nodeButton(node.id), " ", el("span", { class: "soft small" }, node.type || node.kind))))] : null]);
  };

  /* A search field with a list, for the focus and for the ends of a way. */
  const searcher = (label, id, chosen, spoken) => {
    const input = el("input", { type: "search", id, "aria-label": spoken, role: "combobox", "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list", autocomplete: "off", placeholder: "name" });
    const list = el("ul", { id: `${id}-list`, role: "listbox", "aria-label": `${spoken || label}, found`, hidden: true });
    let found = [];
    let at = -1;
    const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const choose = (node) => { input.value = node.name; close(); chosen(node); };
    const mark = () => [...list.children].forEach((item, number) => { item.setAttribute("aria-selected", String(number === at)); if (number === at) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); } });
    const look = () => {
      const text = input.value.trim().toLowerCase();
      found = text ? nodes.filter((node) => `${node.name}\n${node.type}\n${node.arn || ""}`.toLowerCase().includes(text)) : [];
      found.sort((one, other) => !one.name.toLowerCase().startsWith(text) - !other.name.toLowerCase().startsWith(text) || one.name.length - other.name.length);
      found = found.slice(0, MOST_FOUND);
      at = found.length ? 0 : -1;
      empty(list, found.map((node, number) => el("li", { role: "option", id: `${id}-${number}`, on: { mousedown: (event) => { event.preventDefault(); choose(node); } } }, node.name, " ", el("span", { class: "soft small" }, node.type || node.kind.replace("_", " ")))));
      list.hidden = !found.length;
      input.setAttribute("aria-expanded", String(found.length > 0));
      mark();
      if (text) say(found.length ? `${found.length === MOST_FOUND ? "more than " : ""}${count(found.length, "name")} found` : "No name matches");
    };
    input.addEventListener("input", look);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { if (found.length) { at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length; mark(); event.preventDefault(); } }
      else if (event.key === "Enter" && found[at]) { choose(found[at]); event.preventDefault(); }
      else if (event.key === "Escape") close();
    });
    return el("label", {}, label, el("span", { class: "search" }, input, list));
  };

  const ends = { from: null, to: null };
  const showWay = () => {
    if (ends.from === null || ends.to === null) return;
    const way = ways.find(ends.from, ends.to);
    if (!way) {
      state.way = null; state.focus = ends.from; draw();
      empty(box.panel, el("h3", {}, "No way"), el("p", {}, `Nothing in the input leads from ${nodes[ends.from].name} to ${nodes[ends.to].name}.`), data.partial || data.unknowns.length ? el("p", { class: "soft" }, data.partial ? "Grants on patterns are not all followed here: ask permscope path." : "Unknowns may add to this.") : null);
      say("There is no way between them");
      return;
    }
    state.way = way; state.whole = false; state.focus = null; state.part = [];
    draw();
    empty(box.panel, el("h3", {}, `Way of ${count(way.length, "hop")}`), el("ol", { class: "way" }, way.map((edge) => el("li", {}, nodeButton(edge.source), " → ", nodeButton(edge.target), el("div", { class: "soft small" }, edge.words), edge.if ? el("div", { class: "if small" }, "if ", edge.if) : null,
      el("button", { type: "button", class: "link small", on: { click: () => showEdge(edge) } }, "why")))));
    say(`A way of ${count(way.length, "hop")} is shown`);
  };

  const part = () => {
    box.canvas = el("div", { id: "drawing", role: "img" });
    box.panel = el("aside", { class: "card panel", tabindex: "-1", "aria-label": "What is selected", id: "panel" });
    box.status = el("span", { class: "soft", id: "graph-status" });
    box.all = el("button", { type: "button", id: "draw-all", on: { click: () => { state.whole = true; state.way = null; state.focus = null; state.part = []; say("Drawing everything"); setTimeout(draw, 20); } } }, "Draw everything");
    const again = () => { state.way = null; draw(); if (state.focus !== null) showNode(state.focus); else if (box.parts.length || state.part.length) showPart(); say(box.status.textContent); };
    const depth = el("select", { id: "depth", "aria-label": "Steps around the focus" }, [1, 2, 3, 5, 9].map((steps) => el("option", { value: steps, selected: steps === 2 }, steps === 9 ? "all" : steps)));
    depth.addEventListener("input", () => { state.depth = Number(depth.value); again(); });
    const severity = page.severitySelect("any");
    severity.id = "graph-severity";
    severity.addEventListener("input", () => { state.severity = severity.value === "" ? 99 : Number(severity.value); again(); });
    const toggle = (words, id, run, on) => { const made = el("input", { type: "checkbox", id }); made.checked = Boolean(on); made.addEventListener("input", () => { run(made.checked); again(); }); return el("label", { for: id }, made, el("span", {}, words)); };
    const present = Object.keys(kindWords).filter((kind) => edges.some((edge) => edge.kind === kind));
    const zoom = (by) => () => { cy.zoom({ level: cy.zoom() * by, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } }); };
    const used = new Set(nodes.map(groupOf));
    const key = [["public", "public"], ["route", "route"], ["function", "function"], ["role", "role"], ["resource", "resource"], ["set", "pattern"], ["other", "other"]].filter(([group]) => used.has(group));
    const made = [
      el("div", { class: "bar" }, searcher("Find", "find", (node) => focus(node.id)), el("label", {}, "Steps", depth), data.audited ? el("label", {}, "Findings", severity) : null,
        toggle("reached by anyone", "only-public", (on) => { state.open = on; }), toggle("other accounts", "only-foreign", (on) => { state.foreign = on; }), toggle("routine", "with-routine", (on) => { state.routine = on; })),
      el("div", { class: "bar" }, searcher("Way from", "way-from", (node) => { ends.from = node.id; showWay(); }), searcher("to", "way-to", (node) => { ends.to = node.id; showWay(); }, "Way to"),
        el("button", { type: "button", id: "overview", on: { click: () => { state.focus = null; state.way = null; state.whole = false; state.part = []; start(); } } }, "Overview"), box.all, box.status),
      el("details", {}, el("summary", { class: "soft small" }, "Kinds of edges"), el("fieldset", {}, el("legend", {}, "Draw"), present.map((kind) => toggle(kindWords[kind], `kind-${kind}`, (on) => { if (on) state.kinds.add(kind); else state.kinds.delete(kind); }, true)))),
      el("div", { class: "workbench" },
        el("div", { class: "canvas" }, box.canvas, el("div", { class: "zoom" }, el("button", { type: "button", "aria-label": "Zoom in", on: { click: zoom(1.3) } }, "+"), el("button", { type: "button", "aria-label": "Zoom out", on: { click: zoom(1 / 1.3) } }, "−"), el("button", { type: "button", on: { click: () => cy.fit(undefined, 24) } }, "Fit")),
          el("div", { class: "key", "aria-hidden": "true" }, key.map(([group, words]) => el("span", {}, el("i", { class: `dot-${group}` }), words)), el("span", {}, "dashed: under conditions, or not authorized"), edges.some((edge) => edge.kind === "can_take_over" || edge.kind === "writes_into") ? el("span", {}, "dotted: may take over or write into") : null)),
        box.panel),
    ];
    return made;
  };
  const start = () => {
    const drawn = draw();
    if (box.parts.length) { showPart(); return; }
    if (drawn.length || state.focus !== null) {
      if (state.focus === null && !state.way) empty(box.panel, el("h3", {}, "Graph"), el("p", { class: "soft" }, "Choose a node to see what is around it, an edge to see the statements behind it. Find and the lists here work with the keyboard alone."), el("h4", {}, "Functions"), pick());
      return;
    }
    empty(box.panel, el("h3", {}, "Start from a function"), el("p", { class: "soft" }, "The most exposed first."), pick());
    if (page.bySeverity.length) focus(page.bySeverity[0].id);
  };
  const pick = () => el("ul", { class: "plain" }, page.bySeverity.slice(0, 40).map((node) => el("li", {}, nodeButton(node.id), " ", page.facts.get(node).open ? chip("open", "open") : null)));
  const shown = () => { if (!cy) start(); else cy.resize(); };
  const repaint = () => { if (cy) cy.style(style()); };
  return { part, focus: (id) => { if (!cy) draw(); focus(id); }, shown, repaint, get cy() { return cy; } };
})();

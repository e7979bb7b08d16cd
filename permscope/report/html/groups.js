"use strict";
/* A large graph as a few parts to look at one at a time: by file, folder, first word of the functions' names, or order. */
permscope.groups = (() => {
  const { nodes, outgoing, incoming } = permscope;
  const FEW = 36;      // parts that are read at once
  const FILES = 120;   // and files, which are known by name
  const EACH = 60;     // functions of a part, where nothing else divides them
  /* The file of a place in one; of an API call the account and Region. */
  const fileOf = ({ place = "" }) => { const found = /^(.*):\d+$/.exec(place); return found ? found[1] : place.replace(/^\S+ ?/, ""); };
  const isShared = (node) => node.kind === "public" || node.kind === "resource_set" || node.kind === "service";

  /* Number of a node -> the function it has most to do with: the nearest one. */
  const ownersOf = (ids, usable) => {
    const inside = new Set(ids);
    const owner = new Map(ids.filter((id) => nodes[id].kind === "function").map((id) => [id, id]));
    let front = [...owner.keys()];
    while (front.length) {
      const next = [];
      for (const id of front) {
        for (const edge of [...outgoing[id], ...incoming[id]]) {
          const other = edge.source === id ? edge.target : edge.source;
          if (!usable(edge) || !inside.has(other) || owner.has(other) || isShared(nodes[other])) continue;
          owner.set(other, owner.get(id));
          next.push(other);
        }
      }
      front = next;
    }
    return owner;
  };
  const gathered = (ids, nameOf) => {
    const found = new Map();
    ids.forEach((id) => { const name = nameOf(id); if (name) { if (!found.has(name)) found.set(name, []); found.get(name).push(id); } });
    return found;
  };
  const divides = (found, ids) => found.size > 1 && Math.max(...[...found.values()].map((each) => each.length)) <= ids.length * 0.8;

  const byFile = (ids) => {
    const files = new Map(ids.map((id) => [id, fileOf(nodes[id]).split("/")]));
    const deepest = Math.max(0, ...[...files.values()].map((parts) => parts.length));
    for (let depth = deepest; depth > 0; depth -= 1) {
      const found = gathered(ids, (id) => files.get(id).slice(0, depth).join("/"));
      if (found.size <= FILES) return divides(found, ids) ? found : null;
    }
    return null;
  };
  const byWord = (ids, owners) => {
    const wordOf = (name) => (/^(?:[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\x00-\x7f]+)/.exec(name) || [""])[0];
    const found = gathered(ids, (id) => owners.has(id) ? wordOf(nodes[owners.get(id)].name) : "");
    const named = new Map([...found].filter(([word]) => word.length > 1).map(([word, each]) => [`${word}…`, each]));
    return named.size <= FEW && divides(named, ids) ? named : null;
  };
  const byOrder = (ids, owners) => {
    const functions = ids.filter((id) => nodes[id].kind === "function");
    if (functions.length <= EACH) return null;
    const size = Math.max(EACH, Math.ceil(functions.length / FEW));
    const part = new Map(functions.map((id, at) => [id, Math.floor(at / size)]));
    const names = [...new Set(part.values())].map((at) => `${nodes[functions[at * size]].name} to ${nodes[functions[Math.min((at + 1) * size, functions.length) - 1]].name}`);
    return gathered(ids, (id) => owners.has(id) ? names[part.get(owners.get(id))] : "");
  };

  /* Parts of some nodes, each a name and numbers of nodes; nothing where they do not divide. What many share is in none. */
  const of = (ids, usable) => {
    const divided = ids.filter((id) => !isShared(nodes[id]));
    const owners = ownersOf(divided, usable);
    const found = byFile(divided) || byWord(divided, owners) || byOrder(divided, owners);
    if (!found) return null;
    const names = shortened([...found.keys()]);
    const rank = (each) => Math.min(...each.map((id) => nodes[id].findings.reduce((least, finding) => Math.min(least, finding.rank), 99)));
    const parts = [...found.values()].map((each, at) => ({ name: names[at], ids: each, rank: rank(each), functions: each.filter((id) => nodes[id].kind === "function").length }));
    return parts.sort((one, other) => one.rank - other.rank || one.ids[0] - other.ids[0]);
  };
  /* Without the folder that all are in, and without `template.yaml` where the folder says it all. */
  const shortened = (names) => {
    const folders = names.map((name) => name.split("/").slice(0, -1).join("/"));
    const shared = folders[0] && folders.every((each) => each === folders[0]) ? `${folders[0]}/` : "";
    const short = names.map((name) => name.slice(shared.length).replace(/\/template\.(ya?ml|json)$/, ""));
    return new Set(short).size === names.length ? short : names;
  };
  return { of };
})();

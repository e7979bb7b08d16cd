"use strict";
/* Ways along permissions, by the rules of `permscope path`: data that was reached is not a source that was written to. */
permscope.ways = (() => {
  const { nodes, outgoing, through } = permscope;
  const followed = new Set(["can_invoke", "triggers", "executes_as", "can_assume", "can_access", "can_take_over", "delivers_to"]);
  const sources = new Set(["resource", "external"]);

  /* Edges that can be taken from a node, each with whether its end then runs what is wired to it. */
  const steps = function* (id, running) {
    if (!running && sources.has(nodes[id].kind)) return;
    for (const edges of [outgoing[id], through[id]]) {
      for (const edge of edges) {
        if (!followed.has(edge.kind) || edge.authorized === false || edge.routine) continue;
        yield [edge, edge.kind !== "can_access" || Boolean(edge.feeds)];
      }
    }
  };

  /* Everything that is reached: state -> the edge and the state before it. */
  const reach = (start, goal) => {
    const first = `${start}:1`;
    const seen = new Map([[first, null]]);
    let front = [[start, true, first]];
    while (front.length) {
      const next = [];
      for (const [id, running, key] of front) {
        for (const [edge, runs] of steps(id, running)) {
          const following = `${edge.target}:${runs ? 1 : 0}`;
          if (seen.has(following)) continue;
          seen.set(following, { edge, before: key });
          if (edge.target === goal) return { seen, end: following };
          next.push([edge.target, runs, following]);
        }
      }
      front = next;
    }
    return { seen, end: null };
  };

  /* The edges of a shortest way, or null. */
  const find = (start, goal) => {
    if (start === goal) return null;
    const { seen, end } = reach(start, goal);
    if (!end) return null;
    const way = [];
    for (let at = end; seen.get(at); at = seen.get(at).before) way.unshift(seen.get(at).edge);
    return way;
  };

  /* What someone who controls a node can reach. */
  const blast = (start) => {
    const found = { functions: new Set(), roles: new Set(), targets: new Set(), wide: new Set() };
    for (const step of reach(start, -1).seen.values()) {
      if (!step || step.edge.target === start) continue;
      const node = nodes[step.edge.target];
      if (node.kind === "function") found.functions.add(node.id);
      else if (node.kind === "role") found.roles.add(node.id);
      else if (node.kind === "resource_set") found.wide.add(node.id);
      else if (node.kind !== "route") found.targets.add(node.id);
    }
    return found;
  };
  return { find, blast };
})();

"""The graph for other programs: Graphviz, mermaid and GraphML."""

from __future__ import annotations

from permscope.graph.model import Edge, EdgeKind, Node, NodeKind, PermissionGraph
from permscope.inventory.tokens import without_stack
from permscope.lazy import regex
from permscope.report.describe import auth_of, name_of, type_name
from permscope.report.escape import in_dot, in_mermaid, visible

_DOT_SHAPES = {
    NodeKind.PUBLIC: "doublecircle",
    NodeKind.FUNCTION: "box",
    NodeKind.ROLE: "hexagon",
    NodeKind.ROUTE: "rarrow",
    NodeKind.SERVICE: "ellipse",
    NodeKind.RESOURCE: "cylinder",
    NodeKind.RESOURCE_SET: "folder",
}
_MERMAID_BRACKETS = {
    NodeKind.PUBLIC: ("(((", ")))"),
    NodeKind.ROLE: ("{{", "}}"),
    NodeKind.ROUTE: (">", "]"),
    NodeKind.SERVICE: ("([", "])"),
    NodeKind.RESOURCE: ("[(", ")]"),
    NodeKind.RESOURCE_SET: ("[/", "/]"),
}


def render_dot(graph: PermissionGraph) -> str:
    """Graphviz text; `dot -Tsvg` draws it."""
    lines = ["digraph permscope {", "  rankdir=LR;", '  node [fontname="Helvetica"];']
    for node in _nodes(graph):
        shape = _DOT_SHAPES.get(node.kind, "box")
        lines.append(f'  "{in_dot(node.id)}" [label="{in_dot(_label(node))}", shape={shape}];')
    for edge in _edges(graph):
        style = "dashed" if edge.authorized is False or edge.decision != "allow" else "solid"
        colour = ', color="red"' if edge.authorized is False else ""
        lines.append(
            f'  "{in_dot(edge.source)}" -> "{in_dot(edge.target)}" '
            f'[label="{in_dot(edge_label(edge))}", style={style}{colour}];'
        )
    return "\n".join([*lines, "}", ""])


def render_mermaid(graph: PermissionGraph) -> str:
    """A mermaid flowchart, as Markdown renderers draw it."""
    numbers = {node.id: f"n{number}" for number, node in enumerate(_nodes(graph))}
    lines = ["flowchart LR"]
    for node in _nodes(graph):
        left, right = _MERMAID_BRACKETS.get(node.kind, ("[", "]"))
        lines.append(f'  {numbers[node.id]}{left}"{in_mermaid(_label(node))}"{right}')
    for edge in _edges(graph):
        arrow = "-.->" if edge.authorized is False or edge.decision != "allow" else "-->"
        label = in_mermaid(edge_label(edge))
        lines.append(f'  {numbers[edge.source]} {arrow}|"{label}"| {numbers[edge.target]}')
    return "\n".join([*lines, ""])


def render_graphml(graph: PermissionGraph) -> str:
    """GraphML text, as Gephi, yEd and networkx read it."""
    import io

    import networkx as nx

    network: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in _nodes(graph):
        attributes = {
            "kind": node.kind.value,
            "label": node.label,
            "type": node.type or "",
            "arn": without_stack(node.arn or ""),
            "logical_id": node.logical_id or "",
            "file": node.source.file or "",
            "line": node.source.line or 0,
        }
        network.add_node(
            _xml(node.id),
            **{key: _xml(value) if isinstance(value, str) else value for key, value in attributes.items()},
        )
    for edge in _edges(graph):
        network.add_edge(
            _xml(edge.source),
            _xml(edge.target),
            kind=edge.kind.value,
            mechanism=edge.mechanism or "",
            authorized={True: "yes", False: "no", None: ""}[edge.authorized],
            decision=edge.decision.value,
            actions=" ".join(edge.actions.patterns()),
            access_levels=", ".join(edge.actions.levels()),
        )
    out = io.BytesIO()
    nx.write_graphml(network, out, encoding="utf-8")
    return out.getvalue().decode("utf-8") + "\n"


def edge_label(edge: Edge) -> str:
    """What an edge says, in a word or two."""
    if edge.kind is EdgeKind.TRIGGERS:
        words = (edge.event or edge.mechanism or "triggers").replace("_", " ").replace("-", " ")
        return words if edge.authorized is not False else f"{words} (not authorized)"
    if edge.kind is EdgeKind.CAN_ACCESS:
        return ", ".join(edge.actions.levels()) or "access"
    return edge.kind.value.replace("_", " ")


def _label(node: Node) -> str:
    extra = auth_of(node) if node.kind is NodeKind.ROUTE else type_name(node)
    return f"{name_of(node)} ({extra})" if extra else name_of(node)


def _nodes(graph: PermissionGraph) -> list[Node]:
    return sorted(graph.nodes.values(), key=lambda node: node.id)


def _edges(graph: PermissionGraph) -> list[Edge]:
    return sorted(
        graph.edges, key=lambda edge: (edge.source, edge.target, edge.kind, edge.event or "", edge.qualifier or "")
    )


_NOT_XML = regex("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: str) -> str:
    return _NOT_XML.sub("?", visible(text))

"""Write `docs/rules/<id>.md` and `docs/rules/README.md` from the rule files.

Run it after changing a rule: `python tools/build_rule_docs.py`. A test holds the pages to the rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from permscope.audit.elsewhere import ELSEWHERE
from permscope.audit.findings import SEVERITIES
from permscope.audit.predicates import FINDERS, PREDICATES
from permscope.audit.rules import Rule, load_rules

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "rules"
_EXAMPLES = ROOT / "fixtures" / "rules"
_LOOKS_AT = {
    "principal": "the effective access of every role, user, group and unattached policy",
    "statement": "every policy statement",
    "policy": "every policy document",
    "attachment": "every managed policy where it is attached",
    "credentials": "every user, and the root user, of IAM's credential report in a snapshot of a live account",
    "route": "every API route and function URL",
    "triggers": "everything that is wired to a function",
    "executes_as": "everything that runs with a role",
    "delivers_to": "every destination and dead-letter queue",
}
_LEFT_OUT = ("source", "principal_arn", "reported", "arn", "name", "trust")
_ADJUSTED = {
    "exposure": "one step higher where the public reaches it",
    "condition": "one step lower where a condition really narrows it",
    "unreachable": "one step lower where nothing can come of it",
}


def pages() -> Mapping[str, str]:
    """Every page by file name."""
    rules = load_rules()
    found = {f"{rule.id}.md": _page(rule) for rule in rules}
    found["README.md"] = _index(rules)
    return found


def _page(rule: Rule) -> str:
    lines = [f"# {rule.id}", "", f"**{rule.title}** (severity: {rule.severity})", "", rule.why_text, ""]
    looks_at = _LOOKS_AT.get(rule.for_each, f"every `{rule.for_each}` in the graph")
    lines += [f"Looks at {looks_at}."]
    changes = [_ADJUSTED[name] for name in _ADJUSTED if name in rule.adjust]
    if changes:
        lines += [f"The severity is {', '.join(changes)}; the finding says so."]
    if rule.subsumed_by:
        names = ", ".join(f"[{name}]({name}.md)" for name in rule.subsumed_by)
        lines += [f"Says nothing where one of these says it already: {names}."]
    lines += ["", "## What to do", "", *_fenced(rule.fix_text), ""]
    lines += [*_example(rule), ""]
    lines += ["## Also known as", "", ", ".join(f"`{name}`" for name in rule.aliases), ""]
    lines += ["## References", "", *(f"- <{link}>" for link in rule.references), ""]
    return "\n".join(lines)


def _fenced(text: str) -> list[str]:
    return ["```yaml", text, "```"] if "\n" in text or text.startswith("{") else [text]


def _example(rule: Rule) -> list[str]:
    """The fixture: a template, or a snapshot where only a live account tells."""
    lines = ["## Example", ""]
    template = _EXAMPLES / f"{rule.id}.yaml"
    if template.is_file():
        text = template.read_text(encoding="utf-8").strip()
        shown = [line for line in text.splitlines() if not line.startswith("# Hand-written")]
        lines += ["Lines marked `# finding` are reported, lines marked `# ok` are not.", ""]
        return [*lines, "```yaml", *shown, "```"]
    snapshot = json.loads(template.with_suffix(".json").read_text(encoding="utf-8"))
    lines += ["Of these in a [snapshot](../live.md) of a live account:", ""]
    shown = [fact for kind in ("Credentials", "Role") for fact in snapshot["facts"].get(kind, ())]
    for fact in shown:
        who = fact.get("principal_arn") or fact["arn"]
        if who not in (*snapshot["finding"], *snapshot["ok"]):
            continue
        said = f"ok, {snapshot['ok'][who]}" if who in snapshot["ok"] else "**reported**"
        kept = {name: value for name, value in fact.items() if name not in _LEFT_OUT}
        lines.append(f"- `{who.rpartition(':')[2]}` ({said}): `{json.dumps(kept)}`")
    return lines


def _index(rules: Iterable[Rule]) -> str:
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule)
    lines = ["# Rules", "", "Generated from `rules/`; `permscope explain RULE` shows the same in the terminal.", ""]
    for family in sorted(families):
        lines += [f"## {family}", "", "| rule | severity | what it finds |", "|---|---|---|"]
        ordered = sorted(families[family], key=lambda rule: (SEVERITIES.index(rule.severity), rule.id))
        lines += [f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.title} |" for rule in ordered]
        lines += [""]
    lines += ["## By the code of the catalogue", "", *_by_code(rules), ""]
    lines += ["## Predicates and finders for rules of your own", "", "Used in `where: {is: name}`:", ""]
    lines += [f"- `{name}`: {_first(item.doc)}" for name, item in sorted(PREDICATES.items())]
    lines += ["", "Used in `find: name`:", ""]
    lines += [
        f"- `{name}` ({', '.join(item.kinds)}): {_first(item.doc)}"
        + (f" Values: {', '.join(f'`{{hit.{value}}}`' for value in item.values)}." if item.values else "")
        for name, item in sorted(FINDERS.items())
    ]
    return "\n".join([*lines, ""])


def _by_code(rules: Iterable[Rule]) -> list[str]:
    """Where each check of the catalogue is: in one rule or several, or outside the rules."""
    found: dict[str, list[str]] = {}
    for rule in rules:
        for code in filter(_CODE.fullmatch, rule.aliases):
            found.setdefault(code, []).append(f"[{rule.id}]({rule.id}.md)")
    told = {code: f"{check.name}: {check.says}" for code, check in ELSEWHERE.items()}
    lines = ["Where a check has another name, or several rules, the [rulebook](../rulebook.md) says why.", ""]
    lines += ["| code | rule |", "|---|---|"]
    return lines + [f"| {code} | {told.get(code) or ', '.join(found[code])} |" for code in sorted({*found, *told})]


_CODE = re.compile(r"[A-Z]{3}\d{3}")


def _first(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def main() -> None:
    """Write the pages and remove those of rules that are gone."""
    PAGES.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for path in PAGES.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    print(f"{len(wanted)} pages")


if __name__ == "__main__":
    main()

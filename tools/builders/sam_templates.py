"""Policy templates of AWS SAM: `sam_templates.json`."""

from __future__ import annotations

from builders.sources import SAM, BuildError, Built, Wheels, compact


def build_sam_templates(wheels: Wheels) -> Built:
    """`sam_templates.json`: name -> [parameters, statements, description]."""
    source = wheels.json(SAM, "samtranslator/policy_templates_data/policy_templates.json")["Templates"]
    content = {}
    for name, template in source.items():
        if set(template["Definition"]) != {"Statement"}:
            raise BuildError(f"policy template {name} has more than statements")
        content[name] = [sorted(template["Parameters"]), template["Definition"]["Statement"], template["Description"]]
    return Built({"sam_templates.json": compact(content) + b"\n"}, {"sam_templates": len(content)})

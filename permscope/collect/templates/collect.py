"""Templates of one run, read into facts together: exports meet imports, nested stacks are read with their parents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from permscope import cache
from permscope.collect.templates.files import Place, RefusedFileError, locate
from permscope.collect.templates.kept import Kept, fetch_kept, fetch_part, keep, state_of
from permscope.collect.templates.same_names import Tree, told_apart
from permscope.collect.templates.stack import Run, bind_template, nested_reference
from permscope.collect.templates.world import Root, Template, World
from permscope.errors import PermscopeError, TemplateError
from permscope.inventory.facts import Account, AnyFact, Unknown
from permscope.inventory.inventory import Collected, Key, Part
from permscope.inventory.source import Source


def read_templates(templates: Sequence[Template]) -> Collected:
    """The facts of all templates, roots in the order given, each followed by its nested stacks."""
    collected = Collected()
    found = _without_nested(templates)
    world = World()
    for template, label in zip(found, _labels_of(found), strict=True):
        root = Root(template, label, name=_name(template, label))
        root.kept = fetch_kept(root.name, template.place)
        if root.kept is not None or _bind(root, world, collected.errors):
            world.roots.append(root)
    _check_imports(world, collected.errors)
    said: list[Kept] = []
    trees: list[Tree] = []
    for root in world.roots:
        try:
            kept = root.kept or root.make()
        except RecursionError:
            collected.errors.append(_too_deep(root.template.place))
            continue
        if root.kept is None and root.name is not None:
            kept = keep(root.name, kept)
        said.append(kept)
        trees.append(Tree(root.label, root.template.place.file, kept.facts, kept.exports, kept.imports))
        collected.errors.extend(kept.errors)
    apart = told_apart(trees)
    _put_together(said, collected, apart)
    collected.key = _key(world.roots, said, trees if apart is not None else ())
    if len(collected.errors) == sum(len(kept.errors) for kept in said):
        collected.parts = _parts(world.roots, said)
    return collected


def read_parts(parts: Sequence[Part]) -> Collected | None:
    """What `read_templates` gave, from what is kept of it; None where some of that is no longer kept."""
    said: list[Kept] = []
    for part in parts:
        kept = fetch_part(part)
        if kept is None or not kept.outline:
            return None
        said.append(kept)
    trees = [
        Tree(part.label, part.file, kept.facts, kept.exports, kept.imports)
        for part, kept in zip(parts, said, strict=True)
    ]
    apart = told_apart(trees)
    key = _key_of(said, trees if apart is not None else ())
    collected = Collected(errors=[error for kept in said for error in kept.errors], key=key)
    _put_together(said, collected, apart)
    collected.parts = tuple(parts)
    return collected


def _put_together(said: Sequence[Kept], collected: Collected, apart: Sequence[AnyFact] | None = None) -> None:
    """Sort what the stacks say; `apart` are their facts where a name of several of them is told apart."""
    facts = [fact for kept in said for fact in kept.facts] if apart is None else apart
    accounts = dict.fromkeys(account for kept in said for account in kept.accounts)
    unknowns = dict.fromkeys(fact for fact in facts if isinstance(fact, Unknown))
    plain = [fact for fact in facts if not isinstance(fact, Unknown)]
    collected.facts = [*(Account(id=account) for account in accounts), *plain, *unknowns]
    collected.files = tuple(dict.fromkeys(file for kept in said for file in kept.files))


def _parts(roots: Sequence[Root], said: Sequence[Kept]) -> tuple[Part, ...]:
    """Where all of it is kept; nothing where some of it is not."""
    if not cache.is_on() or len(roots) != len(said):
        return ()
    found = [
        Part(root.name, state_of(kept), root.label, root.template.place.file)
        for root, kept in zip(roots, said, strict=True)
        if root.name is not None and kept.outline
    ]
    return tuple(found) if len(found) == len(said) else ()


def _key(roots: Sequence[Root], said: Sequence[Kept], apart: Sequence[Tree]) -> Key | None:
    """What the facts are known by: by what they say, or, where that is not kept, by what it depends on.

    Args:
        roots: all of them.
        said: by each of them.
        apart: the same, where names of several of them are told apart.
    """
    if any(root.name is None for root in roots) or len(roots) != len(said):
        return None
    if all(kept.outline for kept in said):
        return _key_of(said, apart)
    if cache.is_on():
        return None  # some of it cannot be kept
    return Key(cache.digest(*(f"{root.name} {state_of(kept)}" for root, kept in zip(roots, said, strict=True))))


def _key_of(said: Sequence[Kept], apart: Sequence[Tree]) -> Key:
    """Whose name is whose also depends on which template is where, and on who exports it and who imports it."""
    where = [f"{(tree.label, tree.file, *tree.exports)} {sorted(tree.imports.items(), key=str)}" for tree in apart]
    name = cache.digest(*(kept.outline for kept in said), *where)
    return Key(name, tuple(each for kept in said for each in kept.lines))


def _name(template: Template, label: str) -> str | None:
    """What a template is kept under: all that its facts depend on but other files."""
    if not template.digest or template.place.reads is None or not (cache.is_on() or cache.is_sharing()):
        return None
    return cache.digest(template.digest, template.place.file, label, repr(template.options))


def _bind(root: Root, world: World, errors: list[PermscopeError]) -> bool:
    """Bind a root's template; False, and an error, where it cannot be."""
    template = root.template

    def import_value(name: str) -> Any:
        root.imports[name] = world.import_value(name, root)
        return root.imports[name]

    try:
        root.bound = bind_template(
            template.document.value,
            template.place,
            template.options,
            label=root.label,
            problems=template.document.problems,
            run=Run(import_value=import_value),
        )
    except TemplateError as error:
        errors.append(error)
    except RecursionError:
        errors.append(_too_deep(template.place))
    return root.bound is not None


def _check_imports(world: World, errors: list[PermscopeError]) -> None:
    """Settle the exports; a kept stack that imported another value then is bound anew."""
    world.settle()
    stale = True
    while stale:
        stale = False
        for root in list(world.roots):
            imports = root.kept.imports if root.kept is not None else {}
            if any(world.import_value(name, root) != value for name, value in imports.items()):
                root.kept, stale = None, True
                if not _bind(root, world, errors):
                    world.roots.remove(root)
                world.settle()


def _too_deep(place: Place) -> TemplateError:
    return TemplateError("the template refers to itself too deeply to be read", source=Source(place.file, 1, 1))


def _without_nested(templates: Sequence[Template]) -> list[Template]:
    """The templates that are not nested in another one of them; one that the user named stays."""
    nested: set[str] = set()
    for template in templates:
        if not template.nests:
            continue
        value = template.document.value
        resources = value.get("Resources") if isinstance(value, Mapping) else None
        for resource in resources.values() if isinstance(resources, Mapping) else ():
            reference = nested_reference(resource, template.place) if isinstance(resource, Mapping) else None
            if reference is None:
                continue
            try:
                found = locate(reference, template.place)[1].file
            except RefusedFileError:
                continue
            if found != template.place.file:
                nested.add(found)
    roots = [template for template in templates if template.named or template.place.file not in nested]
    return roots or list(templates)


def _labels_of(templates: Sequence[Template]) -> list[str]:
    """A short name for each root stack; of a file that is read for several places, with the account, or the Region."""
    labels = _labels([template.place.file for template in templates])
    by_file: dict[str, list[int]] = {}
    for number, template in enumerate(templates):
        by_file.setdefault(template.place.file, []).append(number)
    for numbers in by_file.values():
        if len(numbers) > 1:
            name = labels[numbers[0]]
            accounts = Counter(templates[number].options.account for number in numbers)
            for number in numbers:
                options = templates[number].options
                region = f"-{options.region}" if accounts[options.account] > 1 else ""
                labels[number] = f"{name}@{options.account}{region}"
    return labels


def _labels(files: Sequence[str]) -> list[str]:
    """A short name for each root stack; none where there is only one."""
    if len(files) < 2:  # noqa: PLR2004
        return [""] * len(files)
    parts = [_label_parts(file) for file in files]
    shared = 0
    while all(len(part) > shared + 1 for part in parts) and len({part[shared] for part in parts}) == 1:
        shared += 1
    labels: list[str] = []
    for part in parts:
        label = re.sub(r"[^A-Za-z0-9_./-]", "_", "/".join(part[shared:])) or "stack"
        candidate, number = label, 2
        while candidate in labels:
            candidate, number = f"{label}~{number}", number + 1
        labels.append(candidate)
    return labels


def _label_parts(file: str) -> list[str]:
    """Folders and stem; the stem of a `template.yaml` in a folder says nothing."""
    parts = [part for part in file.split("/") if part not in ("", ".", "..")]
    stem = re.sub(r"(\.template)?\.(ya?ml|json|template|cfn)$", "", parts[-1]) if parts else "stack"
    folders = parts[:-1]
    return folders if folders and stem in ("template", "cloudformation", "sam", "stack", "main") else [*folders, stem]

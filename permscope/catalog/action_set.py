"""A set of IAM actions as one bit mask per service.

Immutable and hashable. The algebra works on integers and never looks at action names; names are read from the
catalogue only to print or iterate.
"""

from __future__ import annotations

TYPE_CHECKING = False  # not imported: `typing` would be a third of the catalogue's load time
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import ClassVar

    from permscope.catalog.actions import ActionCatalog

LEVELS = ("List", "Read", "Write", "Tagging", "Permissions management")


class ActionSet:
    """Actions of one catalogue; make one with `ActionCatalog.expand` or `ActionCatalog.action_set`."""

    __slots__ = ("_catalog", "_hash", "masks")

    empty: ClassVar[ActionSet]

    def __init__(self, catalog: ActionCatalog | None, masks: Mapping[int, int]) -> None:
        # INVARIANT: no mask is 0, and only the empty set has no catalogue. `masks` may be shared.
        self._catalog = catalog
        self.masks = masks
        self._hash: int | None = None

    def _with(self, masks: dict[int, int]) -> ActionSet:
        return ActionSet(self._catalog, masks) if masks else ActionSet.empty

    def __or__(self, other: ActionSet) -> ActionSet:
        if not isinstance(other, ActionSet):
            return NotImplemented
        if self is other or not other.masks:
            return self
        if not self.masks:
            return other
        large, small = (self, other) if len(self.masks) >= len(other.masks) else (other, self)
        known = large.masks
        changed = {
            service: mask | known.get(service, 0)
            for service, mask in small.masks.items()
            if mask & ~known.get(service, 0)
        }
        return ActionSet(self._catalog, {**known, **changed}) if changed else large

    def __and__(self, other: ActionSet) -> ActionSet:
        if not isinstance(other, ActionSet):
            return NotImplemented
        if self is other:
            return self
        large, small = (self, other) if len(self.masks) >= len(other.masks) else (other, self)
        known, masks = large.masks, small.masks
        if len(masks) == 1:  # as most sets are
            ((service, mask),) = masks.items()
            common = mask & known.get(service, 0)
            return small if common == mask else self._with({service: common} if common else {})
        return self._with(
            {service: common for service, mask in masks.items() if (common := mask & known.get(service, 0))}
        )

    def __sub__(self, other: ActionSet) -> ActionSet:
        if not isinstance(other, ActionSet):
            return NotImplemented
        if self is other:
            return ActionSet.empty
        taken = other.masks
        if not taken or not self.masks:
            return self
        if len(taken) < len(self.masks) // 4:  # a NotAction: most of a large set stays as it is
            kept = dict(self.masks)
            for service, mask in taken.items():
                if left := kept.pop(service, 0) & ~mask:
                    kept[service] = left
            return self._with(kept)
        return self._with(
            {service: left for service, mask in self.masks.items() if (left := mask & ~taken.get(service, 0))}
        )

    def __le__(self, other: ActionSet) -> bool:
        if not isinstance(other, ActionSet):
            return NotImplemented
        if self is other:
            return True
        known = other.masks
        if len(self.masks) > len(known):
            return False
        for service, mask in self.masks.items():  # noqa: SIM110 (most sets have one service; a generator costs more)
            if mask & ~known.get(service, 0):
                return False
        return True

    def __ge__(self, other: ActionSet) -> bool:
        if not isinstance(other, ActionSet):
            return NotImplemented
        return other <= self

    def __lt__(self, other: ActionSet) -> bool:
        if not isinstance(other, ActionSet):
            return NotImplemented
        return self <= other and self != other

    def __gt__(self, other: ActionSet) -> bool:
        if not isinstance(other, ActionSet):
            return NotImplemented
        return other < self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ActionSet):
            return NotImplemented
        return self is other or self.masks == other.masks

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.masks.items()))
        return self._hash

    def __bool__(self) -> bool:
        return bool(self.masks)

    def __len__(self) -> int:
        return sum(map(int.bit_count, self.masks.values()))

    def __contains__(self, action: object) -> bool:
        if self._catalog is None or not isinstance(action, str):
            return False
        place = self._catalog.position(action)
        return place is not None and bool(self.masks.get(place[0], 0) >> place[1] & 1)

    def __iter__(self) -> Iterator[str]:
        if self._catalog is not None:
            for service in sorted(self.masks):
                yield from self._catalog.names_in(service, self.masks[service])

    def __repr__(self) -> str:
        return f"ActionSet({', '.join(self.patterns(limit=6))})"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.masks,)  # for the very same catalogue: what is kept is kept by permscope's own files too

    def isdisjoint(self, other: ActionSet) -> bool:
        """Tell whether no action is in both sets."""
        large, small = (self, other) if len(self.masks) >= len(other.masks) else (other, self)
        known = large.masks
        for service, mask in small.masks.items():  # noqa: SIM110 (as above)
            if mask & known.get(service, 0):
                return False
        return True

    def services(self) -> tuple[str, ...]:
        """Prefixes of the services that have an action here, sorted."""
        if self._catalog is None:
            return ()
        return tuple(self._catalog.prefix_at(service) for service in sorted(self.masks))

    def of_service(self, prefix: str) -> ActionSet:
        """The part of the set that belongs to one service."""
        if self._catalog is None:
            return self
        service = self._catalog.index_of(prefix)
        mask = 0 if service is None else self.masks.get(service, 0)
        return self._with({service: mask} if service is not None and mask else {})

    def levels(self) -> tuple[str, ...]:
        """Access levels met here, in the order of `LEVELS`."""
        if self._catalog is None:
            return ()
        found: set[str] = set()
        for service, mask in self.masks.items():
            found.update(level for level in LEVELS if mask & self._catalog.level_mask(service, level))
            if len(found) == len(LEVELS):
                break
        return tuple(level for level in LEVELS if level in found)

    def patterns(self, limit: int | None = None, *, wildcards: bool = False) -> tuple[str, ...]:
        """Write the set as sorted action patterns: `*`, `svc:*`, or names.

        Args:
            limit: at most so many entries; when there are more, the last entry is a remark such as `+12 more`.
            wildcards: also shorten to `svc:Prefix*` where the prefix ends at a word and, in this catalogue, grants
                nothing that is not in the set.
        """
        if self._catalog is None:
            return ()
        texts = self._catalog.render(self.masks, wildcards=wildcards)
        if limit is not None and len(texts) > limit:
            return (*texts[: limit - 1], f"+{len(texts) - limit + 1} more") if limit > 0 else ()
        return tuple(texts)


ActionSet.empty = ActionSet(None, {})


def _restore(masks: dict[int, int]) -> ActionSet:
    from permscope.catalog.actions import load

    return ActionSet(load(), masks) if masks else ActionSet.empty

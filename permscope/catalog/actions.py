"""The IAM action catalogue: names, access levels, wildcards, resource types, condition keys.

The names of all services lie in one text file, one service per line, sorted inside a service by lower-case name.
Loading splits it into lines; a line is taken apart when its service is first asked for. Since names are sorted, a
pattern such as `s3:Get*` is two bisections and one shift to a bit mask, with no loop over actions.

IAM itself decides what a pattern means: `*` is any text, `?` any one character, nothing else is special, case
does not matter (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).
"""

from __future__ import annotations

from bisect import bisect_left
from os.path import dirname, join

from permscope.catalog.action_set import LEVELS, ActionSet
from permscope.catalog.wildcard import matches

TYPE_CHECKING = False  # not imported: `typing` would be a third of the load time
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from permscope.catalog.action_details import ActionDetails, ResourceType
    from permscope.catalog.condition_keys import ConditionKeys

__all__ = ["LEVELS", "ActionCatalog", "ActionSet", "load"]

DATA = join(dirname(__file__), "data")  # noqa: PTH118, PTH120 (pathlib costs more than the whole load)
_LETTERS = {"List": "L", "Read": "R", "Write": "W", "Tagging": "T", "Permissions management": "P"}
_LEVEL_OF = {letter: level for level, letter in _LETTERS.items()}
_DIGITS = {
    level: str.maketrans({each: "1" if each == letter else "0" for each in _LEVEL_OF})
    for level, letter in _LETTERS.items()
}
_CACHE_LIMIT = 50_000  # patterns come from untrusted templates; the cache must not grow without end
_FEW = 2_000  # parts of sets are larger than their names


class _Service:
    """One line of the catalogue, taken apart on first use.

    Bits 0 to `live - 1` are the actions of today in lower-case order, the retired ones follow.
    """

    __slots__ = ("_levels", "_lower", "_retired", "full", "letters", "live", "names", "restrictable")

    def __init__(self, line: str) -> None:
        _prefix, _title, names, letters, restrictable, retired, retired_letters = line.split("\t")
        current = names.split()
        self.live = len(current)
        self.names = current + retired.split()
        self.letters = letters + retired_letters
        self.restrictable = int(restrictable or "0", 16)
        self.full = (1 << self.live) - 1
        self._lower = names.lower().split()
        self._retired = {name.lower(): self.live + i for i, name in enumerate(retired.split())}
        self._levels: dict[str, int] = {}

    def position(self, lower: str) -> int | None:
        """Bit of the action of that lower-case name, live or retired."""
        at = bisect_left(self._lower, lower)
        if at < self.live and self._lower[at] == lower:
            return at
        return self._retired.get(lower) if self._retired else None

    def mask(self, pattern: str) -> int:
        """Bits of the actions that a lower-case name pattern matches."""
        head, star, tail = pattern.partition("*")
        if "?" in head:
            head, star = head.partition("?")[0], "?"
        if not star:
            at = self.position(pattern)
            return 0 if at is None else 1 << at
        lower = self._lower
        low = bisect_left(lower, head)
        high = bisect_left(lower, head + "\x7f", low)
        if star == "*" and not tail.strip("*"):
            return ((1 << (high - low)) - 1) << low
        found = 0
        for at in range(low, high):
            if matches(pattern, lower[at]):
                found |= 1 << at
        return found

    def level(self, level: str) -> int:
        """Bits of the actions with that access level, retired ones included."""
        known = self._levels.get(level)
        if known is None:
            digits = self.letters[::-1].translate(_DIGITS[level])
            known = self._levels[level] = int(digits or "0", 2)
        return known


class ActionCatalog:
    """Every IAM action known to this build; `load()` gives the shared one."""

    def __init__(self, text: str) -> None:
        header, *lines = text.removesuffix("\n").split("\n")
        _mark, self.date, live = header.split("\t")
        self._live_services = int(live)
        self._lines = lines
        self._prefixes = [line[: line.index("\t")] for line in lines]
        self._index = {prefix: at for at, prefix in enumerate(self._prefixes)}
        self._opened: list[_Service | None] = [None] * len(lines)
        self._sets: dict[str, ActionSet] = {}
        self._derived: dict[str, ActionSet] = {}
        self._places: dict[str, tuple[int, int] | None] = {}
        self._written: dict[tuple[int, int, bool], tuple[str, ...]] = {}

    # What is in it

    @property
    def services(self) -> tuple[str, ...]:
        """Prefixes of the services that have actions today, sorted."""
        return tuple(prefix for at, prefix in enumerate(self._prefixes) if self._service(at).live)

    def actions_of(self, service: str) -> tuple[str, ...]:
        """Today's actions of a service, as `s3:GetObject`, sorted; empty for an unknown service."""
        at = self.index_of(service)
        return () if at is None else tuple(self.names_in(at, self._service(at).full))

    def title_of(self, service: str) -> str | None:
        """What AWS calls the service of that prefix."""
        at = self.index_of(service)
        return None if at is None else self._lines[at].split("\t", 2)[1]

    def is_known_service(self, prefix: str) -> bool:
        """Tell whether any action, today's or retired, has that prefix."""
        return prefix.lower() in self._index

    def is_known(self, action: str) -> bool:
        """Tell whether the action exists or once existed (`is_retired` tells these apart)."""
        return self.position(action) is not None

    def is_retired(self, action: str) -> bool:
        """Tell whether AWS once had the action and documents it no more: no wildcard covers it."""
        place = self.position(action)
        return place is not None and place[1] >= self._service(place[0]).live

    def canonical(self, action: str) -> str | None:
        """The action in AWS's own spelling, or None when it is in no list."""
        place = self.position(action)
        if place is None:
            return None
        return f"{self._prefixes[place[0]]}:{self._service(place[0]).names[place[1]]}"

    def closest(self, action: str) -> str | None:
        """The known action that a misspelt one most likely means."""
        from permscope.catalog.spelling import closest

        return closest(self, action)

    # Sets

    @property
    def everything(self) -> ActionSet:
        """What `*` covers: every action but the retired ones."""
        return self._of_each("everything", lambda service: service.full)

    def expand(self, pattern: str) -> ActionSet:
        """The actions that one `Action` pattern of a policy matches.

        A retired action is found only by its full name; an unknown name gives the empty set.
        """
        found = self._sets.get(pattern)
        if found is None:
            if len(self._sets) >= _CACHE_LIMIT:
                self._sets.clear()
            # Names are ASCII, and lower() maps a few other letters into it: the Kelvin sign is no k.
            found = self._expand(pattern.lower()) if pattern.isascii() else ActionSet.empty
            self._sets[pattern] = found
        return found

    def action_set(self, patterns: Iterable[str]) -> ActionSet:
        """The actions that any of the patterns matches."""
        return self.union(map(self.expand, patterns))

    def union(self, sets: Iterable[ActionSet]) -> ActionSet:
        """The actions that are in any of the sets."""
        given = tuple(sets)
        if len(given) == 1:
            return given[0]
        masks: dict[int, int] = {}
        for each in given:
            for service, mask in each.masks.items():
                masks[service] = masks.get(service, 0) | mask
        return ActionSet(self, masks) if masks else ActionSet.empty

    def complement(self, actions: ActionSet) -> ActionSet:
        """What `NotAction` leaves: every action of today that is not in the set."""
        return self.everything - actions

    @property
    def retired(self) -> ActionSet:
        """The actions AWS once had and documents no more."""
        return self._of_each("retired", lambda service: ((1 << len(service.names)) - 1) & ~service.full)

    @property
    def restrictable(self) -> ActionSet:
        """Actions that can be limited to a resource; every other one needs `Resource: "*"`."""
        return self._of_each("restrictable", lambda service: service.restrictable)

    def level_set(self, level: str) -> ActionSet:
        """Today's actions of one access level.

        Raises:
            KeyError: when there is no such level.
        """
        return self._of_each(_LETTERS[level], lambda service: service.level(level) & service.full)

    def _of_each(self, name: str, mask_of: Callable[[_Service], int]) -> ActionSet:
        """A set made of a mask of every service, made once."""
        found = self._derived.get(name)
        if found is None:
            masks = ((at, mask_of(self._service(at))) for at in range(len(self._lines)))
            found = self._derived[name] = ActionSet(self, {at: mask for at, mask in masks if mask})
        return found

    # Facts about one action

    def access_level(self, action: str) -> str:
        """List, Read, Write, Tagging or Permissions management.

        Raises:
            KeyError: when the action is in no list.
        """
        place = self.position(action)
        if place is None:
            raise KeyError(action)
        return _LEVEL_OF[self._service(place[0]).letters[place[1]]]

    def details(self, action: str) -> ActionDetails:
        """Resource types, condition keys, dependent actions and description of an action of today.

        Raises:
            KeyError: when AWS has no such action today.
        """
        from permscope.catalog.action_details import details

        place = self.position(action)
        if place is None or place[1] >= self._service(place[0]).live:
            raise KeyError(action)
        return details(self, self._prefixes[place[0]], place[1])

    def resource_types(self, service: str) -> tuple[ResourceType, ...]:
        """The resource types of a service, sorted by name; empty for an unknown service."""
        from permscope.catalog.action_details import resource_types

        return resource_types(service.lower())

    def actions_by_arn_format(self, service: str) -> tuple[tuple[str, ActionSet], ...]:
        """Each ARN format of a service with the actions that can be about it; empty for an unknown service."""
        from permscope.catalog.action_details import actions_by_arn_format

        return actions_by_arn_format(self, service.lower())

    @property
    def condition_keys(self) -> ConditionKeys:
        """Type by condition key name, as AWS writes it, global `aws:` keys included."""
        from permscope.catalog.condition_keys import condition_keys

        return condition_keys()

    def condition_key_type(self, key: str) -> str | None:
        """The type of a condition key in any case (`String`, `ARN`, `ArrayOfString`, ...), None when unknown."""
        return self.condition_keys.type_of(key)

    # For ActionSet

    def index_of(self, prefix: str) -> int | None:
        """Number of the service with that prefix."""
        return self._index.get(prefix.lower())

    def prefix_at(self, service: int) -> str:
        """Prefix of the service with that number."""
        return self._prefixes[service]

    def position(self, action: str) -> tuple[int, int] | None:
        """Service number and bit of an action, live or retired."""
        try:
            return self._places[action]
        except KeyError:
            if len(self._places) >= _CACHE_LIMIT:
                self._places.clear()
            found = self._places[action] = self._position(action)
            return found

    def _position(self, action: str) -> tuple[int, int] | None:
        prefix, _, name = action.lower().partition(":")
        service = self._index.get(prefix)
        if service is None or not action.isascii():
            return None
        bit = self._service(service).position(name)
        return None if bit is None else (service, bit)

    def level_mask(self, service: int, level: str) -> int:
        """Bits of one service with one access level."""
        return self._service(service).level(level)

    def names_in(self, service: int, mask: int) -> list[str]:
        """The actions of one service under a mask, sorted."""
        opened, prefix = self._service(service), self._prefixes[service]
        names = [f"{prefix}:{opened.names[bit]}" for bit in _bits(mask)]
        if mask & ~opened.full:
            names.sort(key=str.lower)
        return names

    def render(self, masks: Mapping[int, int], *, wildcards: bool) -> list[str]:
        """Write masks as sorted action patterns."""
        if len(masks) >= self._live_services:
            whole = self.everything.masks
            if all(masks.get(service, 0) & mask == mask for service, mask in whole.items()):
                extra = {service: mask & ~whole.get(service, 0) for service, mask in masks.items()}
                return ["*", *(name for service in sorted(extra) for name in self.names_in(service, extra[service]))]
        texts: list[str] = []
        for service in sorted(masks):
            texts.extend(self._part(service, masks[service], wildcards=wildcards))
        return texts

    def _part(self, service: int, mask: int, *, wildcards: bool) -> tuple[str, ...]:
        """The patterns of one service, worked out once for each mask: many statements say the same."""
        key = (service, mask, wildcards)
        found = self._written.get(key)
        if found is None:
            if len(self._written) >= _FEW:
                self._written.clear()
            found = self._written[key] = tuple(self._render(service, mask, wildcards=wildcards))
        return found

    def _render(self, service: int, mask: int, *, wildcards: bool) -> Sequence[str]:
        opened, prefix = self._service(service), self._prefixes[service]
        if opened.full and mask & opened.full == opened.full:
            return [f"{prefix}:*", *self.names_in(service, mask & ~opened.full)]
        if not wildcards:
            return self.names_in(service, mask)
        from permscope.catalog.spelling import shortest_prefixes

        covered = shortest_prefixes(opened.names[: opened.live], mask & opened.full)
        retired = self.names_in(service, mask & ~opened.full)
        return sorted([*(f"{prefix}:{text}" for text in covered), *retired], key=str.lower)

    def _service(self, at: int) -> _Service:
        opened = self._opened[at]
        if opened is None:
            opened = self._opened[at] = _Service(self._lines[at])
        return opened

    def _expand(self, pattern: str) -> ActionSet:
        prefix, colon, name = pattern.partition(":")
        if not colon:
            return self._expand_without_colon(pattern)
        if not prefix.strip("*") and not name.strip("*"):
            return self.everything if prefix and name else ActionSet.empty
        if "*" not in prefix and "?" not in prefix:
            at = self._index.get(prefix)
            mask = 0 if at is None else self._service(at).mask(name)
            return ActionSet.empty if at is None or not mask else ActionSet(self, {at: mask})
        masks = {
            at: mask
            for at, known in enumerate(self._prefixes)
            if matches(prefix, known) and (mask := self._service(at).mask(name))
        }
        return ActionSet(self, masks) if masks else ActionSet.empty

    def _expand_without_colon(self, pattern: str) -> ActionSet:
        # Only `*` is valid without a colon. Anything else is read as a match against the whole name, in which
        # one of the wildcards has to cover the colon: never less than what IAM could make of it.
        if pattern and not pattern.strip("*"):
            return self.everything
        found = ActionSet.empty
        for at, letter in enumerate(pattern):
            if letter == "*":
                found |= self._expand(f"{pattern[: at + 1]}:*{pattern[at + 1 :]}")
            elif letter == "?":
                found |= self._expand(f"{pattern[:at]}:{pattern[at + 1 :]}")
        return found


def _bits(mask: int) -> list[int]:
    """Positions of the set bits, ascending."""
    digits = bin(mask)[:1:-1]
    found = []
    at = digits.find("1")
    while at >= 0:
        found.append(at)
        at = digits.find("1", at + 1)
    return found


_loaded: ActionCatalog | None = None


def load() -> ActionCatalog:
    """The catalogue shipped with permscope, read once per process."""
    global _loaded  # noqa: PLW0603 (one catalogue per process is the point)
    if _loaded is None:
        with open(join(DATA, "actions.txt"), encoding="ascii") as file:  # noqa: PTH123, PTH118
            _loaded = ActionCatalog(file.read())
    return _loaded

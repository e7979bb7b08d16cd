"""Where a fact was read: a place in a template, or a call to a live account."""

from __future__ import annotations

from permscope.lazy import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read.

    Attributes:
        file: path as given by the user, with `/` between its parts; None for a live account.
        line: 1-based line; None where only the file is known.
        column: 1-based column.
        call: the API operation that answered, such as `lambda.get_policy`; None for a template.
        account: 12-digit id of the account the call was made in.
        region: Region the call was made in.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    call: str | None = None
    account: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        if self.call:
            return " ".join(part for part in (self.call, self.account, self.region) if part)
        place = [self.file or "<unknown>"]
        if self.line is not None:
            place.append(str(self.line))
            if self.column is not None:
                place.append(str(self.column))
        return ":".join(place)


NOWHERE = Source()

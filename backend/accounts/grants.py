"""The pair of tokens a sign-in gives."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Grant:
    """What a sign-in is worth: a token that opens, for an hour or so, and one that is good for the next such pair, once."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)

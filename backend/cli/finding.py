"""What `codeflow doctor` says of one part."""

from pydantic import BaseModel


class Finding(BaseModel):
    part: str
    ok: bool
    found: str
    in_force: str
    action: str = ""
    """What to do; empty when nothing is missing."""

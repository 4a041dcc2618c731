"""The words the agents are told: one Markdown file a role under `prompts/`. They hold no dates and no ids, so that
caches keep them.
"""

from functools import cache
from typing import Literal

from backend.config import ROOT

RoleName = Literal["coder", "critic", "namer", "planner"]


@cache
def prompt(role: RoleName) -> str:
    return (ROOT / "prompts" / f"{role}.md").read_text(encoding="utf-8").strip()

"""Replace pieces of a file by what a model believes is there: exact first, then ever more tolerant of how it is spaced
and typed.

Every piece is sought in the file as the model knows it, before the first of its edits, and must be in exactly one place.
All edits are made, or none. What the file is like (its line endings, its indentation, its quotes) stays as it is.
"""

from backend.agent.edits.applying import Applied, Edit, apply_edits, replace_once
from backend.agent.edits.places import EditFailed

__all__ = ["Applied", "Edit", "EditFailed", "apply_edits", "replace_once"]

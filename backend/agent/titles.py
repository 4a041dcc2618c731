"""A title for a project nobody has named, made while the coder already works."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic_ai.direct import model_request
from pydantic_ai.messages import ModelRequest

from backend.agent.demo import demo_title
from backend.agent.journal import Journal
from backend.agent.models import Models
from backend.agent.prompts import prompt as words
from backend.agent.spending import spent
from backend.events import ModelSpent, ProjectTitled

logger = logging.getLogger(__name__)

MAX_TITLE_CHARS = 40
_PATIENCE_S = 12
_MAX_PROMPT_CHARS = 2_000
_OPENINGS = re.compile(
    r"^(?:(?:please|can you|could you|would you|i (?:want|need|would like)(?: you to)?|let's)\s+)*"
    r"(?:(?:build|make|create|write|design|generate)\s+)?(?:(?:me|us)\s+)?(?:(?:an?|the|my)\s+)?",
    re.I,
)


@asynccontextmanager
async def naming(journal: Journal, models: Models) -> AsyncIterator[None]:
    """Names the project beside the work inside, when it has no name yet. The work does not wait for it, but at its
    end.
    """
    if journal.title or any(isinstance(entry.event, ProjectTitled) for entry in journal.entries):
        yield
        return
    task = asyncio.create_task(_name(journal, models))
    try:
        yield
        await task
    finally:
        task.cancel()


async def _name(journal: Journal, models: Models) -> None:
    name, paid = await title(models, journal.run.prompt)
    await journal.append(ProjectTitled(title=name), *paid)


async def title(models: Models, prompt: str) -> tuple[str, list[ModelSpent]]:
    """At most 40 characters, and what they cost. From the prompt's own words when no model gives a usable title within
    twelve seconds.
    """
    if models.info.demo:
        return _fit(demo_title(prompt)) or "New app", []
    paid: list[ModelSpent] = []
    request = [ModelRequest.user_text_prompt(prompt[:_MAX_PROMPT_CHARS], instructions=words("namer"))]
    for candidate in models.namer[:2]:
        try:
            model = await asyncio.to_thread(lambda candidate=candidate: candidate.model)
            response = await asyncio.wait_for(model_request(model, request), _PATIENCE_S / 2)
        except Exception as error:  # Whatever it is: the words below do, and a title is not worth a run.
            logger.info("%s gave no title: %s", candidate.name, type(error).__name__)
            continue
        paid += spent(candidate, response.usage, "title")
        if name := _fit(response.text or ""):
            return name, paid
    return title_from_words(prompt), paid


def title_from_words(prompt: str) -> str:
    """The prompt's first words, without the asking around them."""
    return _fit(_OPENINGS.sub("", prompt.strip(), count=1)) or "New app"


def _fit(text: str) -> str:
    line = re.split(r"[\n:;]|[.!?](?:\s|$)", text.strip().strip("\"'`*#“”"))[0]
    line = re.sub(r"\s+", " ", line).strip(" ,-–—\"'`*")
    if len(line) > MAX_TITLE_CHARS:
        line = line[: MAX_TITLE_CHARS + 1].rsplit(" ", 1)[0][:MAX_TITLE_CHARS].rstrip(" ,-–—")
    return line[:1].upper() + line[1:]

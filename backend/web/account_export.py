"""Everything of a user's, as one zip that says what is in it. In memory: a page of a journal, or a few files."""

import json
import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

from backend.domain import Attachment, CheckReport, FollowUp, NotFound, Usage, User, Version
from backend.events import CheckFinished, Entry, FollowUpsChanged, RunQueued, ToolFinished, VersionCommitted
from backend.store import Store
from backend.web.zips import ZipStream

PAGE = 500
BLOBS_AT_ONCE = 8
"""A file has at most 1 MB, a picture 5."""
MAX_PROJECTS = 100_000

README = """\
Your CodeFlow account, as it was on {at}.

account.json              who you are to CodeFlow, and what you have used of your tier
projects/<name>/          one folder for each project
  project.json            its title, dates, current version and links you share
  files/                  its files as they now are: `npm install && npm run dev` runs them
  versions.jsonl          one version a line: its files as path and SHA-256, and the report of its checks
  followups.jsonl         one message a line that waits to be sent
  journal.jsonl           one entry a line, oldest first: what you wrote, and what was done
  blobs/<sha256>          every content that versions and journal name by its SHA-256: files, your pictures, screenshots

JSON Lines (.jsonl) holds one JSON value on each line. Times are ISO 8601, money is in millionths of a US dollar.
"""


async def export_account(store: Store, user: User) -> AsyncIterator[bytes]:
    """The zip's pieces. Raises what the store raises for the user before the first one."""
    usage, cards = await store.usage(user), await store.projects(user, MAX_PROJECTS)
    at = datetime.now(UTC)
    archive = ZipStream()
    async for piece in archive.add("README.txt", README.format(at=at.strftime("%d %B %Y, %H:%M UTC")).encode()):
        yield piece
    async for piece in archive.add("account.json", _json(_account(user, usage, at))):
        yield piece
    for card in cards:
        async for piece in _project(archive, store, user, card.id):
            yield piece
    yield archive.end()


def _account(user: User, usage: Usage, at: datetime) -> dict[str, Any]:
    who = user.model_dump(mode="json", exclude={"token"})
    return {"user": who, "usage": usage.model_dump(mode="json"), "exported_at": at.isoformat()}


async def _project(archive: ZipStream, store: Store, user: User, project_id: str) -> AsyncIterator[bytes]:
    try:
        project = await store.project(user, project_id)
        shares, versions = await store.shares(user, project_id), await store.versions(user, project_id)
        tree, followups = await store.tree(user, project_id), await store.followups(user, project_id)
    except NotFound:
        return  # Deleted since the list was made.
    name = re.sub(r"[^a-z0-9]+", "-", project.title.lower()).strip("-")[:60] or "app"
    folder = f"projects/{name}-{project.id}"
    facts = project.model_dump(mode="json", exclude={"sandbox_id", "preview_url"})
    facts["shares"] = [share.model_dump(mode="json") for share in shares]
    async for piece in archive.add(f"{folder}/project.json", _json(facts)):
        yield piece
    for path, sha256 in tree.items():
        async for piece in archive.add(f"{folder}/files/{path}", await store.blob(user, project_id, sha256)):
            yield piece
    async for piece in archive.add_pieces(f"{folder}/versions.jsonl", _lines(versions)):
        yield piece
    async for piece in archive.add_pieces(f"{folder}/followups.jsonl", _lines(followups)):
        yield piece
    named = set(tree.values()).union(*(_named_by_version(version) for version in versions))
    async for piece in archive.add_pieces(f"{folder}/journal.jsonl", _journal(store, user, project_id, named)):
        yield piece
    for batch in _batches(sorted(named)):
        for sha256, body in (await store.blobs(user, project_id, batch)).items():
            async for piece in archive.add(f"{folder}/blobs/{sha256}", body):
                yield piece


async def _lines(things: Iterable[Version | FollowUp]) -> AsyncIterator[bytes]:
    for thing in things:
        yield thing.model_dump_json().encode() + b"\n"


async def _journal(store: Store, user: User, project_id: str, named: set[str]) -> AsyncIterator[bytes]:
    """Its lines; the contents its entries name are added to `named`."""
    after = 0
    while page := await store.entries(user, project_id, after, PAGE):
        after = page[-1].seq
        for entry in page:
            named |= _named_by_entry(entry)
        yield b"".join(entry.model_dump_json().encode() + b"\n" for entry in page)


def _named_by_version(version: Version) -> set[str]:
    return {*version.manifest.values(), *_photos(version.report)}


def _named_by_entry(entry: Entry) -> set[str]:
    match entry.event:
        case RunQueued(attachments=attachments):
            return _pictures(attachments)
        case FollowUpsChanged(followups=followups):
            return set().union(*(_pictures(followup.attachments) for followup in followups))
        case ToolFinished(changes=changes):
            return {change.sha256 for change in changes if change.sha256}
        case VersionCommitted(changes=changes, screenshot_sha256=screenshot):
            return {change.sha256 for change in changes if change.sha256} | ({screenshot} if screenshot else set())
        case CheckFinished(report=report):
            return _photos(report)
        case _:
            return set()


def _photos(report: CheckReport | None) -> set[str]:
    return {sha for sha in (report.screenshot_sha256, report.phone_screenshot_sha256) if sha} if report else set()


def _pictures(attachments: Iterable[Attachment]) -> set[str]:
    return {attachment.sha256 for attachment in attachments}


def _batches(sha256s: list[str]) -> Iterable[list[str]]:
    return (sha256s[at : at + BLOBS_AT_ONCE] for at in range(0, len(sha256s), BLOBS_AT_ONCE))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()

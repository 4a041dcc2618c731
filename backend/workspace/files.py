"""The project's files in the sandbox, kept equal to what the workspace knows of them."""

import io
import secrets
import tarfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from backend.diffs import file_change, sha256, text_of
from backend.domain import MAX_FILE_BYTES
from backend.workspace import FileMissing, PathRefused, SandboxUnavailable
from backend.workspace.contract import Match, Written
from backend.workspace.environment import ENV_FILE, ENV_MODE
from backend.workspace.paths import PROJECT_DIR, folders, generated, glob_pattern, project_path, refused
from backend.workspace.sandbox import Sandbox

MAX_TAKEN_BYTES = 64_000_000
"""Of what one command changed in a project: all of it is held in memory and journaled."""
_AT_ONCE = 64
_FEW = 8
MAX_MATCHES = 200
MAX_LINE_SHOWN = 300
_SEARCH_S = 10
_WORTH_COMPRESSING = 100_000
"""Bytes."""

OUTSIDE_TOOLS = r"\( -name node_modules -o -name .next -o -name .git \) -prune"

LISTING = rf"""find . {OUTSIDE_TOOLS} -o -type f -size -{MAX_FILE_BYTES + 1}c -print0 2>/dev/null \
  | xargs -0r sha256sum -z 2>/dev/null"""
"""Prints `<sha256>  ./<path>\0` for every project file of a size that can be kept."""

_STAGE_AND_RENAME = r"""
set -e
trap 'rm -rf "$STAGE"' EXIT
cd "$STAGE"
tar --no-same-owner -xf packed
cd "$PROJECT"
[ ! -s "$STAGE/gone" ] || xargs -0r rm -rf -- < "$STAGE/gone"
[ ! -s "$STAGE/left" ] || xargs -0r rmdir -p --ignore-fail-on-non-empty -- < "$STAGE/left" 2>/dev/null || true
while IFS= read -rd '' folder; do
  [ -d "$folder" ] && [ ! -L "$folder" ] || { rm -rf -- "$folder"; mkdir -- "$folder"; }
done < "$STAGE/folders"
cd "$STAGE/tree"
folder=. files=()
place() { [ "${#files[@]}" = 0 ] || mv -ft "$PROJECT/$folder" -- "${files[@]}"; }
while IFS= read -rd '' file; do
  [ ! -d "$PROJECT/$file" ] || [ -L "$PROJECT/$file" ] || rm -rf -- "$PROJECT/$file"
  case $file in */*) next=${file%/*} ;; *) next=. ;; esac
  [ "$next" = "$folder" ] && [ "${#files[@]}" -lt 500 ] || { place; folder=$next files=(); }
  files+=("$file")
done < "$STAGE/files"
place
"""
"""The stage stands on the project's file system, so that each `mv` is one atomic rename. What commands left in the way goes
first: a link would lead it elsewhere. People wait for every process that is started here."""

_MAKE_LINKS_GO = rf"find . {OUTSIDE_TOOLS} -o ! -type f ! -type d -print0 | xargs -0r rm -f --"
"""And pipes and sockets, at which whoever reads a whole project stands forever."""

OVERSIZED = rf"find . {OUTSIDE_TOOLS} -o -type f -size +{MAX_FILE_BYTES}c -print0"


class ProjectFiles:
    """`known` is what the sandbox holds, as last seen; every method that changes files answers with the difference."""

    def __init__(self, sandbox: Sandbox, project_dir: str = PROJECT_DIR) -> None:
        self._sandbox = sandbox
        self._dir = project_dir
        self.known: dict[str, bytes] = {}
        self.beside: Mapping[str, bytes] = {}
        """What the sandbox holds in the project's folder that is none of its files: see `environment`."""

    async def mirror(self, files: Mapping[str, bytes]) -> set[str]:
        """Make the sandbox hold exactly these files; only what differs travels. The paths that did."""
        found = await self._sandbox.shell(
            f"{_MAKE_LINKS_GO}; {OVERSIZED} | xargs -0r rm -f --; {LISTING}", cwd=self._dir
        )
        here = parse_listing(found.stdout)
        wanted = {**files, **self.beside}
        differing = {path: content for path, content in wanted.items() if here.get(path) != sha256(content)}
        extra = [path for path in here if path not in wanted and not generated(path)]
        if differing or extra:
            await self._apply(differing, extra)
        self.known = dict(files)
        return {*differing, *extra}

    def text(self, path: str) -> str:
        path = project_path(path)
        content = self.known.get(path)
        if content is None:
            near = [known for known in self.known if known.rsplit("/", 1)[-1] == path.rsplit("/", 1)[-1]]
            hint = f" Did you mean {', '.join(f'`{name}`' for name in near[:3])}?" if near else ""
            raise FileMissing(f"There is no `{path}`.{hint}")
        text = text_of(content)
        if text is None:
            raise FileMissing(f"`{path}` is a binary file of {len(content)} bytes; it has no text to read.")
        return text

    async def write(self, files: Mapping[str, bytes | None]) -> list[Written]:
        """Write, or delete with None; all of them or, when one is refused, none."""
        wanted = {project_path(path): content for path, content in files.items()}
        for path, content in wanted.items():
            if content is not None and len(content) > MAX_FILE_BYTES:
                raise PathRefused(
                    f"`{path}` has {len(content):,} bytes; a project's file holds at most {MAX_FILE_BYTES:,}."
                )
        after = self._after(wanted)
        self._refuse_file_as_folder(after)
        written = self._difference(after)
        there = {w.change.path: w.content for w in written if w.content is not None}
        gone = [w.change.path for w in written if w.content is None]
        if gone or len(there) > _FEW or not there.keys() <= self.known.keys() or not await self._replaced(there):
            await self._apply(there, gone)
        self.known = after
        return written

    async def move(self, source: str, target: str) -> list[Written]:
        """Move a file, or a folder with all that is in it."""
        source, target = project_path(source), project_path(target)
        moving = {path: content for path, content in self.known.items() if _within(path, source)}
        if not moving:
            raise FileMissing(f"There is no `{source}`.")
        if source != target and _within(target, source):
            raise PathRefused(f"`{target}` is inside `{source}`, which cannot move into itself.")
        arriving = {target + path.removeprefix(source): content for path, content in moving.items()}
        taken = next((path for path in arriving if path in self.known and path not in moving), None)
        if taken:
            raise PathRefused(f"`{taken}` is there already. Delete it first, or choose another name.")
        leaving: dict[str, bytes | None] = {path: None for path in moving if path not in arriving}
        return await self.write(leaving | arriving)

    async def absorb(self, listing: str) -> list[Written]:
        """Take over what commands changed in the sandbox, by its listing. Raises `PathRefused` when that is too much."""
        here = {path: digest for path, digest in parse_listing(listing).items() if not _ignored(path)}
        differing = [
            path for path, digest in here.items() if path not in self.known or sha256(self.known[path]) != digest
        ]
        fetched = await self._fetched([f"{self._dir}/{path}" for path in differing])
        changed = {path.removeprefix(f"{self._dir}/"): content for path, content in fetched.items()}
        kept = {path: content for path, content in self.known.items() if path in here or generated(path)}
        written = self._difference(kept | changed)
        self.known = kept | changed
        return written

    async def _fetched(self, paths: Sequence[str]) -> dict[str, bytes]:
        fetched: dict[str, bytes] = {}
        for start in range(0, len(paths), _AT_ONCE):
            fetched |= await self._sandbox.download(paths[start : start + _AT_ONCE])
            _refuse_too_much(fetched.values())
        return fetched

    async def restore(self, archive: bytes) -> list[Written]:
        """Take over a tar of the whole project, as an earlier command left it, and make the sandbox hold it."""
        after = {path: content for path, content in _unpacked(archive) if not _ignored(path)}
        after |= {path: content for path, content in self.known.items() if generated(path)}
        written = self._difference(after)
        _refuse_too_much(w.content for w in written if w.content)
        await self.mirror(after)
        return written

    async def search(self, pattern: str, glob: str) -> list[Match]:
        """Lines that match, found by grep in the sandbox, where a pathological pattern costs nobody else."""
        wanted = glob_pattern(glob)
        found = await self._grep(pattern, "-P")
        if found is None:
            found = await self._grep(pattern, "-F")
        matches = [match for match in _parse_matches(found or "") if match.path in self.known]
        return [match for match in matches if wanted.match(match.path)][:MAX_MATCHES]

    async def _grep(self, pattern: str, dialect: str) -> str | None:
        """grep's output; None when it does not understand the pattern."""
        excluded = "--exclude-dir=node_modules --exclude-dir=.next --exclude-dir=.git"
        done = await self._sandbox.shell(
            f'timeout {_SEARCH_S} grep -rnIZ {dialect} {excluded} -m {MAX_MATCHES} -e "$PATTERN" . | head -c 2000000; '
            "exit ${PIPESTATUS[0]}",
            envs={"PATTERN": pattern},
            cwd=self._dir,
        )
        return None if done.exit_code == 2 and not done.stdout else done.stdout

    def _after(self, wanted: Mapping[str, bytes | None]) -> dict[str, bytes]:
        kept = {path: content for path, content in self.known.items() if path not in wanted}
        return kept | {path: content for path, content in wanted.items() if content is not None}

    def _refuse_file_as_folder(self, files: Mapping[str, bytes]) -> None:
        clash = next(iter(sorted(folders(files) & files.keys())), None)
        if clash:
            raise PathRefused(f"`{clash}` would be a file and a folder at once. Delete or move one of them first.")

    def _difference(self, after: Mapping[str, bytes]) -> list[Written]:
        changes = [
            (file_change(path, self.known.get(path), after.get(path)), after.get(path))
            for path in sorted(self.known.keys() | after.keys())
        ]
        return [Written(change, content) for change, content in changes if change]

    async def _replaced(self, files: Mapping[str, bytes]) -> bool:
        """Whether files that were there already are now these: one rename each, which is what people wait for most."""
        draft = f"{self._dir}/../.codeflow/{secrets.token_hex(6)}"
        drafts = {f"{draft}.{number}": path for number, path in enumerate(files)}
        await self._sandbox.upload({name: files[path] for name, path in drafts.items()})
        try:
            await self._sandbox.rename({name: f"{self._dir}/{path}" for name, path in drafts.items()})
        except (SandboxUnavailable, FileMissing):  # a command may have left something in the way
            await self._sandbox.shell('rm -f -- "$DRAFT".*', envs={"DRAFT": draft})
            return False
        return True

    async def _apply(self, files: Mapping[str, bytes], gone: Iterable[str]) -> None:
        gone = list(gone)
        if not files and not gone:
            return
        stage = f"{self._dir}/../.codeflow/{secrets.token_hex(6)}"
        await self._sandbox.upload({f"{stage}/packed": _packed(files, gone)})
        done = await self._sandbox.shell(_STAGE_AND_RENAME, envs={"STAGE": stage, "PROJECT": self._dir})
        if done.exit_code != 0:
            raise PathRefused(f"The sandbox could not write the files: {(done.stderr or done.stdout).strip()[-500:]}")


def parse_listing(listing: str) -> dict[str, str]:
    """`LISTING`'s output as path → sha256."""
    entries = (entry.split("  ./", 1) for entry in listing.split("\0") if entry)
    return {path: digest for digest, path in entries}


def _refuse_too_much(contents: Iterable[bytes]) -> None:
    if sum(map(len, contents)) > MAX_TAKEN_BYTES:
        raise PathRefused(
            f"Commands wrote more than {MAX_TAKEN_BYTES:,} bytes into the project, so none of what they changed was kept. "
            "Remove what does not belong to the app, or write it to /tmp."
        )


def _ignored(path: str) -> bool:
    return generated(path) or refused(path)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def _parse_matches(output: str) -> Iterator[Match]:
    for line in output.split("\n"):
        path, nul, rest = line.partition("\0")
        number, colon, text = rest.partition(":")
        if nul and colon and number.isdigit():
            yield Match(path.removeprefix("./"), int(number), text.strip()[:MAX_LINE_SHOWN])


def _packed(files: Mapping[str, bytes], gone: Iterable[str]) -> bytes:
    """A tar with the new files under `tree`, and the names of `gone` files and of the folders they `left`.

    `files` and `folders` name the new ones, each folder's together and parents first.
    """
    gone = list(gone)
    left = {path.rpartition("/")[0] for path in gone} - {""}
    lists = {"gone": gone, "left": left, "files": files, "folders": folders(files)}
    members = {name: _names(paths) for name, paths in lists.items()}
    members |= {f"tree/{path}": content for path, content in files.items()}
    packed = io.BytesIO()
    with _tar(packed, sum(map(len, files.values()))) as tar:
        tree = tarfile.TarInfo("tree")
        tree.type, tree.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(tree)
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), time.time()
            member.mode = ENV_MODE if name == f"tree/{ENV_FILE}" else 0o644
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _tar(packed: io.BytesIO, size: int) -> tarfile.TarFile:
    """Compressed when that is worth the time."""
    if size < _WORTH_COMPRESSING:
        return tarfile.open(fileobj=packed, mode="w")
    return tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1)


def _names(paths: Iterable[str]) -> bytes:
    return b"".join(path.encode() + b"\0" for path in sorted(paths, key=lambda path: path.rpartition("/")))


def _unpacked(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() and member.size <= MAX_FILE_BYTES else None
            if content:
                yield member.name.removeprefix("./"), content.read()

"""What people send, checked before anything is queued. Each function raises `InvalidInput`."""

from collections.abc import Mapping, Sequence

from backend.domain import MAX_FILE_BYTES, MAX_PROMPT_CHARS, InvalidInput
from backend.store.text import require_text
from backend.workspace import PathRefused
from backend.workspace.environment import writable
from backend.workspace.paths import project_path
from backend.workspace.redaction import PUBLIC

MAX_IMAGES = 6
MAX_IMAGE_BYTES = 5_000_000
MAX_EDITED_FILES = 200
MAX_TITLE_CHARS = 120
MAX_VALUE_BYTES = 8192
RESERVED = frozenset(
    (
        "CI",
        "DISPLAY",
        "HOME",
        "HOST",
        "HOSTNAME",
        "LANG",
        "LOGNAME",
        "PATH",
        "PORT",
        "PWD",
        "SHELL",
        "TERM",
        "TMPDIR",
        "TZ",
        "USER",
    )
)
RESERVED_PREFIXES = ("CODEFLOW_", "E2B_", "LD_", "NEXT_", "NODE_", "NPM_", "TURBOPACK", "__NEXT")
"""Of variables by which the sandbox and Next.js work. `NEXT_PUBLIC_…` are the app's."""

_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
TYPES = {*_SIGNATURES.values(), "image/webp"}

Image = tuple[str, str, bytes]
"""A picture added to a prompt: its name, media type and content."""


def checked_prompt(prompt: str) -> str:
    prompt = prompt.strip()
    if not prompt:
        raise InvalidInput("The message is empty. Describe the app you want, or what to change.")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise InvalidInput(
            f"The message has {len(prompt):,} characters; at most {MAX_PROMPT_CHARS:,} fit. "
            "Shorten it, or send it in several messages."
        )
    require_text(prompt, "message")
    return prompt


def checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise InvalidInput("The title is empty. Type a name for the project.")
    if len(title) > MAX_TITLE_CHARS:
        raise InvalidInput(f"The title is longer than {MAX_TITLE_CHARS} characters. Choose a shorter one.")
    require_text(title, "title")
    return title


def checked_variable(name: str, value: str) -> str:
    """The value as it is kept: with line ends as the sandbox has them."""
    require_text(value, "value")
    value = value.replace("\r\n", "\n")
    if name in RESERVED or (name.startswith(RESERVED_PREFIXES) and not name.startswith(PUBLIC)):
        raise InvalidInput(f"{name} is set by the sandbox or by Next.js itself. Choose another name.")
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise InvalidInput(f"The value of {name} is larger than {MAX_VALUE_BYTES // 1024} KiB. Use a shorter one.")
    if not writable(value):
        raise InvalidInput(
            f"The value of {name} cannot be written into an environment file: it mixes quotes, or ends in a backslash "
            "after spaces or #. Encode it, as base64 for example, and let the app decode it."
        )
    return value


def image_type(content: bytes) -> str | None:
    """The media type the content has, whatever it is called: PNG, JPEG, GIF or WebP; None for everything else."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES.items() if content.startswith(signature)), None)


def checked_images(images: Sequence[Image]) -> list[Image]:
    if len(images) > MAX_IMAGES:
        raise InvalidInput(f"There are {len(images)} images; at most {MAX_IMAGES} can be sent with one message.")
    return [_checked_image(*image) for image in images]


def _checked_image(name: str, said: str, content: bytes) -> Image:
    require_text(name, "image's name")
    media_type = image_type(content)
    if media_type is None:
        problem = "is damaged" if said in TYPES else "is not a PNG, JPEG, WebP or GIF image"
        raise InvalidInput(f"“{name}” {problem}. Save it as one of PNG, JPEG, WebP or GIF, and add it again.")
    if len(content) > MAX_IMAGE_BYTES:
        raise InvalidInput(f"“{name}” is larger than {MAX_IMAGE_BYTES // 1_000_000} MB. Make it smaller.")
    return name[:200], media_type, content


def checked_edits(files: Mapping[str, str | None]) -> dict[str, bytes | None]:
    if not files:
        raise InvalidInput("No file was changed, so there is nothing to save.")
    if len(files) > MAX_EDITED_FILES:
        raise InvalidInput(
            f"{len(files)} files were changed at once; at most {MAX_EDITED_FILES} can be saved together."
        )
    edits: dict[str, bytes | None] = {}
    for path, text in files.items():
        require_text(path, "path")
        try:
            name = project_path(path)
        except PathRefused as e:
            raise InvalidInput(e.message) from e
        if text is None:
            edits[name] = None
            continue
        require_text(text, f"file {name}")
        edits[name] = text.encode()
        if len(text.encode()) > MAX_FILE_BYTES:
            raise InvalidInput(f"{name} is larger than {MAX_FILE_BYTES // 1_000_000} MB. Split it into smaller files.")
    return edits

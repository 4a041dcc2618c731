"""Which installation of CodeFlow a sandbox belongs to: several may share one account of a sandbox service."""

import os
import secrets

from backend.config import Settings
from backend.workspace.starter import digest


def installation(settings: Settings) -> str:
    """Sixteen hex digits: the same in every process that shares the store, another wherever that is another."""
    if settings.supabase_url and settings.multi_user:
        return digest(settings.supabase_url.rstrip("/").lower())
    kept = settings.data_dir / "installation"
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
    if not kept.exists():
        draft.write_text(secrets.token_hex(8))
        try:
            # Another process may do the same at this moment: the first one's stays.
            os.link(draft, kept)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return kept.read_text().strip()

"""Who may do what, in full. A table, column or function that is not here is nobody's, and a test says so."""

READS: dict[str, set[str]] = {
    "tiers": {"id", "name", "points", "window_s", "concurrent", "budget_micros", "run_budget_micros"},
    "profiles": {"id", "tier", "created_at"},
    "projects": {
        "id", "owner", "kind", "title", "head_id", "sandbox_id", "preview_url", "seq", "created_at", "updated_at",
        "hold", "looked_at", "model",
    },
    "runs": {
        "id", "project_id", "owner", "kind", "status", "prompt", "attachments", "restore_id", "edits", "attempt",
        "cancel_requested", "created_at", "started_at", "finished_at", "cost_micros", "budget_micros",
        "resends", "undo_requested", "sandbox_s",
    },
    "followups": {"id", "project_id", "owner", "position", "prompt", "attachments", "anonymous", "created_at"},
    "variables": {"project_id", "name", "updated_at"},
    "entries": {"project_id", "seq", "run_id", "step", "at", "event"},
    "frames": {"position", "project_id", "run_id", "step", "frame"},
    "versions": {
        "id", "project_id", "number", "parent_id", "run_id", "title", "manifest", "report", "screenshot_sha256",
        "created_at",
    },
    "tree": {"project_id", "path", "sha256"},
    "blobs": {"project_id", "sha256", "body"},
    "shares": {"id", "project_id", "version_id", "preview_project_id", "history", "created_at", "revoked_at"},
    "usage_counters": {"owner", "bucket", "used", "window_id", "resets_at"},
    "usage_ledger": {"run_id", "kind", "owner", "points", "micros", "tier", "window_id", "at"},
    "billing_events": set(),
    "app_secrets": set(),
}  # fmt: skip
"""table → the columns that `authenticated` may read, of their own rows."""

OWNED_BY: dict[str, str | None] = {
    "tiers": None,
    "profiles": "id = %s",
    "projects": "owner = %s",
    "runs": "owner = %s",
    "followups": "owner = %s",
    "usage_counters": "owner = %s",
    "usage_ledger": "owner = %s",
    "billing_events": None,
    "app_secrets": None,
    **dict.fromkeys(("entries", "frames", "versions", "tree", "blobs", "shares", "variables"), "project_id = %s"),
}
"""table → whose a row is: a user's, or a project's. None: everybody's or nobody's."""

ANYBODY = {"open_share", "share_picture", "wake_share", "billing_event"}
USER = {
    "project_cards", "read_frames", "tail", "read_tree", "read_blobs", "active_run", "usage", "create_project",
    "rename_project", "delete_project", "delete_account", "start_run", "cancel_run", "create_share", "project_shares",
    "revoke_share", "remix", "fork_project", "add_followup", "change_followup", "move_followup", "remove_followup",
    "send_followup", "look_at", "set_model", "set_variable",
}  # fmt: skip
LEASED = {
    "renew_lease", "release_lease", "leased_run", "leased_project", "leased_entries", "leased_version", "leased_tree",
    "leased_blobs", "leased_variables", "append_events", "write_frame", "set_preview", "commit_version", "finish_run",
}  # fmt: skip
WORKER = LEASED | {
    "claim_run", "run_status", "pending", "claimable", "open_runs", "send_due_followups", "previews",
    "unclaimed_sandboxes", "clear_preview",
}  # fmt: skip
OPERATOR = {"set_tier", "set_app_secret"}

MAY_CALL = {
    "anon": ANYBODY,
    "authenticated": ANYBODY | USER,
    "codeflow_worker": WORKER,
    "service_role": WORKER | OPERATOR,
}
INVOKER = {"project_cards", "read_frames", "tail", "read_tree", "read_blobs", "active_run"}
"""These run as the caller, under row security; all others as their owner."""

"""The tables of the SQLite store.

`entries` is the journal; `tree` is the projection of head version and later changes that `Store.tree` promises, kept in
the same transactions. Times are seconds since the epoch by the store's clock.
"""

VERSION = 1
"""Stored as `user_version`; a file of a later version is refused."""

SCHEMA = """
create table if not exists projects (
    id text primary key,
    owner text not null,
    title text not null,
    head_id text not null,
    sandbox_id text,
    preview_url text,
    seq integer not null default 0,
    created_at real not null,
    updated_at real not null
);
create index if not exists projects_of on projects (owner, updated_at desc);

create table if not exists runs (
    id text primary key,
    project_id text not null references projects (id) on delete cascade,
    owner text not null,
    kind text not null,
    status text not null,
    prompt text not null,
    attachments text not null,
    restore_id text,
    edits text not null,
    attempt integer not null default 0,
    cancel_requested integer not null default 0,
    lease text,
    lease_until real,
    created_at real not null,
    started_at real,
    finished_at real,
    cost_micros integer not null default 0
);
create index if not exists runs_queue on runs (status, created_at);
create unique index if not exists one_run_at_a_time on runs (project_id) where status in ('queued', 'running');

create table if not exists entries (
    project_id text not null references projects (id) on delete cascade,
    seq integer not null,
    run_id text not null,
    step text,
    at real not null,
    event text not null,
    primary key (project_id, seq)
);
create unique index if not exists one_result_a_step on entries (run_id, step) where step is not null;

create table if not exists frames (
    position integer primary key autoincrement,
    project_id text not null references projects (id) on delete cascade,
    run_id text not null,
    step text not null,
    frame text not null
);
create index if not exists frames_of on frames (project_id, position);
create index if not exists frames_of_step on frames (run_id, step);

create table if not exists versions (
    id text primary key,
    project_id text not null references projects (id) on delete cascade,
    number integer not null,
    parent_id text,
    run_id text unique,
    title text not null,
    manifest text not null,
    report text,
    screenshot_sha256 text,
    created_at real not null,
    unique (project_id, number)
);

create table if not exists tree (
    project_id text not null references projects (id) on delete cascade,
    path text not null,
    sha256 text not null,
    primary key (project_id, path)
) without rowid;

create table if not exists blobs (
    project_id text not null references projects (id) on delete cascade,
    sha256 text not null,
    body blob not null,
    primary key (project_id, sha256)
);
"""

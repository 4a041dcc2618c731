"""The tables of the SQLite store, as the steps that made them.

`entries` is the journal; `tree` is the projection of head version and later changes that `Store.tree` promises, kept in
the same transactions. Times are seconds since the epoch by the store's clock. Tables and columns have the names they
have in `supabase/migrations`; a test holds the two together and knows the few differences.
"""

FIRST = """
create table projects (
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
create index projects_of on projects (owner, updated_at desc);

create table runs (
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
create index runs_queue on runs (status, created_at);
create unique index one_run_at_a_time on runs (project_id) where status in ('queued', 'running');

create table entries (
    project_id text not null references projects (id) on delete cascade,
    seq integer not null,
    run_id text not null,
    step text,
    at real not null,
    event text not null,
    primary key (project_id, seq)
);
create unique index one_result_a_step on entries (run_id, step) where step is not null;

create table frames (
    position integer primary key autoincrement,
    project_id text not null references projects (id) on delete cascade,
    run_id text not null,
    step text not null,
    frame text not null
);
create index frames_of on frames (project_id, position);
create index frames_of_step on frames (run_id, step);

create table versions (
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

create table tree (
    project_id text not null references projects (id) on delete cascade,
    path text not null,
    sha256 text not null,
    primary key (project_id, path)
) without rowid;

create table blobs (
    project_id text not null references projects (id) on delete cascade,
    sha256 text not null,
    body blob not null,
    primary key (project_id, sha256)
);
"""

USERS_USAGE_AND_SHARES = """
create table tiers (
    id text primary key,
    name text not null,
    points integer,
    window_s integer not null,
    concurrent integer,
    budget_micros integer,
    run_budget_micros integer
);
insert into tiers values
    ('local', 'Local', null, 86400, null, null, null),
    ('anonymous', 'Trial', 3, 86400, 1, 600000, 300000),
    ('free', 'Free', 10, 86400, 1, 2000000, 500000),
    ('pro', 'Pro', 200, 86400, 4, 40000000, 3000000);

create table profiles (
    id text primary key,
    email text,
    tier text not null references tiers (id),
    customer_id text unique,
    billing_at real,
    created_at real not null
);
create index profiles_by_email on profiles (lower(email));
insert into profiles (id, tier, created_at) select owner, 'local', min(created_at) from projects group by owner;

alter table projects add column kind text not null default 'app';
create index projects_with_sandbox on projects (updated_at) where sandbox_id is not null;
alter table runs add column budget_micros integer;
create index runs_of_project on runs (project_id, created_at desc);
create index runs_under_way on runs (owner) where status in ('queued', 'running');

create table shares (
    id text primary key,
    token_hash text not null unique,
    project_id text not null references projects (id) on delete cascade,
    version_id text not null references versions (id) on delete cascade,
    preview_project_id text references projects (id) on delete set null,
    history integer not null,
    created_at real not null,
    revoked_at real
);
create index shares_of on shares (project_id, created_at desc);
create index shares_of_version on shares (version_id);
create index shares_of_preview on shares (preview_project_id);

create table usage_counters (
    owner text not null references profiles (id) on delete cascade,
    bucket text not null check (bucket in ('points', 'micros')),
    used integer not null check (used >= 0),
    window_id text not null,
    resets_at real not null,
    primary key (owner, bucket)
) without rowid;

create table usage_ledger (
    run_id text not null,
    kind text not null check (kind in ('charge', 'refund', 'cost')),
    owner text not null references profiles (id) on delete cascade,
    points integer not null default 0,
    micros integer not null default 0,
    tier text,
    window_id text,
    at real not null,
    primary key (run_id, kind)
) without rowid;
create index usage_ledger_of on usage_ledger (owner, at);

create table billing_events (
    id text primary key,
    customer_id text,
    tier text,
    made_at real not null,
    at real not null
);
create index billing_events_of on billing_events (customer_id, made_at desc) where customer_id is not null;

create table app_secrets (
    name text primary key,
    value text not null
);
"""

FOLLOW_UPS = """
create table followups (
    id text primary key,
    project_id text not null references projects (id) on delete cascade,
    owner text not null,
    position real not null,
    prompt text not null,
    attachments text not null,
    anonymous integer not null,
    created_at real not null
);
create index followups_of on followups (project_id, position);
create index followups_by_age on followups (created_at, project_id);
alter table projects add column hold text;

alter table runs add column resends text;
alter table runs add column undo_requested integer not null default 0;
drop index runs_queue;
create index runs_queue on runs (status, created_at, owner, kind, project_id);
drop index runs_under_way;
create index runs_under_way on runs (owner, created_at) where status in ('queued', 'running');
"""

LOOKS_AND_SANDBOX_TIME = """
alter table projects add column looked_at real;
drop index projects_with_sandbox;
create index projects_by_sandbox on projects (sandbox_id) where sandbox_id is not null;
alter table runs add column sandbox_s real not null default 0;
"""

SETTINGS = """
alter table projects add column model text;
create table variables (
    project_id text not null references projects (id) on delete cascade,
    name text not null,
    sealed text not null,
    updated_at real not null,
    primary key (project_id, name)
) without rowid;
"""

MIGRATIONS = (FIRST, USERS_USAGE_AND_SHARES, FOLLOW_UPS, LOOKS_AND_SANDBOX_TIME, SETTINGS)
"""In order; a file's `user_version` counts those it has had. What is released is not changed: add to the end."""
VERSION = len(MIGRATIONS)
"""A file of a later version is refused."""

-- A file of the fourth format, as its users have it: this does not change when the store does.

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

insert into tiers values ('team', 'Team', 50, 3600, 2, null, 250000);
insert into profiles values
    ('ada', 'ada@example.com', 'team', 'cus_1', 1700000005.0, 1700000000.0),
    ('eve', null, 'free', null, null, 1700000000.0);
insert into projects (id, owner, title, head_id, sandbox_id, preview_url, seq, created_at, updated_at, kind) values
    ('p1', 'ada', 'Cats', 'v1', 'sb1', 'http://preview', 3, 1700000000.0, 1700000100.0, 'app'),
    ('p2', 'ada', 'Dogs', 'v2', null, null, 1, 1700000050.0, 1700000060.0, 'app'),
    ('s1', 'ada', 'Cats', 'v3', null, null, 1, 1700000110.0, 1700000120.0, 'share'),
    ('p3', 'eve', 'Owls', 'v4', null, null, 0, 1700000050.0, 1700000050.0, 'app');
insert into versions values
    ('v0', 'p1', 0, null, null, 'Starter', '{"app/page.tsx": "aa"}', null, null, 1700000000.0),
    ('v1', 'p1', 1, 'v0', 'r1', 'Cats', '{"app/page.tsx": "bb"}', null, 'cc', 1700000090.0),
    ('v2', 'p2', 0, null, null, 'Starter', '{}', null, null, 1700000050.0),
    ('v3', 's1', 0, null, null, 'Cats', '{"app/page.tsx": "bb"}', null, 'cc', 1700000110.0),
    ('v4', 'p3', 0, null, null, 'Starter', '{}', null, null, 1700000050.0);
insert into runs (id, project_id, owner, kind, status, prompt, attachments, edits, attempt, lease, lease_until, created_at,
    started_at, finished_at, cost_micros, budget_micros) values
    ('r1', 'p1', 'ada', 'prompt', 'succeeded', 'a page for cats', '[]', '{}', 1, 'w:1', null,
        1700000010.0, 1700000011.0, 1700000100.0, 42, 250000),
    ('r2', 'p2', 'ada', 'prompt', 'running', 'a page for dogs', '[]', '{}', 1, 'w:2', 1700000080.0,
        1700000060.0, 1700000061.0, null, 7, 250000),
    ('r3', 's1', 'ada', 'wake', 'queued', '', '[]', '{}', 0, null, null, 1700000120.0, null, null, 0, null);
insert into entries values
    ('p1', 1, 'r1', null, 1700000010.0, '{"type": "run.queued", "kind": "prompt", "prompt": "a page for cats"}'),
    ('p1', 2, 'r1', null, 1700000011.0, '{"type": "run.claimed", "attempt": 1}'),
    ('p1', 3, 'r1', null, 1700000100.0,
        '{"type": "run.finished", "status": "succeeded", "verified": true, "duration_s": 90.0, "cost_micros": 42}'),
    ('p2', 1, 'r2', null, 1700000060.0, '{"type": "run.queued", "kind": "prompt", "prompt": "a page for dogs"}'),
    ('s1', 1, 'r3', null, 1700000120.0, '{"type": "run.queued", "kind": "wake", "prompt": ""}');
insert into tree values ('p1', 'app/page.tsx', 'bb'), ('s1', 'app/page.tsx', 'bb');
insert into blobs values
    ('p1', 'aa', x'6161'), ('p1', 'bb', x'6262'), ('p1', 'cc', x'6363'), ('s1', 'bb', x'6262'), ('s1', 'cc', x'6363');
insert into shares values
    ('sh1', '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae', 'p1', 'v1', 's1', 1, 1700000110.0, null);
insert into usage_counters values
    ('ada', 'points', 2, 'w1', 1700003610.0),
    ('ada', 'micros', 42, 'w2', 1700003700.0);
insert into usage_ledger values
    ('r1', 'charge', 'ada', 1, 0, 'team', 'w1', 1700000010.0),
    ('r1', 'cost', 'ada', 0, 42, 'team', 'w1', 1700000100.0),
    ('r2', 'charge', 'ada', 1, 0, 'team', 'w1', 1700000060.0);
insert into app_secrets values ('billing_webhook', 'whsec');

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

insert into followups values ('f9', 'p2', 'ada', 1.0, 'more dogs', '[]', 0, 1700000500.0);

alter table projects add column looked_at real;
drop index projects_with_sandbox;
create index projects_by_sandbox on projects (sandbox_id) where sandbox_id is not null;
alter table runs add column sandbox_s real not null default 0;
update runs set sandbox_s = 12.5 where id = 'r1';
pragma user_version = 4;

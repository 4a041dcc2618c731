-- A file of the first format, as its users have it: this does not change when the store does.

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

insert into projects values
    ('p1', 'local', 'Cats', 'v1', 'sb1', 'http://preview', 3, 1700000000.0, 1700000100.0),
    ('p2', 'local', 'Dogs', 'v2', null, null, 0, 1700000050.0, 1700000050.0);
insert into versions values
    ('v0', 'p1', 0, null, null, 'Starter', '{"app/page.tsx": "aa"}', null, null, 1700000000.0),
    ('v1', 'p1', 1, 'v0', 'r1', 'Cats', '{"app/page.tsx": "bb"}', null, null, 1700000090.0),
    ('v2', 'p2', 0, null, null, 'Starter', '{}', null, null, 1700000050.0);
insert into runs values
    ('r1', 'p1', 'local', 'prompt', 'succeeded', 'a page for cats', '[]', null, '{}', 1, 0, 'w:1', null,
        1700000010.0, 1700000011.0, 1700000100.0, 42),
    ('r2', 'p2', 'local', 'prompt', 'queued', 'a page for dogs', '[]', null, '{}', 0, 0, null, null,
        1700000060.0, null, null, 0);
insert into entries values
    ('p1', 1, 'r1', null, 1700000010.0, '{"type": "run.queued", "kind": "prompt", "prompt": "a page for cats"}'),
    ('p1', 2, 'r1', null, 1700000011.0, '{"type": "run.claimed", "attempt": 1}'),
    ('p1', 3, 'r1', null, 1700000100.0,
        '{"type": "run.finished", "status": "succeeded", "verified": true, "duration_s": 90.0, "cost_micros": 42}');
insert into tree values ('p1', 'app/page.tsx', 'bb');
insert into blobs values ('p1', 'aa', x'6161'), ('p1', 'bb', x'6262');
pragma user_version = 1;

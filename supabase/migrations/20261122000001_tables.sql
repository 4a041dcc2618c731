-- The tables. Read through the policies of the next file, written by functions only.
--
-- Where SQLite has the same table (`backend/store/sqlite_schema.py`), its columns have the same names.
-- Ids are chosen by the caller, so that every write can be repeated; a repeat is known by its id.

create table public.tiers (
  id text primary key,
  name text not null,
  points integer check (points >= 0),
  window_s integer not null check (window_s > 0),
  concurrent integer check (concurrent >= 0),
  budget_micros bigint check (budget_micros >= 0),
  run_budget_micros bigint check (run_budget_micros >= 0)
);
comment on table public.tiers is 'What a user may spend. NULL: without limit. `window_s` begins with a window''s first prompt.';
insert into public.tiers (id, name, points, window_s, concurrent, budget_micros, run_budget_micros) values
  ('anonymous', 'Trial', 3, 86400, 1, 600000, 300000),
  ('free', 'Free', 10, 86400, 1, 2000000, 500000),
  ('pro', 'Pro', 200, 86400, 4, 40000000, 3000000);

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  tier text not null default 'free' references public.tiers (id),
  customer_id text unique,
  billing_at timestamptz,
  created_at timestamptz not null default clock_timestamp()
);
comment on column public.profiles.customer_id is 'The payment provider''s name for this user.';
comment on column public.profiles.billing_at is 'When the newest billing event that was applied was made.';

create table public.projects (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  owner uuid not null references public.profiles (id) on delete cascade,
  kind text not null default 'app' check (kind in ('app', 'share')),
  title text not null,
  head_id text not null,
  sandbox_id text,
  preview_url text,
  seq bigint not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
comment on column public.projects.kind is '`share`: the hidden copy that a share''s live preview runs from.';
create index projects_of on public.projects (owner, updated_at desc);
create index projects_with_sandbox on public.projects (updated_at) where sandbox_id is not null;

create table public.runs (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  project_id text not null references public.projects (id) on delete cascade,
  owner uuid not null references public.profiles (id) on delete cascade,
  kind text not null check (kind in ('prompt', 'edit', 'restore', 'wake')),
  status text not null check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  prompt text not null,
  attachments jsonb not null default '[]',
  restore_id text,
  edits jsonb not null default '{}',
  attempt integer not null default 0,
  cancel_requested boolean not null default false,
  lease text,
  lease_until timestamptz,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  cost_micros bigint not null default 0,
  budget_micros bigint
);
comment on column public.runs.lease is 'Whoever knows it may write to the run; no user can read it.';
create index runs_queue on public.runs (created_at) where status in ('queued', 'running');
create index runs_of_project on public.runs (project_id, created_at desc);
create index runs_under_way on public.runs (owner) where status in ('queued', 'running');
create index runs_of_owner on public.runs (owner);
create unique index one_run_at_a_time on public.runs (project_id) where status in ('queued', 'running');

create table public.entries (
  project_id text not null references public.projects (id) on delete cascade,
  seq bigint not null,
  run_id text not null,
  step text,
  at timestamptz not null,
  event jsonb not null,
  primary key (project_id, seq)
);
create unique index one_result_a_step on public.entries (run_id, step) where step is not null;

create table public.frames (
  position bigint generated always as identity primary key,
  project_id text not null references public.projects (id) on delete cascade,
  run_id text not null,
  step text not null,
  frame jsonb not null
);
create index frames_of on public.frames (project_id, position);
create index frames_of_step on public.frames (run_id, step);

create table public.versions (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  project_id text not null references public.projects (id) on delete cascade,
  number integer not null,
  parent_id text,
  run_id text unique,
  title text not null,
  manifest jsonb not null,
  report jsonb,
  screenshot_sha256 text,
  created_at timestamptz not null,
  unique (project_id, number)
);

create table public.tree (
  project_id text not null references public.projects (id) on delete cascade,
  path text not null,
  sha256 text not null,
  primary key (project_id, path)
);

create table public.blobs (
  project_id text not null references public.projects (id) on delete cascade,
  sha256 text not null,
  body bytea not null,
  primary key (project_id, sha256)
);
comment on table public.blobs is 'A project''s own: shared hashes would tell strangers what others have.';

create table public.shares (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
  project_id text not null references public.projects (id) on delete cascade,
  version_id text not null references public.versions (id) on delete cascade,
  preview_project_id text references public.projects (id) on delete set null,
  history boolean not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);
create index shares_of on public.shares (project_id, created_at desc);
create index shares_of_version on public.shares (version_id);
create index shares_of_preview on public.shares (preview_project_id);

create table public.usage_counters (
  owner uuid not null references public.profiles (id) on delete cascade,
  bucket text not null check (bucket in ('points', 'micros')),
  used bigint not null check (used >= 0),
  window_id text not null,
  resets_at timestamptz not null,
  primary key (owner, bucket)
);

-- No reference to the run: what was spent outlives a deleted project, but not a deleted account.
create table public.usage_ledger (
  run_id text not null,
  kind text not null check (kind in ('charge', 'refund', 'cost')),
  owner uuid not null references public.profiles (id) on delete cascade,
  points integer not null default 0,
  micros bigint not null default 0,
  tier text,
  window_id text,
  at timestamptz not null,
  primary key (run_id, kind)
);
create index usage_ledger_of on public.usage_ledger (owner, at);

create table public.billing_events (
  id text primary key,
  customer_id text,
  tier text,
  made_at timestamptz not null,
  at timestamptz not null default clock_timestamp()
);
comment on table public.billing_events is 'Webhook calls applied; `tier` is what the customer''s subscription gave them at `made_at`.';
create index billing_events_of on public.billing_events (customer_id, made_at desc) where customer_id is not null;

create table public.app_secrets (
  name text primary key,
  value text not null
);
comment on table public.app_secrets is 'Read by functions only, by nobody else.';

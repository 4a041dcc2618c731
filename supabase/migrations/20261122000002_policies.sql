-- Who may read which rows, and nothing else for anybody: writing is what the functions of the later files are for.
-- A policy that asks about another row does so by key (`exists`), never by a list of all rows one owns.

revoke all on all tables in schema public from public, anon, authenticated, service_role;
revoke all on all sequences in schema public from public, anon, authenticated, service_role;

-- What later migrations make starts closed. Functions are everybody's by a default of Postgres' own, which only the
-- first form revokes; the second answers what a hosted project grants in `public`.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;

alter table public.tiers enable row level security;
alter table public.profiles enable row level security;
alter table public.projects enable row level security;
alter table public.runs enable row level security;
alter table public.entries enable row level security;
alter table public.frames enable row level security;
alter table public.versions enable row level security;
alter table public.tree enable row level security;
alter table public.blobs enable row level security;
alter table public.shares enable row level security;
alter table public.usage_counters enable row level security;
alter table public.usage_ledger enable row level security;
alter table public.billing_events enable row level security;
alter table public.app_secrets enable row level security;

grant select on
  public.tiers, public.projects, public.entries, public.frames, public.versions, public.tree, public.blobs,
  public.usage_counters, public.usage_ledger
to authenticated;
grant select (id, tier, created_at) on public.profiles to authenticated;
grant select (
  id, project_id, owner, kind, status, prompt, attachments, restore_id, edits, attempt, cancel_requested,
  created_at, started_at, finished_at, cost_micros, budget_micros
) on public.runs to authenticated;
grant select (id, project_id, version_id, preview_project_id, history, created_at, revoked_at)
  on public.shares to authenticated;

create policy everybodys on public.tiers for select to authenticated using (true);
create policy own on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy own on public.projects for select to authenticated using (owner = (select auth.uid()));
create policy own on public.runs for select to authenticated using (owner = (select auth.uid()));
create policy own on public.usage_counters for select to authenticated using (owner = (select auth.uid()));
create policy own on public.usage_ledger for select to authenticated using (owner = (select auth.uid()));
create policy own on public.entries for select to authenticated using (
  exists (select from public.projects p where p.id = project_id and p.owner = (select auth.uid())));
create policy own on public.frames for select to authenticated using (
  exists (select from public.projects p where p.id = project_id and p.owner = (select auth.uid())));
create policy own on public.versions for select to authenticated using (
  exists (select from public.projects p where p.id = project_id and p.owner = (select auth.uid())));
create policy own on public.tree for select to authenticated using (
  exists (select from public.projects p where p.id = project_id and p.owner = (select auth.uid())));
create policy own on public.blobs for select to authenticated using (
  exists (select from public.projects p where p.id = project_id and p.owner = (select auth.uid())));
create policy own on public.shares for select to authenticated using (
  exists (select from public.projects p where p.id = project_id and p.owner = (select auth.uid())));

-- The workers' own role: a token with `"role": "codeflow_worker"` opens their functions and no table.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'codeflow_worker') then
    create role codeflow_worker nologin noinherit;
  end if;
end
$$;
grant codeflow_worker to authenticator;
grant usage on schema public to codeflow_worker;

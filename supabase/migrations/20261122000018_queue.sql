-- Whose run is worked on next: what a person waits for before a share's preview; then, of whoever has fewest runs under
-- way, the oldest. And the queue as the operator sees it. Shapes: `../functions.md`.

drop index public.runs_under_way;
create index runs_under_way on public.runs (owner, created_at) where status in ('queued', 'running');
create index runs_running on public.runs (owner) where status = 'running';

-- The next one of its sort, locked. Another worker's candidate is skipped, not waited for. A long queue is not sorted:
-- the first look ends at the oldest run of somebody who has none under way, the second asks once for each who has.
create function internal.next_run(p_share boolean) returns text
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_busy uuid[] := array(select distinct owner from public.runs where status = 'running' and lease_until >= v_now);
  v_candidate text;
  v_run text;
begin
  select r.id into v_run from public.runs r
    where r.status in ('queued', 'running') and (r.status = 'queued' or r.lease_until < v_now)
      and r.owner <> all (v_busy) and p_share = (r.kind = 'wake' and exists (
        select from public.projects p where p.id = r.project_id and p.kind = 'share'))
    order by r.created_at limit 1 for no key update of r skip locked;
  if found then
    return v_run;
  end if;
  for v_candidate in
    select oldest.id
    from (
      select owner, count(*) as runs from public.runs
      where status = 'running' and lease_until >= v_now group by owner
    ) live
    cross join lateral (
      select r.id, r.created_at from public.runs r
      where r.owner = live.owner and r.status in ('queued', 'running') and (r.status = 'queued' or r.lease_until < v_now)
        and p_share = (r.kind = 'wake' and exists (
          select from public.projects p where p.id = r.project_id and p.kind = 'share'))
      order by r.created_at limit 1
    ) oldest
    order by live.runs, oldest.created_at
  loop
    select id into v_run from public.runs
      where id = v_candidate and (status = 'queued' or (status = 'running' and lease_until < v_now))
      for no key update skip locked;
    if found then
      return v_run;
    end if;
  end loop;
  -- Others are taking all of those just now: any but theirs.
  select r.id into v_run from public.runs r
    where r.status in ('queued', 'running') and (r.status = 'queued' or r.lease_until < v_now)
      and p_share = (r.kind = 'wake' and exists (
        select from public.projects p where p.id = r.project_id and p.kind = 'share'))
    order by r.created_at limit 1 for no key update of r skip locked;
  return v_run;
end
$$;

create or replace function public.claim_run(p_token text, p_lease_s double precision, p_run_id text default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_run public.runs;
  v_project public.projects;
begin
  if p_token is null or length(p_token) < 16 then
    perform internal.invalid('The lease''s token must be one that nobody can guess.');
  end if;
  select * into v_run from public.runs where status = 'running' and lease = p_token;
  if found then
    select * into v_project from public.projects where id = v_run.project_id;
    return jsonb_build_object('run', internal.run_json(v_run), 'project', to_jsonb(v_project));
  end if;
  if p_run_id is null then
    v_run.id := coalesce(internal.next_run(false), internal.next_run(true));
  else
    select * into v_run from public.runs where id = p_run_id for no key update;
  end if;
  if v_run.id is null then
    return null;
  end if;
  return internal.claim(v_run.id, p_token, p_lease_s);
end
$$;

create function public.open_runs(p_limit integer default 1000) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', id, 'project_id', project_id, 'owner', owner, 'kind', kind, 'status', status, 'attempt', attempt,
    'cancel_requested', cancel_requested,
    'waited_s', extract(epoch from clock_timestamp() - created_at),
    'lease_s', extract(epoch from lease_until - clock_timestamp()),
    -- The lease is `<worker>:<what nobody can guess>`.
    'worker', substring(lease from '^(.*):[^:]*$')) order by created_at), '[]')
  from (
    select * from public.runs where status in ('queued', 'running') order by created_at limit p_limit
  ) open
$$;

grant execute on function public.open_runs(integer) to codeflow_worker, service_role;

-- A preview sleeps when nobody looks at it, and is nobody's when no project names it: what the reaper goes by. And how
-- long a run held a sandbox, which costs. Shapes: `../functions.md`.

alter table public.projects add column looked_at timestamptz;
comment on column public.projects.looked_at is 'When its owner last had its page open, to the minute.';
alter table public.runs add column sandbox_s double precision not null default 0;
grant select (sandbox_s) on public.runs to authenticated;
drop index public.projects_with_sandbox;
create index projects_by_sandbox on public.projects (sandbox_id) where sandbox_id is not null;

create function public.look_at(p_project text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update public.projects set looked_at = clock_timestamp()
    where id = p_project and owner = (select auth.uid()) and kind = 'app';
  if not found then
    perform internal.no_such('project');
  end if;
  return true;
end
$$;

drop function public.idle_previews(double precision);
create function public.previews() returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'project_id', p.id, 'sandbox_id', p.sandbox_id, 'preview_url', p.preview_url,
    'looked_s', round(extract(epoch from clock_timestamp() - p.looked_at), 3),
    'quiet_s', round(extract(epoch from clock_timestamp() - greatest(p.updated_at, p.looked_at)), 3))), '[]')
  from public.projects p
  where p.sandbox_id is not null
    and not exists (select from public.runs r where r.project_id = p.id and r.status in ('queued', 'running'))
$$;

create function public.unclaimed_sandboxes(p_sandbox_ids text[]) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(asked.id order by asked.n), '[]')
  from unnest(p_sandbox_ids) with ordinality as asked (id, n)
  where not exists (select from public.projects p where p.sandbox_id = asked.id)
$$;

create or replace function internal.queue_run(p_run public.runs) returns public.runs
language plpgsql set search_path = '' as $$
begin
  p_run.status := 'queued';
  p_run.attempt := 0;
  p_run.cancel_requested := false;
  p_run.undo_requested := false;
  p_run.cost_micros := 0;
  p_run.sandbox_s := 0;
  p_run.created_at := clock_timestamp();
  insert into public.runs select p_run.* on conflict (id) do nothing;
  if not found then
    perform internal.no_such('run');
  end if;
  perform internal.write_entry(p_run.project_id, p_run.id, jsonb_build_object(
    'type', 'run.queued', 'kind', p_run.kind, 'prompt', p_run.prompt, 'attachments', p_run.attachments,
    'restore_id', p_run.restore_id, 'resends', p_run.resends));
  return p_run;
end
$$;

-- `sandbox_seconds` of `backend/events.py`, for a run that ends without a worker.
create function internal.sandbox_seconds(p_run public.runs) returns double precision
language plpgsql stable set search_path = '' as $$
declare
  v_total interval := '0';
  v_since timestamptz;
  v_until timestamptz;
  v_type text;
  v_at timestamptz;
begin
  for v_type, v_at in
    select event ->> 'type', at from public.entries
    where project_id = p_run.project_id and run_id = p_run.id order by seq
  loop
    if v_type in ('run.claimed', 'sandbox.booting', 'sandbox.closed') then
      v_total := v_total + coalesce(v_until - v_since, '0');
      v_since := case when v_type <> 'sandbox.closed' then v_at end;
      v_until := null;
    elsif v_type in ('sandbox.ready', 'step.started') or (v_until is not null and v_type <> 'run.finished') then
      v_until := v_at;
    end if;
  end loop;
  return round(extract(epoch from v_total + coalesce(v_until - v_since, '0')), 3);
end
$$;

create or replace function internal.finish(p_run text, p_event jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v_run public.runs;
begin
  update public.runs set status = p_event ->> 'status', finished_at = clock_timestamp(), lease_until = null,
    cost_micros = (p_event ->> 'cost_micros')::bigint,
    sandbox_s = coalesce((p_event ->> 'sandbox_s')::double precision, 0)
    where id = p_run returning * into v_run;
  delete from public.frames where run_id = p_run;
  perform internal.write_entry(v_run.project_id, p_run, p_event);
  if v_run.status <> 'succeeded' then
    perform internal.hold(v_run.project_id, case v_run.status when 'cancelled' then 'stopped' else 'failed' end);
  end if;
  perform internal.settle(v_run);
end
$$;

create or replace function public.cancel_run(p_id text, p_undo boolean default false) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_run public.runs;
  v_now timestamptz;
  v_undo boolean;
begin
  select * into v_run from public.runs where id = p_id and owner = v_me.id for no key update;
  if not found then
    perform internal.no_such('run');
  end if;
  v_now := clock_timestamp();
  -- Only a worker can take back what was written; a run that none has had yet wrote nothing.
  v_undo := (coalesce(p_undo, false) or v_run.undo_requested) and v_run.attempt > 0;
  if v_run.status in ('queued', 'running') and not v_undo
    and (v_run.status = 'queued' or v_run.lease_until < v_now) then
    perform internal.finish(p_id, jsonb_build_object(
      'type', 'run.finished', 'status', 'cancelled', 'verified', false, 'failure', null, 'version_id', null,
      'duration_s', round(extract(epoch from v_now - v_run.created_at), 3), 'cost_micros', v_run.cost_micros,
      'sandbox_s', internal.sandbox_seconds(v_run)));
  elsif v_run.status in ('queued', 'running') and (not v_run.cancel_requested or v_undo and not v_run.undo_requested) then
    update public.runs set cancel_requested = true, undo_requested = v_undo where id = p_id;
    perform internal.write_entry(v_run.project_id, p_id,
      jsonb_build_object('type', 'run.cancel_requested', 'undo', v_undo));
    perform internal.hold(v_run.project_id, 'stopped');
  end if;
  select * into v_run from public.runs where id = p_id;
  return internal.run_json(v_run);
end
$$;

create or replace function public.active_run(p_project text) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform from public.projects where id = p_project and kind = 'app';
  if not found then
    raise exception using errcode = 'PT404', hint = 'not_found',
      message = 'There is no such project. It may have been deleted; go back to your projects.';
  end if;
  return (
    select to_jsonb(run) from (
      select id, project_id, owner, kind, status, prompt, attachments, restore_id, resends, edits, attempt,
        cancel_requested, undo_requested, created_at, started_at, finished_at, cost_micros, sandbox_s, budget_micros
      from public.runs where project_id = p_project and status in ('queued', 'running')
    ) run
  );
end
$$;

revoke all on function public.look_at(text), public.previews(), public.unclaimed_sandboxes(text[]) from public, anon, authenticated, service_role;
revoke all on function internal.sandbox_seconds(public.runs) from public;
grant execute on function public.look_at(text) to authenticated;
grant execute on function public.previews(), public.unclaimed_sandboxes(text[]) to codeflow_worker, service_role;

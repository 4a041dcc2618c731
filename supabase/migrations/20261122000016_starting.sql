-- Starting runs, from a prompt or from one that waited, by one and the same code; stopping them; and what that does to
-- the prompts that wait. Shapes: `../functions.md`.

create function internal.tier_of(p_tier text, p_anonymous boolean) returns public.tiers
language sql stable set search_path = '' as $$
  select t from public.tiers t where t.id = case when p_anonymous then 'anonymous' else coalesce(p_tier, 'free') end
$$;

create or replace function internal.acting_tier(p_tier text) returns public.tiers
language sql stable set search_path = '' as $$
  select internal.tier_of(p_tier, coalesce((select auth.jwt()) ->> 'is_anonymous' = 'true', false))
$$;

create or replace function internal.queue_run(p_run public.runs) returns public.runs
language plpgsql set search_path = '' as $$
begin
  p_run.status := 'queued';
  p_run.attempt := 0;
  p_run.cancel_requested := false;
  p_run.undo_requested := false;
  p_run.cost_micros := 0;
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

-- Queues the run and charges for it, unless the project is busy or a limit is in the way; with its attachments and edits
-- as they were sent, or already stored. The owner's row and the project's are held.
create function internal.start(p_run public.runs, p_tier public.tiers, p_attachments jsonb, p_edits jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_limit jsonb;
begin
  if internal.active_run(p_run.project_id) is not null then
    perform internal.refuse('PT409', 'busy',
      'A run is already under way on this project. Wait until it is done, or stop it.');
  end if;
  if p_tier.id is null then
    -- Without a row there would be no limit.
    perform internal.no_such('tier');
  end if;
  if p_run.kind = 'prompt' then
    v_limit := internal.charge(p_run.id, p_run.owner, p_tier);
    if v_limit is not null then
      return v_limit;
    end if;
  elsif internal.previews_awake(p_run.owner, 'app', p_run.project_id) >= internal.previews_of(p_tier) then
    return internal.limit_reached('previews', internal.previews_of(p_tier), null);
  end if;
  p_run.attachments := coalesce(p_run.attachments, internal.put_attachments(p_run.project_id, p_attachments));
  p_run.edits := internal.put_files(p_run.project_id, p_edits);
  p_run.budget_micros := p_tier.run_budget_micros;
  return jsonb_build_object('ok', true, 'run', internal.run_json(internal.queue_run(p_run)));
end
$$;

-- Makes a run of the follow-up; the others are no longer held.
create function internal.start_followup(p_followup public.followups, p_tier public.tiers) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_run public.runs;
  v_answer jsonb;
begin
  v_run.id := p_followup.id;
  v_run.project_id := p_followup.project_id;
  v_run.owner := p_followup.owner;
  v_run.kind := 'prompt';
  v_run.prompt := p_followup.prompt;
  v_run.attachments := p_followup.attachments;
  v_answer := internal.start(v_run, p_tier, '[]', '{}');
  if (v_answer ->> 'ok')::boolean then
    delete from public.followups where id = p_followup.id;
    update public.projects set hold = null where id = p_followup.project_id and hold is not null;
    perform internal.followups_changed(p_followup.project_id);
  end if;
  return v_answer;
end
$$;

drop function public.start_run(text, text, text, text, jsonb, text, jsonb);
create function public.start_run(
  p_id text, p_project text, p_kind text, p_prompt text,
  p_attachments jsonb default '[]', p_restore_id text default null, p_edits jsonb default '{}',
  p_resends text default null
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_run public.runs;
  v_followup public.followups;
begin
  perform internal.require_id(p_id);
  select * into v_run from public.runs where id = p_id;
  if found then
    if v_run.owner <> v_me.id then
      perform internal.no_such('run');
    end if;
    return jsonb_build_object('ok', true, 'run', internal.run_json(v_run));
  end if;
  perform internal.own_project(p_project, v_me.id);
  if p_kind is null or p_kind not in ('prompt', 'edit', 'restore', 'wake') then
    perform internal.invalid('There is no such kind of run.');
  end if;
  perform internal.require_prompt(p_prompt);
  if p_restore_id is not null then
    perform from public.versions where id = p_restore_id and project_id = p_project;
    if not found then
      perform internal.no_such('version');
    end if;
  end if;
  if p_resends is not null then
    perform from public.runs where id = p_resends and project_id = p_project;
    if not found then
      perform internal.no_such('run');
    end if;
  end if;
  select * into v_followup from public.followups where id = p_id;
  if found then
    if v_followup.owner <> v_me.id then
      perform internal.no_such('run');
    end if;
    perform internal.refuse('PT409', 'busy', 'This message is waiting already. It is sent when its turn comes.');
  end if;
  v_run.id := p_id;
  v_run.project_id := p_project;
  v_run.owner := v_me.id;
  v_run.kind := p_kind;
  v_run.prompt := p_prompt;
  v_run.restore_id := p_restore_id;
  v_run.resends := p_resends;
  return internal.start(v_run, internal.acting_tier(v_me.tier), p_attachments, p_edits);
end
$$;

-- `p_id` is what the caller takes for the first: null when it is not, so that a repeat never sends the next one too.
create function public.send_followup(p_project text, p_id text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_project public.projects := internal.own_project(p_project, v_me.id);
  v_run public.runs;
  v_followup public.followups;
begin
  select * into v_run from public.runs where id = p_id and project_id = p_project;
  if found then
    return jsonb_build_object('ok', true, 'run', internal.run_json(v_run), 'known', true);
  end if;
  select * into v_followup from public.followups where project_id = p_project order by position limit 1;
  if v_followup.id is distinct from p_id then
    return null;
  end if;
  return internal.start_followup(v_followup, internal.acting_tier(v_me.tier));
end
$$;

-- A worker's: all whose turn it is, up to 100 at a time. It waits for nobody: it holds rows of many users, and whoever
-- it waited for might wait for one of them. Whose rows are taken just now is passed over, and `again` says so.
create function public.send_due_followups() returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_due record;
  v_owner public.profiles;
  v_followup public.followups;
  v_answer jsonb;
  v_sent jsonb := '[]';
  v_tried integer := 0;
  v_again boolean := false;
begin
  for v_due in
    select p.id, p.owner from public.followups f
      join public.projects p on p.id = f.project_id join public.profiles o on o.id = p.owner
    where p.hold is null and internal.active_run(p.id) is null
    group by p.id, o.tier
    -- Whose prompts under way are as many as may be is not looked at: they would be in the way of the others.
    having coalesce(internal.prompts_under_way(p.owner)
      < (internal.tier_of(o.tier, (array_agg(f.anonymous order by f.position))[1])).concurrent, true)
    order by min(f.created_at) limit 100
  loop
    v_tried := v_tried + 1;
    select * into v_owner from public.profiles where id = v_due.owner for no key update skip locked;
    if found then
      perform from public.projects where id = v_due.id for no key update skip locked;
    end if;
    if not found then
      v_again := true;
      continue;
    end if;
    select f.* into v_followup from public.followups f join public.projects p on p.id = f.project_id
      where p.id = v_due.id and p.hold is null and internal.active_run(p.id) is null order by f.position limit 1;
    if not found then
      continue;
    end if;
    begin
      v_answer := internal.start_followup(v_followup, internal.tier_of(v_owner.tier, v_followup.anonymous));
      if (v_answer ->> 'ok')::boolean then
        v_sent := v_sent || jsonb_build_object('id', v_followup.id, 'project_id', v_due.id);
      elsif v_answer ->> 'kind' in ('points', 'budget') then
        perform internal.hold(v_due.id, 'limit');
      end if;
    exception when sqlstate 'PT404' or sqlstate 'PT422' or integrity_constraint_violation or data_exception then
      -- It can never be a run; it must not be in the way of all others'.
      perform internal.hold(v_due.id, 'failed');
    end;
  end loop;
  return jsonb_build_object('sent', v_sent, 'again', v_again or v_tried = 100);
end
$$;

create or replace function internal.finish(p_run text, p_event jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v_run public.runs;
begin
  update public.runs set status = p_event ->> 'status', finished_at = clock_timestamp(), lease_until = null,
    cost_micros = (p_event ->> 'cost_micros')::bigint
    where id = p_run returning * into v_run;
  delete from public.frames where run_id = p_run;
  perform internal.write_entry(v_run.project_id, p_run, p_event);
  if v_run.status <> 'succeeded' then
    perform internal.hold(v_run.project_id, case v_run.status when 'cancelled' then 'stopped' else 'failed' end);
  end if;
  perform internal.settle(v_run);
end
$$;

drop function public.cancel_run(text);
create function public.cancel_run(p_id text, p_undo boolean default false) returns jsonb
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
      'duration_s', round(extract(epoch from v_now - v_run.created_at), 3), 'cost_micros', v_run.cost_micros));
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
        cancel_requested, undo_requested, created_at, started_at, finished_at, cost_micros, budget_micros
      from public.runs where project_id = p_project and status in ('queued', 'running')
    ) run
  );
end
$$;

grant execute on function
  public.start_run(text, text, text, text, jsonb, text, jsonb, text),
  public.cancel_run(text, boolean),
  public.send_followup(text, text)
to authenticated;
grant execute on function public.send_due_followups() to codeflow_worker, service_role;

-- What a worker writes under its lease: `internal.held` comes first, so a lost lease writes nothing. And what any worker
-- may ask of the queue, and tell of sandboxes that are gone. Shapes: `../functions.md`.

create function public.append_events(
  p_run text, p_token text, p_events jsonb, p_step text default null, p_blobs text[] default '{}'
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_run public.runs := internal.held(p_run, p_token);
begin
  if p_step is not null then
    perform from public.entries where run_id = p_run and step = p_step;
    if found then
      return '[]';
    end if;
    perform internal.end_frames(p_run, p_step);
  end if;
  perform internal.put_blobs(v_run.project_id, p_blobs);
  return internal.write_entries(v_run.project_id, p_run, p_events, p_step);
end
$$;

create function public.write_frame(p_run text, p_token text, p_frame jsonb) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  v_run public.runs := internal.held(p_run, p_token);
  v_position bigint;
begin
  insert into public.frames (project_id, run_id, step, frame)
    values (v_run.project_id, p_run, p_frame ->> 'step', p_frame) returning position into v_position;
  return v_position;
end
$$;

create function public.set_preview(p_run text, p_token text, p_project text, p_sandbox_id text, p_preview_url text)
returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  v_run public.runs := internal.held(p_run, p_token);
begin
  if v_run.project_id is distinct from p_project then
    perform internal.refuse('PT409', 'lease_lost', 'The lease is for a run of another project.');
  end if;
  update public.projects set sandbox_id = p_sandbox_id, preview_url = p_preview_url where id = p_project;
  return true;
end
$$;

create function public.commit_version(
  p_run text, p_token text, p_version text, p_title text, p_manifest jsonb, p_report jsonb, p_changes jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_run public.runs := internal.held(p_run, p_token);
  v_version public.versions;
  v_report jsonb := nullif(p_report, 'null');
begin
  select * into v_version from public.versions where run_id = p_run;
  if found then
    return to_jsonb(v_version);
  end if;
  perform internal.require_id(p_version);
  perform internal.require_blobs(v_run.project_id, array(select value from jsonb_each_text(p_manifest)));
  insert into public.versions (id, project_id, number, parent_id, run_id, title, manifest, report, screenshot_sha256, created_at)
    select p_version, p.id, 1 + (select max(v.number) from public.versions v where v.project_id = p.id), p.head_id,
      p_run, p_title, p_manifest, v_report, v_report ->> 'screenshot_sha256', clock_timestamp()
    from public.projects p where p.id = v_run.project_id
    returning * into v_version;
  update public.projects set head_id = p_version where id = v_run.project_id;
  perform internal.set_tree(v_run.project_id, p_manifest);
  perform internal.write_entry(v_run.project_id, p_run, jsonb_build_object(
    'type', 'version.committed', 'version_id', p_version, 'number', v_version.number, 'title', p_title,
    'verified', coalesce((v_report ->> 'passed')::boolean, false), 'changes', p_changes,
    'screenshot_sha256', v_version.screenshot_sha256));
  return to_jsonb(v_version);
end
$$;

create function public.finish_run(p_run text, p_token text, p_event jsonb) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  if coalesce(p_event ->> 'type', '') <> 'run.finished'
    or coalesce(p_event ->> 'status', '') not in ('succeeded', 'failed', 'cancelled') then
    perform internal.invalid('A run is finished by a run.finished event.');
  end if;
  perform from public.runs where id = p_run and lease = p_token and status = p_event ->> 'status';
  if found then
    return false;
  end if;
  perform internal.held(p_run, p_token);
  perform internal.finish(p_run, p_event);
  return true;
end
$$;

create function public.run_status(p_run text) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  v_status text := (select status from public.runs where id = p_run);
begin
  if v_status is null then
    perform internal.no_such('run');
  end if;
  return v_status;
end
$$;

create function public.pending() returns integer
language sql stable security definer set search_path = '' as $$
  select count(*)::integer from public.runs
  where status in ('queued', 'running') and (status = 'queued' or lease_until < clock_timestamp())
$$;

create function public.idle_previews(p_idle_s double precision) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('project_id', p.id, 'sandbox_id', p.sandbox_id)), '[]')
  from public.projects p
  where p.sandbox_id is not null and p.updated_at <= clock_timestamp() - make_interval(secs => p_idle_s)
    and not exists (select from public.runs r where r.project_id = p.id and r.status in ('queued', 'running'))
$$;

create function public.clear_preview(p_project text, p_sandbox_id text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  v_run text;
begin
  update public.projects set sandbox_id = null, preview_url = null where id = p_project and sandbox_id = p_sandbox_id;
  if not found then
    return false;
  end if;
  v_run := internal.newest_run(p_project);
  if v_run is not null then
    perform internal.write_entry(p_project, v_run,
      jsonb_build_object('type', 'sandbox.closed', 'reason', 'The sandbox is gone.'));
  end if;
  return true;
end
$$;

-- Starting and cancelling runs. Shapes: `../functions.md`.

create function internal.queue_run(p_run public.runs) returns public.runs
language plpgsql set search_path = '' as $$
begin
  p_run.status := 'queued';
  p_run.attempt := 0;
  p_run.cancel_requested := false;
  p_run.cost_micros := 0;
  p_run.created_at := clock_timestamp();
  insert into public.runs select p_run.* on conflict (id) do nothing;
  if not found then
    perform internal.no_such('run');
  end if;
  perform internal.write_entry(p_run.project_id, p_run.id, jsonb_build_object(
    'type', 'run.queued', 'kind', p_run.kind, 'prompt', p_run.prompt, 'attachments', p_run.attachments));
  return p_run;
end
$$;

-- Stores the images of a prompt; what the run and its first event say of them.
create function internal.put_attachments(p_project text, p_attachments jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_hashes text[];
begin
  if jsonb_typeof(p_attachments) is distinct from 'array' or exists (
    select from jsonb_array_elements(p_attachments) item
    where coalesce(item ->> 'media_type', '') !~ '^image/(png|jpeg|webp|gif)$' or item ->> 'name' is null
  ) then
    perform internal.invalid('Only PNG, JPEG, WebP and GIF images can be attached. Remove the other files and try again.');
  end if;
  v_hashes := internal.put_blobs(p_project, array(
    select given.item ->> 'body' from jsonb_array_elements(p_attachments) with ordinality as given (item, n)
    order by given.n));
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'name', given.item ->> 'name', 'media_type', given.item ->> 'media_type', 'sha256', v_hashes[given.n])
      order by given.n), '[]')
    from jsonb_array_elements(p_attachments) with ordinality as given (item, n)
  );
end
$$;

create function public.start_run(
  p_id text, p_project text, p_kind text, p_prompt text,
  p_attachments jsonb default '[]', p_restore_id text default null, p_edits jsonb default '{}'
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_tier public.tiers;
  v_run public.runs;
  v_limit jsonb;
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
  if internal.active_run(p_project) is not null then
    perform internal.refuse('PT409', 'busy',
      'A run is already under way on this project. Wait until it is done, or stop it.');
  end if;
  if p_kind is null or p_kind not in ('prompt', 'edit', 'restore', 'wake') then
    perform internal.invalid('There is no such kind of run.');
  end if;
  if p_prompt is null or length(p_prompt) > 100000 then
    perform internal.invalid('The prompt is too long. Keep it below 100,000 characters.');
  end if;
  if p_restore_id is not null then
    perform from public.versions where id = p_restore_id and project_id = p_project;
    if not found then
      perform internal.no_such('version');
    end if;
  end if;
  v_tier := internal.acting_tier(v_me.tier);
  if v_tier.id is null then
    -- Without a row there would be no limit.
    perform internal.no_such('tier');
  end if;
  if p_kind = 'prompt' then
    v_limit := internal.charge(p_id, v_me.id, v_tier);
    if v_limit is not null then
      return v_limit;
    end if;
  elsif internal.previews_awake(v_me.id, 'app', p_project) >= internal.previews_of(v_tier) then
    return internal.limit_reached('previews', internal.previews_of(v_tier), null);
  end if;
  v_run.id := p_id;
  v_run.project_id := p_project;
  v_run.owner := v_me.id;
  v_run.kind := p_kind;
  v_run.prompt := p_prompt;
  v_run.attachments := internal.put_attachments(p_project, p_attachments);
  v_run.restore_id := p_restore_id;
  v_run.edits := internal.put_files(p_project, p_edits);
  v_run.budget_micros := v_tier.run_budget_micros;
  return jsonb_build_object('ok', true, 'run', internal.run_json(internal.queue_run(v_run)));
end
$$;

create function public.cancel_run(p_id text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_run public.runs;
  v_now timestamptz;
begin
  select * into v_run from public.runs where id = p_id and owner = v_me.id for no key update;
  if not found then
    perform internal.no_such('run');
  end if;
  v_now := clock_timestamp();
  if v_run.status = 'queued' or (v_run.status = 'running' and v_run.lease_until < v_now) then
    perform internal.finish(p_id, jsonb_build_object(
      'type', 'run.finished', 'status', 'cancelled', 'verified', false, 'failure', null, 'version_id', null,
      'duration_s', round(extract(epoch from v_now - v_run.created_at), 3), 'cost_micros', v_run.cost_micros));
  elsif v_run.status = 'running' and not v_run.cancel_requested then
    update public.runs set cancel_requested = true where id = p_id;
    perform internal.write_entry(v_run.project_id, p_id, jsonb_build_object('type', 'run.cancel_requested'));
  end if;
  select * into v_run from public.runs where id = p_id;
  return internal.run_json(v_run);
end
$$;

-- Writing to a project's journal, with what each event does to the tables around it: `backend/store/sqlite_journal.py`.

-- The contents an event names.
create function internal.named_blobs(p_event jsonb) returns setof text
language sql stable set search_path = '' as $$
  select named.sha256 from (
    select item ->> 'sha256' as sha256 from jsonb_array_elements(p_event -> 'attachments') item
      where p_event ->> 'type' = 'run.queued'
    union all
    select item ->> 'sha256' from jsonb_array_elements(p_event -> 'changes') item
      where p_event ->> 'type' in ('tool.finished', 'version.committed')
    union all
    select p_event #>> '{report,screenshot_sha256}' where p_event ->> 'type' = 'check.finished'
  ) named
  where named.sha256 is not null
$$;

create function internal.require_blobs(p_project text, p_hashes text[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_missing text;
begin
  select named.sha256 into v_missing from unnest(p_hashes) as named (sha256)
    where not exists (select from public.blobs b where b.project_id = p_project and b.sha256 = named.sha256)
    limit 1;
  if found then
    perform internal.invalid('The content ' || v_missing || ' is named, but was not given to the store.');
  end if;
end
$$;

create function internal.end_frames(p_run text, p_step text) returns void
language sql set search_path = '' as $$
  delete from public.frames where run_id = p_run and step = p_step
$$;

create function internal.change_tree(p_project text, p_changes jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v_change jsonb;
begin
  for v_change in
    select item from jsonb_array_elements(p_changes) with ordinality as given (item, n) order by given.n
  loop
    if v_change ->> 'sha256' is null then
      delete from public.tree where project_id = p_project and path = v_change ->> 'path';
    else
      insert into public.tree (project_id, path, sha256)
        values (p_project, v_change ->> 'path', v_change ->> 'sha256')
        on conflict (project_id, path) do update set sha256 = excluded.sha256;
    end if;
  end loop;
end
$$;

-- What an event changes beside the journal.
create function internal.project_event(p_project text, p_run text, p_event jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  case coalesce(p_event ->> 'type', '')
    when 'project.titled' then
      update public.projects set title = p_event ->> 'title' where id = p_project;
    when 'tool.finished' then
      perform internal.change_tree(p_project, p_event -> 'changes');
    when 'model.finished', 'model.spent' then
      update public.runs set cost_micros = cost_micros + (p_event ->> 'cost_micros')::bigint where id = p_run;
    when 'step.started', 'model.restarted' then
      -- What a lost worker or a broken answer had streamed of this step is void.
      perform internal.end_frames(p_run, p_event ->> 'step');
    else
      null;
  end case;
end
$$;

-- Appends the events; the first has the step's key. Gives the entries. Holding the project's row from here to the commit
-- is what keeps `seq` gap-free and in the order of commits.
create function internal.write_entries(p_project text, p_run text, p_events jsonb, p_step text default null) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz;
  v_seq bigint;
  v_event jsonb;
begin
  if jsonb_array_length(p_events) = 0 then
    return '[]';
  end if;
  perform internal.require_blobs(p_project, array(
    select named from jsonb_array_elements(p_events) event, internal.named_blobs(event) named));
  select seq into v_seq from public.projects where id = p_project for no key update;
  v_now := clock_timestamp();
  update public.projects set seq = v_seq + jsonb_array_length(p_events), updated_at = v_now where id = p_project;
  insert into public.entries (project_id, seq, run_id, step, at, event)
    select p_project, v_seq + given.n, p_run, case when given.n = 1 then p_step end, v_now, given.event
    from jsonb_array_elements(p_events) with ordinality as given (event, n);
  for v_event in
    select given.event from jsonb_array_elements(p_events) with ordinality as given (event, n) order by given.n
  loop
    perform internal.project_event(p_project, p_run, v_event);
  end loop;
  return (
    select jsonb_agg(jsonb_build_object('seq', v_seq + given.n, 'run_id', p_run, 'at', v_now, 'event', given.event)
      order by given.n)
    from jsonb_array_elements(p_events) with ordinality as given (event, n)
  );
end
$$;

create function internal.write_entry(p_project text, p_run text, p_event jsonb) returns void
language sql set search_path = '' as $$
  select internal.write_entries(p_project, p_run, jsonb_build_array(p_event))
$$;

create function internal.newest_run(p_project text) returns text
language sql stable set search_path = '' as $$
  select id from public.runs where project_id = p_project order by created_at desc limit 1
$$;

create function internal.active_run(p_project text) returns text
language sql stable set search_path = '' as $$
  select id from public.runs where project_id = p_project and status in ('queued', 'running')
$$;

-- A lease that holds, with its run locked: a worker that lost it writes nothing.
create function internal.held(p_run text, p_token text) returns public.runs
language plpgsql set search_path = '' as $$
declare
  v_run public.runs;
begin
  select * into v_run from public.runs
    where id = p_run and lease = p_token and status = 'running' for no key update;
  if not found then
    perform internal.refuse('PT409', 'lease_lost', 'Another worker has this run, or it is over.');
  end if;
  return v_run;
end
$$;

-- The same for reading: one moment's state, and no lock.
create function internal.leased_project_id(p_run text, p_token text) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_project text;
begin
  select project_id into v_project from public.runs where id = p_run and lease = p_token and status = 'running';
  if not found then
    perform internal.refuse('PT409', 'lease_lost', 'Another worker has this run, or it is over.');
  end if;
  return v_project;
end
$$;

-- Ends the run in the queue, in the journal and in the books. The lease's token stays, so that a repeat is known for one.
create function internal.finish(p_run text, p_event jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v_run public.runs;
begin
  update public.runs set status = p_event ->> 'status', finished_at = clock_timestamp(), lease_until = null,
    cost_micros = (p_event ->> 'cost_micros')::bigint
    where id = p_run returning * into v_run;
  delete from public.frames where run_id = p_run;
  perform internal.write_entry(v_run.project_id, p_run, p_event);
  perform internal.settle(v_run);
end
$$;

-- Deletes a project, the runs first: workers lock in that order too. Gives the sandbox it had.
create function internal.drop_project(p_id text) returns text
language plpgsql set search_path = '' as $$
declare
  v_sandbox text;
begin
  perform from public.runs where project_id = p_id and status in ('queued', 'running') for update;
  delete from public.projects where id = p_id returning sandbox_id into v_sandbox;
  return v_sandbox;
end
$$;

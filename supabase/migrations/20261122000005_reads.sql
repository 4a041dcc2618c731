-- What a user reads in one request. These run as the caller, so the policies decide; a project that is not theirs does
-- not exist. Being `stable`, each sees one moment's state. Shapes: `../functions.md`.

create function public.project_cards(p_limit integer default 100) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(card) order by card.updated_at desc), '[]') from (
    select p.id, p.title, p.updated_at,
      exists (select from public.runs r where r.project_id = p.id and r.status in ('queued', 'running')) as active,
      (select count(*) from public.versions v where v.project_id = p.id and v.number > 0) as versions,
      (select h.screenshot_sha256 from public.versions h where h.id = p.head_id) as screenshot_sha256
    from public.projects p
    where p.owner = (select auth.uid()) and p.kind = 'app'
    order by p.updated_at desc
    limit p_limit
  ) card
$$;

create function public.read_frames(p_project text, p_after bigint default 0) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform from public.projects where id = p_project and kind = 'app';
  if not found then
    raise exception using errcode = 'PT404', hint = 'not_found',
      message = 'There is no such project. It may have been deleted; go back to your projects.';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('position', position, 'frame', frame) order by position), '[]')
    from public.frames where project_id = p_project and position > p_after
  );
end
$$;

create function public.tail(
  p_project text, p_after bigint default 0, p_frames_after bigint default 0, p_limit integer default 1000
) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_frames jsonb := public.read_frames(p_project, p_frames_after);
  v_entries jsonb;
begin
  select coalesce(
      jsonb_agg(jsonb_build_object('seq', seq, 'run_id', run_id, 'at', at, 'event', event) order by seq), '[]')
    into v_entries
    from (
      select seq, run_id, at, event from public.entries
      where project_id = p_project and seq > p_after order by seq limit p_limit
    ) entry;
  -- A frame is of a step in flight after the last entry, and the last entry is yet to come.
  if jsonb_array_length(v_entries) >= p_limit then
    v_frames := '[]';
  end if;
  return jsonb_build_object('entries', v_entries, 'frames', v_frames);
end
$$;

create function public.read_tree(p_project text) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform from public.projects where id = p_project and kind = 'app';
  if not found then
    raise exception using errcode = 'PT404', hint = 'not_found',
      message = 'There is no such project. It may have been deleted; go back to your projects.';
  end if;
  return (select coalesce(jsonb_object_agg(path, sha256), '{}') from public.tree where project_id = p_project);
end
$$;

create function public.read_blobs(p_project text, p_hashes text[]) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_found jsonb;
begin
  perform from public.projects where id = p_project and kind = 'app';
  if not found then
    raise exception using errcode = 'PT404', hint = 'not_found',
      message = 'There is no such project. It may have been deleted; go back to your projects.';
  end if;
  select coalesce(jsonb_object_agg(b.sha256, translate(encode(b.body, 'base64'), E'\n', '')), '{}') into v_found
    from (select distinct sha256 from unnest(p_hashes) as given (sha256)) named
    join public.blobs b on b.project_id = p_project and b.sha256 = named.sha256;
  if not v_found ?& p_hashes then
    raise exception using errcode = 'PT404', hint = 'not_found',
      message = 'There is no such file content in this project. Reload the page.';
  end if;
  return v_found;
end
$$;

create function public.active_run(p_project text) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform from public.projects where id = p_project and kind = 'app';
  if not found then
    raise exception using errcode = 'PT404', hint = 'not_found',
      message = 'There is no such project. It may have been deleted; go back to your projects.';
  end if;
  return (
    select to_jsonb(run) from (
      select id, project_id, owner, kind, status, prompt, attachments, restore_id, edits, attempt, cancel_requested,
        created_at, started_at, finished_at, cost_micros, budget_micros
      from public.runs where project_id = p_project and status in ('queued', 'running')
    ) run
  );
end
$$;

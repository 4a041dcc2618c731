-- Taking, keeping and losing a run, and reading under its lease. A worker reads the project of its run, nothing else.
-- Shapes: `../functions.md`.

create function internal.claim(p_run text, p_token text, p_lease_s double precision) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_run public.runs;
  v_project public.projects;
begin
  update public.runs set status = 'running', lease = p_token, lease_until = v_now + make_interval(secs => p_lease_s),
    attempt = attempt + 1, started_at = coalesce(started_at, v_now)
    where id = p_run and (status = 'queued' or (status = 'running' and lease_until < v_now))
    returning * into v_run;
  if not found then
    return null;
  end if;
  delete from public.frames where run_id = p_run;
  perform internal.write_entry(v_run.project_id, p_run,
    jsonb_build_object('type', 'run.claimed', 'attempt', v_run.attempt));
  select * into v_project from public.projects where id = v_run.project_id;
  return jsonb_build_object('run', internal.run_json(v_run), 'project', to_jsonb(v_project));
end
$$;

create function public.claim_run(p_token text, p_lease_s double precision, p_run_id text default null) returns jsonb
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
    -- Another worker's candidate is skipped, not waited for.
    select * into v_run from public.runs
      where status in ('queued', 'running') and (status = 'queued' or lease_until < clock_timestamp())
      order by created_at limit 1 for no key update skip locked;
  else
    select * into v_run from public.runs where id = p_run_id for no key update;
  end if;
  if not found then
    return null;
  end if;
  return internal.claim(v_run.id, p_token, p_lease_s);
end
$$;

create function public.renew_lease(p_run text, p_token text, p_lease_s double precision) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_run public.runs := internal.held(p_run, p_token);
begin
  update public.runs set lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
    where id = p_run returning * into v_run;
  return internal.run_json(v_run);
end
$$;

create function public.release_lease(p_run text, p_token text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  perform internal.held(p_run, p_token);
  update public.runs set status = 'queued', lease = null, lease_until = null where id = p_run;
  return true;
end
$$;

create function public.leased_run(p_run text, p_token text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_run public.runs;
begin
  perform internal.leased_project_id(p_run, p_token);
  select * into v_run from public.runs where id = p_run;
  return internal.run_json(v_run);
end
$$;

create function public.leased_project(p_run text, p_token text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_project text := internal.leased_project_id(p_run, p_token);
begin
  return (select to_jsonb(p) from public.projects p where p.id = v_project);
end
$$;

create function public.leased_entries(p_run text, p_token text, p_after bigint default 0, p_limit integer default 1000)
returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_project text := internal.leased_project_id(p_run, p_token);
begin
  return (
    select coalesce(
      jsonb_agg(jsonb_build_object('seq', seq, 'run_id', run_id, 'at', at, 'event', event) order by seq), '[]')
    from (
      select seq, run_id, at, event from public.entries
      where project_id = v_project and seq > p_after order by seq limit p_limit
    ) entry
  );
end
$$;

create function public.leased_version(p_run text, p_token text, p_version text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_project text := internal.leased_project_id(p_run, p_token);
  v_version jsonb;
begin
  select to_jsonb(v) into v_version from public.versions v where v.id = p_version and v.project_id = v_project;
  if not found then
    perform internal.no_such('version');
  end if;
  return v_version;
end
$$;

create function public.leased_tree(p_run text, p_token text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_project text := internal.leased_project_id(p_run, p_token);
begin
  return (select coalesce(jsonb_object_agg(path, sha256), '{}') from public.tree where project_id = v_project);
end
$$;

create function public.leased_blobs(p_run text, p_token text, p_hashes text[]) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_project text := internal.leased_project_id(p_run, p_token);
  v_found jsonb;
begin
  select coalesce(jsonb_object_agg(b.sha256, translate(encode(b.body, 'base64'), E'\n', '')), '{}') into v_found
    from (select distinct sha256 from unnest(p_hashes) as given (sha256)) named
    join public.blobs b on b.project_id = v_project and b.sha256 = named.sha256;
  if not v_found ?& p_hashes then
    perform internal.no_such('blob');
  end if;
  return v_found;
end
$$;

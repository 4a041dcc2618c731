-- What the functions have in common. No role but their owner may enter this schema.

create schema internal;
revoke all on schema internal from public;

create function internal.refuse(p_code text, p_hint text, p_message text) returns void
language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = p_code, hint = p_hint, message = p_message;
end
$$;

create function internal.no_such(p_what text) returns void
language sql set search_path = '' as $$
  select internal.refuse('PT404', 'not_found', case p_what
    when 'project' then 'There is no such project. It may have been deleted; go back to your projects.'
    when 'run' then 'There is no such run. Its project may have been deleted.'
    when 'version' then 'There is no such version of this project.'
    when 'blob' then 'There is no such file content in this project. Reload the page.'
    when 'share' then 'This link does not work. It may have been revoked; ask whoever gave it to you for a new one.'
    else 'There is no such ' || p_what || '.'
  end)
$$;

create function internal.invalid(p_message text) returns void
language sql set search_path = '' as $$
  select internal.refuse('PT422', 'invalid_input', p_message)
$$;

create function internal.require_id(p_id text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_id is null or p_id !~ '^[A-Za-z0-9_-]{1,64}$' then
    perform internal.invalid('The id is not usable. It has 1 to 64 letters, digits, hyphens and underscores.');
  end if;
end
$$;

create function internal.require_title(p_title text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_title is null or length(p_title) > 1000 then
    perform internal.invalid('The title is too long. Keep it below 1000 characters.');
  end if;
end
$$;

create function internal.require_paths(p_files jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v_path text;
begin
  if jsonb_typeof(p_files) is distinct from 'object' then
    perform internal.invalid('The files must be an object of paths and contents.');
  end if;
  select path into v_path from jsonb_object_keys(p_files) path
    where path = '' or length(path) > 500 or path ~ '^/|\\|(^|/)\.{1,2}(/|$)' limit 1;
  if found then
    perform internal.invalid('The path ' || v_path || ' is not one of a project''s files. '
      || 'Use a path below the project''s root, with forward slashes.');
  end if;
end
$$;

create function internal.new_id() returns text
language sql volatile set search_path = '' as $$
  select replace(gen_random_uuid()::text, '-', '')
$$;

-- The profile of whoever calls, locked: all that a user does to the counters is done in a line.
create function internal.me() returns public.profiles
language plpgsql set search_path = '' as $$
declare
  v_id uuid := (select auth.uid());
  v_me public.profiles;
begin
  if v_id is null then
    perform internal.refuse('PT401', 'not_signed_in', 'You are not signed in. Sign in and try again.');
  end if;
  select * into v_me from public.profiles where id = v_id for no key update;
  if not found then
    begin
      insert into public.profiles (id) values (v_id) on conflict do nothing;
    exception when foreign_key_violation then
      perform internal.refuse('PT401', 'not_signed_in', 'This account no longer exists. Sign in again.');
    end;
    select * into v_me from public.profiles where id = v_id for no key update;
  end if;
  return v_me;
end
$$;

-- A user has a profile from the sign-up on; one who signed up before this migration gets it at first sight.
create function internal.on_sign_up() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id) values (new.id) on conflict do nothing;
  return new;
end
$$;
create trigger codeflow_profile after insert on auth.users for each row execute function internal.on_sign_up();

-- The project, locked, if it is this user's and not the hidden copy behind a share.
create function internal.own_project(p_id text, p_owner uuid) returns public.projects
language plpgsql set search_path = '' as $$
declare
  v_project public.projects;
begin
  select * into v_project from public.projects
    where id = p_id and owner = p_owner and kind = 'app' for no key update;
  if not found then
    perform internal.no_such('project');
  end if;
  return v_project;
end
$$;

create function internal.run_json(p_run public.runs) returns jsonb
language sql stable set search_path = '' as $$
  select to_jsonb(p_run) - array['lease', 'lease_until']
$$;

-- Stores the contents, base64; their hashes, in order.
create function internal.put_blobs(p_project text, p_bodies text[]) returns text[]
language plpgsql set search_path = '' as $$
declare
  v_bodies bytea[];
  v_hashes text[];
begin
  if array_position(p_bodies, null) is not null then
    perform internal.invalid('A content is missing.');
  end if;
  begin
    select array_agg(decode(given.body, 'base64') order by given.n) into v_bodies
      from unnest(p_bodies) with ordinality as given (body, n);
  exception when invalid_parameter_value then
    perform internal.invalid('A content is not base64.');
  end;
  if exists (select from unnest(v_bodies) as given (body) where octet_length(given.body) > 20000000) then
    perform internal.invalid('A file is larger than 20 MB. Use a smaller one.');
  end if;
  select array_agg(encode(sha256(given.body), 'hex') order by given.n) into v_hashes
    from unnest(v_bodies) with ordinality as given (body, n);
  insert into public.blobs (project_id, sha256, body)
    select p_project, given.hash, given.body from unnest(v_hashes, v_bodies) as given (hash, body)
    on conflict do nothing;
  return coalesce(v_hashes, '{}');
end
$$;

-- Stores `{path: base64 or null}`; gives `{path: sha256 or null}`.
create function internal.put_files(p_project text, p_files jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_paths text[];
  v_bodies text[];
  v_hashes text[];
begin
  perform internal.require_paths(p_files);
  select array_agg(key), array_agg(value) into v_paths, v_bodies from jsonb_each_text(p_files) where value is not null;
  v_hashes := internal.put_blobs(p_project, v_bodies);
  return (
    select coalesce(jsonb_object_agg(file.key, kept.hash), '{}')
    from jsonb_each(p_files) file
    left join unnest(v_paths, v_hashes) as kept (path, hash) on kept.path = file.key
  );
end
$$;

create function internal.copy_files(p_from text, p_to text, p_manifest jsonb, p_more text) returns void
language sql set search_path = '' as $$
  insert into public.blobs (project_id, sha256, body)
    select distinct on (b.sha256) p_to, b.sha256, b.body
    from (select value from jsonb_each_text(p_manifest) union select p_more) named
    join public.blobs b on b.project_id = p_from and b.sha256 = named.value
    on conflict do nothing
$$;

create function internal.set_tree(p_project text, p_manifest jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  delete from public.tree where project_id = p_project;
  insert into public.tree (project_id, path, sha256)
    select p_project, file.key, file.value from jsonb_each_text(p_manifest) file;
end
$$;

-- A bound for scripts: nobody looks after so many.
create function internal.require_room(p_owner uuid) returns void
language plpgsql set search_path = '' as $$
begin
  if (select count(*) from public.projects where owner = p_owner) >= 2000 then
    perform internal.invalid('You have 2,000 projects and links, and more cannot be kept. Delete some you do not need.');
  end if;
end
$$;

create function internal.new_project(p_id text, p_owner uuid, p_kind text, p_title text, p_head text) returns void
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  perform internal.require_id(p_id);
  perform internal.require_id(p_head);
  perform internal.require_title(p_title);
  perform internal.require_room(p_owner);
  insert into public.projects (id, owner, kind, title, head_id, created_at, updated_at)
    values (p_id, p_owner, p_kind, p_title, p_head, v_now, v_now);
exception when unique_violation then
  perform internal.no_such('project');
end
$$;

-- Version 0, which a project is born with.
create function internal.first_version(
  p_id text, p_project text, p_title text, p_manifest jsonb, p_screenshot text
) returns void
language plpgsql set search_path = '' as $$
begin
  perform internal.require_id(p_id);
  insert into public.versions (id, project_id, number, title, manifest, screenshot_sha256, created_at)
    values (p_id, p_project, 0, p_title, p_manifest, p_screenshot, clock_timestamp());
  perform internal.set_tree(p_project, p_manifest);
exception when unique_violation then
  perform internal.no_such('version');
end
$$;

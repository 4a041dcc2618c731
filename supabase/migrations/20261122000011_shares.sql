-- Links to a version. The link's token is never stored, only its hash. A share has a hidden project of its owner's with
-- a copy of the files, so its live preview touches nothing of the project it shows. Shapes: `../functions.md`.

create function internal.share_json(p_share public.shares) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('id', p_share.id, 'project_id', p_share.project_id, 'version_id', p_share.version_id,
    'version_number', v.number, 'history', p_share.history, 'created_at', p_share.created_at)
  from public.versions v where v.id = p_share.version_id
$$;

-- The share that a link opens.
create function internal.opened(p_token text) returns public.shares
language plpgsql stable set search_path = '' as $$
declare
  v_share public.shares;
begin
  select * into v_share from public.shares
    where token_hash = encode(sha256(convert_to(p_token, 'UTF8')), 'hex') and revoked_at is null;
  if not found then
    perform internal.no_such('share');
  end if;
  return v_share;
end
$$;

create function internal.preview_state(p_project public.projects) returns text
language sql stable set search_path = '' as $$
  select case
    when internal.active_run(p_project.id) is not null then 'waking'
    when p_project.sandbox_id is not null and p_project.preview_url is not null then 'ready'
    when (select status from public.runs where id = internal.newest_run(p_project.id)) = 'failed' then 'failed'
    else 'off'
  end
$$;

create function internal.shared_json(p_share public.shares) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_version public.versions;
  v_preview public.projects;
  v_state text;
begin
  select * into v_version from public.versions where id = p_share.version_id;
  select * into v_preview from public.projects where id = p_share.preview_project_id;
  v_state := internal.preview_state(v_preview);
  return jsonb_build_object(
    'title', (select p.title from public.projects p where p.id = p_share.project_id),
    'version_number', v_version.number,
    'created_at', v_version.created_at,
    'files', (select count(*) from jsonb_object_keys(v_version.manifest)),
    'screenshot', v_version.screenshot_sha256 is not null,
    'prompts', case when p_share.history then (
      select coalesce(jsonb_agg(r.prompt order by r.created_at), '[]')
      from public.runs r join public.runs last on last.id = v_version.run_id
      where r.project_id = p_share.project_id and r.kind = 'prompt' and r.created_at <= last.created_at
    ) else '[]' end,
    'state', v_state,
    'preview_url', case when v_state = 'ready' then v_preview.preview_url end);
end
$$;

create function public.create_share(
  p_id text, p_project text, p_version text, p_token_hash text, p_history boolean, p_preview_project text
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_project public.projects := internal.own_project(p_project, v_me.id);
  v_version public.versions;
  v_share public.shares;
  v_head text := internal.new_id();
begin
  perform internal.require_id(p_id);
  select * into v_share from public.shares where id = p_id;
  if found then
    if v_share.project_id <> p_project or v_share.token_hash is distinct from p_token_hash then
      perform internal.no_such('share');
    end if;
    return internal.share_json(v_share);
  end if;
  select * into v_version from public.versions where id = p_version and project_id = p_project;
  if not found then
    perform internal.no_such('version');
  end if;
  if p_token_hash is null or p_token_hash !~ '^[0-9a-f]{64}$' or p_history is null then
    perform internal.invalid('A share needs the SHA-256 of its link''s token, in hex, and whether it shows the history.');
  end if;
  perform internal.new_project(p_preview_project, v_me.id, 'share', v_project.title, v_head);
  perform internal.copy_files(p_project, p_preview_project, v_version.manifest, v_version.screenshot_sha256);
  perform internal.first_version(
    v_head, p_preview_project, v_version.title, v_version.manifest, v_version.screenshot_sha256);
  insert into public.shares (id, token_hash, project_id, version_id, preview_project_id, history, created_at)
    values (p_id, p_token_hash, p_project, p_version, p_preview_project, p_history, clock_timestamp())
    on conflict do nothing returning * into v_share;
  if not found then
    perform internal.no_such('share');
  end if;
  return internal.share_json(v_share);
end
$$;

create function public.project_shares(p_project text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform from public.projects where id = p_project and owner = (select auth.uid());
  if not found then
    perform internal.no_such('project');
  end if;
  return (
    select coalesce(jsonb_agg(internal.share_json(s) order by s.created_at desc), '[]')
    from public.shares s where s.project_id = p_project and s.revoked_at is null
  );
end
$$;

create function public.revoke_share(p_id text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_share public.shares;
begin
  select s.* into v_share from public.shares s join public.projects p on p.id = s.project_id
    where s.id = p_id and p.owner = v_me.id for no key update of s;
  if not found then
    perform internal.no_such('share');
  end if;
  if v_share.revoked_at is not null then
    return null;
  end if;
  update public.shares set revoked_at = clock_timestamp() where id = p_id;
  return internal.drop_project(v_share.preview_project_id);
end
$$;

create function public.open_share(p_token text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select internal.shared_json(internal.opened(p_token))
$$;

create function public.share_picture(p_token text) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  v_share public.shares := internal.opened(p_token);
  v_body bytea;
begin
  select b.body into v_body from public.versions v
    join public.blobs b on b.project_id = v.project_id and b.sha256 = v.screenshot_sha256
    where v.id = v_share.version_id;
  if not found then
    perform internal.no_such('picture of this version');
  end if;
  return translate(encode(v_body, 'base64'), E'\n', '');
end
$$;

-- Holds the hidden project of a link that still works: nobody deletes it until the commit.
create function internal.hold_preview(p_token text) returns public.shares
language plpgsql set search_path = '' as $$
declare
  v_share public.shares := internal.opened(p_token);
begin
  perform from public.projects where id = v_share.preview_project_id for no key update;
  return internal.opened(p_token);
end
$$;

-- When a share may be woken again: one start in 20 s, and 30 in an hour. The starts are the hidden project's runs.
create function internal.wake_after(p_project text) returns timestamptz
language sql stable set search_path = '' as $$
  select greatest(
    (select max(created_at) + interval '20 seconds' from public.runs where project_id = p_project),
    (select created_at + interval '1 hour' from public.runs where project_id = p_project
      order by created_at desc offset 29 limit 1))
$$;

create function public.wake_share(p_token text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_share public.shares := internal.hold_preview(p_token);
  v_preview public.projects;
  v_after timestamptz;
  v_tier public.tiers;
  v_run public.runs;
begin
  select * into v_preview from public.projects where id = v_share.preview_project_id;
  if internal.preview_state(v_preview) not in ('ready', 'waking') then
    v_after := internal.wake_after(v_preview.id);
    if v_after > clock_timestamp() then
      return internal.limit_reached('rate', null, v_after);
    end if;
    select t.* into v_tier from public.tiers t join public.profiles o on o.tier = t.id where o.id = v_preview.owner;
    if internal.previews_awake(v_preview.owner, 'share', v_preview.id) >= internal.previews_of(v_tier) then
      return internal.limit_reached('rate', null, null);
    end if;
    v_run.id := internal.new_id();
    v_run.project_id := v_preview.id;
    v_run.owner := v_preview.owner;
    v_run.kind := 'wake';
    v_run.prompt := '';
    v_run.attachments := '[]';
    v_run.edits := '{}';
    perform internal.queue_run(v_run);
  end if;
  return jsonb_build_object('ok', true, 'share', internal.shared_json(v_share));
end
$$;

create function public.remix(p_token text, p_project text, p_version text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_share public.shares;
  v_title text;
  v_shared public.projects;
  v_version public.versions;
  v_project public.projects;
begin
  select * into v_project from public.projects where id = p_project and owner = v_me.id and kind = 'app';
  if not found then
    v_share := internal.hold_preview(p_token);
    v_title := (select title from public.projects where id = v_share.project_id);
    select * into v_shared from public.projects where id = v_share.preview_project_id;
    select * into v_version from public.versions where id = v_shared.head_id;
    perform internal.new_project(
      p_project, v_me.id, 'app', left('Remix of ' || v_title, 1000), p_version);
    perform internal.copy_files(v_shared.id, p_project, v_version.manifest, null);
    perform internal.first_version(p_version, p_project, 'Starter', v_version.manifest, null);
    select * into v_project from public.projects where id = p_project;
  end if;
  return to_jsonb(v_project);
end
$$;

-- What a user does with projects, and with the account as a whole. Shapes: `../functions.md`.

create function public.create_project(p_id text, p_version_id text, p_title text, p_files jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_project public.projects;
begin
  select * into v_project from public.projects where id = p_id and owner = v_me.id and kind = 'app';
  if not found then
    perform internal.new_project(p_id, v_me.id, 'app', p_title, p_version_id);
    perform internal.first_version(p_version_id, p_id, 'Starter', internal.put_files(p_id, p_files), null);
    select * into v_project from public.projects where id = p_id;
  end if;
  return to_jsonb(v_project);
end
$$;

create function public.rename_project(p_id text, p_title text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_project public.projects := internal.own_project(p_id, v_me.id);
  v_run text := internal.newest_run(p_id);
begin
  perform internal.require_title(p_title);
  update public.projects set title = p_title where id = p_id;
  if v_run is not null then
    perform internal.write_entry(p_id, v_run, jsonb_build_object('type', 'project.titled', 'title', p_title));
  end if;
  select * into v_project from public.projects where id = p_id;
  return to_jsonb(v_project);
end
$$;

create function public.delete_project(p_id text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_project public.projects := internal.own_project(p_id, v_me.id);
  v_sandboxes jsonb;
begin
  if internal.active_run(p_id) is not null then
    perform internal.refuse('PT409', 'busy',
      'A run is still under way on this project. Stop it first, then delete the project.');
  end if;
  select coalesce(jsonb_agg(gone.sandbox) filter (where gone.sandbox is not null), '[]') into v_sandboxes from (
    select v_project.sandbox_id as sandbox
    union all
    select internal.drop_project(s.preview_project_id) from public.shares s
      where s.project_id = p_id and s.preview_project_id is not null
  ) gone;
  delete from public.projects where id = p_id;
  return v_sandboxes;
end
$$;

create function public.delete_account() returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_sandboxes jsonb;
begin
  -- The runs first, as workers lock: none of them is in the middle of a write when the rest goes.
  perform from public.runs where owner = v_me.id and status in ('queued', 'running') order by id for update;
  select coalesce(jsonb_agg(sandbox_id), '[]') into v_sandboxes
    from public.projects where owner = v_me.id and sandbox_id is not null;
  delete from auth.users where id = v_me.id;
  return v_sandboxes;
end
$$;

-- Versions form a tree: a run that started from an earlier version leads on from that one, and a project can be forked at
-- any of them. Shapes: `../functions.md`.

create or replace function public.commit_version(
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
    select p_version, p.id, 1 + (select max(v.number) from public.versions v where v.project_id = p.id),
      coalesce(v_run.restore_id, p.head_id), p_run, p_title, p_manifest, v_report, v_report ->> 'screenshot_sha256',
      clock_timestamp()
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

create function public.fork_project(p_project text, p_version text, p_id text, p_version_id text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_original public.projects;
  v_version public.versions;
  v_project public.projects;
begin
  select * into v_project from public.projects where id = p_id and owner = v_me.id and kind = 'app';
  if not found then
    v_original := internal.own_project(p_project, v_me.id);
    select * into v_version from public.versions where id = p_version and project_id = p_project;
    if not found then
      perform internal.no_such('version');
    end if;
    perform internal.new_project(p_id, v_me.id, 'app', left(v_original.title, 993) || ' (copy)', p_version_id);
    perform internal.copy_files(p_project, p_id, v_version.manifest, v_version.screenshot_sha256);
    perform internal.first_version(p_version_id, p_id, 'Starter', v_version.manifest, v_version.screenshot_sha256);
    select * into v_project from public.projects where id = p_id;
  end if;
  return to_jsonb(v_project);
end
$$;

grant execute on function public.fork_project(text, text, text, text) to authenticated;

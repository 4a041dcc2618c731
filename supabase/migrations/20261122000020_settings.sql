-- What a person sets for a project: the model that works on it, and the variables of its app; and runs that only plan.
-- Shapes: `../functions.md`.

alter table public.projects add column model text;
comment on column public.projects.model is 'What the person chose, `provider:model`; null: the installation''s default.';

create table public.variables (
  project_id text not null references public.projects (id) on delete cascade,
  name text not null,
  sealed text not null,
  updated_at timestamptz not null,
  primary key (project_id, name)
);
comment on column public.variables.sealed is 'Under a key that the database does not have.';
alter table public.variables enable row level security;
grant select (project_id, name, updated_at) on public.variables to authenticated;
create policy own on public.variables for select to authenticated using (
  exists (select from public.projects p where p.id = project_id and p.owner = (select auth.uid())));

create function public.set_model(p_project text, p_model text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_project public.projects := internal.own_project(p_project, v_me.id);
begin
  if length(p_model) > 200 then
    perform internal.invalid('The model''s name is too long.');
  end if;
  update public.projects set model = p_model where id = v_project.id;
  return true;
end
$$;

-- `p_sealed` null: it is no more.
create function public.set_variable(p_project text, p_name text, p_sealed text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_project public.projects := internal.own_project(p_project, v_me.id);
begin
  if p_name is null or p_name !~ '^[A-Z_][A-Z0-9_]{0,63}$' then
    perform internal.invalid('The variable''s name is not usable. It has up to 64 capital letters, digits and underscores, and begins with no digit.');
  end if;
  if length(p_sealed) > 16384 then
    perform internal.invalid('The value is too long.');
  end if;
  if p_sealed is null then
    delete from public.variables where project_id = v_project.id and name = p_name;
    return true;
  end if;
  insert into public.variables (project_id, name, sealed, updated_at)
    values (v_project.id, p_name, p_sealed, clock_timestamp())
    on conflict (project_id, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at;
  if (select count(*) from public.variables where project_id = v_project.id) > 50 then
    perform internal.invalid('A project has at most 50 variables. Remove one that the app does not need.');
  end if;
  return true;
end
$$;

create function public.leased_variables(p_run text, p_token text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_project text := internal.leased_project_id(p_run, p_token);
begin
  return (select coalesce(jsonb_object_agg(v.name, v.sealed), '{}') from public.variables v where v.project_id = v_project);
end
$$;

alter table public.runs drop constraint runs_kind_check;
alter table public.runs add constraint runs_kind_check check (kind in ('prompt', 'edit', 'restore', 'wake', 'plan'));

-- A plan is asked of agents as a prompt is, and costs as one.
create or replace function internal.prompts_under_way(p_owner uuid) returns bigint
language sql stable set search_path = '' as $$
  select count(*) from public.runs
  where owner = p_owner and kind in ('prompt', 'plan') and status in ('queued', 'running') and (
    (status = 'queued' and created_at > clock_timestamp() - interval '2 minutes')
    or (status = 'running' and lease_until > clock_timestamp()))
$$;

create or replace function internal.start(p_run public.runs, p_tier public.tiers, p_attachments jsonb, p_edits jsonb) returns jsonb
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
  if p_run.kind in ('prompt', 'plan') then
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

create or replace function public.start_run(
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
  if p_kind is null or p_kind not in ('prompt', 'edit', 'restore', 'wake', 'plan') then
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

revoke all on function public.set_model(text, text), public.set_variable(text, text, text), public.leased_variables(text, text)
  from public, anon, authenticated, service_role;
grant execute on function public.set_model(text, text), public.set_variable(text, text, text) to authenticated;
grant execute on function public.leased_variables(text, text) to codeflow_worker, service_role;

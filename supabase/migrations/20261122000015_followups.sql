-- Prompts that wait for the run under way. They cost nothing until they are sent, and are kept whatever becomes of that
-- run: stopped or failed, it holds them (`projects.hold`) until the person sends them.

create table public.followups (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  project_id text not null references public.projects (id) on delete cascade,
  owner uuid not null references public.profiles (id) on delete cascade,
  position double precision not null,
  prompt text not null,
  attachments jsonb not null default '[]',
  anonymous boolean not null,
  created_at timestamptz not null
);
comment on table public.followups is 'One that is sent is gone from here, and a run of the same id.';
comment on column public.followups.anonymous is 'Whether its owner was on trial: what it may spend when a worker sends it.';
create index followups_of on public.followups (project_id, position);
create index followups_of_owner on public.followups (owner);

alter table public.projects add column hold text check (hold in ('stopped', 'failed', 'limit'));
comment on column public.projects.hold is 'Why its follow-ups wait for the person, though no run is under way.';
alter table public.runs add column resends text;
alter table public.runs add column undo_requested boolean not null default false;

revoke all on public.followups from public, anon, authenticated, service_role;
alter table public.followups enable row level security;
create policy own on public.followups for select to authenticated using (owner = (select auth.uid()));
grant select on public.followups to authenticated;
grant select (resends, undo_requested) on public.runs to authenticated;

create or replace function internal.no_such(p_what text) returns void
language sql set search_path = '' as $$
  select internal.refuse('PT404', 'not_found', case p_what
    when 'project' then 'There is no such project. It may have been deleted; go back to your projects.'
    when 'run' then 'There is no such run. Its project may have been deleted.'
    when 'follow-up' then 'This message does not wait any more. It was sent or removed meanwhile; reload the page.'
    when 'version' then 'There is no such version of this project.'
    when 'blob' then 'There is no such file content in this project. Reload the page.'
    when 'share' then 'This link does not work. It may have been revoked; ask whoever gave it to you for a new one.'
    else 'There is no such ' || p_what || '.'
  end)
$$;

-- As the journal has it, in the form that `backend.events` gives times.
create function internal.followup_json(p_followup public.followups) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object('id', p_followup.id, 'prompt', p_followup.prompt, 'attachments', p_followup.attachments,
    'created_at', to_char(p_followup.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
$$;

-- Tells the journal what waits now; the project's row is held. Without follow-ups there is nothing to hold.
create function internal.followups_changed(p_project text) returns void
language plpgsql set search_path = '' as $$
declare
  v_followups jsonb;
  v_hold text;
begin
  select coalesce(jsonb_agg(internal.followup_json(f) order by f.position), '[]') into v_followups
    from public.followups f where f.project_id = p_project;
  if v_followups = '[]' then
    update public.projects set hold = null where id = p_project and hold is not null;
  end if;
  select hold into v_hold from public.projects where id = p_project;
  perform internal.write_entry(p_project, internal.newest_run(p_project), jsonb_build_object(
    'type', 'followups.changed', 'followups', v_followups, 'held', v_hold));
end
$$;

-- From now on the project's follow-ups wait for the person; the newest reason counts. Called with the project's row held.
create function internal.hold(p_project text, p_hold text) returns void
language plpgsql set search_path = '' as $$
begin
  update public.projects p set hold = p_hold
    where p.id = p_project and p.hold is distinct from p_hold
      and exists (select from public.followups f where f.project_id = p.id);
  if found then
    perform internal.followups_changed(p_project);
  end if;
end
$$;

-- A follow-up of the user's, with its project's row held, as for everything that changes what waits.
create function internal.own_followup(p_id text, p_owner uuid) returns public.followups
language plpgsql set search_path = '' as $$
declare
  v_followup public.followups;
begin
  perform from public.projects p join public.followups f on f.project_id = p.id
    where f.id = p_id and f.owner = p_owner for no key update of p;
  select * into v_followup from public.followups where id = p_id and owner = p_owner;
  if not found then
    perform internal.no_such('follow-up');
  end if;
  return v_followup;
end
$$;

create function internal.require_prompt(p_prompt text) returns void
language plpgsql set search_path = '' as $$
begin
  if p_prompt is null or length(p_prompt) > 100000 then
    perform internal.invalid('The prompt is too long. Keep it below 100,000 characters.');
  end if;
end
$$;

-- Room for that follow-up to say this, beside the others: each change of one writes them all to the journal.
create function internal.require_followup_room(p_project text, p_id text, p_prompt text) returns void
language plpgsql set search_path = '' as $$
begin
  perform internal.require_prompt(p_prompt);
  if length(p_prompt) + (
    select coalesce(sum(length(prompt)), 0) from public.followups where project_id = p_project and id <> p_id
  ) > 200000 then
    perform internal.invalid('The messages that wait would be longer than 200,000 characters together. '
      || 'Shorten this one, remove another, or wait until the next one is sent.');
  end if;
end
$$;

create function public.add_followup(p_id text, p_project text, p_prompt text, p_attachments jsonb default '[]')
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_followup public.followups;
  v_run public.runs;
begin
  perform internal.require_id(p_id);
  select * into v_followup from public.followups where id = p_id;
  if found then
    if v_followup.owner <> v_me.id then
      perform internal.no_such('follow-up');
    end if;
    return to_jsonb(v_followup);
  end if;
  select * into v_run from public.runs where id = p_id;
  if found then
    if v_run.owner <> v_me.id then
      perform internal.no_such('run');
    end if;
    return internal.run_json(v_run);
  end if;
  perform internal.own_project(p_project, v_me.id);
  perform from public.usage_ledger where run_id = p_id;
  if found then
    -- It was sent in a project that is gone.
    perform internal.no_such('run');
  end if;
  perform internal.require_followup_room(p_project, p_id, p_prompt);
  if internal.newest_run(p_project) is null then
    perform internal.invalid('This project has no message yet that another could follow. Send this one by itself.');
  end if;
  if (select count(*) from public.followups where project_id = p_project) >= 20 then
    perform internal.invalid('20 messages are waiting already. Let some of them be sent, or remove some.');
  end if;
  insert into public.followups (id, project_id, owner, position, prompt, attachments, anonymous, created_at)
    values (
      p_id, p_project, v_me.id,
      1 + coalesce((select max(position) from public.followups where project_id = p_project), 0),
      p_prompt, internal.put_attachments(p_project, p_attachments),
      coalesce((select auth.jwt()) ->> 'is_anonymous' = 'true', false), clock_timestamp())
    on conflict do nothing returning * into v_followup;
  if not found then
    perform internal.no_such('follow-up');
  end if;
  perform internal.followups_changed(p_project);
  return to_jsonb(v_followup);
end
$$;

create function public.change_followup(p_id text, p_prompt text) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_followup public.followups := internal.own_followup(p_id, v_me.id);
begin
  if v_followup.prompt is distinct from p_prompt then
    perform internal.require_followup_room(v_followup.project_id, p_id, p_prompt);
    update public.followups set prompt = p_prompt where id = p_id returning * into v_followup;
    perform internal.followups_changed(v_followup.project_id);
  end if;
  return to_jsonb(v_followup);
end
$$;

create function internal.order_of(p_project text) returns text[]
language sql set search_path = '' as $$
  select array(select id from public.followups where project_id = p_project order by position)
$$;

-- Numbers them anew: a place between two others is never too narrow.
create function public.move_followup(p_id text, p_before text default null) returns text
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_followup public.followups := internal.own_followup(p_id, v_me.id);
  v_found text[] := internal.order_of(v_followup.project_id);
  v_place double precision := 'infinity';
begin
  if p_before is not null then
    select position - 0.5 into v_place from public.followups
      where id = p_before and project_id = v_followup.project_id;
    if not found then
      perform internal.no_such('follow-up');
    end if;
  end if;
  update public.followups f set position = placed.n
    from (
      select id, row_number() over (order by case when id = p_id then v_place else position end) as n
      from public.followups where project_id = v_followup.project_id
    ) placed
    where f.id = placed.id;
  if internal.order_of(v_followup.project_id) <> v_found then
    perform internal.followups_changed(v_followup.project_id);
  end if;
  return v_followup.project_id;
end
$$;

create function public.remove_followup(p_id text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  v_me public.profiles := internal.me();
  v_project text;
begin
  perform from public.projects p join public.followups f on f.project_id = p.id
    where f.id = p_id and f.owner = v_me.id for no key update of p;
  delete from public.followups where id = p_id and owner = v_me.id returning project_id into v_project;
  if not found then
    return null;
  end if;
  perform internal.followups_changed(v_project);
  return v_project;
end
$$;

grant execute on function
  public.add_followup(text, text, text, jsonb),
  public.change_followup(text, text),
  public.move_followup(text, text),
  public.remove_followup(text)
to authenticated;

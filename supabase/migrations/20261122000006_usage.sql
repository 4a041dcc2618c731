-- What a user may spend and has spent. A counter is one row: its window begins with the first use and ends at
-- `resets_at`; the next use after that begins another. The ledger has each run's charge, refund and cost at most once.

-- Takes `p_amount` unless that would overrun `p_limit` (null: none); null when it would.
create function internal.take(p_owner uuid, p_bucket text, p_amount bigint, p_limit bigint, p_window_s integer)
returns public.usage_counters
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz;
  v_counter public.usage_counters;
begin
  perform from public.usage_counters where owner = p_owner and bucket = p_bucket for no key update;
  v_now := clock_timestamp();
  insert into public.usage_counters as c (owner, bucket, used, window_id, resets_at)
    select p_owner, p_bucket, p_amount, internal.new_id(), v_now + make_interval(secs => p_window_s)
    where p_limit is null or p_amount <= p_limit
  on conflict (owner, bucket) do update set
    used = case when c.resets_at <= v_now then excluded.used else c.used + excluded.used end,
    window_id = case when c.resets_at <= v_now then excluded.window_id else c.window_id end,
    resets_at = case when c.resets_at <= v_now then excluded.resets_at else c.resets_at end
    where p_limit is null or c.resets_at <= v_now or c.used + excluded.used <= p_limit
  returning * into v_counter;
  return v_counter;
end
$$;

-- Whoever acts: on trial as long as their token says so, whatever the profile says.
create function internal.acting_tier(p_tier text) returns public.tiers
language sql stable set search_path = '' as $$
  select t from public.tiers t
  where t.id = case when (select auth.jwt()) ->> 'is_anonymous' = 'true' then 'anonymous' else coalesce(p_tier, 'free') end
$$;

-- Prompts that hold a place. A dead worker's does not, or it would block its user; nor one that nobody came for.
create function internal.prompts_under_way(p_owner uuid) returns bigint
language sql stable set search_path = '' as $$
  select count(*) from public.runs
  where owner = p_owner and kind = 'prompt' and status in ('queued', 'running') and (
    (status = 'queued' and created_at > clock_timestamp() - interval '2 minutes')
    or (status = 'running' and lease_until > clock_timestamp()))
$$;

-- How many previews a tier may have awake at once, of one kind of project: ten for each prompt it may run at once.
create function internal.previews_of(p_tier public.tiers) returns bigint
language sql immutable set search_path = '' as $$
  select 10 * greatest(1, p_tier.concurrent)::bigint where p_tier.concurrent is not null
$$;

-- Previews that are up or on their way, but for this project's. One that nothing was heard of for an hour is not counted:
-- its sandbox has ended, whoever was to say so.
create function internal.previews_awake(p_owner uuid, p_kind text, p_but text) returns bigint
language sql stable set search_path = '' as $$
  select count(*) from public.projects p
  where p.owner = p_owner and p.updated_at > clock_timestamp() - interval '1 hour' and p.kind = p_kind and p.id <> p_but
    and (p.sandbox_id is not null
      or exists (select from public.runs r where r.project_id = p.id and r.status in ('queued', 'running')))
$$;

create function internal.limit_reached(p_kind text, p_limit bigint, p_resets_at timestamptz) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object('ok', false, 'kind', p_kind, 'limit', p_limit, 'resets_at', p_resets_at)
$$;

-- Charges a prompt; null, or the limit that is in the way.
create function internal.charge(p_run text, p_owner uuid, p_tier public.tiers) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_counter public.usage_counters;
begin
  if internal.prompts_under_way(p_owner) >= p_tier.concurrent then
    return internal.limit_reached('concurrent', p_tier.concurrent, null);
  end if;
  select * into v_counter from public.usage_counters
    where owner = p_owner and bucket = 'micros' and resets_at > clock_timestamp();
  if v_counter.used >= p_tier.budget_micros or p_tier.budget_micros = 0 then
    return internal.limit_reached('budget', p_tier.budget_micros, v_counter.resets_at);
  end if;
  v_counter := internal.take(p_owner, 'points', 1, p_tier.points, p_tier.window_s);
  if v_counter.owner is null then
    select * into v_counter from public.usage_counters where owner = p_owner and bucket = 'points';
    return internal.limit_reached('points', p_tier.points, v_counter.resets_at);
  end if;
  insert into public.usage_ledger (run_id, kind, owner, points, tier, window_id, at)
    values (p_run, 'charge', p_owner, 1, p_tier.id, v_counter.window_id, clock_timestamp())
    on conflict do nothing;
  if not found then
    -- The id of a run whose project was deleted: it was charged, and is gone.
    perform internal.no_such('run');
  end if;
  return null;
end
$$;

-- Books a finished run: what it cost, and the point back if it failed, into the window it was taken from.
create function internal.settle(p_run public.runs) returns void
language plpgsql set search_path = '' as $$
declare
  v_charge public.usage_ledger;
  v_window_s integer;
begin
  select * into v_charge from public.usage_ledger where run_id = p_run.id and kind = 'charge';
  if p_run.cost_micros > 0 then
    insert into public.usage_ledger (run_id, kind, owner, micros, tier, window_id, at)
      values (p_run.id, 'cost', p_run.owner, p_run.cost_micros, v_charge.tier, v_charge.window_id, clock_timestamp())
      on conflict do nothing;
    if found then
      select t.window_s into v_window_s from public.tiers t
        where t.id = coalesce(v_charge.tier, (select p.tier from public.profiles p where p.id = p_run.owner));
      perform internal.take(p_run.owner, 'micros', p_run.cost_micros, null, v_window_s);
    end if;
  end if;
  if p_run.status = 'failed' and v_charge.points > 0 then
    insert into public.usage_ledger (run_id, kind, owner, points, tier, window_id, at)
      values (
        p_run.id, 'refund', p_run.owner, -v_charge.points, v_charge.tier, v_charge.window_id, clock_timestamp())
      on conflict do nothing;
    if found then
      update public.usage_counters set used = greatest(0, used - v_charge.points)
        where owner = p_run.owner and bucket = 'points' and window_id = v_charge.window_id;
    end if;
  end if;
end
$$;

create function public.usage() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_id uuid := (select auth.uid());
  v_now timestamptz := clock_timestamp();
  v_points public.usage_counters;
  v_micros public.usage_counters;
begin
  if v_id is null then
    perform internal.refuse('PT401', 'not_signed_in', 'You are not signed in. Sign in and try again.');
  end if;
  select * into v_points from public.usage_counters where owner = v_id and bucket = 'points' and resets_at > v_now;
  select * into v_micros from public.usage_counters where owner = v_id and bucket = 'micros' and resets_at > v_now;
  return jsonb_build_object(
    'tier', to_jsonb(internal.acting_tier((select tier from public.profiles where id = v_id))),
    'points_used', coalesce(v_points.used, 0),
    'resets_at', v_points.resets_at,
    'spent_micros', coalesce(v_micros.used, 0),
    'spent_resets_at', v_micros.resets_at,
    'active', internal.prompts_under_way(v_id));
end
$$;

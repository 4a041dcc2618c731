-- Which runs wait for a worker: for whoever starts one for each of them. Shapes: `../functions.md`.

create function public.claimable(p_limit integer) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(id order by created_at), '[]')
  from (
    select id, created_at from public.runs
    where status in ('queued', 'running') and (status = 'queued' or lease_until < clock_timestamp())
    order by created_at limit p_limit
  ) waiting
$$;

revoke all on function public.claimable(integer) from public, anon, authenticated, service_role;
grant execute on function public.claimable(integer) to codeflow_worker, service_role;

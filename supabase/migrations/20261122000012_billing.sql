-- Payments set the tier. Webhook calls as Stripe makes them: signed, repeated, and in any order. Shapes: `../functions.md`.

create function internal.hmac_sha256(p_key bytea, p_message bytea) returns bytea
language plpgsql immutable set search_path = '' as $$
declare
  v_key bytea := case when length(p_key) > 64 then sha256(p_key) else p_key end;
  v_inner bytea;
  v_outer bytea;
begin
  v_key := v_key || decode(repeat('00', 64 - length(v_key)), 'hex');
  v_inner := v_key;
  v_outer := v_key;
  for i in 0..63 loop
    v_inner := set_byte(v_inner, i, get_byte(v_key, i) # 54);
    v_outer := set_byte(v_outer, i, get_byte(v_key, i) # 92);
  end loop;
  return sha256(v_outer || sha256(v_inner || p_message));
end
$$;

-- Refuses a body that is not signed by whoever holds `billing_webhook`, within the last five minutes.
-- https://docs.stripe.com/webhooks#verify-manually
create function internal.require_signature(p_body text, p_signature text) returns void
language plpgsql set search_path = '' as $$
declare
  v_secret text := (select value from public.app_secrets where name = 'billing_webhook');
  v_made text := substring(p_signature from '(?:^|,)\s*t=(\d{1,12})(?:,|$)');
  v_expected bytea;
begin
  if v_secret is null then
    perform internal.invalid('Payments are not set up here: the webhook''s signing secret is missing.');
  end if;
  if v_made is null or p_body is null or length(p_body) > 1000000 then
    perform internal.invalid('The webhook''s signature is missing or cannot be read.');
  end if;
  v_expected := internal.hmac_sha256(convert_to(v_secret, 'UTF8'), convert_to(v_made || '.' || p_body, 'UTF8'));
  -- Hashed again before they are compared: how long that takes says nothing about the signature.
  perform from regexp_matches(p_signature, '(?:^|,)\s*v1=([0-9a-f]{64})(?=,|$)', 'g') as found (parts)
    where sha256(decode(found.parts[1], 'hex')) = sha256(v_expected);
  if not found then
    perform internal.invalid('The webhook''s signature is wrong. Check that its signing secret is the one set here.');
  end if;
  if abs(extract(epoch from clock_timestamp()) - v_made::bigint) > 300 then
    perform internal.invalid('The webhook''s signature is stale: it was made more than five minutes ago.');
  end if;
end
$$;

-- The user with this id or e-mail address, with a profile.
create function internal.account(p_account text) returns uuid
language plpgsql set search_path = '' as $$
declare
  v_id uuid;
begin
  if p_account ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    select id into v_id from auth.users where id = p_account::uuid;
  else
    select id into v_id from auth.users where lower(email) = lower(p_account) order by created_at limit 1;
  end if;
  if v_id is null then
    perform internal.no_such('account');
  end if;
  insert into public.profiles (id) values (v_id) on conflict do nothing;
  return v_id;
end
$$;

create function internal.require_tier(p_tier text) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.tiers where id = p_tier and id <> 'anonymous';
  if not found then
    perform internal.no_such('tier');
  end if;
end
$$;

-- An event older than the newest one applied changes nothing.
create function internal.apply_billing(p_owner uuid, p_tier text, p_made_at timestamptz) returns void
language sql set search_path = '' as $$
  update public.profiles set tier = p_tier, billing_at = p_made_at
    where id = p_owner and (billing_at is null or billing_at <= p_made_at)
$$;

-- What the event gives its customer; null when it says nothing about that.
create function internal.billed_tier(p_type text, p_object jsonb) returns text
language sql immutable set search_path = '' as $$
  select case
    when p_type = 'checkout.session.completed' and p_object ->> 'payment_status' is distinct from 'unpaid'
      then coalesce(p_object #>> '{metadata,tier}', 'pro')
    when p_type in ('customer.subscription.created', 'customer.subscription.updated') then
      case when p_object ->> 'status' in ('active', 'trialing')
        then coalesce(p_object #>> '{metadata,tier}', 'pro') else 'free' end
    when p_type = 'customer.subscription.deleted' then 'free'
  end
$$;

-- The checkout says which user a customer is. Its subscription's events may have come before.
create function internal.link_customer(p_owner uuid, p_customer text, p_made_at timestamptz) returns void
language plpgsql set search_path = '' as $$
declare
  v_later public.billing_events;
begin
  update public.profiles set customer_id = null, tier = 'free' where customer_id = p_customer and id <> p_owner;
  update public.profiles set customer_id = p_customer where id = p_owner;
  select * into v_later from public.billing_events
    where customer_id = p_customer and tier is not null and made_at > p_made_at order by made_at desc limit 1;
  if found then
    perform internal.apply_billing(p_owner, v_later.tier, v_later.made_at);
  end if;
end
$$;

create function public.billing_event(p_body text, p_signature text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  v_event jsonb;
  v_type text;
  v_object jsonb;
  v_customer text;
  v_tier text;
  v_made_at timestamptz;
  v_owner uuid;
begin
  perform internal.require_signature(p_body, p_signature);
  begin
    v_event := p_body::jsonb;
    v_made_at := to_timestamp((v_event ->> 'created')::bigint);
  exception when data_exception then
    v_event := null;
  end;
  v_type := v_event ->> 'type';
  v_object := v_event #> '{data,object}';
  if v_event ->> 'id' is null or v_type is null or v_made_at is null then
    perform internal.invalid('The webhook''s body is not an event.');
  end if;
  v_customer := v_object ->> 'customer';
  v_tier := internal.billed_tier(v_type, v_object);
  if v_tier is not null then
    perform internal.require_tier(v_tier);
  end if;
  if v_type = 'customer.subscription.deleted' then
    -- Times are whole seconds: within one, the end has the last word.
    v_made_at := v_made_at + interval '0.5 seconds';
  end if;
  -- One at a time: a checkout must see the events of its subscription that came before it.
  lock table public.billing_events in share row exclusive mode;
  insert into public.billing_events (id, customer_id, tier, made_at)
    values (v_event ->> 'id', v_customer, v_tier, v_made_at) on conflict do nothing;
  if not found then
    return false;
  end if;
  if v_type = 'checkout.session.completed' then
    v_owner := internal.account(
      coalesce(v_object ->> 'client_reference_id', v_object #>> '{customer_details,email}', ''));
  elsif v_tier is not null then
    select id into v_owner from public.profiles where customer_id = v_customer;
  end if;
  if v_tier is not null then
    perform internal.apply_billing(v_owner, v_tier, v_made_at);
  end if;
  if v_type = 'checkout.session.completed' and v_customer is not null then
    perform internal.link_customer(v_owner, v_customer, v_made_at);
  end if;
  return true;
end
$$;

create function public.set_tier(p_account text, p_tier text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  perform internal.require_tier(p_tier);
  update public.profiles set tier = p_tier where id = internal.account(p_account);
  return true;
end
$$;

create function public.set_app_secret(p_name text, p_value text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  if p_value is null then
    delete from public.app_secrets where name = p_name;
  else
    insert into public.app_secrets (name, value) values (p_name, p_value)
      on conflict (name) do update set value = excluded.value;
  end if;
  return true;
end
$$;

-- What a hosted Supabase project has before an application's first migration. Run as `supabase_admin`, the superuser;
-- `postgres` is not one there either, so migrations may not do here what they could not do there.

create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role postgres login createdb createrole replication bypassrls;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;
grant authenticator to postgres with admin option;

alter role authenticator set statement_timeout = '8s';
alter role supabase_auth_admin set search_path = 'auth';
alter role postgres set search_path = "$user", public, extensions;

alter database postgres owner to postgres;
create schema extensions authorization postgres;
create extension pgcrypto schema extensions;
grant usage on schema extensions to anon, authenticated, service_role, authenticator;

grant usage on schema public to anon, authenticated, service_role;
grant all on schema public to postgres;

-- The dangerous default: whatever a migration makes in `public` is everybody's until it says otherwise.
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;

create schema auth authorization supabase_auth_admin;
grant usage on schema auth to anon, authenticated, service_role, authenticator, postgres;

-- Who may call what. Everything not named here is nobody's.

revoke all on all functions in schema public from public, anon, authenticated, service_role;
revoke all on all functions in schema internal from public;

grant execute on function
  public.project_cards(integer),
  public.read_frames(text, bigint),
  public.tail(text, bigint, bigint, integer),
  public.read_tree(text),
  public.read_blobs(text, text[]),
  public.active_run(text),
  public.usage(),
  public.create_project(text, text, text, jsonb),
  public.rename_project(text, text),
  public.delete_project(text),
  public.delete_account(),
  public.start_run(text, text, text, text, jsonb, text, jsonb),
  public.cancel_run(text),
  public.create_share(text, text, text, text, boolean, text),
  public.project_shares(text),
  public.revoke_share(text),
  public.remix(text, text, text)
to authenticated;

grant execute on function
  public.open_share(text),
  public.share_picture(text),
  public.wake_share(text),
  public.billing_event(text, text)
to anon, authenticated;

grant execute on function
  public.claim_run(text, double precision, text),
  public.renew_lease(text, text, double precision),
  public.release_lease(text, text),
  public.leased_run(text, text),
  public.leased_project(text, text),
  public.leased_entries(text, text, bigint, integer),
  public.leased_version(text, text, text),
  public.leased_tree(text, text),
  public.leased_blobs(text, text, text[]),
  public.append_events(text, text, jsonb, text, text[]),
  public.write_frame(text, text, jsonb),
  public.set_preview(text, text, text, text, text),
  public.commit_version(text, text, text, text, jsonb, jsonb, jsonb),
  public.finish_run(text, text, jsonb),
  public.run_status(text),
  public.pending(),
  public.idle_previews(double precision),
  public.clear_preview(text, text)
to codeflow_worker, service_role;

grant execute on function
  public.set_tier(text, text),
  public.set_app_secret(text, text)
to service_role;

-- The log is append-only, twice over. A trigger refuses to change or delete events to everybody, the owner
-- included, who does not say first that it is meant (`set local decklog.rewrites = …`: what detaches a project
-- does). And the role below, which write processes take (DB_ROLE), has no right to, nor to drop the trigger.
create function refuse_rewrite() returns trigger
    language plpgsql
as $$
begin
    if coalesce(current_setting('decklog.rewrites', true), '') = '' then
        raise restrict_violation using message = 'the log is append-only: events are neither changed nor deleted';
    end if;
    return null;
end
$$;
-- Once a statement, and none that appends: it costs nothing.
create trigger stored_events_append_only before update or delete or truncate on stored_events
    for each statement execute function refuse_rewrite();

do $$
begin
    -- Roles belong to a whole server. Where the owner of the database may not make any, an operator does.
    begin
        create role decklog_writer nologin;
        execute format('grant decklog_writer to %I with inherit false, set true', current_user);
    exception when duplicate_object or unique_violation or insufficient_privilege then
        null;
    end;
    if not exists (select from pg_roles where rolname = 'decklog_writer') then
        raise notice 'there is no role decklog_writer: make it, grant it to the owner, and call grant_to_writer()';
    end if;
end
$$;

-- Give the role what a write process needs; again after it was made by hand.
create function grant_to_writer() returns void
    language plpgsql
as $$
begin
    if not exists (select from pg_roles where rolname = 'decklog_writer') then
        return;
    end if;
    grant usage on schema public to decklog_writer;
    grant select, insert, update, delete on all tables in schema public to decklog_writer;
    grant usage, select on all sequences in schema public to decklog_writer;
    -- Of later releases.
    alter default privileges in schema public grant select, insert, update, delete on tables to decklog_writer;
    alter default privileges in schema public grant usage, select on sequences to decklog_writer;
    revoke update, delete on stored_events, person_keys from decklog_writer;
    revoke insert, update, delete on log_checkpoints, detached_projects, schema_migrations from decklog_writer;
    revoke insert, update on token_revocations from decklog_writer;
    revoke insert, delete on log_head from decklog_writer;
end
$$;
select grant_to_writer();

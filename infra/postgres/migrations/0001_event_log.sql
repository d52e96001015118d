-- The log. Its first five columns are the `eventsourcing` library's, by its names, so that its stock
-- recorder can read it. Positions (notification_id) are gapless and commit in order: see append_events.

create table log_head (
    one boolean primary key default true check (one),
    position bigint not null,
    recorded_at timestamptz not null,
    epoch uuid not null
) with (fillfactor = 10);

insert into log_head (position, recorded_at, epoch) values (0, clock_timestamp(), gen_random_uuid());

create table stored_events (
    originator_id uuid not null,
    originator_version bigint not null,
    topic text not null,
    state bytea not null,
    notification_id bigint not null,
    project_id uuid not null,
    command_id uuid not null,
    recorded_at timestamptz not null,
    metadata json not null,
    hash bytea not null,
    primary key (originator_id, originator_version)
);

create unique index stored_events_position on stored_events (notification_id);
create index stored_events_project on stored_events (project_id, notification_id);

-- What each request was answered, for a repeat of it. `base` is the position before its first event;
-- positions in the body count from there.
create table command_results (
    caller text not null,
    command_id uuid not null,
    request_hash bytea not null,
    status smallint not null,
    base bigint not null,
    body bytea not null,
    recorded_at timestamptz not null,
    primary key (command_id, caller)
);

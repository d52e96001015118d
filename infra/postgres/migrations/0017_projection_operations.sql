-- What a read model did in a partition, and by which version of its code its rows are folded: `events` folded
-- since ever, `rate` in events a second (it forgets within seconds), `errors` attempts that failed.
alter table projection_checkpoints
    add column version int not null default 1,
    add column events bigint not null default 0,
    add column rate float8 not null default 0,
    add column errors bigint not null default 0;

-- Rebuilds that operators ask for over HTTP, or that a deployment needs; workers do them, one at a time.
create table projection_requests (
    id bigint generated always as identity primary key,
    models text[] not null,
    reason text not null check (reason in ('operator', 'version')),
    requested_by text not null,
    state text not null default 'requested' check (state in ('requested', 'running', 'done', 'failed')),
    requested_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    ended_at timestamptz,
    -- What it came to: the position that the tables were swapped in at, how many rows differed; or the error.
    result json
);

create unique index projection_requests_open on projection_requests ((true)) where state in ('requested', 'running');

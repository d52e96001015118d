-- Jobs, one row each. `requested` is the position of the first event; `due_at` is when a retry may begin.
create table job_rows (
    project_id uuid not null,
    job_id uuid not null,
    kind text not null,
    state text not null,
    priority smallint not null,
    attempts int not null,
    outline json,
    error json,
    result json,
    requested_by text not null,
    requested bigint not null,
    expires_at timestamptz,
    due_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    version bigint not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (project_id, job_id)
);

create index job_rows_all on job_rows (project_id, requested);
-- What the queues have to hold, and what operators look at.
create index job_rows_open on job_rows (kind, requested) where ended_at is null;
create index job_rows_ended on job_rows (kind, ended_at) where ended_at is not null;

-- What operators have decided about queues; what is null or not there is as the settings say.
create table queue_settings (
    queue text primary key,
    paused boolean not null default false,
    concurrency int check (concurrency >= 0),
    updated_at timestamptz not null default clock_timestamp()
);

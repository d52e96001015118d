-- The block that a block is a copy of, where its project was branched from another one or merged with it.
alter table block_rows add column origin_block_id uuid;

-- Whole projects as they were at one position, so that a long history need not be read from its beginning.
-- All of it may be deleted at any time. `schema` is the version of the form of `state` (JSON under zlib);
-- `hash` is that of the event at this position and `epoch` the log's: a keyframe that fits neither belongs
-- to another history (a restored log) and is ignored.
create table keyframes (
    project_id uuid not null,
    position bigint not null,
    epoch uuid not null,
    schema int not null,
    hash bytea not null,
    state bytea not null,
    taken_at timestamptz not null default clock_timestamp(),
    primary key (project_id, position)
);

-- Who takes keyframes looks at each event once: how far that has come, and how many events of a project
-- came after its last keyframe. Deleting both (with the keyframes, or without) has all of them taken again.
create table keyframe_progress (
    one boolean primary key default true check (one),
    position bigint not null,
    epoch uuid not null,
    schema int not null
);

create table keyframe_counts (
    project_id uuid primary key,
    pending bigint not null
) with (fillfactor = 70);

-- Conflicts: both sides of what could not be merged. `opened` is the position of the event that keeps it.
create table conflict_rows (
    project_id uuid not null,
    block_id uuid not null,
    opened_version bigint not null,
    opened bigint not null,
    field text not null,
    item text,
    part text,
    base json not null,
    theirs json not null,
    mine json not null,
    theirs_by text not null,
    mine_by text not null,
    winner text not null,
    choice text,
    version bigint not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (project_id, block_id, opened_version)
);

create index conflict_rows_open on conflict_rows (project_id, opened) where choice is null;
create index conflict_rows_all on conflict_rows (project_id, opened);

-- Suggestions of machines, and what persons decided.
create table suggestion_rows (
    project_id uuid not null,
    block_id uuid not null,
    opened_version bigint not null,
    opened bigint not null,
    changes json not null,
    base_version bigint not null,
    reason text not null,
    state text not null,
    version bigint not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (project_id, block_id, opened_version)
);

create index suggestion_rows_state on suggestion_rows (project_id, state, opened);
create index suggestion_rows_all on suggestion_rows (project_id, opened);

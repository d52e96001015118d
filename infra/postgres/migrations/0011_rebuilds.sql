-- A rebuild of read models beside the live ones: which models, up to where the log is folded into the tables
-- in the schema decklog_shadow, and by how many shards of projects at a time. At most one is under way.
create table projection_rebuild (
    one boolean primary key default true check (one),
    models text[] not null,
    versions int[] not null,
    epoch uuid not null,
    head bigint not null,
    -- The shadow tables hold all up to here, once every shard is done.
    position bigint not null,
    started_at timestamptz not null default clock_timestamp()
);

-- A shard is a range of project ids; it is folded by (project, position), and goes on where it was.
create table projection_rebuild_shards (
    shard int primary key,
    after_project uuid not null,
    after_position bigint not null,
    until_project uuid,
    events bigint not null default 0,
    done boolean not null default false
);

-- Which version of each model the live tables hold, and since when.
create table projection_versions (
    model text primary key,
    version int not null,
    -- As of which the rows were swapped in: what was read from the tables before may have been wrong.
    position bigint not null,
    swapped_at timestamptz not null default clock_timestamp()
);

-- What was replaced, kept in the schema decklog_retired until somebody confirms.
create table projection_retired (
    model text primary key,
    version int not null,
    position bigint not null,
    epoch uuid not null,
    retired_at timestamptz not null default clock_timestamp()
);

-- Memberships are replaced project by project.
create index member_rows_project on member_rows (project_id);

-- Aggregates as they were at one version, so that a long stream need not be read from its beginning. All of
-- it may be deleted at any time. `schema` is the version of the class that wrote `state`; `hash` is that of
-- the event at this version, which covers the whole stream before it: a snapshot whose hash is not the
-- log's belongs to another history (a restored log) and is ignored.
create table snapshots (
    stream_id uuid not null,
    version bigint not null,
    kind text not null,
    schema int not null,
    position bigint not null,
    hash bytea not null,
    state json not null,
    taken_at timestamptz not null default clock_timestamp(),
    primary key (stream_id, version)
);

-- A read model that could not fold an event stands before it, in that partition alone, until it can.
create table projection_failures (
    model text not null,
    partition int not null,
    position bigint not null,
    error text not null,
    failed_at timestamptz not null default clock_timestamp(),
    primary key (model, partition)
);

-- Events that an operator has a read model leave out, and why: the record of it is kept.
create table projection_skips (
    model text not null,
    position bigint not null,
    reason text not null,
    skipped_by text not null,
    skipped_at timestamptz not null default clock_timestamp(),
    primary key (model, position)
);

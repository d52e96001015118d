-- How far each read model has come in each partition of projects. Rows and checkpoint commit together.
create table projection_checkpoints (
    model text not null,
    partition int not null,
    position bigint not null,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (model, partition)
);

create table project_rows (
    project_id uuid primary key,
    title text not null,
    owner text not null,
    aspect text not null,
    theme_id text,
    archived boolean not null,
    members json not null,
    version bigint not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null
);

create index project_rows_owner_created on project_rows (owner, created_at);
create index project_rows_owner_updated on project_rows (owner, updated_at);

-- Who may see what: lists start from the member.
create table member_rows (
    user_id text not null,
    project_id uuid not null,
    role text not null,
    primary key (user_id, project_id)
);

create table block_rows (
    project_id uuid not null,
    block_id uuid not null,
    parent_id uuid,
    type text not null,
    rank text collate "C" not null,
    content json not null,
    deleted boolean not null,
    version bigint not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (project_id, block_id)
);

create index block_rows_version on block_rows (project_id, version);
create index block_rows_type on block_rows (project_id, type);

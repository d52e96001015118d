-- Files by the hash of their content. Without data, the file lies in the folder that BLOB_DIR names.
create table blobs (
    sha256 bytea primary key check (length(sha256) = 32),
    size bigint not null,
    data bytea,
    created_at timestamptz not null default clock_timestamp()
);
-- Pictures and documents are compressed already.
alter table blobs alter column data set storage external;

-- A project's name for a file. Several projects may share one asset id, as a project and a branch of it.
create table assets (
    project_id uuid not null,
    asset_id uuid not null,
    sha256 bytea not null references blobs,
    type text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (project_id, asset_id)
);

create index assets_by_id on assets (asset_id);
create index assets_by_content on assets (sha256);

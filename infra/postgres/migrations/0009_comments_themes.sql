-- Named versions of a project. `event_position` is that of the naming, by which they are listed.
create table version_rows (
    project_id uuid not null,
    event_position bigint not null,
    version_id uuid not null,
    name text not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    primary key (project_id, event_position)
);

-- `defined` is the position of the theme's first event, by which a user's themes are listed.
create table theme_rows (
    theme_id uuid primary key,
    owner text not null,
    name text not null,
    colors json not null,
    fonts json not null,
    defined bigint not null,
    version bigint not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null
);

create index theme_rows_owner_defined on theme_rows (owner, defined);
-- Who else may read a theme: the members of the projects that are shown in it.
create index project_rows_theme on project_rows (theme_id) where theme_id is not null;

-- `text` stays sealed here, together with its place in the log. `opened` is the position of the thread's
-- first event, by which threads are listed.
create table thread_rows (
    project_id uuid not null,
    thread_id uuid not null,
    block_id uuid,
    text json not null,
    replies int not null,
    resolved boolean not null,
    opened bigint not null,
    version bigint not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (project_id, thread_id)
);

create unique index thread_rows_opened on thread_rows (project_id, opened);

-- `number` counts a thread's replies from 1.
create table reply_rows (
    project_id uuid not null,
    thread_id uuid not null,
    number int not null,
    reply_id uuid not null,
    text json not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    primary key (project_id, thread_id, number)
);

-- `client` is the socket, `joined` the position of the session's first event.
create table session_rows (
    project_id uuid not null,
    session_id uuid not null,
    user_id text not null,
    client text not null,
    active boolean not null,
    reason text,
    joined bigint not null,
    version bigint not null,
    position bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (project_id, session_id)
);

create index session_rows_active on session_rows (project_id, joined) where active;
create index session_rows_client on session_rows (client);

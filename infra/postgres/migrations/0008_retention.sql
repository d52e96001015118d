-- Projects whose events are in a file, and of which tombstones stand in the log: rows that kept stream,
-- version, position, project, command, time and hash. All of it can be told from the log itself.
create table detached_projects (
    project_id uuid primary key,
    -- Of the event that says so; it follows the tombstones in the project's stream.
    position bigint not null
);

-- Refuses what is appended to a detached project, whoever decided it on whatever it had in memory. The trigger
-- that calls it is made with the first detach (infra/postgres/retention.py): without one, it costs nothing.
create function refuse_detached() returns trigger
    language plpgsql
as $$
begin
    if exists (select from added a join detached_projects d on d.project_id = a.project_id) then
        raise restrict_violation using message = 'a project that was detached takes no events';
    end if;
    return null;
end
$$;

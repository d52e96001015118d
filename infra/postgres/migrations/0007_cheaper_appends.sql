-- convert_to is stable, so an immutable function around it could not be inlined and was called once an event.
create or replace function event_fields(
    stream uuid, version bigint, at bigint, project uuid, command uuid, micros bytea,
    topic text, state bytea, metadata text
) returns bytea
    language sql stable parallel safe
    return uuid_send(stream) || int8send(version) || int8send(at) || uuid_send(project) || uuid_send(command)
        || micros || int4send(octet_length(topic)) || convert_to(topic, 'UTF8')
        || int4send(octet_length(state)) || state || convert_to(metadata, 'UTF8');

-- Append one request that writes one event to one stream: what a lone writer sends. The parameters, the
-- rules and the number returned are append_single's, for a batch of one; plain statements start in half
-- the time that its one large statement takes.
create function append_one(
    a_caller text, a_command uuid, a_keyed boolean, a_hash bytea, a_status smallint, a_body bytea,
    a_stream uuid, a_project uuid, a_expected bigint, a_after bigint, structural text[],
    a_topic text, a_state bytea, a_metadata text
) returns bigint
    language plpgsql
    set plan_cache_mode = force_generic_plan
as $$
declare
    head bigint;
    moment timestamptz;
    last_version bigint;
    last_hash bytea;
begin
    -- As in append_single: everything after this line runs alone.
    select position, greatest(recorded_at, clock_timestamp()) into head, moment from log_head for update;

    if a_keyed and exists (
        select from command_results r where r.command_id = a_command and r.caller = a_caller
    ) then
        return -1;
    end if;

    select s.originator_version, s.hash into last_version, last_hash from stored_events s
        where s.originator_id = a_stream and s.originator_version >= a_expected
        order by s.originator_version desc limit 1;
    if not found and a_expected > 0 then
        -- Shorter than expected, if it is there at all.
        select max(s.originator_version) into last_version from stored_events s
            where s.originator_id = a_stream;
    end if;
    last_version := coalesce(last_version, 0);
    if (case a_expected when -1 then false when -2 then last_hash is null else a_expected <> last_version end) then
        return -3 - last_version;
    end if;

    if a_after is not null and exists (
        select from stored_events s where s.project_id = a_project
            and s.notification_id > a_after and s.topic = any (structural)
    ) then
        return -2;
    end if;

    insert into stored_events (originator_id, originator_version, topic, state, notification_id,
        project_id, command_id, recorded_at, metadata, hash)
    values (a_stream, last_version + 1, a_topic, a_state, head + 1,
        a_project, a_command, moment, a_metadata::json,
        sha256(coalesce(last_hash, ''::bytea) || event_fields(
            a_stream, last_version + 1, head + 1, a_project, a_command,
            int8send((extract(epoch from moment) * 1000000)::bigint), a_topic, a_state, a_metadata)));
    if a_keyed then
        insert into command_results (caller, command_id, request_hash, status, base, body, recorded_at)
        values (a_caller, a_command, a_hash, a_status, head, a_body, moment);
    end if;

    update log_head set position = head + 1, recorded_at = moment;
    perform pg_notify('decklog_log', (head + 1)::text);
    return head;
end
$$;

-- As it was, but for two things. The arrays are unnested side by side in a select list: as one call in a
-- from clause, each would be written to a store of its own first. And the last event of a stream is looked
-- for at the expected version and after: going back from the end, an index scan takes in all that its page
-- holds of the stream.
create or replace function append_single(
    a_caller text[], a_command uuid[], a_keyed boolean[], a_hash bytea[], a_status smallint[], a_body bytea[],
    a_stream uuid[], a_project uuid[], a_expected bigint[], a_after bigint[], structural text[],
    a_topic text[], a_state bytea[], a_metadata text[]
) returns bigint[]
    language plpgsql
    set plan_cache_mode = force_generic_plan
as $$
declare
    head bigint;
    moment timestamptz;
    micros bytea;
    added bigint;
    answer bigint[];
begin
    -- Everything after this line runs alone: positions are handed out in the order of commits, and each
    -- statement below takes a new snapshot that sees all earlier commits.
    select position, greatest(recorded_at, clock_timestamp()) into head, moment from log_head for update;
    micros := int8send((extract(epoch from moment) * 1000000)::bigint);

    with judged as materialized (
        select j.*, head + count(*) filter (where verdict is null) over (rows unbounded preceding) as position
        from (
            select a.*, coalesce(last.originator_version, 0) as version, coalesce(last.hash, ''::bytea) as hash,
                case
                    when d.base is not null then -1
                    when case a.expected when -1 then false when -2 then last.hash is null
                        else a.expected <> coalesce(last.originator_version, 0) end
                    then -3 - coalesce(last.originator_version, (
                        -- Shorter than expected: nothing was found from there on.
                        select max(s.originator_version) from stored_events s where s.originator_id = a.stream
                    ), 0)
                    when a.after is not null and exists (
                        select from stored_events s where s.project_id = a.project
                            and s.notification_id > a.after and s.topic = any (structural)
                    ) then -2
                end as verdict
            from (
                select unnest(a_caller) as caller, unnest(a_command) as command, unnest(a_keyed) as keyed,
                    unnest(a_hash) as request_hash, unnest(a_status) as status, unnest(a_body) as body,
                    unnest(a_stream) as stream, unnest(a_project) as project,
                    unnest(a_expected) as expected, unnest(a_after) as after,
                    unnest(a_topic) as topic, unnest(a_state) as state, unnest(a_metadata) as metadata
            ) a
            left join lateral (
                select s.originator_version, s.hash from stored_events s
                where s.originator_id = a.stream and s.originator_version >= a.expected
                order by s.originator_version desc limit 1
            ) last on true
            left join lateral (
                select r.base from command_results r
                where a.keyed and r.command_id = a.command and r.caller = a.caller limit 1
            ) d on true
        ) j
    ), inserted as (
        insert into stored_events (originator_id, originator_version, topic, state, notification_id,
            project_id, command_id, recorded_at, metadata, hash)
        select stream, version + 1, topic, state, position, project, command, moment, metadata::json,
            sha256(hash || event_fields(
                stream, version + 1, position, project, command, micros, topic, state, metadata))
        from judged where verdict is null
    ), results as (
        insert into command_results (caller, command_id, request_hash, status, base, body, recorded_at)
        select caller, command, request_hash, status, position - 1, body, moment
        from judged where verdict is null and keyed
    )
    select max(position) - head, array_agg(coalesce(verdict, position - 1)) into added, answer from judged;

    if added > 0 then
        update log_head set position = head + added, recorded_at = moment;
        perform pg_notify('decklog_log', (head + added)::text);
    end if;
    return answer;
end
$$;

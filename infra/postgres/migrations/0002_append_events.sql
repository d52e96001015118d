-- The hash of an event covers the hash before it in its stream, so that no event can be changed, removed or
-- put in without breaking every later one.
create function chain_step(state bytea, previous bytea, fields bytea) returns bytea
    language sql immutable parallel safe
    return sha256(coalesce(state, previous) || fields);

create aggregate chain(previous bytea, fields bytea) (sfunc = chain_step, stype = bytea);

create function event_fields(
    stream uuid, version bigint, at bigint, project uuid, command uuid, micros bytea,
    topic text, state bytea, metadata text
) returns bytea
    language sql immutable parallel safe
    return uuid_send(stream) || int8send(version) || int8send(at) || uuid_send(project) || uuid_send(command)
        || micros || int4send(octet_length(topic)) || convert_to(topic, 'UTF8')
        || int4send(octet_length(state)) || state || convert_to(metadata, 'UTF8');

-- Append a batch of requests that each write one event to one stream: edits, moves, additions. It is one
-- pass over its rows without a join between them, for this is what the log mostly does.
--
-- Parameters: one element a request. A batch holds at most one request a stream and one a guarded project
-- (the caller sees to it): the checks look at what was there before the batch. a_expected is a version or
-- 0 no stream, -1 any version, -2 any but none. No structural event of the project may stand after
-- a_after, if it is not null. Only keyed requests are kept for a repeat.
--
-- Returns for each request: the position before its event; -1 the id was used before; -2 the structure
-- changed; -3 - v: the stream has version v.
create function append_single(
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
                    then -3 - coalesce(last.originator_version, 0)
                    when a.after is not null and exists (
                        select from stored_events s where s.project_id = a.project
                            and s.notification_id > a.after and s.topic = any (structural)
                    ) then -2
                end as verdict
            from unnest(a_caller, a_command, a_keyed, a_hash, a_status, a_body, a_stream, a_project, a_expected,
                a_after, a_topic, a_state, a_metadata)
                as a (caller, command, keyed, request_hash, status, body, stream, project, expected,
                    after, topic, state, metadata)
            left join lateral (
                select s.originator_version, s.hash from stored_events s
                where s.originator_id = a.stream order by s.originator_version desc limit 1
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

-- Append a batch of requests of any shape, each atomic on its own; requests that fail touch no other.
--
-- Requests: r_*, one element each; as for append_single, no two of them meet in a stream or structure.
-- Streams: w_request is the index (from 1) of the request, w_expected a version or
-- 0 no stream, -1 any version, -2 any but none.
-- Guards: no structural event of g_project after position g_after.
-- Events: in order; e_write is the index (from 1) of the stream, e_nth counts within the stream from 1.
--
-- Returns three numbers for each request: outcome 0 appended (then the base position), 1 the id was used
-- before, 2 a stream had another version (then that version, and the index of the stream), 3 the structure
-- changed.
create function append_events(
    r_caller text[], r_command uuid[], r_keyed boolean[], r_hash bytea[], r_status smallint[], r_body bytea[],
    w_request int[], w_stream uuid[], w_project uuid[], w_expected bigint[],
    g_request int[], g_project uuid[], g_after bigint[], structural text[],
    e_request int[], e_write int[], e_nth int[], e_command uuid[], e_topic text[], e_state bytea[],
    r_metadata text[]
) returns bigint[]
    language plpgsql
    set plan_cache_mode = force_generic_plan
    -- The planner takes the arrays for short; nested loops over two of them are quadratic.
    set enable_nestloop = off
as $$
declare
    head bigint;
    moment timestamptz;
    micros bytea;
    added bigint;
    answer bigint[];
begin
    -- As in append_single: everything after this line runs alone.
    select position, greatest(recorded_at, clock_timestamp()) into head, moment from log_head for update;
    micros := int8send((extract(epoch from moment) * 1000000)::bigint);

    with r as materialized (
        select r.*, d.command_id is not null as used
        from unnest(r_caller, r_command, r_keyed, r_hash, r_status, r_body, r_metadata)
            with ordinality as r (caller, command_id, keyed, request_hash, status, body, metadata, i)
        left join lateral (
            select c.command_id from command_results c
            where r.keyed and c.command_id = r.command_id and c.caller = r.caller limit 1
        ) d on true
    ), w as materialized (
        select w.*, coalesce(last.originator_version, 0) as version, coalesce(last.hash, ''::bytea) as hash,
            case w.expected when -1 then false when -2 then last.hash is null
                else w.expected <> coalesce(last.originator_version, 0) end as mismatch
        from unnest(w_request, w_stream, w_project, w_expected)
            with ordinality as w (request, stream, project, expected, i)
        left join lateral (
            select s.originator_version, s.hash from stored_events s
            where s.originator_id = w.stream order by s.originator_version desc limit 1
        ) last on true
    ), m as materialized (
        select distinct on (w.request) w.request, w.version, w.i from w where w.mismatch order by w.request, w.i
    ), g as materialized (
        select distinct g.request from unnest(g_request, g_project, g_after) as g (request, project, after)
        where exists (
            select from stored_events s
            where s.project_id = g.project and s.notification_id > g.after and s.topic = any (structural)
        )
    ), judged as materialized (
        select r.i, r.used, m.version, m.i as stream, m.request is not null as mismatch,
            g.request is not null as moved
        from r left join m on m.request = r.i left join g on g.request = r.i
    ), numbered as materialized (
        select e.*, head + row_number() over (order by e.i) as position
        from unnest(e_request, e_write, e_nth, e_command, e_topic, e_state)
            with ordinality as e (request, write, nth, command_id, topic, state, i)
        join judged j on j.i = e.request and not (j.used or j.mismatch or j.moved)
    ), fields as (
        select n.*, w.stream, w.project, w.version + n.nth as version, w.hash as previous, r.metadata
        from numbered n join w on w.i = n.write join r on r.i = n.request
    ), inserted as (
        insert into stored_events (originator_id, originator_version, topic, state, notification_id,
            project_id, command_id, recorded_at, metadata, hash)
        select f.stream, f.version, f.topic, f.state, f.position,
            f.project, f.command_id, moment, f.metadata::json,
            chain(f.previous, event_fields(f.stream, f.version, f.position, f.project, f.command_id, micros,
                f.topic, f.state, f.metadata)
            ) over (partition by f.stream order by f.version rows unbounded preceding)
        from fields f
    ), bases as (
        select n.request, min(n.position) - 1 as base from numbered n group by n.request
    ), results as (
        insert into command_results (caller, command_id, request_hash, status, base, body, recorded_at)
        select r.caller, r.command_id, r.request_hash, r.status, coalesce(b.base, 0), r.body, moment
        from r join judged j on j.i = r.i left join bases b on b.request = r.i
        where r.keyed and not (j.used or j.mismatch or j.moved)
    )
    select array_agg(n.number order by j.i, n.k) into answer
    from judged j left join bases b on b.request = j.i
    cross join lateral (
        values (1, (case when j.used then 1 when j.mismatch then 2 when j.moved then 3 else 0 end)::bigint),
            (2, case when j.mismatch then j.version else coalesce(b.base, 0) end),
            (3, coalesce(j.stream, 0))
    ) as n (k, number);

    select count(*) into added from stored_events where notification_id > head;
    if added > 0 then
        update log_head set position = head + added, recorded_at = moment;
        perform pg_notify('decklog_log', (head + added)::text);
    end if;
    return answer;
end
$$;

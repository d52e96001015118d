-- The hash of an event covers the hash before it in its stream, so that no event can be changed, removed or
-- put in without breaking every later one.
create function chain_step(state bytea, previous bytea, fields bytea) returns bytea
    language sql immutable parallel safe
    return sha256(coalesce(state, previous) || fields);

create aggregate chain(previous bytea, fields bytea) (sfunc = chain_step, stype = bytea);

-- Append a batch of requests, each atomic on its own; requests that fail touch no other.
--
-- Requests: r_*, one element each. A batch holds at most one request a stream and one a guarded project
-- (the caller sees to it): the checks below look at what was there before the batch.
-- Streams: w_request is the index (from 1) of the request, w_expected a version or
-- 0 no stream, -1 any version, -2 any but none.
-- Guards: no structural event of g_project after position g_after.
-- Events: in order; e_write is the index (from 1) of the stream, e_nth counts within the stream from 1.
--
-- Returns for each request: outcome 0 appended (value: the base position), 1 the id was used before,
-- 2 a stream had another version (value: that version, stream: its index), 3 the structure changed.
create function append_events(
    r_caller text[], r_command uuid[], r_hash bytea[], r_status smallint[], r_body bytea[],
    w_request int[], w_stream uuid[], w_project uuid[], w_expected bigint[],
    g_request int[], g_project uuid[], g_after bigint[], structural text[],
    e_request int[], e_write int[], e_nth int[], e_command uuid[], e_topic text[], e_state bytea[],
    r_metadata text[]
) returns table (request int, outcome smallint, value bigint, stream int)
    language plpgsql
    set plan_cache_mode = force_generic_plan
as $$
declare
    head bigint;
    moment timestamptz;
    micros bigint;
    added bigint;
begin
    -- Everything after this line runs alone: positions are handed out in the order of commits, and each
    -- statement below takes a new snapshot that sees all earlier commits.
    select position, greatest(recorded_at, clock_timestamp()) into head, moment from log_head for update;
    micros := (extract(epoch from moment) * 1000000)::bigint;

    return query
    with r as materialized (
        select r.*, d.command_id is not null as used
        from unnest(r_caller, r_command, r_hash, r_status, r_body, r_metadata)
            with ordinality as r (caller, command_id, request_hash, status, body, metadata, i)
        left join command_results d on d.command_id = r.command_id and d.caller = r.caller
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
            chain(f.previous,
                uuid_send(f.stream) || int8send(f.version) || int8send(f.position) || uuid_send(f.project)
                || uuid_send(f.command_id) || int8send(micros)
                || int4send(octet_length(f.topic)) || convert_to(f.topic, 'UTF8')
                || int4send(octet_length(f.state)) || f.state || convert_to(f.metadata, 'UTF8')
            ) over (partition by f.stream order by f.version rows unbounded preceding)
        from fields f
    ), bases as (
        select n.request, min(n.position) - 1 as base from numbered n group by n.request
    ), results as (
        insert into command_results (caller, command_id, request_hash, status, base, body, recorded_at)
        select r.caller, r.command_id, r.request_hash, r.status, coalesce(b.base, 0), r.body, moment
        from r join judged j on j.i = r.i left join bases b on b.request = r.i
        where not (j.used or j.mismatch or j.moved)
    )
    select j.i::int,
        (case when j.used then 1 when j.mismatch then 2 when j.moved then 3 else 0 end)::smallint,
        case when j.mismatch then j.version else coalesce(b.base, 0) end,
        coalesce(j.stream, 0)::int
    from judged j left join bases b on b.request = j.i
    order by j.i;

    select count(*) into added from stored_events where notification_id > head;
    if added > 0 then
        update log_head set position = head + added, recorded_at = moment;
        perform pg_notify('decklog_log', (head + added)::text);
    end if;
end
$$;

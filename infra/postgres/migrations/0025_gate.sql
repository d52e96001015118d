-- What is kept at the gate and outlives Redis: tokens that were revoked, quotas of what costs money, blocks.

-- Tokens that are valid by their signature and are refused all the same, one by one (`jti`) or all of a user's
-- that were issued before a moment. A row goes when the last of these tokens has ended by itself.
create table token_revocations (
    number bigint generated always as identity primary key,
    jti text,
    user_id text,
    issued_before timestamptz,
    reason text not null,
    revoked_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    check ((jti is null) <> (user_id is null)),
    check ((user_id is null) = (issued_before is null))
);
create unique index token_revocations_jti on token_revocations (jti) where jti is not null;
create unique index token_revocations_user on token_revocations (user_id) where user_id is not null;

-- What was taken of an hourly quota: a repeat of a command (`charge`) takes nothing again.
create table quota_uses (
    subject text not null,
    kind text not null,
    charge uuid not null,
    cost int not null,
    used_at timestamptz not null,
    primary key (subject, kind, charge)
);
create index quota_uses_window on quota_uses (subject, kind, used_at);
create index quota_uses_old on quota_uses (used_at);

-- Take `a_cost` of the quotas of some subjects, or of none. `refused` is the number of the subject whose quota
-- does not hold so much (0: taken; `fresh`: by this call and not by one before it); the other numbers are of that subject, else of the first. A cost of 0 asks only.
create function take_quota(
    a_subjects text[], a_limits int[], a_kind text, a_window interval, a_cost int, a_charge uuid,
    out refused int, out fresh boolean, out wait_s float8, out remaining int, out more_in_s float8, out all_in_s float8
)
    language plpgsql
as $$
declare
    moment timestamptz;
    subject_name text;
    used int;
    told int := 1;
    excess int;
begin
    refused := 0;
    fresh := false;
    wait_s := 0;
    if a_cost > 0 then
        -- In one order, whoever comes; until commit they come one by one.
        for subject_name in select s from unnest(a_subjects) s order by s loop
            perform pg_advisory_xact_lock(hashtextextended('quota ' || a_kind || ' ' || subject_name, 0));
        end loop;
    end if;
    moment := clock_timestamp();
    if a_cost > 0 and not exists (
        select from quota_uses q where q.subject = a_subjects[1] and q.kind = a_kind
            and q.charge = a_charge and q.used_at > moment - a_window
    ) then
        for i in 1 .. cardinality(a_subjects) loop
            select coalesce(sum(q.cost), 0) into used from quota_uses q
                where q.subject = a_subjects[i] and q.kind = a_kind and q.used_at > moment - a_window;
            excess := used + a_cost - a_limits[i];
            if excess > 0 and refused = 0 then
                refused := i;
                told := i;
                select coalesce(extract(epoch from min(f.used_at) + a_window - moment), extract(epoch from a_window))
                    into wait_s from (
                        select q.used_at, sum(q.cost) over (order by q.used_at) as freed from quota_uses q
                        where q.subject = a_subjects[i] and q.kind = a_kind and q.used_at > moment - a_window
                    ) f where f.freed >= excess;
            end if;
        end loop;
        if refused = 0 then
            fresh := true;
            insert into quota_uses (subject, kind, charge, cost, used_at)
                select s, a_kind, a_charge, a_cost, moment from unnest(a_subjects) s
                on conflict (subject, kind, charge) do update set cost = excluded.cost, used_at = excluded.used_at;
            delete from quota_uses q using (
                select o.subject, o.kind, o.charge from quota_uses o
                where o.used_at < moment - interval '1 day' limit 20 for update skip locked
            ) old where q.subject = old.subject and q.kind = old.kind and q.charge = old.charge;
        end if;
    end if;
    select a_limits[told] - coalesce(sum(q.cost), 0),
            greatest(0, coalesce(extract(epoch from min(q.used_at) + a_window - moment), 0)),
            greatest(0, coalesce(extract(epoch from max(q.used_at) + a_window - moment), 0))
        into remaining, more_in_s, all_in_s from quota_uses q
        where q.subject = a_subjects[told] and q.kind = a_kind and q.used_at > moment - a_window;
end
$$;

-- Who is shut out, and until when. `offences` is how often that happened by itself, each time for longer.
create table rate_limit_blocks (
    subject text primary key,
    blocked_until timestamptz not null,
    automatic boolean not null,
    offences int not null,
    reason text not null,
    blocked_at timestamptz not null default clock_timestamp()
);
create index rate_limit_blocks_until on rate_limit_blocks (blocked_until);

-- Failed jobs, the latest first: operators look at them and count them, however many have ended well.
create index job_rows_dead on job_rows (kind, ended_at desc) where state = 'failed';

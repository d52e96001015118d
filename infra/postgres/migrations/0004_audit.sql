-- Signed checkpoints of the log (infra/audit/checkpoint.py). `line` is the whole checkpoint as it was signed
-- and as it stands in the file of checkpoints, so that nothing is derived twice.
create table log_checkpoints (
    number bigint primary key,
    line text not null
);

-- The keys under which personal fields are sealed, one a person and generation; dropping one shreds what
-- was sealed under it. A person who comes back gets a new generation. No event refers to this table by a
-- constraint: it is backed up apart from the log.
create table person_keys (
    person text not null,
    generation int not null,
    -- Encrypted under PERSON_KEY_SECRET, so that the database alone reveals nothing; null: shredded.
    key bytea,
    created_at timestamptz not null default clock_timestamp(),
    shredded_at timestamptz,
    primary key (person, generation),
    check ((key is null) = (shredded_at is not null))
);

-- Two processes that make a person's key at the same time shall end with one.
create unique index person_keys_live on person_keys (person) where key is not null;
-- Every process asks each second what was shredded of late.
create index person_keys_shredded on person_keys (shredded_at) where shredded_at is not null;

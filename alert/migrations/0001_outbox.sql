-- What an edge has found and the center has not yet stored.

-- Every event whose revisions may still come or wait. Its row goes when the last revision of a closed event is acknowledged.
CREATE TABLE events (
    id       TEXT PRIMARY KEY NOT NULL,
    last_rev INTEGER NOT NULL,
    closed   INTEGER NOT NULL
) STRICT;

-- One message each. AUTOINCREMENT: a number once given is never given again, not even when the table was empty in between.
CREATE TABLE entries (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id     TEXT NOT NULL REFERENCES events (id),
    rev          INTEGER NOT NULL,
    payload      TEXT NOT NULL, -- the event as JSON, with its evidence
    published_at INTEGER,       -- milliseconds since 1970; NULL: not yet handed to a broker
    UNIQUE (event_id, rev)
) STRICT;

-- What shows an event; every later revision refers to it, also when the picture itself has long been delivered.
CREATE TABLE event_evidence (
    event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    sha256   TEXT NOT NULL,
    mime     TEXT NOT NULL,
    PRIMARY KEY (event_id, sha256)
) STRICT;

-- Pictures not yet acknowledged, each at the message that first refers to it.
CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY NOT NULL,
    seq    INTEGER NOT NULL,
    mime   TEXT NOT NULL,
    bytes  BLOB NOT NULL
) STRICT;
CREATE INDEX blobs_by_seq ON blobs (seq, sha256);

-- What detection remembers of each camera, as of the newest message.
CREATE TABLE checkpoints (
    camera TEXT PRIMARY KEY NOT NULL,
    state  BLOB NOT NULL
) STRICT;

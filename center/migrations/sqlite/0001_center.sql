-- The center's store. Migrations are append-only: a shipped one is never edited.
-- Times are milliseconds since 1970 in UTC. Ids are text as on the wire, so that a person with `sqlite3` can read them.

-- Every revision of every event, as it came. Nothing is ever updated here.
CREATE TABLE events (
    id           TEXT    NOT NULL,
    rev          INTEGER NOT NULL,
    edge         TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    phase        TEXT    NOT NULL,
    severity     TEXT    NOT NULL,
    camera       TEXT    NOT NULL,
    zone         TEXT,
    cell         TEXT,
    since        INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    until        INTEGER,
    dwell_s      REAL    NOT NULL,
    unobserved   INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    received_at  INTEGER NOT NULL,
    message      TEXT    NOT NULL, -- the JSON of the wire; every shipped schema stays readable
    PRIMARY KEY (id, rev)
) STRICT;

-- The highest revision of each event, and what lists are filtered by.
CREATE TABLE events_current (
    id           TEXT    NOT NULL PRIMARY KEY,
    rev          INTEGER NOT NULL,
    edge         TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    phase        TEXT    NOT NULL, -- open, update, close; unobserved where the camera cannot be trusted
    severity     TEXT    NOT NULL,
    camera       TEXT    NOT NULL,
    zone         TEXT,
    cell         TEXT,             -- the event's, else its zone's, else its camera's; kept even if the grid lacks it
    opened_at    INTEGER NOT NULL, -- event time of the lowest revision stored
    acknowledged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX events_current_newest ON events_current (opened_at DESC, id DESC);
CREATE INDEX events_current_open ON events_current (opened_at DESC, id DESC) WHERE phase <> 'close';
CREATE INDEX events_current_unacknowledged ON events_current (opened_at DESC, id DESC) WHERE acknowledged = 0;
CREATE INDEX events_current_by_cell ON events_current (cell, opened_at DESC, id DESC);
CREATE INDEX events_current_by_camera ON events_current (camera, opened_at DESC, id DESC);
CREATE INDEX events_current_homeless ON events_current (edge, camera) WHERE cell IS NULL;

-- Which files show an event. The files may come before or after it.
CREATE TABLE evidence (
    event_id TEXT    NOT NULL,
    rev      INTEGER NOT NULL,
    position INTEGER NOT NULL,
    type     TEXT    NOT NULL,
    mime     TEXT    NOT NULL,
    sha256   TEXT    NOT NULL,
    PRIMARY KEY (event_id, rev, position)
) STRICT;
CREATE INDEX evidence_by_sha256 ON evidence (sha256);

-- Snapshots that have arrived; the pictures themselves are files named by their SHA-256.
CREATE TABLE snapshots (
    sha256      TEXT    NOT NULL PRIMARY KEY,
    edge        TEXT    NOT NULL,
    mime        TEXT    NOT NULL,
    size        INTEGER NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

CREATE TABLE acknowledgements (
    event_id TEXT    NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    by       TEXT    NOT NULL
) STRICT;

-- The grid tree, as imported last.
CREATE TABLE grid_nodes (
    code   TEXT NOT NULL PRIMARY KEY,
    name   TEXT NOT NULL,
    leader TEXT
) STRICT;

CREATE TABLE edges (
    edge    TEXT    NOT NULL PRIMARY KEY,
    online  INTEGER NOT NULL,
    version TEXT    NOT NULL,
    at      INTEGER NOT NULL, -- as told: the beginning of the connection
    since   INTEGER NOT NULL, -- online: the same; offline: when the center heard of it
    problem TEXT
) STRICT;

CREATE TABLE cameras (
    edge   TEXT    NOT NULL,
    camera TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    cell   TEXT,
    state  TEXT    NOT NULL,
    reason TEXT,
    since  INTEGER NOT NULL,
    message TEXT   NOT NULL, -- the JSON of the wire
    PRIMARY KEY (edge, camera)
) STRICT;

CREATE TABLE zones (
    edge   TEXT NOT NULL,
    camera TEXT NOT NULL,
    zone   TEXT NOT NULL,
    name   TEXT NOT NULL,
    cell   TEXT,
    PRIMARY KEY (edge, camera, zone)
) STRICT;

-- Messages that could not be used, kept aside for inspection. The same message again only grows `times`.
CREATE TABLE rejected (
    id       INTEGER PRIMARY KEY,
    topic    TEXT    NOT NULL,
    digest   TEXT    NOT NULL, -- SHA-256 of the whole payload
    reason   TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    size     INTEGER NOT NULL, -- of the whole payload
    payload  BLOB    NOT NULL, -- its beginning
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    times    INTEGER NOT NULL DEFAULT 1,
    UNIQUE (topic, digest)
) STRICT;
CREATE INDEX rejected_newest ON rejected (last_at DESC, id DESC);

-- What pages have to hear of, in order. Numbers only grow, even after old ones are deleted.
CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind   TEXT NOT NULL, -- event, camera
    edge   TEXT,          -- of a camera
    id     TEXT NOT NULL  -- of the event or of the camera
) STRICT;

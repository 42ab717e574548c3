-- Who came close to parked vehicles. Kept for as long as the configuration says, whoever has been told of it.

-- AUTOINCREMENT: whoever has read up to a number has read everything before it, also after the newest were removed.
CREATE TABLE near_passes (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    camera     TEXT NOT NULL,
    place      TEXT NOT NULL,
    class      TEXT NOT NULL,    -- of the passer
    at         INTEGER NOT NULL, -- when it was nearest, milliseconds since 1970
    distance   REAL NOT NULL,    -- in sizes of the parked vehicle
    distance_m REAL,             -- in metres, where the ground is calibrated
    -- What cameras with and without a calibrated ground are ordered by together, in metres: a parked vehicle counts as 4 m, as in detection.
    nearness   REAL GENERATED ALWAYS AS (coalesce(distance_m, distance * 4.0)) VIRTUAL,
    pass       TEXT NOT NULL     -- all of it, as JSON
) STRICT;
CREATE INDEX near_passes_by_time ON near_passes (at);
CREATE INDEX near_passes_by_camera ON near_passes (camera, at);
CREATE INDEX near_passes_by_place ON near_passes (place, at);

-- The zones in which the parked vehicle stood: its bay, and what lies over it.
CREATE TABLE near_pass_zones (
    zone TEXT NOT NULL,
    at   INTEGER NOT NULL,
    seq  INTEGER NOT NULL REFERENCES near_passes (seq) ON DELETE CASCADE,
    PRIMARY KEY (zone, at, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX near_pass_zones_by_pass ON near_pass_zones (seq);

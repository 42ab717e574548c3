//! What can be wrong with a value that comes from outside.

/// A value that the domain refuses. The text says what was found and what is allowed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// A name that is to be an MQTT topic level and a metric label.
    #[error("{what} id {found:?}: use 1 to 64 of a-z, A-Z, 0-9, '-', '_' and begin with a letter or digit")]
    Id {
        /// Which kind of id.
        what: &'static str,
        /// The text found.
        found: String,
    },
    /// Not a UUID.
    #[error("event id {0:?}: expected a UUID")]
    EventId(String),
    /// Not 64 lower-case hexadecimal digits.
    #[error("sha256 {0:?}: expected 64 lower-case hexadecimal digits")]
    Sha256(String),
    /// Not an RFC 3339 time.
    #[error("time {0:?}: expected RFC 3339, for example 2026-11-23T03:04:05.120Z")]
    Time(String),
    /// A coordinate outside of the picture, or not a number.
    #[error("coordinate {0}: expected a number from 0 to 1")]
    Coordinate(f32),
    /// A box whose corners are swapped or that has no area.
    #[error("box {0:?}: expected x1 < x2 and y1 < y2")]
    Box([f32; 4]),
    /// Too few points, or no area.
    #[error("polygon of {0} points: expected at least 3 that enclose an area")]
    PolygonSize(usize),
    /// Two sides of a polygon cross.
    #[error("polygon crosses itself: the side from point {first} meets the side from point {second}")]
    PolygonCrosses {
        /// Index of the point at which the first side begins, from 0.
        first: usize,
        /// Index of the point at which the second side begins, from 0.
        second: usize,
    },
    /// A code of the grid tree of the wrong length or with other signs than digits.
    #[error("grid code {0:?}: expected 6, 9, 12 or 15 digits (county, township, community, cell)")]
    CellCode(String),
    /// A tree whose node names a parent that is not there.
    #[error("grid node {code}: its parent {parent} is missing")]
    GridParent {
        /// The node.
        code: String,
        /// The parent looked for.
        parent: String,
    },
    /// The same code twice.
    #[error("grid node {0}: appears twice")]
    GridTwice(String),
    /// A limit outside of its range.
    #[error("limit of {0} s: expected 1 to 2592000 (30 days)")]
    Limit(f64),
    /// A time zone that is not in the tz database.
    #[error("time zone {0:?}: expected one of the tz database, for example Asia/Shanghai")]
    TimeZone(String),
    /// Not a day of the calendar.
    #[error("day {0:?}: expected for example 2026-10-01")]
    Day(String),
    /// Not a time of the week.
    #[error(
        "time of the week {0:?}: expected days and times, for example \"mon-fri 07:00-19:00\", \"sat,sun 00:00-24:00\" or \"daily 22:00-06:00\""
    )]
    WeeklySpan(String),
    /// Four points of which three lie on a line, or that are not in order around what they enclose.
    #[error("four points {0}: expected the corners of something convex, in order")]
    Quadrilateral(&'static str),
    /// An MQTT topic outside of the grammar of `topic`.
    #[error("topic {0:?} is not one of gridwatch's")]
    Topic(String),
    /// A wire message of a schema that this version does not know.
    #[error("schema {found:?}: this version reads {expected:?}")]
    Schema {
        /// The schema named in the message.
        found: String,
        /// The schema that this version reads.
        expected: &'static str,
    },
    /// JSON that is not the form expected.
    #[error("malformed message: {0}")]
    Json(String),
    /// An event whose parts contradict each other.
    #[error("event {0}")]
    Event(&'static str),
}

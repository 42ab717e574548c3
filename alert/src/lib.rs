//! Events in, alerts delivered.
//!
//! In go [`Findings`](gridwatch_domain::Findings) from detection and the cameras' conditions; out go messages over MQTT, until the center
//! has acknowledged each. On the way, in this order: evidence (a snapshot with zone and boxes drawn), the outbox
//! (durable from here: events, snapshots and detection's checkpoint in one transaction), the publisher.
//!
//! Events are never dropped: a full outbox makes them wait, and with them detection. A snapshot that cannot be made is
//! left out. Near passes of parked vehicles are kept in the same transaction, and can be asked for. Knows nothing of frames' origin, networks or rules; MQTT itself is `gridwatch-link`'s.

mod archive;
pub mod drawing;
mod error;
mod evidence;
mod intake;
mod metrics;
mod near_passes;
mod outbox;
mod publisher;
mod stage;
mod status;
mod trusted_time;
mod window;

pub use archive::{
    About, Archive, ArchiveError, ArchiveStatus, Entry, Fault, Finding, Head, Kept, Listed, Media, Record,
    Retention, Verified, Why, list, sha256_of, verify,
};
pub use error::{AlertError, EvidenceError, OutboxError};
pub use evidence::{Snapshot, drawn, plain, snapshot};
pub use near_passes::{
    PassCursor, PassOrder, PassPage, PassQuery, PassReadError, PassReader, PassRetention, StoredPass,
};
pub use outbox::{
    Append, Appended, Outbox, OutboxSettings, OutboxStats, Pending, PendingItem, Position, Pruned, Removed,
};
pub use stage::{AlertHandle, AlertSettings, AlertStage, AlertSummary, AlertTuning};
pub use status::CameraNews;

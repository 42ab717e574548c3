//! What the center keeps: events in all their revisions, snapshots, acknowledgements, cameras, edge boxes, the grid
//! tree, messages that could not be used, and the numbered changes that live pages are fed from.
//!
//! In go domain values, checked by `receive`; out come domain values. SQL is known only to `sqlite`, whose methods a
//! PostgreSQL implementation can offer just the same. Knows nothing of topics, HTTP or views.

mod error;
mod pictures;
mod sqlite;
#[cfg(test)]
mod tests;
mod types;

pub use error::StoreError;
pub use sqlite::{SqliteStore, SqliteStoreOptions};
pub use types::{
    Acknowledged, Change, ChangeSubject, Counts, Delivery, EventFilter, EventPage, EventPhase, PageCursor,
    Received, RejectReason, Revision, StoredCamera, StoredEdge, StoredEvent, Verdict,
};

/// The store of this build.
pub type Store = SqliteStore;

//! Near passes that are kept: asked for, and removed with time.
//!
//! In: who asks ([`PassQuery`]), of the outbox's file; a running box writes it meanwhile, or it lies in a copy of the state folder. Out: passes,
//! the nearest or the earliest first, page by page. Writes nothing but by [`Pruner`], which takes what is too old or too much away.

mod cursor;
mod metrics;
mod pruner;
mod query;
mod reader;

pub use cursor::PassCursor;
pub(crate) use metrics::PassMetrics;
pub use pruner::PassRetention;
pub(crate) use pruner::Pruner;
pub use query::{PassOrder, PassQuery};
pub use reader::{PassPage, PassReadError, PassReader, StoredPass};

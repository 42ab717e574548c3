//! What every stage needs: clock, shutdown, supervision with back-off, the newest-wins mailbox, stage metrics, and
//! error chains for the log.
//!
//! Knows nothing of cameras, networks, brokers or stores.

mod backoff;
mod chain;
mod clock;
mod mailbox;
mod metrics;
mod supervise;

pub use backoff::{Backoff, BackoffRange};
pub use chain::Chain;
pub use clock::{Clock, ManualClock, SharedClock, SystemClock};
pub use mailbox::{InHand, Mailbox, MailboxReceiver, MailboxSender, Put, mailbox};
pub use metrics::{Metrics, StageMetrics};
pub use supervise::{Outcome, Supervised, supervise};

/// Tells a task to end. Clone freely; `child_token()` for a part that may end alone.
pub type Shutdown = tokio_util::sync::CancellationToken;

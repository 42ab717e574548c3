//! Room set aside on the disk, for the day on which it is full.
//!
//! What was written waits in SQLite's log until it is written back, for which the database has to grow. On a full disk it
//! cannot, and then the log cannot begin anew either: not even what the center has acknowledged could be removed. Giving the
//! reserve up makes room for that. It is set aside again when there is room.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use tracing::warn;

/// Larger than SQLite's log ever is, by what a removal needs.
const BYTES: usize = 6 << 20;

/// Time between two tries to set it aside: on a full disk each writes for nothing.
const TRY_EVERY: Duration = Duration::from_secs(60);

/// See the module's documentation.
pub(super) struct Reserve {
    path: PathBuf,
    /// When it may be set aside again; `None` while it is.
    due_at: Mutex<Option<Instant>>,
}

impl Reserve {
    /// Beside the database; not set aside yet.
    pub(super) fn beside(database: &Path) -> Self {
        Self { path: database.with_extension("reserve"), due_at: Mutex::new(Some(Instant::now())) }
    }

    /// Whether it is time to set it aside. Costs nothing while it is there.
    pub(super) fn is_due(&self) -> bool {
        self.due().is_some_and(|due| due <= Instant::now())
    }

    /// Sets it aside where it is not and the disk has room. May block.
    pub(super) fn keep(&self) {
        *self.due() = None;
        if self.path.metadata().is_ok_and(|found| found.len() == BYTES as u64) {
            return;
        }
        if let Err(error) = self.write() {
            // Half of it would only take the room that others need.
            let _ = std::fs::remove_file(&self.path);
            *self.due() = Some(Instant::now() + TRY_EVERY);
            if error.kind() != io::ErrorKind::StorageFull {
                warn!(path = %self.path.display(), %error, "no room can be set aside for a full disk");
            }
        }
    }

    /// Gives it up; whether there was one. May block.
    pub(super) fn spend(&self) -> bool {
        *self.due() = Some(Instant::now() + TRY_EVERY);
        std::fs::remove_file(&self.path).is_ok()
    }

    fn due(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.due_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> io::Result<()> {
        // Not zeros, which some file systems do not store.
        let block: Vec<u8> =
            (0..1 << 16).map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut file = File::create(&self.path)?;
        for _ in 0..BYTES / block.len() {
            file.write_all(&block)?;
        }
        file.sync_all()
    }
}

//! One process writes the outbox; others may read it meanwhile.

use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

use tokio::time::{Instant, interval};

use crate::OutboxError;

/// How long to wait for the predecessor to let go of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is asked meanwhile.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Takes the lock beside the database. It is let go when the file is closed, however the process ends.
pub(super) async fn take(database: &Path) -> Result<File, OutboxError> {
    let path = database.with_extension("lock");
    let unwritable = |source| OutboxError::Open { path: path.clone(), source: sqlx::Error::Io(source) };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unwritable)?;
    let (began, mut ticks) = (Instant::now(), interval(ASK_EVERY));
    loop {
        ticks.tick().await;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {}
            Err(TryLockError::WouldBlock) => return Err(OutboxError::Locked { path: database.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
    }
}

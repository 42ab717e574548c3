//! How many pictures a network sees at once: as many as it gains from, which a GPU does and a processor mostly does not.

use std::time::{Duration, Instant};

use tracing::info;

use crate::{
    DetectError,
    session::{NetworkSession, Shape},
};

/// Batches that are tried, each only where the one before has gained.
const TRIED: [usize; 3] = [2, 4, 8];
/// Runs of each, of which the fastest counts; the first makes buffers.
const RUNS: usize = 4;
/// What a picture must cost of what it cost before for a batch to be worth the wait: less is noise on a shared machine.
const GAIN: f64 = 0.9;

/// How many pictures, of different cameras, a network is shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Batch {
    /// As many as are measured to gain at start.
    Auto,
    /// One.
    #[default]
    Off,
    /// At most so many, ≥ 1.
    Pictures(usize),
}

/// The number that was asked for, where the file takes it.
pub(crate) fn checked(
    session: &NetworkSession,
    network: &str,
    pictures: usize,
) -> Result<usize, DetectError> {
    if pictures > 1 && !session.takes_batches() {
        return Err(DetectError::Batch { network: network.to_owned(), pictures, found: session.input() });
    }
    Ok(pictures.max(1))
}

/// Runs the network on batches of nothing, and gives the number of pictures for which each costs least.
pub(crate) fn probe(session: &mut NetworkSession) -> usize {
    if !session.takes_batches() {
        return 1;
    }
    let Some(mut best) = cost(session, 1) else { return 1 };
    let mut chosen = 1;
    for pictures in TRIED {
        // What cannot be run, or does not answer picture by picture, is no gain.
        let Some(found) = cost(session, pictures) else { break };
        info!(pictures, each = ?found, alone = ?best, "batch tried");
        if found.as_secs_f64() > GAIN * best.as_secs_f64() {
            break;
        }
        (best, chosen) = (found, pictures);
    }
    chosen
}

/// What one picture costs in a batch of so many.
fn cost(session: &mut NetworkSession, pictures: usize) -> Option<Duration> {
    let shape = Shape { pictures, ..session.shape() };
    let mut least = Duration::MAX;
    for _ in 0..RUNS {
        let began = Instant::now();
        session.run(shape, |_, _| ()).ok()?;
        least = least.min(began.elapsed());
    }
    u32::try_from(pictures).ok().map(|pictures| least / pictures)
}

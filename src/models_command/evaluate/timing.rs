//! How long networks take on real pictures, step by step, on one thread.

use std::time::Duration;

use gridwatch_detect::{NetworkDetector, SessionSettings, StepTimes};
use gridwatch_domain::Frame;
use gridwatch_models::Network;

use super::report::{Spread, Timing};
use crate::{edge::LEAST_SCORE, models_command::progress};

/// Runs before anything is timed, in which buffers are made.
const WARM_UP: usize = 3;

/// The times of each network, or none with no `runs`. Networks take turns, so that whatever else the machine does meets
/// all of them alike: their ratios hold where their times may not.
pub(super) fn measure(
    networks: &[Network],
    pictures: &[Frame],
    runs: usize,
) -> anyhow::Result<Vec<Vec<Timing>>> {
    if runs == 0 {
        return Ok(vec![Vec::new(); networks.len()]);
    }
    let settings = SessionSettings::default();
    let open = |network| NetworkDetector::open(network, &settings, LEAST_SCORE);
    let mut detectors: Vec<NetworkDetector> = networks.iter().map(open).collect::<Result<_, _>>()?;
    let mut times: Vec<Vec<StepTimes>> = vec![Vec::with_capacity(runs); networks.len()];
    let bar = progress::steps("timing", runs);
    for (run, picture) in pictures.iter().cycle().take(WARM_UP + runs).enumerate() {
        for (detector, times) in detectors.iter_mut().zip(&mut times) {
            let (_, steps) = detector.detect_timed(picture)?;
            if run >= WARM_UP {
                times.push(steps);
            }
        }
        bar.inc(u64::from(run >= WARM_UP));
    }
    bar.finish_and_clear();
    Ok(times.iter().map(|times| vec![timing(times)]).collect())
}

fn timing(times: &[StepTimes]) -> Timing {
    let spread = |step: fn(&StepTimes) -> Duration| Spread::of(times.iter().map(step).collect());
    Timing {
        provider: "CPU".to_owned(),
        letterbox: spread(|times| times.letterbox),
        network: spread(|times| times.network),
        reading: spread(|times| times.reading),
        total: spread(StepTimes::total),
    }
}

//! What networks find in every picture, held against the truth.

use anyhow::{Context as _, bail};
use gridwatch_detect::{Detector as _, NetworkDetector, Provider, SessionSettings};
use gridwatch_domain::Frame;
use gridwatch_models::{
    Network,
    evaluation::{DataSet, Tally},
};

use crate::models_command::{pictures, progress};

/// Pictures that are kept for timing, spread over the data set: letterboxing costs as much as a picture is large, reading
/// an answer as much as it shows.
const KEPT: usize = 8;

/// A tally for each network over all pictures, and some of the pictures. Each picture is decoded once.
pub(super) fn tallies(
    networks: &[Network],
    data_set: &DataSet,
    least_score: f32,
    provider: Option<Provider>,
) -> anyhow::Result<(Vec<Tally>, Vec<Frame>)> {
    let settings = SessionSettings { provider, ..SessionSettings::default() };
    let open = |network| NetworkDetector::open(network, &settings, least_score);
    let mut detectors: Vec<NetworkDetector> = networks.iter().map(open).collect::<Result<_, _>>()?;
    let mut tallies = vec![Tally::new(); networks.len()];
    let mut kept = Vec::new();
    let paths = data_set.pictures.iter().map(|picture| picture.path.clone()).collect();
    let every = data_set.pictures.len().div_ceil(KEPT);
    let bar = progress::steps("pictures", data_set.pictures.len());
    for ((index, truth), picture) in
        data_set.pictures.iter().enumerate().zip(pictures::first_pictures(paths)?)
    {
        let picture = picture?;
        let found = (picture.width, picture.height);
        if let Some(told) = truth.size.filter(|told| *told != found) {
            bail!(
                "{}: its labels are for {}x{} pixels, the picture has {}x{}: boxes of another picture, or turned by its camera's note",
                truth.path.display(),
                told.0,
                told.1,
                found.0,
                found.1
            );
        }
        for (detector, tally) in detectors.iter_mut().zip(&mut tallies) {
            let found = detector.detect(&picture).with_context(|| truth.path.display().to_string())?;
            tally.add(truth, &found);
        }
        if index % every == 0 {
            kept.push(picture);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((tallies, kept))
}

//! Analyses a piece of footage and holds it against its truth, unless that has been done before.
//!
//! In this process, by the very functions of `gridwatch analyze` and `gridwatch score`: what they write between them lies in a temporary folder.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context as _, bail};
use gridwatch_config::{EdgeSettings, NetworkSettings, parse_edge_offline};
use gridwatch_domain::Timestamp;
use gridwatch_models::Network;

use super::{
    kept::{Kept, Subject},
    outcome::Outcome,
    plan::Rate,
};
use crate::{
    analyze_command::{ResultFiles, Summary, analyze},
    cli::ScoreFiles,
    network,
    score::Score,
    score_command,
};

/// A network that measures, and how a configuration names it.
pub(super) struct Chosen {
    pub(super) settings: NetworkSettings,
    pub(super) network: Network,
}

impl Chosen {
    pub(super) fn load(settings: NetworkSettings) -> anyhow::Result<Self> {
        let network = network::load(&settings).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        Ok(Self { settings, network })
    }

    pub(super) fn name(&self) -> &str {
        &self.network.manifest().name
    }
}

/// One piece of footage, ready to be analysed.
pub(super) struct Footage<'a> {
    /// What it is called in messages.
    pub(super) name: String,
    /// Changes whenever its pictures do.
    pub(super) fingerprint: String,
    /// Of an edge box that watches it.
    pub(super) configuration: String,
    /// How closely it is looked at.
    pub(super) rate: Rate,
    /// Changes whenever its truth does and neither the pictures nor this program do.
    pub(super) truth_key: String,
    pub(super) network: &'a Chosen,
}

impl Footage<'_> {
    fn subject(&self) -> Subject<'_> {
        Subject {
            footage: &self.fingerprint,
            truth: &self.truth_key,
            configuration: &self.configuration,
            rate: self.rate,
            network: &self.network.network,
        }
    }

    /// What came of it before.
    pub(super) fn kept(&self, kept: &Kept) -> Option<Outcome> {
        kept.find(&self.subject())
    }

    /// The settings; paths of the configuration begin in `folder`.
    pub(super) fn settings(&self, folder: &Path) -> anyhow::Result<EdgeSettings> {
        let parsed = parse_edge_offline(&self.configuration, folder);
        let mut settings = parsed.map_err(|problems| anyhow::anyhow!("{}: {problems}", self.name))?;
        settings.network = self.network.settings.clone();
        settings.cameras.iter_mut().for_each(|camera| self.rate.set(camera));
        Ok(settings)
    }

    /// Plays the file once, and holds it against a truth (`gridwatch.truth/1`).
    pub(super) fn measure(&self, input: &Path, truth: &str, kept: &Kept) -> anyhow::Result<Outcome> {
        let folder = input.parent().unwrap_or(Path::new(""));
        self.measure_by(kept, folder, truth, &mut |settings, files| {
            analyze(settings, input, Timestamp::UNIX_EPOCH, files)
        })
    }

    /// Measures by another way of playing.
    pub(super) fn measure_by(
        &self,
        kept: &Kept,
        folder: &Path,
        truth: &str,
        play: &mut dyn FnMut(&EdgeSettings, &ResultFiles) -> anyhow::Result<Summary>,
    ) -> anyhow::Result<Outcome> {
        let outcome =
            self.measured(folder, truth, play, kept.program()).with_context(|| self.name.clone())?;
        kept.keep(&self.subject(), &outcome)?;
        Ok(outcome)
    }

    fn measured(
        &self,
        folder: &Path,
        truth: &str,
        play: &mut dyn FnMut(&EdgeSettings, &ResultFiles) -> anyhow::Result<Summary>,
        program: &str,
    ) -> anyhow::Result<Outcome> {
        let settings = self.settings(folder)?;
        let between = tempfile::tempdir().context("make a temporary folder")?;
        let files = ResultFiles::within(between.path());
        let began = Instant::now();
        let summary = play(&settings, &files)?;
        let took_s = began.elapsed().as_secs_f64();
        if !summary.is_complete {
            bail!("the analysis broke off after {:.1} s", summary.seconds);
        }
        if summary.failed > 0 {
            bail!("{} pictures could not be analysed", summary.failed);
        }
        let truth_file = between.path().join("truth.json");
        fs::write(&truth_file, truth).with_context(|| format!("write {}", truth_file.display()))?;
        let score = judged(&truth_file, &files)?;
        Outcome::of(&score, &summary, took_s, &files.observations, program)
    }
}

fn judged(truth: &Path, files: &ResultFiles) -> anyhow::Result<Score> {
    let files = ScoreFiles {
        truth: truth.to_owned(),
        events: files.events.clone(),
        observations: Some(files.observations.clone()),
        passes: Some(files.passes.clone()),
        start: None,
        camera: None,
        config: None,
        json: None,
        html: None,
        require_perfect: Vec::new(),
    };
    score_command::judge(&files).map(|(_, score)| score)
}

/// What came of one piece in a line.
pub(super) fn line(name: &str, outcome: &Outcome, was_kept: bool) -> String {
    let total = &outcome.figures.total;
    let how = if was_kept {
        "kept from before".to_owned()
    } else {
        format!("{:.1} x real time", outcome.seconds / outcome.took_s.max(1e-3))
    };
    format!(
        "{name}: {} of {} found, {} false, {} doubled ({how})",
        total.found, total.truth, total.untrue, total.doubled
    )
}

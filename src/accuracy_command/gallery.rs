//! Pictures of the most telling of all that went wrong in rendered scenes and in real footage.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gridwatch_config::EdgeSettings;
use gridwatch_sim::Scene;

use super::{
    Bench,
    matrix::{Under, Video},
    moments::{self, Candidate, Origin, Picture},
    plan::Rate,
    real,
    report::Report,
};
use crate::{cli::AccuracySize, scenes, score_command::convert::Converted};

/// What pictures are made of.
pub(super) struct Gallery<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) report: &'a Report,
}

/// A video, and who watches it.
struct Source {
    file: PathBuf,
    settings: EdgeSettings,
    /// Keeps the file.
    _video: Option<Video>,
}

impl Gallery<'_> {
    pub(super) fn make(&self) -> anyhow::Result<Vec<Picture>> {
        let mut chosen = moments::choose(self.candidates(), self.bench.arguments.pictures);
        // What is of one video is drawn together: that is made once.
        chosen.sort_by(|a, b| a.footage.cmp(&b.footage));
        let mut pictures = Vec::new();
        for of_footage in chosen.chunk_by(|a, b| a.footage == b.footage) {
            self.draw(of_footage, &mut pictures)?;
        }
        Ok(pictures)
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        // What was taken over from an earlier report may be of what this run cannot show.
        let cells =
            self.report.matrix.iter().enumerate().filter(|(_, cell)| self.scene(&cell.scene).is_some());
        let cells = cells.flat_map(|(index, cell)| {
            let footage = format!("{}-{}", cell.scene, cell.condition);
            let candidate = move |problem| Candidate {
                footage: footage.clone(),
                rate: Some(cell.rate),
                origin: Origin::Cell(index),
                problem,
            };
            cell.outcome.problems.iter().map(candidate)
        });
        let real = self.report.real.iter().enumerate().filter(|(_, run)| self.truth(&run.footage).is_some());
        let real = real.flat_map(|(index, run)| {
            let footage = format!("{} with {}", run.footage, run.network);
            let candidate = move |problem| Candidate {
                footage: footage.clone(),
                rate: None,
                origin: Origin::Real(index),
                problem,
            };
            run.outcome.problems.iter().map(candidate)
        });
        real.chain(cells).collect()
    }

    fn draw(&self, candidates: &[Candidate<'_>], pictures: &mut Vec<Picture>) -> anyhow::Result<()> {
        let Some(first) = candidates.first() else { return Ok(()) };
        let source = match first.origin {
            Origin::Cell(index) => self.rendered(index)?,
            Origin::Real(index) => self.recorded(index)?,
        };
        let camera = source.settings.cameras.first().context("no camera")?;
        for candidate in candidates {
            let bytes = moments::draw(&source.file, camera, candidate.problem)?;
            let file = format!("pictures/{:02}.jpg", pictures.len() + 1);
            let cell = match candidate.origin {
                Origin::Cell(index) => Some(index),
                Origin::Real(_) => None,
            };
            let problem = candidate.problem.clone();
            pictures.push(Picture { place: candidate.place(), cell, problem, file, bytes });
        }
        Ok(())
    }

    fn scene(&self, named: &str) -> Option<&(String, Scene)> {
        self.bench.scenes.iter().find(|(name, _)| scenes::name_under(name, None) == named)
    }

    fn truth(&self, footage: &str) -> Option<&Converted> {
        let real = self.bench.real.as_ref().ok()?;
        real.truths.iter().find(|converted| converted.name == footage)
    }

    fn rendered(&self, index: usize) -> anyhow::Result<Source> {
        let cell = &self.report.matrix[index];
        let (name, scene) = self.scene(&cell.scene).context("a scene of the matrix")?;
        let condition = cell.condition.parse().map_err(anyhow::Error::msg)?;
        let AccuracySize(size) = self.bench.arguments.size;
        let under = Under::new(name, scene, condition, size)?;
        let video = under.video(&self.bench.arguments.cache)?;
        let folder = video.file.parent().unwrap_or(Path::new(""));
        let settings = under.footage(Rate::Gated, &self.bench.network)?.settings(folder)?;
        Ok(Source { file: video.file.clone(), settings, _video: Some(video) })
    }

    fn recorded(&self, index: usize) -> anyhow::Result<Source> {
        let run = &self.report.real[index];
        let converted = self.truth(&run.footage).context("footage of the report")?;
        let (footage, file) = real::footage(converted, &self.bench.network)?;
        Ok(Source { file, settings: footage.settings(Path::new(""))?, _video: None })
    }
}

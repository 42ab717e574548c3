//! Rendered scenes, each under each condition, looked at as closely as each rate says.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gridwatch_sim::{
    Condition, Scene,
    cache::{EncodedScene, PictureSize, ProgressBar, ensure},
    video,
};
use serde::{Deserialize, Serialize};

use super::{
    kept::Kept,
    outcome::Outcome,
    plan::Rate,
    runner::{Chosen, Footage, line},
};
use crate::{scenes, simulate::video::edge_config};

/// One scene under one condition at one rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) scene: String,
    pub(crate) condition: String,
    pub(crate) rate: Rate,
    pub(crate) outcome: Outcome,
}

/// All that a matrix is made of.
pub(super) struct Matrix<'a> {
    pub(super) scenes: Vec<(String, Scene)>,
    pub(super) conditions: Vec<Condition>,
    pub(super) rates: &'a [Rate],
    pub(super) size: PictureSize,
    pub(super) network: &'a Chosen,
    /// Folder of rendered scenes.
    pub(super) cache: &'a Path,
}

impl Matrix<'_> {
    /// Measures every cell that has not been measured before. Tells of each on standard error.
    pub(super) fn measure(&self, kept: &Kept) -> anyhow::Result<Vec<Cell>> {
        let each = self.scenes.iter().flat_map(|(name, scene)| {
            let possible = self.conditions.iter().filter(|condition| scene.under(**condition).is_ok());
            possible.map(move |condition| (name, scene, *condition))
        });
        let each: Vec<_> = each.collect();
        let mut cells = Vec::new();
        for (index, (name, scene, condition)) in each.iter().enumerate() {
            eprintln!("[{}/{}] {name}, {}", index + 1, each.len(), condition.as_str());
            cells.extend(Under::new(name, scene, *condition, self.size)?.measure(self, kept)?);
        }
        Ok(cells)
    }
}

/// A scene under a condition.
pub(super) struct Under {
    /// Name of the scene, and of this.
    scene_name: String,
    pub(super) name: String,
    condition: Condition,
    scene: Scene,
    size: PictureSize,
}

impl Under {
    pub(super) fn new(
        name: &str,
        scene: &Scene,
        condition: Condition,
        size: PictureSize,
    ) -> anyhow::Result<Self> {
        let under = scene.under(condition).with_context(|| format!("{name} under {}", condition.as_str()))?;
        let scene_name = scenes::name_under(name, None);
        Ok(Self {
            name: format!("{scene_name}-{}", condition.as_str()),
            scene_name,
            condition,
            scene: under,
            size,
        })
    }

    fn measure(&self, matrix: &Matrix<'_>, kept: &Kept) -> anyhow::Result<Vec<Cell>> {
        let mut video: Option<(Video, String)> = None;
        let mut cells = Vec::new();
        for &rate in matrix.rates {
            let footage = self.footage(rate, matrix.network)?;
            let before = footage.kept(kept);
            let outcome = match before.clone() {
                Some(outcome) => outcome,
                None => {
                    let (video, truth) = match &mut video {
                        Some(there) => there,
                        none => none.insert((self.video(matrix.cache)?, self.truth()?)),
                    };
                    footage.measure(&video.file, truth, kept)?
                }
            };
            eprintln!("  {}", line(&footage.name, &outcome, before.is_some()));
            let (scene, condition) = (self.scene_name.clone(), self.condition.as_str().to_owned());
            cells.push(Cell { scene, condition, rate, outcome });
        }
        Ok(cells)
    }

    pub(super) fn footage<'n>(&self, rate: Rate, network: &'n Chosen) -> anyhow::Result<Footage<'n>> {
        let PictureSize { width, height } = self.size;
        let encoding = self.scene.encoding(width, height);
        Ok(Footage {
            name: format!("{} at {rate}", self.name),
            fingerprint: format!("{} {width}x{height} {encoding:?}", self.scene.fingerprint()),
            configuration: edge_config(&self.scene, &self.name, self.size)?,
            rate,
            // The scene's description says what is true.
            truth_key: String::new(),
            network,
        })
    }

    fn truth(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(&self.scene.truth_file(&self.name))?)
    }

    /// Its video, rendered where it is not in the cache.
    pub(super) fn video(&self, cache: &Path) -> anyhow::Result<Video> {
        Video::write(&self.scene, &self.name, self.size, cache, |encoded, file| {
            video::write_mp4(encoded, file)
        })
    }
}

/// A video of a scene, for as long as this is kept.
pub(super) struct Video {
    _folder: tempfile::TempDir,
    pub(super) file: PathBuf,
}

impl Video {
    /// Renders a scene where it is not in the cache, and has a file made of it.
    pub(super) fn write(
        scene: &Scene,
        name: &str,
        size: PictureSize,
        cache: &Path,
        write: impl FnOnce(&EncodedScene, &Path) -> Result<(), video::VideoError>,
    ) -> anyhow::Result<Self> {
        let mut bar = ProgressBar::new(name);
        let encoded = ensure(scene, size, cache, &mut |progress| bar.show(progress))
            .with_context(|| format!("render {name}"))?;
        let folder = tempfile::tempdir().context("make a temporary folder")?;
        let file = folder.path().join(format!("{name}.mp4"));
        write(&encoded, &file)?;
        Ok(Self { _folder: folder, file })
    }
}

//! The pictures that calibrate and those that measure: labelled ones, or any in a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gridwatch_models::evaluation::{DataSet, LABELS_FILE, Smallest, TruePicture};

/// Endings of files that are taken for pictures where no labels name them.
const ENDINGS: [&str; 5] = ["jpg", "jpeg", "png", "bmp", "webp"];

/// Pictures, parted so that none measures what it has calibrated.
pub(super) struct Pictures {
    pub(super) calibrating: Vec<PathBuf>,
    pub(super) measuring: DataSet,
    /// Whether the truth is known.
    pub(super) are_labelled: bool,
}

/// Every second picture of `folder` calibrates, at most `most` of them, spread evenly; the others measure.
pub(super) fn parted(folder: &Path, most: usize) -> anyhow::Result<Pictures> {
    let are_labelled = folder.join(LABELS_FILE).is_file();
    let mut data_set =
        if are_labelled { DataSet::open(folder, Smallest::default())? } else { unlabelled(folder)? };
    if data_set.pictures.len() < 2 || most == 0 {
        bail!("{}: one picture at least must calibrate, and another one measure", folder.display());
    }
    let (calibrating, measuring): (Vec<_>, Vec<_>) =
        data_set.pictures.into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
    let every = calibrating.len().div_ceil(most);
    data_set.pictures = measuring.into_iter().map(|(_, picture)| picture).collect();
    let calibrating = calibrating.into_iter().step_by(every).map(|(_, picture)| picture.path).collect();
    Ok(Pictures { calibrating, measuring: data_set, are_labelled })
}

/// The pictures in a folder and in its `images/`, by name.
fn unlabelled(folder: &Path) -> anyhow::Result<DataSet> {
    let mut paths = pictures_in(folder)?;
    let images = folder.join("images");
    if images.is_dir() {
        paths.extend(pictures_in(&images)?);
    }
    paths.sort();
    let picture = |path| TruePicture { path, ..TruePicture::default() };
    Ok(DataSet { pictures: paths.into_iter().map(picture).collect(), unknown: Default::default() })
}

fn pictures_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let failed = || format!("list the pictures in {}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(failed)? {
        let path = entry.with_context(failed)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        if ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) && path.is_file() {
            paths.push(path);
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_picture_measures_what_it_has_calibrated() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("images")).expect("created");
        for name in
            ["a.jpg", "b.PNG", "c.txt", "images/d.jpeg", "images/e.jpg", "images/f.jpg", "images/g.jpg"]
        {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let names = |paths: &[&PathBuf]| -> Vec<String> {
            paths
                .iter()
                .map(|path| path.file_name().expect("a file").to_string_lossy().into_owned())
                .collect()
        };
        let found = parted(folder.path(), 2).expect("six pictures");
        assert!(!found.are_labelled);
        assert_eq!(names(&found.calibrating.iter().collect::<Vec<_>>()), ["a.jpg", "f.jpg"]);
        let measuring: Vec<_> = found.measuring.pictures.iter().map(|picture| &picture.path).collect();
        assert_eq!(names(&measuring), ["b.PNG", "e.jpg", "g.jpg"]);
        assert!(parted(&folder.path().join("images/none"), 2).is_err());
    }
}

//! Labelled pictures: a folder with `labels.jsonl` and `images/`, as `gridwatch simulate dataset` writes it.
//!
//! One picture a line: `{"image", "width", "height", "objects": [{"class", "box": [x1, y1, x2, y2], "visible"}]}`, boxes and
//! `visible` 0–1; optionally `"source"`, a name for where the picture comes from, and `"ignore"`, places where nobody
//! knows what there is. Other keys are not looked at. `image` is a path from the folder, from its `images/`, or absolute.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use gridwatch_domain::{NormBox, ObjectClass};
use serde::Deserialize;

use crate::class_of_label;

/// The name of the file with the truth.
pub const LABELS_FILE: &str = "labels.jsonl";

/// Less of an object in sight than this share, and nobody could be asked to find it.
const VISIBLE_LEAST: f32 = 0.25;

/// What every picture is fitted into before its objects' sizes are looked at: a network's input as the shipped one has
/// it. One size for all networks, so that all are asked for the same objects.
const SEEN_WIDTH: f32 = 640.0;
const SEEN_HEIGHT: f32 = 384.0;

/// Size of an object, in pixels of a picture that is fitted into 640×384, below which nobody is asked to find it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smallest {
    /// Least width.
    pub width: f32,
    /// Least height.
    pub height: f32,
}

impl Default for Smallest {
    /// 3×6, with which `models/train` trains and measures.
    fn default() -> Self {
        Self { width: 3.0, height: 6.0 }
    }
}

/// Pictures and their truth.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// In the order of the file; at least one.
    pub pictures: Vec<TruePicture>,
    /// Classes of the truth that gridwatch does not know, and how many objects of each are ignored therefore.
    pub unknown: BTreeMap<String, usize>,
}

/// One picture and what is truly in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TruePicture {
    /// The picture.
    pub path: PathBuf,
    /// Its width and height in pixels, as the labels say; none where there are no labels.
    pub size: Option<(u32, u32)>,
    /// Where it comes from, for figures by source.
    pub source: Option<String>,
    /// Objects that must be found.
    pub wanted: Vec<(ObjectClass, NormBox)>,
    /// Places where a box is neither right nor wrong: objects that are hidden, too small or of a class that gridwatch does
    /// not know, and what the file says so of.
    pub ignored: Vec<NormBox>,
}

/// Why a data set was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataSetError {
    /// The labels cannot be read.
    #[error("read {}: a data set is a folder with {LABELS_FILE} and images/", path.display())]
    Read {
        /// The file with the labels.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A line is no picture.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// The file with the labels.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The file has no lines.
    #[error("{} holds no pictures", path.display())]
    Empty {
        /// The file with the labels.
        path: PathBuf,
    },
}

#[derive(Deserialize)]
struct Line {
    image: String,
    width: u32,
    height: u32,
    objects: Vec<Object>,
    source: Option<String>,
    #[serde(default)]
    ignore: Vec<[f32; 4]>,
}

#[derive(Deserialize)]
struct Object {
    class: String,
    #[serde(rename = "box")]
    corners: [f32; 4],
    visible: Option<f32>,
}

impl DataSet {
    /// Reads the labels in `folder` and looks whether every picture is there.
    ///
    /// # Errors
    /// Any [`DataSetError`]; the first line at fault is told.
    pub fn open(folder: &Path, smallest: Smallest) -> Result<Self, DataSetError> {
        let path = folder.join(LABELS_FILE);
        let text = std::fs::read_to_string(&path)
            .map_err(|source| DataSetError::Read { path: path.clone(), source })?;
        // Some editors begin a file with a byte-order mark.
        let text = text.trim_start_matches('\u{feff}');
        let mut data_set = Self { pictures: Vec::new(), unknown: BTreeMap::new() };
        let mut seen: BTreeMap<PathBuf, usize> = BTreeMap::new();
        // By whatever name or link.
        let itself = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let picture = data_set.picture(folder, line, smallest).and_then(|picture| {
                match seen.insert(itself(&picture.path), index + 1) {
                    Some(before) => {
                        Err(format!("{} is there twice: on line {before} too", picture.path.display()))
                    }
                    None => Ok(picture),
                }
            });
            let failed = |problem| DataSetError::Line { path: path.clone(), line: index + 1, problem };
            data_set.pictures.push(picture.map_err(failed)?);
        }
        if data_set.pictures.is_empty() { Err(DataSetError::Empty { path }) } else { Ok(data_set) }
    }

    /// How many objects are wanted in all.
    pub fn objects(&self) -> usize {
        self.pictures.iter().map(|picture| picture.wanted.len()).sum()
    }

    fn picture(&mut self, folder: &Path, line: &str, smallest: Smallest) -> Result<TruePicture, String> {
        let line = read(line)?;
        if line.width == 0 || line.height == 0 {
            return Err(format!("a picture of {}x{} pixels", line.width, line.height));
        }
        let path = find(folder, &line.image)?;
        let mut picture = TruePicture {
            path,
            size: Some((line.width, line.height)),
            source: line.source,
            ..TruePicture::default()
        };
        let (width, height) = (line.width as f32, line.height as f32);
        let scale = (SEEN_WIDTH / width).min(SEEN_HEIGHT / height);
        for (index, object) in line.objects.iter().enumerate() {
            let bbox = on_picture(object.corners, &format!("objects[{index}].box"))?;
            let class = class_of_label(&object.class);
            if let Some(visible) = object.visible.filter(|visible| !(0.0..=1.0).contains(visible)) {
                return Err(format!("objects[{index}].visible: found {visible}, allowed: 0–1"));
            }
            if class.is_none() {
                *self.unknown.entry(object.class.clone()).or_default() += 1;
            }
            let is_small = bbox.width() * width * scale < smallest.width
                || bbox.height() * height * scale < smallest.height;
            let is_hidden = object.visible.is_some_and(|visible| visible < VISIBLE_LEAST);
            match class.filter(|_| !is_small && !is_hidden) {
                Some(class) => picture.wanted.push((class, bbox)),
                None => picture.ignored.push(bbox),
            }
        }
        for (index, &corners) in line.ignore.iter().enumerate() {
            picture.ignored.push(on_picture(corners, &format!("ignore[{index}]"))?);
        }
        Ok(picture)
    }
}

/// A line, or what is wrong with it, with the key at fault.
fn read(line: &str) -> Result<Line, String> {
    let value: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    serde_path_to_error::deserialize(value).map_err(|error| match error.path().to_string().as_str() {
        "." => error.inner().to_string(),
        key => format!("{key}: {}", error.inner()),
    })
}

/// The picture from the folder or from its `images/`.
fn find(folder: &Path, image: &str) -> Result<PathBuf, String> {
    let places = [folder.join(image), folder.join("images").join(image)];
    let missing = || format!("there is no picture {} and no {}", places[0].display(), places[1].display());
    places.iter().find(|path| path.is_file()).cloned().ok_or_else(missing)
}

/// A box cut to the picture.
fn on_picture(corners: [f32; 4], key: &str) -> Result<NormBox, String> {
    let [x1, y1, x2, y2] = corners;
    NormBox::clipped(x1, y1, x2, y2).ok_or_else(|| {
        format!("{key}: {corners:?} covers nothing of the picture; expected x1, y1, x2, y2 of 0–1")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"image": "a.jpg", "width": 1280, "height": 768, "objects": []}"#;

    /// A data set of these lines, with pictures `a.jpg` (in `images/`) and `b.jpg`.
    fn open(lines: &str) -> Result<DataSet, DataSetError> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("images")).expect("created");
        std::fs::write(folder.path().join("images/a.jpg"), "").expect("written");
        std::fs::write(folder.path().join("b.jpg"), "").expect("written");
        std::fs::write(folder.path().join(LABELS_FILE), lines).expect("written");
        DataSet::open(folder.path(), Smallest::default())
    }

    fn with(objects: &str) -> String {
        GOOD.replace("[]", &format!("[{objects}]"))
    }

    #[track_caller]
    fn refused(lines: &str, expected: &str) {
        let error = open(lines).expect_err("must be refused").to_string();
        assert!(error.contains(expected), "{expected:?} is not in {error:?}");
    }

    /// Whether an object is wanted, and as what.
    #[track_caller]
    fn check(object: &str, expected: Option<ObjectClass>) {
        let data_set = open(&with(object)).expect("sound");
        let picture = &data_set.pictures[0];
        assert_eq!(picture.wanted.first().map(|(class, _)| *class), expected, "{object}");
        assert_eq!(picture.ignored.len(), usize::from(expected.is_none()), "{object}");
    }

    #[test]
    fn truth_is_wanted_or_ignored() {
        check(r#"{"class": "van", "box": [0, 0, 0.5, 0.5]}"#, Some(ObjectClass::Car));
        check(
            r#"{"class": "e-bike", "box": [0, 0, 0.5, 0.5], "visible": 0.25}"#,
            Some(ObjectClass::Motorcycle),
        );
        check(r#"{"class": "car", "box": [0, 0, 0.5, 0.5], "visible": 0.24}"#, None);
        check(r#"{"class": "kite", "box": [0, 0, 0.5, 0.5]}"#, None);
        // Half the size when fitted into 640x384: 2.9 and 5.9 pixels are too few, 3.1 and 6.1 are enough.
        check(r#"{"class": "person", "box": [0, 0, 0.00454, 0.5]}"#, None);
        check(r#"{"class": "person", "box": [0, 0, 0.5, 0.0154]}"#, None);
        check(r#"{"class": "person", "box": [0, 0, 0.00485, 0.0159]}"#, Some(ObjectClass::Person));
    }

    #[test]
    fn sources_places_and_unknown_classes_are_kept() {
        let line = r#"{"image": "b.jpg", "width": 64, "height": 64, "source": "lot", "ignore": [[0, 0, 1, 0.2]], "weather": "fog",
            "objects": [{"class": "kite", "box": [-0.1, 0, 0.5, 1.2]}]}"#;
        let data_set = open(&format!("{GOOD}\n\n{}\n", line.replace('\n', ""))).expect("sound");
        assert_eq!(data_set.pictures.len(), 2);
        assert_eq!(data_set.unknown, BTreeMap::from([("kite".to_owned(), 1)]));
        let picture = &data_set.pictures[1];
        assert_eq!(picture.source.as_deref(), Some("lot"));
        let cut = NormBox::new(0.0, 0.0, 0.5, 1.0).expect("valid");
        assert_eq!(picture.ignored, [cut, NormBox::new(0.0, 0.0, 1.0, 0.2).expect("valid")]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        refused("", "holds no pictures");
        refused(&format!("{GOOD}\n{{\"image\": \"a.jpg\""), "line 2: EOF");
        refused(&GOOD.replace("\"width\": 1280, ", ""), "line 1: missing field `width`");
        refused(&with(r#"{"class": 3}"#), "line 1: objects[0].class: invalid type");
        refused(&GOOD.replace("1280", "0"), "line 1: a picture of 0x768");
        refused(&format!("{GOOD}\n\n{GOOD}"), "line 3: ");
        let by_another_name = GOOD.replace("a.jpg", "images/../images/a.jpg");
        refused(&format!("{GOOD}\n{by_another_name}"), "is there twice: on line 1 too");
        refused(
            &with(r#"{"class": "car", "box": [0, 0, 1, 1], "visible": 7}"#),
            "line 1: objects[0].visible: found 7, allowed: 0–1",
        );
        refused(&GOOD.replace("a.jpg", "c.jpg"), "line 1: there is no picture");
        refused(
            &with(r#"{"class": "car", "box": [0.5, 0, 0.2, 1]}"#),
            "line 1: objects[0].box: [0.5, 0.0, 0.2, 1.0]",
        );
        refused(&GOOD.replace("[]", r#"[], "ignore": [[2, 0, 3, 1]]"#), "line 1: ignore[0]");
        let nowhere = DataSet::open(Path::new("/nowhere"), Smallest::default()).expect_err("no folder");
        assert!(nowhere.to_string().contains("/nowhere/labels.jsonl: a data set is a folder"), "{nowhere}");
    }
}

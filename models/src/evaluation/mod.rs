//! How good a network is on labelled pictures: what it found held against the truth, as average precision.
//!
//! In: a [`DataSet`] of pictures with their true objects, and for each picture the detections of a network. Out:
//! [`Figures`] of each [`Group`] of classes, over all pictures or those of one source, and curves to draw. Refused, with
//! the line at fault: truth that is malformed. Pure but for [`DataSet::open`], which reads the labels; pictures and
//! networks belong to the caller.
//!
//! Matching and average precision follow the COCO evaluation, <https://cocodataset.org/#detection-eval>, as its reference
//! implementation `pycocotools/cocoeval.py` carries it out; a test holds the figures against that.

mod average_precision;
mod data_set;
mod group;
mod matching;
mod tally;

pub use average_precision::{Curve, RECALL_POINTS};
pub use data_set::{DataSet, DataSetError, LABELS_FILE, Smallest, TruePicture};
pub use group::Group;
pub use matching::{MOST_BOXES, THRESHOLDS};
pub use tally::{Figures, Tally};

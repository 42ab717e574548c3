//! Video files: anything that GStreamer decodes, in real time or as fast as the consumer takes it.

use std::{path::Path, sync::Arc};

use gridwatch_config::Pace;
use gstreamer::prelude::*;
use tokio::sync::mpsc;

use crate::{
    OfflineReason,
    diagnose::Origin,
    stream::{self, Stream},
    tap::{Note, Tap},
};

/// Prepares the playing of a file.
pub(crate) fn create(
    path: &Path,
    pace: Pace,
    tap: &Arc<Tap>,
    notes: &mpsc::Sender<Note>,
) -> Result<Stream, OfflineReason> {
    // GStreamer's own complaint comes without the operating system's word.
    if std::fs::File::open(path).is_err() || !path.is_file() {
        return Err(OfflineReason::FileMissing { path: path.to_owned() });
    }
    let stream = Stream::create(tap, Origin::File(path.to_owned()), notes.clone(), pace == Pace::Realtime)?;
    let source = stream::element("filesrc")?;
    source.set_property("location", path);
    stream::decode_whatever(&stream, &source, tap, notes, pace == Pace::Realtime)?;
    Ok(stream)
}

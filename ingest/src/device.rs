//! Cameras on this machine: USB and whatever else Linux calls a video device (V4L2).

use std::{path::Path, sync::Arc};

use gstreamer::prelude::*;
use tokio::sync::mpsc;

use crate::{
    OfflineReason,
    diagnose::Origin,
    stream::{self, Stream},
    tap::{Note, Tap},
};

/// Prepares the stream of a device, such as `/dev/video0`.
pub(crate) fn create(
    path: &Path,
    tap: &Arc<Tap>,
    notes: &mpsc::Sender<Note>,
) -> Result<Stream, OfflineReason> {
    if !path.exists() {
        return Err(OfflineReason::FileMissing { path: path.to_owned() });
    }
    let stream = Stream::create(tap, Origin::File(path.to_owned()), notes.clone(), false)?;
    let source = stream::element("v4l2src")?;
    source.set_property("device", path.display().to_string());
    stream::decode_whatever(&stream, &source, tap, notes, true)?;
    Ok(stream)
}

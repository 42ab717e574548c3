//! Video files: anything that GStreamer decodes, in real time or as fast as the consumer takes it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use gridwatch_config::Pace;
use gstreamer as gst;
use gstreamer::prelude::*;
use tokio::sync::mpsc;

use crate::{
    OfflineReason,
    diagnose::Origin,
    rtsp::one_thread,
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
    let decode = stream::element("decodebin")?;
    // Sound is neither decoded nor exposed.
    decode.set_property("caps", gst::Caps::builder("video/x-raw").any_features().build());
    decode.set_property("expose-all-streams", false);
    decode.set_property("force-sw-decoders", true);
    if pace == Pace::Realtime
        && let Some(bin) = decode.downcast_ref::<gst::Bin>()
    {
        bin.connect_element_added(|_, element| one_thread(element));
    }
    stream.pipeline.add_many([&source, &decode]).map_err(stream::setup)?;
    source.link(&decode).map_err(stream::setup)?;

    let linked = AtomicBool::new(false);
    let (entry, tap, pad_notes) = (stream.entry().downgrade(), Arc::clone(tap), notes.clone());
    decode.connect_pad_added(move |_, pad| {
        let Some(into) = entry.upgrade().and_then(|entry| entry.static_pad("sink")) else { return };
        // The first picture stream; files with several are rare, and the first is the main one.
        if linked.swap(true, Ordering::AcqRel) {
            return;
        }
        stream::watch_decoded(pad, &tap);
        if let Err(error) = pad.link(&into) {
            let reason = stream::setup(format!("{error:?}"));
            if pad_notes.try_send(Note::Failed(reason)).is_err() {
                tracing::trace!("a note came too late");
            }
        }
    });
    Ok(stream)
}

//! The source that a camera is configured with.

use std::{sync::Arc, time::Duration};

use gridwatch_config::{SourceSettings, TlsSettings};
use gstreamer as gst;
use tokio::sync::mpsc;

use crate::{
    OfflineReason,
    address::Address,
    device, file, http, rtsp,
    stream::{self, Stream},
    tap::{Note, Tap},
};

/// Prepares a source's stream; `by_datagrams`: an RTSP one over UDP. May block.
pub(super) fn create(
    source: &SourceSettings,
    tls: &TlsSettings,
    by_datagrams: bool,
    connect_timeout: Duration,
    tap: &Arc<Tap>,
    notes: &mpsc::Sender<Note>,
) -> Result<Stream, OfflineReason> {
    gst::init().map_err(stream::setup)?;
    match source {
        SourceSettings::Rtsp { url, .. } => rtsp::create(
            &Address::parse(url.reveal())?.trusting(tls),
            tls,
            by_datagrams,
            connect_timeout,
            tap,
            notes,
        ),
        SourceSettings::Http { url } => {
            http::create(&Address::parse(url.reveal())?.trusting(tls), tls, connect_timeout, tap, notes)
        }
        SourceSettings::Device { path } => device::create(path, tap, notes),
        SourceSettings::File { path, pace, .. } => file::create(path, *pace, tap, notes),
    }
}

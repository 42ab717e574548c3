//! Cameras that send JPEG pictures over HTTP: one after the other (MJPEG), or one for each request.

use std::{sync::Arc, time::Duration};

use gridwatch_config::TlsSettings;
use gstreamer::prelude::*;
use tokio::sync::mpsc;

use crate::{
    OfflineReason,
    address::Address,
    diagnose::Origin,
    stream::{self, Stream},
    tap::{Note, Tap},
};

/// Prepares the stream of a camera.
pub(crate) fn create(
    address: &Address,
    tls: &TlsSettings,
    connect_timeout: Duration,
    tap: &Arc<Tap>,
    notes: &mpsc::Sender<Note>,
) -> Result<Stream, OfflineReason> {
    let stream = Stream::create(tap, Origin::Network(address.clone()), notes.clone(), false)?;
    let source = stream::network_source("souphttpsrc", address)?;
    source.set_property("is-live", true);
    source.set_property("do-timestamp", true);
    // It would take the login along, wherever it is sent.
    source.set_property("automatic-redirect", address.user.is_none());
    source.set_property("ssl-strict", *tls != TlsSettings::Any);
    if let TlsSettings::File(path) = tls {
        source.set_property("tls-database", stream::authorities(path)?);
    }
    // For the connection; that pictures come is watched elsewhere, and sooner.
    let patience = connect_timeout.as_secs().max(1).saturating_mul(12);
    source.set_property("timeout", u32::try_from(patience).unwrap_or(u32::MAX));
    // Trying again is the supervisor's business, which waits longer each time.
    source.set_property("retries", 0_i32);
    stream::decode_whatever(&stream, &source, tap, notes, true)?;
    Ok(stream)
}

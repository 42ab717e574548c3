//! RTSP cameras whose answers only GStreamer understands, or that speak TLS: received and wholly decoded by it. All others: `receive/`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use gio::prelude::*;
use gridwatch_config::TlsSettings;
use gstreamer as gst;
use gstreamer::{glib, prelude::*};
use gstreamer_rtsp::rtsp_message::RTSPMessage;
use tokio::sync::mpsc;

use crate::{
    OfflineReason,
    address::Address,
    diagnose::Origin,
    stream::{self, Stream},
    tap::{Note, Tap},
};

/// How long packets are held to be put into order; over TCP they come in order, so nothing is.
const JITTER_MILLIS: u32 = 100;

/// How a form of video is unpacked and decoded, best decoder first.
struct Codec {
    /// Its name in the session description.
    encoding: &'static str,
    depay: &'static str,
    parse: &'static str,
    decoders: &'static [&'static str],
}

const CODECS: [Codec; 3] = [
    Codec {
        encoding: "H264",
        depay: "rtph264depay",
        parse: "h264parse",
        decoders: &["avdec_h264", "openh264dec"],
    },
    Codec {
        encoding: "H265",
        depay: "rtph265depay",
        parse: "h265parse",
        decoders: &["avdec_h265", "libde265dec"],
    },
    Codec {
        encoding: "JPEG",
        depay: "rtpjpegdepay",
        parse: "jpegparse",
        decoders: &["jpegdec", "avdec_mjpeg"],
    },
];

/// Prepares the stream of a camera.
pub(crate) fn create(
    address: &Address,
    tls: &TlsSettings,
    by_datagrams: bool,
    connect_timeout: Duration,
    tap: &Arc<Tap>,
    notes: &mpsc::Sender<Note>,
) -> Result<Stream, OfflineReason> {
    let stream = Stream::create(tap, Origin::Network(address.clone()), notes.clone(), false)?;
    let source = stream::network_source("rtspsrc", address)?;
    source.set_property_from_str("protocols", if by_datagrams { "udp" } else { "tcp" });
    source.set_property("latency", JITTER_MILLIS);
    source.set_property("drop-on-latency", true);
    source.set_property("tcp-timeout", u64::try_from(connect_timeout.as_micros()).unwrap_or(u64::MAX));
    match tls {
        TlsSettings::System => {}
        TlsSettings::File(path) => source.set_property("tls-database", stream::authorities(path)?),
        TlsSettings::Any => source.set_property("tls-validation-flags", gio::TlsCertificateFlags::empty()),
    }
    tell_untrusted(&source, address, notes);
    watch_login(&source, address, notes);
    stream.pipeline.add(&source).map_err(stream::setup)?;

    let chosen = AtomicBool::new(false);
    let unfit_notes = notes.clone();
    source.connect("select-stream", false, move |values| {
        let caps = values.get(2).and_then(|value| value.get::<gst::Caps>().ok());
        Some(select(caps.as_deref(), &chosen, &unfit_notes).to_value())
    });
    let pipeline = stream.pipeline.downgrade();
    let (entry, tap, notes) = (stream.entry().downgrade(), Arc::clone(tap), notes.clone());
    source.connect_pad_added(move |_, pad| {
        let (Some(pipeline), Some(entry)) = (pipeline.upgrade(), entry.upgrade()) else { return };
        if let Err(reason) = decode(&pipeline, pad, &entry, &tap)
            && notes.try_send(Note::Failed(reason)).is_err()
        {
            tracing::trace!("a note came too late");
        }
    });
    Ok(stream)
}

/// The element's own word for a certificate that it refuses is the same as for a camera that is switched off.
fn tell_untrusted(source: &gst::Element, address: &Address, notes: &mpsc::Sender<Note>) {
    let (host, notes) = (address.host.clone(), notes.clone());
    source.connect("accept-certificate", false, move |_| {
        if notes.try_send(Note::Failed(OfflineReason::Untrusted { host: host.clone() })).is_err() {
            tracing::trace!("a note came too late");
        }
        Some(false.to_value())
    });
}

/// Sees to it that a login is tried once, and at the camera's own address. By itself the element tries one that was refused eight times
/// more, and takes it along to wherever it is sent.
fn watch_login(source: &gst::Element, address: &Address, notes: &mpsc::Sender<Note>) {
    let described = Arc::new(AtomicBool::new(false));
    let on_description = Arc::clone(&described);
    source.connect("on-sdp", false, move |_| {
        on_description.store(true, Ordering::Release);
        None
    });
    let (address, notes) = (address.clone(), notes.clone());
    source.connect("before-send", false, move |values| {
        let goes_out = true.to_value();
        let Some(source) = values.first().and_then(|value| value.get::<gst::Element>().ok()) else {
            return Some(goes_out);
        };
        let forget_login = || source.set_property("user-pw", None::<&str>);
        let location = source.property::<Option<String>>("location");
        if location.is_none_or(|location| location != address.location) {
            forget_login();
            let reason = OfflineReason::Redirected { host: address.host.clone() };
            if notes.try_send(Note::Failed(reason)).is_err() {
                tracing::trace!("a note came too late");
            }
            return Some(goes_out);
        }
        // A request that bears the login has been sent before, and was refused. Once there is a description the login is known to be
        // right: then it is what is signed with it that has become old.
        let message = values.get(1).and_then(|value| value.get::<RTSPMessage>().ok());
        let was_refused = message.is_some_and(|message| !message.parse_auth_credentials().is_empty());
        if was_refused && !described.load(Ordering::Acquire) {
            forget_login();
            // The element then finds the refusal once more, has no login to try, and tells of it.
            return Some(false.to_value());
        }
        Some(goes_out)
    });
}

/// The first stream that is video of a known form; nothing else is even asked for.
fn select(caps: Option<&gst::CapsRef>, chosen: &AtomicBool, notes: &mpsc::Sender<Note>) -> bool {
    let Some(structure) = caps.and_then(|caps| caps.structure(0)) else { return false };
    if structure.get::<&str>("media") != Ok("video") {
        return false;
    }
    if codec_of(structure).is_some() {
        return !chosen.swap(true, Ordering::AcqRel);
    }
    if !chosen.load(Ordering::Acquire) {
        let codec = structure.get::<String>("encoding-name").unwrap_or_else(|_| "unknown".into());
        if notes.try_send(Note::Failed(OfflineReason::UnsupportedCodec { codec })).is_err() {
            tracing::trace!("a note came too late");
        }
    }
    false
}

fn codec_of(structure: &gst::StructureRef) -> Option<&'static Codec> {
    let encoding = structure.get::<&str>("encoding-name").ok()?;
    CODECS.iter().find(|codec| codec.encoding.eq_ignore_ascii_case(encoding))
}

/// Continues the pipeline behind a pad with RTP packets.
fn decode(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    entry: &gst::Element,
    tap: &Arc<Tap>,
) -> Result<(), OfflineReason> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let structure = caps.structure(0).ok_or_else(|| stream::setup("a stream without form"))?;
    let unsupported = || OfflineReason::UnsupportedCodec {
        codec: structure.get::<String>("encoding-name").unwrap_or_else(|_| "unknown".into()),
    };
    let codec = codec_of(structure).ok_or_else(unsupported)?;
    let depay = stream::element(codec.depay)?;
    let parse = stream::element(codec.parse)?;
    let decoder = codec
        .decoders
        .iter()
        .find_map(|name| gst::ElementFactory::make(name).build().ok())
        .ok_or_else(unsupported)?;
    one_thread(&decoder);
    let missing_pad = || stream::setup("an element without pad");
    stream::watch_encoded(&depay.static_pad("src").ok_or_else(missing_pad)?, tap);
    stream::watch_decoded(&decoder.static_pad("src").ok_or_else(missing_pad)?, tap);

    let chain = [&depay, &parse, &decoder];
    pipeline.add_many(chain).map_err(stream::setup)?;
    gst::Element::link_many([&depay, &parse, &decoder, entry]).map_err(stream::setup)?;
    for element in chain {
        element.sync_state_with_parent().map_err(stream::setup)?;
    }
    let into: gst::Pad = depay.static_pad("sink").ok_or_else(missing_pad)?;
    pad.link(&into).map(drop).map_err(|error| stream::setup(format!("{error:?}")))
}

/// A camera's decoder gets one thread: with many cameras, more only cost memory and delay.
pub(crate) fn one_thread(decoder: &gst::Element) {
    let takes_number = |name: &str| {
        decoder.find_property(name).is_some_and(|property| property.value_type() == glib::Type::I32)
    };
    if takes_number("max-threads") {
        decoder.set_property("max-threads", 1_i32);
    }
}

//! One GStreamer pipeline from a source to the tap, from start to stop.
//!
//! What all sources share: the way behind the decoder (tap, conversion to NV12, sink), and the reading of what GStreamer
//! complains of. Starting and stopping may block; callers keep it off the async runtime.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use gio::prelude::*;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use tokio::sync::mpsc;

use crate::{
    OfflineReason,
    address::Address,
    diagnose::{self, Origin},
    tap::{Note, Tap},
};

/// Limited range in the usual matrices: what a picture keeps when it is in one of them, and is converted to otherwise.
pub(crate) const COLOUR: [&str; 4] = ["bt709", "bt601", "smpte240m", "bt2020"];

/// A pipeline; stopped when dropped.
pub(crate) struct Stream {
    pub(crate) pipeline: gst::Pipeline,
    convert: gst::Element,
    tap: Arc<Tap>,
    stopped: bool,
}

impl Stream {
    /// The part behind the decoder. `on_clock`: pictures pass at the pace of the clock.
    pub(crate) fn create(
        tap: &Arc<Tap>,
        origin: Origin,
        notes: mpsc::Sender<Note>,
        on_clock: bool,
    ) -> Result<Self, OfflineReason> {
        let pipeline = gst::Pipeline::new();
        let convert = element("videoconvert")?;
        convert.set_property("n-threads", 1_u32);
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "NV12")
            .field("colorimetry", gst::List::new(COLOUR))
            .build();
        let sink = gst_app::AppSink::builder()
            .caps(&caps)
            .sync(on_clock)
            .qos(false)
            .max_buffers(1)
            .enable_last_sample(false)
            .build();
        let receiver = Arc::clone(tap);
        let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            receiver.on_converted(&sample)
        });
        sink.set_callbacks(callbacks.build());
        let chain = [&convert, sink.upcast_ref()];
        pipeline.add_many(chain).and_then(|()| gst::Element::link_many(chain)).map_err(setup)?;
        let bus = pipeline.bus().ok_or_else(|| missing("bus"))?;
        bus.set_sync_handler(move |_, message| {
            if let Some(note) = diagnose::note(message, &origin)
                && notes.try_send(note).is_err()
            {
                tracing::trace!("a note came too late");
            }
            gst::BusSyncReply::Drop
        });
        Ok(Self { pipeline, convert, tap: Arc::clone(tap), stopped: false })
    }

    /// The element that decoded pictures go into.
    pub(crate) fn entry(&self) -> &gst::Element {
        &self.convert
    }

    /// Starts it; what becomes of it is told in notes.
    pub(crate) fn start(&self) -> Result<(), OfflineReason> {
        // Failures have been told on the bus, with the reason.
        if self.pipeline.set_state(gst::State::Playing).is_err() {
            tracing::debug!("a pipeline does not start");
        }
        Ok(())
    }

    /// Stops it and waits for its threads.
    pub(crate) fn stop(mut self) {
        self.take_down();
    }

    fn take_down(&mut self) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        self.tap.stop();
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("a pipeline does not stop");
        }
        if let Some(bus) = self.pipeline.bus() {
            bus.unset_sync_handler();
        }
        self.tap.end();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.take_down();
    }
}

/// Lets the tap decide about every picture that leaves `pad`.
pub(crate) fn watch_decoded(pad: &gst::Pad, tap: &Arc<Tap>) {
    let tap = Arc::clone(tap);
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some(buffer) = info.buffer() else { return gst::PadProbeReturn::Ok };
        let pts = buffer.pts();
        let segment = pad.sticky_event::<gst::event::Segment>(0);
        let time = segment
            .as_ref()
            .and_then(|event| event.segment().downcast_ref::<gst::ClockTime>()?.to_running_time(pts));
        let damaged = buffer.flags().intersects(gst::BufferFlags::CORRUPTED | gst::BufferFlags::DECODE_ONLY);
        let duration = || pad.query_duration::<gst::ClockTime>().map(Into::into);
        if tap.on_decoded(pts, time.map(Into::into), damaged, duration) {
            gst::PadProbeReturn::Ok
        } else {
            gst::PadProbeReturn::Drop
        }
    });
}

/// Tells the tap of every encoded picture that leaves `pad`.
pub(crate) fn watch_encoded(pad: &gst::Pad, tap: &Arc<Tap>) {
    let tap = Arc::clone(tap);
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| {
        match &info.data {
            Some(gst::PadProbeData::Buffer(buffer)) => tap.on_encoded(buffer.pts()),
            Some(gst::PadProbeData::BufferList(list)) => {
                list.iter().for_each(|buffer| tap.on_encoded(buffer.pts()));
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

/// Continues a pipeline behind `source` with whatever decodes what comes out of it. `one_thread`: the decoder gets one.
pub(crate) fn decode_whatever(
    stream: &Stream,
    source: &gst::Element,
    tap: &Arc<Tap>,
    notes: &mpsc::Sender<Note>,
    one_thread: bool,
) -> Result<(), OfflineReason> {
    let decode = element("decodebin")?;
    // Sound is neither decoded nor exposed.
    decode.set_property("caps", gst::Caps::builder("video/x-raw").any_features().build());
    decode.set_property("expose-all-streams", false);
    decode.set_property("force-sw-decoders", true);
    if let Some(bin) = decode.downcast_ref::<gst::Bin>() {
        bin.connect_element_added(move |_, element| {
            if one_thread {
                crate::rtsp::one_thread(element);
            }
            // Pictures over HTTP: without this no picture passes until some hundred have come, lest there be another stream.
            if element.factory().is_some_and(|factory| factory.name() == "multipartdemux") {
                element.set_property("single-stream", true);
            }
        });
    }
    refuse_large(&decode, notes);
    stream.pipeline.add_many([source, &decode]).map_err(setup)?;
    source.link(&decode).map_err(setup)?;

    let linked = AtomicBool::new(false);
    let (entry, tap, pad_notes) = (stream.entry().downgrade(), Arc::clone(tap), notes.clone());
    decode.connect_pad_added(move |_, pad| {
        let Some(into) = entry.upgrade().and_then(|entry| entry.static_pad("sink")) else { return };
        // The first picture stream; files with several are rare, and the first is the main one.
        if linked.swap(true, Ordering::AcqRel) {
            return;
        }
        watch_decoded(pad, &tap);
        if let Err(error) = pad.link(&into) {
            let reason = setup(format!("{error:?}"));
            if pad_notes.try_send(Note::Failed(reason)).is_err() {
                tracing::trace!("a note came too late");
            }
        }
    });
    Ok(())
}

/// Refuses pictures that are larger than any camera's before a decoder asks for their memory: a JPEG of 20,000 pixels each way takes more
/// than a GiB.
fn refuse_large(decode: &gst::Element, notes: &mpsc::Sender<Note>) {
    let notes = notes.clone();
    decode.connect("autoplug-continue", false, move |values| {
        let caps = values.get(2).and_then(|value| value.get::<gst::Caps>().ok());
        let size = caps.as_ref().and_then(|caps| {
            let form = caps.structure(0)?;
            Some((form.get::<i32>("width").ok()?, form.get::<i32>("height").ok()?))
        });
        let too_large = size.filter(|(width, height)| *width.max(height) > LARGEST_SIDE);
        if let Some((width, height)) = too_large {
            let detail = format!("a picture of {width}x{height}, more than {LARGEST_SIDE} pixels each way");
            if notes.try_send(Note::Failed(OfflineReason::Garbage { detail })).is_err() {
                tracing::trace!("a note came too late");
            }
        }
        Some(too_large.is_none().to_value())
    });
}

/// A source element by its factory's name, for a camera in the network: its address, its login, and who asks.
pub(crate) fn network_source(factory: &str, address: &Address) -> Result<gst::Element, OfflineReason> {
    let source = element(factory)?;
    source.set_property("location", &address.location);
    source.set_property("user-id", &address.user);
    source.set_property("user-pw", &address.password);
    source.set_property("user-agent", concat!("gridwatch/", env!("CARGO_PKG_VERSION")));
    Ok(source)
}

/// The certificates of a file, as what verifies those of cameras.
pub(crate) fn authorities(path: &Path) -> Result<gio::TlsDatabase, OfflineReason> {
    let database = gio::TlsFileDatabase::new(path)
        .map_err(|error| setup(format!("tls_ca_file {}: {error}", path.display())))?;
    Ok(database.upcast())
}

/// Pixels of the longer side of a picture at most: 8K has 7680.
const LARGEST_SIDE: i32 = 8192;

/// Makes an element.
pub(crate) fn element(factory: &str) -> Result<gst::Element, OfflineReason> {
    gst::ElementFactory::make(factory).build().map_err(|_| missing(factory))
}

fn missing(what: &str) -> OfflineReason {
    OfflineReason::Setup { detail: format!("its part {what} is missing") }
}

/// For what cannot happen with a GStreamer that is whole.
pub(crate) fn setup(error: impl std::fmt::Display) -> OfflineReason {
    OfflineReason::Setup { detail: error.to_string() }
}

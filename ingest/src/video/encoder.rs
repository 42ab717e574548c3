//! Pictures to H.264, by x264.

use std::{str::FromStr as _, time::Duration};

use gridwatch_domain::Nv12Planes;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;

use super::VideoError;

/// What it takes, and what that comes in.
const ELEMENTS: [(&str, &str); 3] = [
    ("appsrc", "gstreamer1.0-plugins-base"),
    ("appsink", "gstreamer1.0-plugins-base"),
    ("x264enc", "gstreamer1.0-plugins-ugly"),
];
/// Constant quality (x264's CRF): lines and letters stay crisp.
const QUALITY: u32 = 23;
/// Pictures from one key picture to the next at most: so many are decoded after a jump.
const GROUP: u32 = 25;
/// Pictures that may wait for the encoder; 1.4 MB each at 1280×720.
const WAITING: u64 = 4;
/// Encoded pictures that may wait to be taken: more than the encoder holds back at once.
const ENCODED: u32 = 128;
/// How often it is looked whether the encoder goes on, and how long it may take for one picture.
const TICK: gst::ClockTime = gst::ClockTime::from_mseconds(5);
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(60);

/// An encoded picture, with start codes.
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    pub(super) is_key: bool,
}

/// appsrc → x264enc → appsink.
pub(super) struct Encoder {
    pipeline: gst::Pipeline,
    bus: gst::Bus,
    source: gst_app::AppSrc,
    sink: gst_app::AppSink,
    form: gst_video::VideoInfo,
    size: (u32, u32),
}

/// Whether everything that it takes is installed.
pub(super) fn check() -> Result<(), VideoError> {
    gst::init().map_err(VideoError::Gstreamer)?;
    match ELEMENTS.iter().find(|(name, _)| gst::ElementFactory::find(name).is_none()) {
        None => Ok(()),
        Some(&(element, package)) => Err(VideoError::Missing { element, package }),
    }
}

impl Encoder {
    /// For pictures of that size.
    pub(super) fn start(size: (u32, u32)) -> Result<Self, VideoError> {
        let (width, height) = (size.0 & !1, size.1 & !1);
        let wrong = |_| VideoError::Size { width, height, expected: "2 to 16384 pixels each way".to_owned() };
        let form = gst_video::VideoInfo::builder(gst_video::VideoFormat::Nv12, width, height)
            // Pictures come when they come.
            .fps(gst::Fraction::new(0, 1))
            .colorimetry(&gst_video::VideoColorimetry::from_str("bt709").map_err(wrong)?)
            .build()
            .map_err(wrong)?;
        let caps = form.to_caps().map_err(wrong)?;
        let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).build();
        let coded = gst::Caps::builder("video/x-h264")
            .field("stream-format", "byte-stream")
            .field("alignment", "au")
            .field("profile", "main")
            .build();
        let sink = gst_app::AppSink::builder().caps(&coded).sync(false).max_buffers(ENCODED).build();
        let encoder = gst::ElementFactory::make("x264enc")
            .property_from_str("pass", "qual")
            .property("quantizer", QUALITY)
            .property_from_str("speed-preset", "veryfast")
            .property("key-int-max", GROUP)
            .property("bframes", 0_u32)
            .property("byte-stream", true)
            .build()
            .map_err(failed)?;
        let pipeline = gst::Pipeline::new();
        let chain = [source.upcast_ref(), &encoder, sink.upcast_ref()];
        pipeline.add_many(chain).and_then(|()| gst::Element::link_many(chain)).map_err(failed)?;
        let bus = pipeline.bus().ok_or_else(|| failed("a pipeline without bus"))?;
        pipeline.set_state(gst::State::Playing).map_err(failed)?;
        Ok(Self { pipeline, bus, source, sink, form, size })
    }

    /// Hands it the next picture; waits while it has enough to do.
    pub(super) fn push(
        &mut self,
        at: Duration,
        planes: &dyn Nv12Planes,
        size: (u32, u32),
    ) -> Result<(), VideoError> {
        if size != self.size {
            let expected = format!("{}x{}", self.size.0, self.size.1);
            return Err(VideoError::Size { width: size.0, height: size.1, expected });
        }
        let mut buffer = self.copied(planes)?;
        let time = gst::ClockTime::try_from(at).map_err(failed)?;
        buffer.get_mut().ok_or_else(|| failed("a buffer with two owners"))?.set_pts(time);
        self.source.push_buffer(buffer).map_err(|error| self.complaint().unwrap_or_else(|| failed(error)))?;
        let mut waited = gst::ClockTime::ZERO;
        while self.source.current_level_buffers() >= WAITING {
            self.look(TICK)?;
            waited += TICK;
            if waited > PATIENCE {
                return Err(failed("it hangs"));
            }
        }
        self.look(gst::ClockTime::ZERO)
    }

    /// The next encoded picture, where there is one by now.
    pub(super) fn take(&mut self) -> Result<Option<Encoded>, VideoError> {
        self.sink.try_pull_sample(gst::ClockTime::ZERO).map(|sample| encoded(&sample)).transpose()
    }

    /// All that it still holds back.
    pub(super) fn finish(&mut self) -> Result<Vec<Encoded>, VideoError> {
        self.source.end_of_stream().map_err(failed)?;
        let mut rest = Vec::new();
        while let Some(sample) = self.sink.try_pull_sample(PATIENCE) {
            rest.push(encoded(&sample)?);
        }
        self.look(gst::ClockTime::ZERO)?;
        if self.sink.is_eos() { Ok(rest) } else { Err(failed("it does not come to an end")) }
    }

    /// In the layout that GStreamer expects of this size.
    fn copied(&self, planes: &dyn Nv12Planes) -> Result<gst::Buffer, VideoError> {
        let mut bytes = vec![0; self.form.size()];
        let (width, height) = (self.form.width() as usize, self.form.height() as usize);
        let parts = [(planes.y(), planes.y_stride(), height), (planes.uv(), planes.uv_stride(), height / 2)];
        for (index, (plane, stride, rows)) in parts.into_iter().enumerate() {
            let offset = self.form.offset()[index];
            let to_stride = usize::try_from(self.form.stride()[index]).map_err(failed)?;
            for row in 0..rows {
                let from = plane
                    .get(row * stride..row * stride + width)
                    .ok_or_else(|| failed("a picture cut short"))?;
                bytes[offset + row * to_stride..][..width].copy_from_slice(from);
            }
        }
        Ok(gst::Buffer::from_mut_slice(bytes))
    }

    /// Looks whether it has failed, for so long.
    fn look(&self, patience: gst::ClockTime) -> Result<(), VideoError> {
        let message = self.bus.timed_pop_filtered(patience, &[gst::MessageType::Error]);
        message.map_or(Ok(()), |message| Err(told(&message)))
    }

    fn complaint(&self) -> Option<VideoError> {
        self.look(gst::ClockTime::ZERO).err()
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("an encoder does not stop");
        }
    }
}

fn encoded(sample: &gst::Sample) -> Result<Encoded, VideoError> {
    let buffer = sample.buffer().ok_or_else(|| failed("a sample without buffer"))?;
    let bytes = buffer.map_readable().map_err(failed)?.to_vec();
    Ok(Encoded { bytes, is_key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT) })
}

fn told(message: &gst::Message) -> VideoError {
    match message.view() {
        gst::MessageView::Error(error) => failed(error.error()),
        _ => failed("it failed"),
    }
}

fn failed(error: impl std::fmt::Display) -> VideoError {
    VideoError::Encode { detail: error.to_string() }
}

//! An encoded scene as an MP4 file: what a recorder would hand out. Nothing is encoded anew.

use std::path::{Path, PathBuf};

use gstreamer as gst;
use gstreamer::{glib, prelude::*};
use gstreamer_app as gst_app;

use crate::{Timeline, cache::EncodedScene, encode::Codec};

/// What can go wrong between an encoded scene and its MP4 file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// GStreamer does not start.
    #[error("start GStreamer")]
    Gstreamer(#[source] glib::Error),
    /// One of its elements is missing.
    #[error("prepare the writer (are the \"good\" and \"bad\" sets of GStreamer plugins installed?)")]
    Prepare(#[source] glib::BoolError),
    /// An encoded picture cannot be read.
    #[error("read an encoded picture")]
    Read(#[source] std::io::Error),
    /// The writer gave up.
    #[error("write {path}: {problem}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What it says.
        problem: String,
    },
}

/// Writes all pictures of a loop to `path`, which is there whole or not at all.
///
/// # Errors
/// When a picture cannot be read, GStreamer or one of its elements is missing, or the file cannot be written.
pub fn write_mp4(encoded: &EncodedScene, path: &Path) -> Result<(), VideoError> {
    let pictures = u32::try_from(encoded.unit_count()).unwrap_or(u32::MAX);
    write_mp4_shown(encoded, &Timeline::plain(encoded.fps(), pictures), path)
}

/// As [`write_mp4`], in the order in which a timeline shows them.
///
/// # Errors
/// As [`write_mp4`]. Panics where the timeline is of another scene, which has more pictures.
pub fn write_mp4_shown(encoded: &EncodedScene, timeline: &Timeline, path: &Path) -> Result<(), VideoError> {
    gst::init().map_err(VideoError::Gstreamer)?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let failed = |problem: String| VideoError::Write { path: path.to_owned(), problem };
    let (pipeline, source) = writer(encoded, &unfinished).map_err(VideoError::Prepare)?;
    let written = pipeline
        .set_state(gst::State::Playing)
        .map_err(|error| failed(error.to_string()))
        .and_then(|_| feed(encoded, timeline, &source, &failed))
        .and_then(|()| end(&pipeline).map_err(&failed));
    if pipeline.set_state(gst::State::Null).is_err() {
        tracing::warn!("the writer does not stop");
    }
    let finished =
        written.and_then(|()| std::fs::rename(&unfinished, path).map_err(|error| failed(error.to_string())));
    if finished.is_err() && unfinished.exists() && std::fs::remove_file(&unfinished).is_err() {
        tracing::warn!(path = %unfinished.display(), "an unfinished file is left behind");
    }
    finished
}

/// appsrc → h264parse or h265parse → mp4mux → filesink.
fn writer(encoded: &EncodedScene, path: &Path) -> Result<(gst::Pipeline, gst_app::AppSrc), glib::BoolError> {
    let (media, parser) = match encoded.codec() {
        Codec::H264 => ("video/x-h264", "h264parse"),
        Codec::H265 => ("video/x-h265", "h265parse"),
    };
    let signed = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let caps = gst::Caps::builder(media)
        .field("stream-format", "byte-stream")
        .field("alignment", "au")
        .field("width", signed(encoded.width()))
        .field("height", signed(encoded.height()))
        .field("framerate", gst::Fraction::new(signed(encoded.fps()), 1))
        .build();
    let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).build();
    source.set_block(true);
    let parse = gst::ElementFactory::make(parser).build()?;
    let mux = gst::ElementFactory::make("mp4mux").property("faststart", true).build()?;
    let sink = gst::ElementFactory::make("filesink").property("location", path).build()?;
    let pipeline = gst::Pipeline::new();
    let chain = [source.upcast_ref(), &parse, &mux, &sink];
    pipeline.add_many(chain)?;
    gst::Element::link_many(chain)?;
    Ok((pipeline, source))
}

fn feed(
    encoded: &EncodedScene,
    timeline: &Timeline,
    source: &gst_app::AppSrc,
    failed: &dyn Fn(String) -> VideoError,
) -> Result<(), VideoError> {
    let time = |shown: u64| gst::ClockTime::from_nseconds(shown * 1_000_000_000 / u64::from(timeline.fps()));
    for shown in 0..timeline.pictures() {
        let unit = timeline.unit(i128::from(shown));
        let bytes = encoded.read_unit(unit).map_err(VideoError::Read)?;
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        let fields = buffer.get_mut().expect("a new buffer has one owner");
        fields.set_pts(time(shown));
        fields.set_dts(time(shown));
        fields.set_duration(time(1));
        if !encoded.is_key(unit) {
            fields.set_flags(gst::BufferFlags::DELTA_UNIT);
        }
        source.push_buffer(buffer).map_err(|error| failed(error.to_string()))?;
    }
    source.end_of_stream().map(|_| ()).map_err(|error| failed(error.to_string()))
}

/// Waits until everything is written.
fn end(pipeline: &gst::Pipeline) -> Result<(), String> {
    let bus = pipeline.bus().ok_or("it has no bus")?;
    let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
    let message = bus.timed_pop_filtered(gst::ClockTime::NONE, &kinds).ok_or("it ended without a word")?;
    match message.view() {
        gst::MessageView::Error(error) => Err(error.error().to_string()),
        _ => Ok(()),
    }
}

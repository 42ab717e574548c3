//! Fragments for a browser that watches: each picture as soon as the next one has come (ISO/IEC 14496-12, section 8.8).

use shiguredo_mp4::{
    TrackKind,
    boxes::SampleEntry,
    codec_string,
    mux::{Fmp4SegmentMuxer, Sample},
};

use super::{
    Mp4Error, TIMESCALE,
    order::DecodeTimes,
    sample::{self, ticks},
};
use crate::{AccessUnit, Codec};

/// Longest time that one picture is shown, in units of time: after a longer gap the next one follows at once, ten seconds.
const LONGEST: i64 = 900_000;

/// What a browser is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fragment {
    /// What follows is in this form, as `SourceBuffer` wants to know it (RFC 6381); with the head that comes before it.
    Head {
        /// Such as `video/mp4; codecs="avc1.640028"`.
        mime: String,
        /// The head.
        bytes: Vec<u8>,
    },
    /// The next picture.
    Picture(Vec<u8>),
}

/// Makes fragments of the pictures of one camera.
pub struct LiveWriter {
    muxer: Option<Fmp4SegmentMuxer>,
    entry: Option<(Codec, SampleEntry)>,
    times: DecodeTimes,
    pending: Option<Pending>,
    /// Times shown of the present group of pictures, to learn their order from.
    group: Vec<i64>,
}

struct Pending {
    bytes: Vec<u8>,
    is_key: bool,
    entry: Option<SampleEntry>,
    shown: i64,
    due: i64,
}

impl LiveWriter {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { muxer: None, entry: None, times: DecodeTimes::default(), pending: None, group: Vec::new() }
    }

    /// Takes the next picture, and gives what can be told by now: the picture before it, after a head where the form has changed.
    ///
    /// # Errors
    /// [`Mp4Error::NoKey`] before the first key picture; [`Mp4Error::Codec`], [`Mp4Error::Parameters`], [`Mp4Error::Mux`].
    pub fn push(&mut self, unit: &AccessUnit) -> Result<Vec<Fragment>, Mp4Error> {
        let mut entry = None;
        if unit.is_key {
            let new = (unit.codec, sample::entry(unit)?);
            if self.entry.as_ref() != Some(&new) {
                entry = Some(new.1.clone());
                self.entry = Some(new);
            }
            self.times.learn(&std::mem::take(&mut self.group));
        } else if self.entry.is_none() {
            return Err(Mp4Error::NoKey);
        }
        let shown = ticks(unit.time);
        self.group.push(shown);
        let due = self.times.next(shown);
        let pending = Pending { bytes: sample::bytes(unit), is_key: unit.is_key, entry, shown, due };
        match self.pending.replace(pending) {
            Some(before) => self.fragments(before, due),
            None => Ok(Vec::new()),
        }
    }

    fn fragments(&mut self, picture: Pending, next: i64) -> Result<Vec<Fragment>, Mp4Error> {
        let Pending { bytes, is_key, entry, shown, due } = picture;
        let mut fragments = Vec::with_capacity(2);
        let mime = entry.as_ref().map(mime).transpose()?;
        if mime.is_some() {
            self.muxer = Some(Fmp4SegmentMuxer::new().map_err(Mp4Error::mux)?);
        }
        let muxer = self.muxer.as_mut().ok_or(Mp4Error::NoKey)?;
        let sample = Sample {
            track_kind: TrackKind::Video,
            sample_entry: entry,
            keyframe: is_key,
            timescale: TIMESCALE,
            duration: (next - due).clamp(1, LONGEST) as u32,
            composition_time_offset: Some(shown - due),
            data_offset: 0,
            data_size: bytes.len(),
        };
        let mut fragment = muxer.create_media_segment_metadata(&[sample]).map_err(Mp4Error::mux)?;
        if let Some(mime) = mime {
            let bytes = muxer.init_segment_bytes().map_err(Mp4Error::mux)?;
            fragments.push(Fragment::Head { mime, bytes });
        }
        fragment.extend_from_slice(&bytes);
        fragments.push(Fragment::Picture(fragment));
        Ok(fragments)
    }
}

impl Default for LiveWriter {
    fn default() -> Self {
        Self::new()
    }
}

fn mime(entry: &SampleEntry) -> Result<String, Mp4Error> {
    let codec = codec_string::from_sample_entry(entry).map_err(Mp4Error::mux)?;
    Ok(format!("video/mp4; codecs=\"{codec}\""))
}

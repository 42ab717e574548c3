//! Which decoder makes pictures of each form: hardware that is there and works, else software.
//!
//! That GStreamer knows an element says little: drivers are missing, of the wrong version, or give green pictures. So each is tried on
//! a key picture of ours, and must show what is in it. One that fails later, on pictures that software can decode, is given up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use gridwatch_config::DecoderConfig;
use gridwatch_domain::Nv12Planes;
use gridwatch_runtime::Metrics;
use gstreamer as gst;
use prometheus::IntGaugeVec;

use super::chain::{Chain, Encoded};
use crate::{Codec, planes::MappedNv12};

/// Longest time for a decoder to be set up and to show a picture: a driver takes a second, one that hangs for ever.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many pictures in a row that software can decode and a hardware decoder cannot are no accident.
const MOST_FAILURES: u32 = 3;

/// A decoder: an element of GStreamer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decoder {
    /// Its name.
    pub(crate) element: &'static str,
    /// Whether it is more than a program.
    pub(crate) is_hardware: bool,
}

/// What there may be of hardware, best first: VA-API, its older elements, NVDEC, V4L2.
fn hardware(codec: Codec) -> &'static [&'static str] {
    match codec {
        Codec::H264 => &["vah264dec", "nvh264dec", "vaapih264dec", "v4l2slh264dec", "v4l2h264dec"],
        Codec::H265 => &["vah265dec", "nvh265dec", "vaapih265dec", "v4l2slh265dec", "v4l2h265dec"],
        Codec::Jpeg => &["vajpegdec", "nvjpegdec", "vaapijpegdec", "v4l2jpegdec"],
    }
}

/// Software, best first.
fn software(codec: Codec) -> &'static [&'static str] {
    match codec {
        Codec::H264 => &["avdec_h264", "openh264dec"],
        Codec::H265 => &["avdec_h265", "libde265dec"],
        Codec::Jpeg => &["jpegdec", "avdec_mjpeg"],
    }
}

/// A picture of 640×352: dark (luma 40) on its left half, bright (200) on its right one.
fn key_picture(codec: Codec) -> &'static [u8] {
    match codec {
        Codec::H264 => include_bytes!("keys/dark-and-bright.h264"),
        Codec::H265 => include_bytes!("keys/dark-and-bright.h265"),
        Codec::Jpeg => include_bytes!("keys/dark-and-bright.jpg"),
    }
}

/// A hardware decoder that works.
struct Chosen {
    element: &'static str,
    /// Pictures that it made nothing of since it last made one.
    failures: u32,
}

/// The decoders of a process. Clones share them.
#[derive(Clone, Default)]
pub struct Decoders {
    hardware: Arc<Mutex<BTreeMap<Codec, Chosen>>>,
    info: Option<IntGaugeVec>,
    /// What `info` shows of each form: element and kind.
    shown: Arc<Mutex<BTreeMap<&'static str, (&'static str, &'static str)>>>,
}

impl Decoders {
    /// Software alone.
    pub fn software() -> Self {
        Self::default()
    }

    /// What is wanted, as far as it is there and works; says so in log and metrics. Blocks while hardware is tried.
    pub fn choose(wanted: DecoderConfig, metrics: &Metrics) -> Self {
        Self::choose_among(wanted, metrics, hardware)
    }

    fn choose_among(
        wanted: DecoderConfig,
        metrics: &Metrics,
        candidates: impl Fn(Codec) -> &'static [&'static str],
    ) -> Self {
        let info = metrics.gauges(
            "gridwatch_ingest_decoder_info",
            "1 for the element that decodes each form at present: hardware or software.",
            &["codec", "element", "kind"],
        );
        let decoders = Self { info: Some(info), ..Self::default() };
        for codec in Codec::ALL {
            let found = match wanted {
                DecoderConfig::Software => None,
                DecoderConfig::Auto | DecoderConfig::Hardware => first_that_works(codec, candidates(codec)),
            };
            match found {
                Some(element) => drop(decoders.lock().insert(codec, Chosen { element, failures: 0 })),
                None if wanted == DecoderConfig::Hardware => {
                    tracing::error!(
                        ?codec,
                        "no hardware decoder works, though decode.decoder = \"hardware\"; software decodes. \
                         gst-inspect-1.0 lists what is installed (plugins va, nvcodec, video4linux2)"
                    );
                }
                None => {}
            }
            decoders.tell(codec);
        }
        decoders
    }

    /// Decoders to be tried for a form, best first.
    pub(crate) fn of(&self, codec: Codec) -> Vec<Decoder> {
        let hardware = self.lock().get(&codec).map(|chosen| chosen.element);
        let hardware = hardware.map(|element| Decoder { element, is_hardware: true });
        hardware.into_iter().chain(software_of(codec)).collect()
    }

    /// A hardware decoder has made a picture.
    pub(crate) fn worked(&self, codec: Codec) {
        if let Some(chosen) = self.lock().get_mut(&codec) {
            chosen.failures = 0;
        }
    }

    /// A hardware decoder has made nothing of a picture that software could decode.
    pub(crate) fn failed(&self, codec: Codec, complaint: Option<&str>) {
        let mut hardware = self.lock();
        let Some(chosen) = hardware.get_mut(&codec) else { return };
        chosen.failures += 1;
        if chosen.failures < MOST_FAILURES {
            return;
        }
        let element = chosen.element;
        hardware.remove(&codec);
        drop(hardware);
        let complaint = complaint.unwrap_or("it shows no picture");
        tracing::warn!(
            ?codec,
            element,
            complaint,
            "a hardware decoder fails again and again; software decodes from now on"
        );
        self.tell(codec);
    }

    fn tell(&self, codec: Codec) {
        let decoder = self.of(codec).into_iter().find(|one| gst::ElementFactory::find(one.element).is_some());
        let Some(Decoder { element, is_hardware }) = decoder else { return };
        let kind = if is_hardware { "hardware" } else { "software" };
        tracing::info!(?codec, element, kind, "decoder");
        let Some(info) = &self.info else { return };
        let codec = codec.name();
        if let Some(before) =
            self.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(codec, (element, kind))
        {
            info.with_label_values(&[codec, before.0, before.1]).set(0);
        }
        info.with_label_values(&[codec, element, kind]).set(1);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Codec, Chosen>> {
        self.hardware.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn software_of(codec: Codec) -> impl Iterator<Item = Decoder> {
    software(codec).iter().map(|&element| Decoder { element, is_hardware: false })
}

fn first_that_works(codec: Codec, candidates: &[&'static str]) -> Option<&'static str> {
    candidates.iter().copied().find(|&element| match try_out(codec, element) {
        Ok(()) => true,
        Err(Trial::NotThere) => false,
        Err(Trial::Failed(reason)) => {
            tracing::warn!(
                ?codec,
                element,
                reason,
                "a hardware decoder is there and does not work; passed over"
            );
            false
        }
    })
}

/// Why a decoder is not taken.
#[derive(Debug, PartialEq, Eq)]
enum Trial {
    NotThere,
    Failed(String),
}

/// Lets an element decode our picture, in a thread that is left behind should the driver hang.
fn try_out(codec: Codec, element: &'static str) -> Result<(), Trial> {
    if gst::init().is_err() || gst::ElementFactory::find(element).is_none() {
        return Err(Trial::NotThere);
    }
    let (told_tx, told_rx) = mpsc::sync_channel(1);
    let trial = move || {
        // Nobody listens any more only where it took too long.
        let _ = told_tx.send(decodes(codec, element));
    };
    let thread = std::thread::Builder::new().name("try-decoder".to_owned()).spawn(trial);
    thread.map_err(|error| Trial::Failed(error.to_string()))?;
    let told = told_rx.recv_timeout(PATIENCE);
    told.unwrap_or_else(|_| Err(format!("it does not answer within {} s", PATIENCE.as_secs())))
        .map_err(Trial::Failed)
}

fn decodes(codec: Codec, element: &'static str) -> Result<(), String> {
    let decoder = Decoder { element, is_hardware: true };
    let mut chain = Chain::of(codec, decoder).map_err(|reason| reason.to_string())?;
    let picture = Encoded { bytes: key_picture(codec).into(), is_key: true, tag: 1, time: Duration::ZERO };
    chain.push(picture, true);
    chain.drain();
    let outcome = chain.take();
    let Some(picture) = outcome.pictures.into_iter().next() else {
        return Err(outcome.complaint.unwrap_or_else(|| "it shows no picture".to_owned()));
    };
    let info = gstreamer_video::VideoInfo::from_caps(&picture.form).map_err(|error| error.to_string())?;
    if (info.width(), info.height()) != (640, 352) {
        return Err(format!("its picture is {}x{}, and ours 640x352", info.width(), info.height()));
    }
    let planes = MappedNv12::map(picture.buffer, &info)?;
    shows_ours(&planes)
}

/// Whether both halves are as bright as they should be.
fn shows_ours(planes: &impl Nv12Planes) -> Result<(), String> {
    for (column, expected) in [(160, 40_i32), (480, 200)] {
        for row in [40, 176, 310] {
            let found =
                i32::from(planes.y().get(row * planes.y_stride() + column).copied().unwrap_or_default());
            if (found - expected).abs() > 12 {
                return Err(format!("its picture is wrong: luma {found} where ours has {expected}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is tried, in place of hardware, which test machines lack.
    fn pretended(codec: Codec) -> &'static [&'static str] {
        match codec {
            // Not there; passes on what it is given; works, behind a parser as hardware does.
            Codec::H264 => &["vaxyzdec", "identity", "avdec_h264"],
            Codec::H265 => &["fakesink", "identity", "avdec_h265"],
            Codec::Jpeg => &["vaxyzdec"],
        }
    }

    fn chosen(wanted: DecoderConfig) -> (Decoders, Metrics) {
        let metrics = Metrics::new();
        let decoders = Decoders::choose_among(wanted, &metrics, pretended);
        (decoders, metrics)
    }

    fn elements(decoders: &Decoders, codec: Codec) -> Vec<(&'static str, bool)> {
        decoders.of(codec).into_iter().map(|one| (one.element, one.is_hardware)).collect()
    }

    #[test]
    fn every_software_decoder_that_is_there_shows_our_picture() {
        for codec in Codec::ALL {
            let tried: Vec<_> =
                software(codec).iter().map(|&element| (element, decodes(codec, element))).collect();
            let works = |(_, outcome): &(&str, Result<(), String>)| outcome.is_ok();
            assert!(tried.iter().any(works), "{tried:?}");
        }
    }

    #[test]
    fn what_is_there_and_does_not_work_is_passed_over() {
        assert_eq!(try_out(Codec::H264, "vaxyzdec"), Err(Trial::NotThere));
        assert!(matches!(try_out(Codec::H264, "identity"), Err(Trial::Failed(_))));
        assert!(matches!(try_out(Codec::H265, "fakesink"), Err(Trial::Failed(_))));
        for wanted in [DecoderConfig::Auto, DecoderConfig::Hardware] {
            let (decoders, metrics) = chosen(wanted);
            assert_eq!(elements(&decoders, Codec::H264)[0], ("avdec_h264", true));
            assert_eq!(elements(&decoders, Codec::H265)[0], ("avdec_h265", true));
            assert_eq!(elements(&decoders, Codec::Jpeg)[0], ("jpegdec", false));
            let text = metrics.render();
            assert!(
                text.contains(
                    "gridwatch_ingest_decoder_info{codec=\"h264\",element=\"avdec_h264\",kind=\"hardware\"} 1"
                ),
                "{text}"
            );
        }
        let (decoders, _) = chosen(DecoderConfig::Software);
        assert_eq!(elements(&decoders, Codec::H264)[0], ("avdec_h264", false));
    }

    #[test]
    fn a_picture_that_is_not_ours_is_no_success() {
        let green = gridwatch_domain::Nv12Buffer::filled(640, 352, [0, 0, 0]);
        let grey = gridwatch_domain::Nv12Buffer::filled(640, 352, [120, 128, 128]);
        for picture in [green, grey] {
            assert!(shows_ours(&picture).is_err_and(|told| told.contains("wrong")));
        }
    }

    #[test]
    fn one_that_fails_again_and_again_is_given_up() {
        let (decoders, metrics) = chosen(DecoderConfig::Auto);
        decoders.failed(Codec::H264, None);
        decoders.failed(Codec::H264, None);
        decoders.worked(Codec::H264);
        decoders.failed(Codec::H264, None);
        decoders.failed(Codec::H264, None);
        assert_eq!(elements(&decoders, Codec::H264)[0], ("avdec_h264", true));
        decoders.failed(Codec::H264, Some("the driver is gone"));
        assert_eq!(elements(&decoders, Codec::H264)[0], ("avdec_h264", false));
        assert_eq!(elements(&decoders, Codec::H265)[0], ("avdec_h265", true), "other forms are not touched");
        let text = metrics.render();
        assert!(text.contains("codec=\"h264\",element=\"avdec_h264\",kind=\"software\"} 1"), "{text}");
    }

    /// On a box with a hardware decoder that works: it shows what software shows, key picture by key picture and in a stream.
    #[test]
    fn hardware_shows_what_software_shows() {
        let metrics = Metrics::new();
        let decoders = Decoders::choose(DecoderConfig::Hardware, &metrics);
        let chosen = elements(&decoders, Codec::H264)[0];
        if !chosen.1 {
            println!("SKIPPED: no hardware decoder for H.264 works on this machine");
            return;
        }
        for codec in Codec::ALL {
            println!("{codec:?}: {:?}", elements(&decoders, codec)[0]);
        }
        let scene = super::super::chain::tests::scene(640, 352);
        let unit = |index: usize| -> bytes::Bytes { scene.0.read_unit(index).expect("it is there").into() };
        let number = super::super::chain::tests::number;
        let mut chain = Chain::new(Codec::H264, &decoders).expect("it is set up");
        assert!(chain.is_hardware());
        for index in [50, 0, 100] {
            chain.push(super::super::chain::tests::key(unit(index), index as u64), true);
            chain.drain();
            let outcome = chain.take();
            let shown: Vec<u32> = outcome.pictures.iter().map(number).collect();
            assert_eq!((shown, outcome.damaged, outcome.complaint), (vec![index as u32], 0, None));
        }
        let mut shown = Vec::new();
        for index in 0..100 {
            let (is_key, tag) = (index % 50 == 0, index as u64);
            let time = Duration::from_millis(40 * tag);
            chain.push(Encoded { bytes: unit(index), is_key, tag, time }, true);
            shown.extend(chain.take().pictures.iter().map(number));
        }
        chain.drain();
        shown.extend(chain.take().pictures.iter().map(number));
        assert_eq!(shown, (0..100).collect::<Vec<u32>>());
    }
}

//! Encoded pictures written as MP4, and read back by another's reader: all of them, whole, at their times.

use std::{path::Path, time::Duration};

use gridwatch_domain::Timestamp;
use gridwatch_ingest::{
    AccessUnit, Codec,
    mp4::{FileWriter, Fragment, LiveWriter, Mp4Error},
};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;
use shiguredo_mp4::demux::{Input, Mp4FileDemuxer};

/// Pictures at 25 a second as an encoder of GStreamer makes them, in the order in which they are decoded.
fn encoded(codec: Codec, encoder: &str, pictures: u32, width: u32) -> Vec<AccessUnit> {
    gst::init().expect("GStreamer");
    let name = if codec == Codec::H265 { "h265" } else { "h264" };
    let launch = format!(
        "videotestsrc num-buffers={pictures} pattern=ball ! video/x-raw,width={width},height=240,framerate=25/1 ! {encoder} \
         ! {name}parse config-interval=-1 ! video/x-{name},stream-format=byte-stream,alignment=au ! appsink name=out sync=false"
    );
    let pipeline = gst::parse::launch(&launch).expect("the encoder is there");
    let sink =
        pipeline.clone().downcast::<gst::Bin>().expect("a pipeline").by_name("out").expect("it is named");
    let sink = sink.downcast::<AppSink>().expect("an appsink");
    pipeline.set_state(gst::State::Playing).expect("it plays");
    let mut units = Vec::new();
    let mut begin = None;
    while let Ok(sample) = sink.pull_sample() {
        let buffer = sample.buffer().expect("a picture");
        let pts = buffer.pts().expect("a time");
        let time = Duration::from(pts - *begin.get_or_insert(pts));
        let bytes = bytes::Bytes::copy_from_slice(buffer.map_readable().expect("readable").as_slice());
        units.push(AccessUnit {
            seq: units.len() as u64 + 1,
            bytes,
            codec,
            is_key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
            time,
            at: Timestamp::UNIX_EPOCH.saturating_add(time),
            after_loss: false,
        });
    }
    pipeline.set_state(gst::State::Null).expect("it stops");
    assert_eq!(units.len(), pictures as usize);
    units
}

fn write(path: &Path, units: &[AccessUnit]) -> gridwatch_ingest::mp4::Written {
    let mut writer = FileWriter::create(path, units.len()).expect("it begins");
    units.iter().for_each(|unit| writer.push(unit.clone()).expect("it fits"));
    writer.finish().expect("it ends")
}

/// Times of the pictures of a file in milliseconds, as GStreamer decodes them.
fn decoded(path: &Path) -> Vec<u64> {
    let launch =
        format!("filesrc location={} ! qtdemux ! decodebin ! appsink name=out sync=false", path.display());
    let pipeline = gst::parse::launch(&launch).expect("GStreamer's own reader");
    let sink =
        pipeline.clone().downcast::<gst::Bin>().expect("a pipeline").by_name("out").expect("it is named");
    let sink = sink.downcast::<AppSink>().expect("an appsink");
    pipeline.set_state(gst::State::Playing).expect("it plays");
    let mut times = Vec::new();
    while let Ok(sample) = sink.pull_sample() {
        let buffer = sample.buffer().expect("a picture");
        assert!(!buffer.flags().contains(gst::BufferFlags::CORRUPTED));
        times.push(buffer.pts().expect("a time").mseconds());
    }
    pipeline.set_state(gst::State::Null).expect("it stops");
    times
}

#[test]
fn every_picture_is_in_the_file_at_its_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("clip.mp4");
    for (codec, encoder) in [
        (Codec::H264, "x264enc key-int-max=25 bframes=0 tune=zerolatency"),
        (Codec::H264, "x264enc key-int-max=25 bframes=3 b-adapt=false b-pyramid=true"),
        (Codec::H265, "x265enc key-int-max=25"),
    ] {
        let units = encoded(codec, encoder, 60, 320);
        let written = write(&path, &units);
        assert_eq!((written.pictures, written.bytes), (60, path.metadata().expect("it is there").len()));
        assert_eq!(written.until.saturating_since(written.from), Duration::from_millis(59 * 40));
        let times = decoded(&path);
        assert_eq!(times.len(), 60, "{encoder}");
        let apart: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(apart.iter().all(|apart| (39..=41).contains(apart)), "{encoder}: {apart:?}");
    }
}

#[test]
fn the_head_stands_first_and_says_how_long_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("clip.mp4");
    write(&path, &encoded(Codec::H264, "x264enc key-int-max=25 tune=zerolatency", 60, 320));
    let bytes = std::fs::read(&path).expect("readable");
    let place = |name: &[u8]| bytes.windows(4).position(|four| four == name).expect("a box of that name");
    assert!(place(b"moov") < place(b"mdat"));
    let mut demuxer = Mp4FileDemuxer::new();
    while let Some(required) = demuxer.required_input() {
        let end = required.size.map_or(bytes.len(), |size| required.position as usize + size);
        demuxer.handle_input(Input {
            position: required.position,
            data: &bytes[required.position as usize..end.min(bytes.len())],
        });
    }
    let tracks = demuxer.tracks().expect("a whole file");
    assert_eq!((tracks.len(), tracks[0].duration), (1, 60 * 3600));
}

#[test]
fn a_camera_that_changes_its_size_stays_in_one_file_and_one_that_changes_its_form_does_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("clip.mp4");
    let encoder = "x264enc key-int-max=25 tune=zerolatency";
    let (small, large) = (encoded(Codec::H264, encoder, 30, 320), encoded(Codec::H264, encoder, 30, 640));
    let later = |unit: &AccessUnit| AccessUnit { time: unit.time + Duration::from_secs(2), ..unit.clone() };
    let units: Vec<AccessUnit> = small.iter().cloned().chain(large.iter().map(later)).collect();
    assert_eq!(write(&path, &units).pictures, 60);
    assert_eq!(decoded(&path).len(), 60);

    let mut writer = FileWriter::create(&path, 100).expect("it begins");
    assert!(matches!(writer.push(small[1].clone()), Err(Mp4Error::NoKey)));
    small.iter().for_each(|unit| writer.push(unit.clone()).expect("it fits"));
    let other = encoded(Codec::H265, "x265enc", 1, 320).remove(0);
    assert!(matches!(writer.push(other), Err(Mp4Error::Changed)));
    assert_eq!(writer.finish().expect("what was there before is whole").pictures, 30);
}

#[test]
fn what_cannot_be_written_is_refused_and_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("clip.mp4");
    let unit = |codec, bytes: &[u8]| AccessUnit {
        seq: 1,
        bytes: bytes::Bytes::copy_from_slice(bytes),
        codec,
        is_key: true,
        time: Duration::ZERO,
        at: Timestamp::UNIX_EPOCH,
        after_loss: false,
    };
    let refused =
        |unit| FileWriter::create(&path, 10).expect("it begins").push(unit).expect_err("refused").to_string();
    assert!(refused(unit(Codec::Jpeg, &[0xff, 0xd8])).contains("choose H.264"));
    assert!(refused(unit(Codec::H264, &[0, 0, 0, 1, 0x65, 1, 2, 3])).contains("parameter sets"));
    assert!(refused(unit(Codec::H264, &[0, 0, 0, 1, 0x67, 0, 0, 0, 1, 0x68])).contains("parameter sets"));
    let empty = FileWriter::create(&path, 10).expect("it begins").finish();
    assert!(matches!(empty, Err(Mp4Error::NoKey)));
    let nowhere =
        FileWriter::create(&folder.path().join("missing/clip.mp4"), 10).err().expect("no such folder");
    assert!(nowhere.to_string().contains("clip.mp4") && !nowhere.is_full());
}

#[test]
fn a_browser_gets_each_picture_when_the_next_one_has_come() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (codec, encoder, mime) in [
        (Codec::H264, "x264enc key-int-max=25 bframes=0 tune=zerolatency", "avc1."),
        (Codec::H264, "x264enc key-int-max=25 bframes=3 b-adapt=false", "avc1."),
        (Codec::H265, "x265enc key-int-max=25", "hvc1."),
    ] {
        let units = encoded(codec, encoder, 60, 320);
        let mut writer = LiveWriter::new();
        assert!(matches!(writer.push(&units[1]), Err(Mp4Error::NoKey)));
        let (mut heads, mut file) = (0, Vec::new());
        for (index, unit) in units.iter().enumerate() {
            let fragments = writer.push(unit).expect("it fits");
            assert_eq!(fragments.is_empty(), index == 0);
            for fragment in fragments {
                match fragment {
                    Fragment::Head { mime: told, bytes } => {
                        assert!(told.contains(mime), "{told}");
                        heads += 1;
                        file.extend(bytes);
                    }
                    Fragment::Picture(bytes) => file.extend(bytes),
                }
            }
        }
        assert_eq!(heads, 1);
        let path = folder.path().join("live.mp4");
        std::fs::write(&path, file).expect("writable");
        assert_eq!(decoded(&path).len(), 59, "{encoder}");
    }
}

//! A scene as a file: the video holds all its pictures, the truth file all that is true.

use gridwatch_sim::{
    FrameSource, Scene,
    cache::{self, PictureSize},
    testcard::TestCard,
    video,
};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app as gst_app;
use serde_json::{Value, json};

const SIZE: PictureSize = PictureSize { width: 320, height: 176 };

#[test]
fn an_mp4_holds_every_picture_at_its_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let card = || {
        vec![Box::new(TestCard { width: 320, height: 176, fps: 25, frame_count: 60 }) as Box<dyn FrameSource>]
    };
    let encoded = cache::ensure_with("card", SIZE, folder.path(), &card, &mut |_| {}).expect("it encodes");
    let path = folder.path().join("card.mp4");
    video::write_mp4(&encoded, &path).expect("it is written");
    let text =
        format!("filesrc location={} ! qtdemux ! h264parse ! appsink name=sink sync=false", path.display());
    let pipeline = gst::parse::launch(&text).expect("the plugins are there");
    let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
    let sink =
        pipeline.by_name("sink").and_then(|sink| sink.downcast::<gst_app::AppSink>().ok()).expect("named");
    pipeline.set_state(gst::State::Playing).expect("it plays");
    let mut times = Vec::new();
    while let Ok(sample) = sink.pull_sample() {
        times.extend(sample.buffer().and_then(|buffer| buffer.pts()).map(gst::ClockTime::mseconds));
    }
    pipeline.set_state(gst::State::Null).expect("it stops");
    assert_eq!(times, (0..60).map(|picture| picture * 40).collect::<Vec<_>>());
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("readable").flatten().map(|file| file.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".part")), "{left:?}");
    let nowhere = folder.path().join("absent/card.mp4");
    assert!(video::write_mp4(&encoded, &nowhere).is_err());
}

#[test]
fn the_truth_file_has_events_bays_and_boxes_of_one_loop() {
    let text = include_str!("tiny.toml").replacen(
        "[[building]]",
        "[[bays]]\nfrom = [-5.6, 6.2]\nheading_deg = 90\ncount = 3\npitch = 2.8\ndepth = -2.7\ncolour = \"white\"\nzones = \"b\"\n[[building]]",
        1,
    );
    let truth = Scene::from_toml(&text).expect("a fair scene").truth_file("tiny");
    let truth: Value = serde_json::to_value(&truth).expect("plain data");
    assert_eq!(truth["schema"], "gridwatch.truth/1");
    assert_eq!(truth["duration_s"], 30.0);
    assert_eq!(truth["tolerance"], json!({ "start_s": 2.0, "alert_s": 2.0, "end_s": 12.0 }));
    let events = truth["events"].as_array().expect("a list");
    assert_eq!(events.len(), 1, "{events:?}");
    let mut event = events[0].clone();
    let bbox = event.as_object_mut().expect("an object").remove("box").expect("it stands");
    // It is parked from the first picture, and still at the last.
    let expected = json!({ "id": "fire_lane-lane-1", "kind": "parking.fire_lane", "zone": "lane", "since_s": 0.0, "limit_s": 10.0 });
    assert_eq!(event, expected);
    let bays: Vec<&Value> =
        truth["bays"].as_array().expect("a list").iter().map(|bay| &bay["zone"]).collect();
    assert_eq!(bays, ["b-1", "b-2", "b-3"]);
    let objects = truth["objects"].as_array().expect("a list");
    let of =
        |id: &str| objects.iter().find(|object| object["id"] == id).unwrap_or_else(|| panic!("{id} is seen"));
    let parked = of("car-1")["boxes"].as_array().expect("a list");
    assert_eq!(parked.len(), 30, "a box every second");
    for (edge, corner) in bbox.as_array().expect("four corners").iter().enumerate() {
        let seen = parked[3][edge + 1].as_f64().expect("a number");
        assert!((seen - corner.as_f64().expect("a number")).abs() < 0.01, "{bbox} {}", parked[3]);
    }
    assert_eq!(of("person-401")["class"], "person");
}

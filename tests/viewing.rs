//! What people see of a camera and of what it has seen, with the real binary: the live picture, stills, clips and their proof, by way of the
//! center and in Chromium.

mod support;

use std::{
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    net::TcpStream,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{
    GRIDWATCH, Mosquitto, Process, cameras::Cameras, center_config, events_of, free_port, get_json,
    gridwatch, root, start_center, wait_for,
};
use tungstenite::{Message, WebSocket, stream::MaybeTlsStream};

const TOKEN: &str = "a-token-of-some-length";

struct System {
    folder: tempfile::TempDir,
    base: String,
    edge: Process,
    _center: Process,
    _mosquitto: Mosquitto,
    _cameras: Cameras,
}

impl System {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cameras = Cameras::start("yard");
        let mosquitto = Mosquitto::start(folder.path());
        let (port, api) = (free_port(), free_port());
        support::write(folder.path(), "token", TOKEN);
        let config = center_config(folder.path(), mosquitto.port, port);
        add(
            &config,
            &format!("[[edge]]\nid = \"box-1\"\nurl = \"http://127.0.0.1:{api}\"\ntoken_file = \"token\"\n"),
        );
        let center = start_center(folder.path(), &config, port);
        let config = cameras.config(folder.path(), mosquitto.port);
        let text = std::fs::read_to_string(&config).expect("written above");
        let text = text.replace(
            "[edge]\n",
            &format!("[edge]\napi_listen = \"127.0.0.1:{api}\"\napi_token_file = \"token\"\n"),
        );
        let camera = &text[text.find("[[camera]]").expect("there is one")..];
        // Another, whose large stream does not come.
        let url = format!("url = \"{}\"", cameras.url);
        let lane = camera.replace("id = \"yard\"", "id = \"lane\"");
        let lane = lane.replace(&url, &format!("url = \"{}-of-before\"\nsub_{url}", cameras.url));
        let text = text.replace("[[camera]]\n", "[[camera]]\nrecord = true\n") + &lane;
        std::fs::write(&config, text).expect("the folder is ours");
        let mut edge =
            gridwatch("edge", folder.path(), &["edge", "--config", config.to_str().expect("UTF-8")]);
        let base = format!("http://127.0.0.1:{port}");
        wait_for("the cameras are live", Duration::from_secs(30), || {
            edge.must_run();
            let cameras = get_json(&format!("{base}/api/v1/cameras"))?;
            let is_live = |index: usize| cameras[index]["state"] == "live";
            // Whoever looks for its recordings is told why there are none.
            (is_live(0) && is_live(1) && cameras[0]["not_kept_code"] == "not_found").then_some(())
        });
        Self { folder, base, edge, _center: center, _mosquitto: mosquitto, _cameras: cameras }
    }

    fn camera(&self, id: &str, what: &str) -> String {
        format!("{}/api/v1/edges/box-1/cameras/{id}/{what}", self.base)
    }

    /// An event of a camera, and its clip.
    fn event_with_clip(&mut self, camera: &str) -> (String, Value) {
        wait_for("an event with its clip", Duration::from_secs(150), || {
            self.edge.must_run();
            let event = events_of(&self.base).into_iter().rfind(|event| event["camera"] == camera)?;
            let id = event["id"].as_str().expect("an id").to_owned();
            let found = get_json(&format!("{}/api/v1/edges/box-1/events/{id}/evidence", self.base))?;
            clip_of(&found).map(|clip| (id, clip))
        })
    }

    fn evidence_command(&self, what: &str, further: &[&str]) -> (bool, String) {
        let config = self.folder.path().join("edge.toml");
        let mut command = Command::new(GRIDWATCH);
        command.args(["evidence", what, "--config"]).arg(config).args(further);
        let output = command.output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

fn add(file: &Path, text: &str) {
    let mut file = std::fs::File::options().append(true).open(file).expect("it is there");
    file.write_all(text.as_bytes()).expect("the folder is ours");
}

fn body(url: &str) -> Vec<u8> {
    ureq::get(url).call().expect(url).body_mut().with_config().limit(100 << 20).read_to_vec().expect("whole")
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// The next message that is not a ping.
fn next(socket: &mut Socket) -> Message {
    loop {
        match socket.read().expect("it goes on") {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return message,
        }
    }
}

#[test]
fn a_camera_is_watched_live_and_what_happened_is_proven() {
    let mut system = System::start();
    live_as_the_camera_sends_it(&system, "yard");
    live_as_the_camera_sends_it(&system, "lane");
    let jpeg = body(&system.camera("yard", "picture.jpg"));
    assert!(jpeg.starts_with(&[0xff, 0xd8]));
    in_chromium(&system, "live", &[]);

    let (id, clip) = system.event_with_clip("yard");
    the_clip_is_whole(&system, &clip);
    // Of what comes where the large stream does not.
    let (_, of_lane) = system.event_with_clip("lane");
    the_clip_is_whole(&system, &of_lane);
    in_chromium(&system, "clip", &["--event", &id]);
    everything_is_proven(&system, &id, clip["sha256"].as_str().expect("a hash"));
}

fn live_as_the_camera_sends_it(system: &System, camera: &str) {
    let url = system.camera(camera, "live").replace("http://", "ws://");
    let (mut socket, _) = tungstenite::connect(url).expect("the center passes it on");
    let Message::Text(told) = next(&mut socket) else { panic!("no word of the form") };
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert!(told["mime"].as_str().expect("a form").starts_with("video/mp4; codecs=\"avc1."), "{told}");
    let Message::Binary(head) = next(&mut socket) else { panic!("no head") };
    assert_eq!(&head[4..8], b"ftyp");
    let began = Instant::now();
    for _ in 0..50 {
        let Message::Binary(picture) = next(&mut socket) else { panic!("no picture") };
        assert_eq!(&picture[4..8], b"moof");
    }
    // Those since the last key picture come at once, the others as the camera sends them.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?} for 50 pictures", began.elapsed());
    socket.close(None).expect("it was open");
}

fn clip_of(found: &Value) -> Option<Value> {
    let items = found["items"].as_array().expect("items");
    assert!(items.iter().all(|item| item["sha256"].as_str().is_some_and(|hash| hash.len() == 64)), "{found}");
    let has = |media| items.iter().any(|item| item["media"] == media);
    items.iter().find(|item| item["media"] == "clip" && has("snapshot") && has("picture")).cloned()
}

fn the_clip_is_whole(system: &System, clip: &Value) {
    let url =
        format!("{}/api/v1/edges/box-1/evidence/{}", system.base, clip["sha256"].as_str().expect("a hash"));
    let whole = body(&url);
    assert_eq!((&whole[4..8], whole.len() as u64), (&b"ftyp"[..], clip["bytes"].as_u64().expect("a size")));
    let seconds = (support::millis(&clip["until"]) - support::millis(&clip["from"])) as f64 / 1000.0;
    // Ten seconds before and after, and up to a group more at its beginning.
    assert!((19.5..22.5).contains(&seconds), "{seconds} s");
    let part = ureq::get(&url).header("range", "bytes=4-7").call().expect("a part");
    assert_eq!(part.status(), 206);
    let mut four = Vec::new();
    part.into_body().into_reader().read_to_end(&mut four).expect("readable");
    assert_eq!(four, b"ftyp");
}

fn everything_is_proven(system: &System, event: &str, clip: &str) {
    wait_for("a piece of the recording", Duration::from_secs(90), || {
        system.evidence_command("list", &["--json"]).1.contains("\"recording\"").then_some(())
    });
    let (is_well, said) = system.evidence_command("verify", &[]);
    assert!(is_well && said.contains("Nothing was altered"), "{said}");
    let (is_well, said) = system.evidence_command("protect", &[event]);
    assert!(!is_well && said.contains("over its API"), "{said}");

    let file = system.folder.path().join(format!("edge/evidence/files/{}/{clip}.mp4", &clip[..2]));
    let (is_well, said) = system.evidence_command("verify", &["--file", file.to_str().expect("UTF-8")]);
    assert!(is_well && said.contains("is as it was kept"), "{said}");
    let mut altered = std::fs::File::options().read(true).write(true).open(&file).expect("it is there");
    altered.seek(SeekFrom::Start(100_000)).and_then(|_| altered.write_all(&[0x55])).expect("ours");
    let (is_well, said) = system.evidence_command("verify", &[]);
    assert!(!is_well && said.contains(clip) && said.contains("was altered"), "{said}");
}

fn in_chromium(system: &System, what: &str, further: &[&str]) {
    if !root().join("web/node_modules").is_dir() {
        println!("SKIPPED: {what} in Chromium, as web/node_modules is not there: ./dev setup");
        return;
    }
    let mut command = Command::new("node");
    command.arg(root().join("web/e2e/watch-live.mjs")).args([what, &system.base]).args(further);
    let output = command.output().expect("node is there");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&said));
}

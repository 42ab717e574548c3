//! Cameras and zones changed while everything runs, with the real binary: two simulated cameras (of one scene) → edge → Mosquitto → center. By the file and
//! by the API; what is not changed must not notice.

mod support;

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use support::{
    Mosquitto, Process, cameras::Cameras, center_config, events_of, free_port, get_json, get_text, gridwatch,
    millis, pause, start_center, wait_for, write,
};

/// For what takes a look at the file, a message and a commit.
const SOON: Duration = Duration::from_secs(20);
const TOKEN: &str = "a-token-of-the-test-0123456789";

fn zone(cameras: &Cameras, id: &str, limit_s: f64) -> String {
    let zones = cameras.truth["zones"].as_array().expect("a list");
    let zone = zones.iter().find(|zone| zone["id"] == id).expect("the yard has it");
    format!(
        "[[camera.zone]]\nid = \"{id}\"\ntype = {}\nlimit_s = {limit_s}\npolygon = {}\n",
        zone["type"], zone["polygon"]
    )
}

/// When the vehicle stops in the fire lane, in the loop that is next or has just begun.
fn next_stop_ms(cameras: &Cameras) -> i64 {
    let events = cameras.truth["events"].as_array().expect("a list");
    let stop = events.iter().find(|event| event["zone"] == "fire-lane").expect("the yard has one");
    let stop_ms = cameras.anchor_ms + (stop["stop_s"].as_f64().expect("a number") * 1000.0) as i64;
    let mut next = stop_ms;
    // The edge needs a moment to see the vehicle come.
    while next < now_ms() + 2_000 {
        next += cameras.loop_ms;
    }
    next
}

fn now_ms() -> i64 {
    use gridwatch_runtime::Clock as _;
    gridwatch_runtime::SystemClock.now().as_millisecond()
}

fn sleep_until(time_ms: i64) {
    pause(Duration::from_millis(u64::try_from(time_ms - now_ms()).unwrap_or(0)));
}

/// An edge box, its center, and what lies between.
struct House {
    edge: Process,
    config: PathBuf,
    metrics: String,
    api: String,
    center: String,
    cameras: Cameras,
    _center: Process,
    mosquitto: Mosquitto,
    folder: tempfile::TempDir,
}

impl House {
    /// Both cameras are live.
    fn start(yard: impl FnOnce(&Cameras) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cameras = Cameras::start("yard");
        let mosquitto = Mosquitto::start(folder.path());
        let port = free_port();
        let center = start_center(folder.path(), &center_config(folder.path(), mosquitto.port, port), port);
        let (metrics_port, api_port) = (free_port(), free_port());
        write(folder.path(), "token", TOKEN);
        let head = format!(
            "# The box of the test.\n[edge]\nid = \"box-1\"\nstate_dir = \"edge\"\nmetrics_listen = \"127.0.0.1:{metrics_port}\"\n\
             api_listen = \"127.0.0.1:{api_port}\"\napi_token_file = \"token\"\n\
             [broker]\nurl = \"mqtt://127.0.0.1:{}\"\n\n",
            mosquitto.port
        );
        let zones = yard(&cameras);
        let text = format!("{head}{}{}", yard_table(&cameras, &zones), gate_table(&cameras));
        let config = write(folder.path(), "edge.toml", &text);
        let edge = gridwatch("edge", folder.path(), &["edge", "--config", config.to_str().expect("UTF-8")]);
        let mut house = Self {
            edge,
            config,
            metrics: format!("http://127.0.0.1:{metrics_port}/metrics"),
            api: format!("http://127.0.0.1:{api_port}/api/v1/cameras"),
            center: format!("http://127.0.0.1:{port}"),
            cameras,
            _center: center,
            mosquitto,
            folder,
        };
        house.waits("both cameras are live", |house| {
            house.cameras() == [("gate", "live"), ("yard", "live")].map(pair)
        });
        house
    }

    fn waits(&mut self, what: &str, mut question: impl FnMut(&Self) -> bool) {
        wait_for(what, SOON, || {
            self.edge.must_run();
            question(self).then_some(())
        });
    }

    /// Cameras and their states, as the center lists them.
    fn cameras(&self) -> Vec<(String, String)> {
        let listed = get_json(&format!("{}/api/v1/cameras", self.center)).unwrap_or_default();
        let text = |camera: &Value, key: &str| camera[key].as_str().unwrap_or_default().to_owned();
        let listed = listed.as_array().into_iter().flatten();
        listed.map(|camera| (text(camera, "camera"), text(camera, "state"))).collect()
    }

    /// What the center knows to be wrong with the box.
    fn problem(&self) -> Option<String> {
        let summary = get_json(&format!("{}/api/v1/summary", self.center))?;
        summary["edges"][0]["problem"].as_str().map(str::to_owned)
    }

    /// A series of the edge's metrics.
    fn metric(&self, series: &str) -> Option<f64> {
        let text = get_text(&self.metrics)?;
        let line =
            text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// How often each camera's stream was begun.
    fn streams(&self) -> [Option<f64>; 2] {
        ["yard", "gate"]
            .map(|camera| self.metric(&format!("gridwatch_ingest_streams_total{{camera=\"{camera}\"}}")))
    }

    /// Changes the file by hand.
    fn edit(&self, change: impl FnOnce(String) -> String) {
        let text = std::fs::read_to_string(&self.config).expect("it is there");
        std::fs::write(&self.config, change(text)).expect("the folder is ours");
    }

    fn applied(&self) -> f64 {
        self.metric("gridwatch_edge_config_changes_total{outcome=\"applied\"}").unwrap_or(0.0)
    }

    /// Changes the file by hand, and waits until that is in force.
    fn edit_and_wait(&mut self, what: &str, change: impl FnOnce(String) -> String) {
        let before = self.applied();
        self.edit(change);
        self.waits(what, |house| house.applied() > before);
    }

    /// Revisions of events in a zone of the yard, newest event first: since, phase.
    fn events(&self, zone: &str) -> Vec<(i64, String)> {
        let events = events_of(&self.center);
        let of_zone = events.iter().filter(|event| event["zone"] == zone && event["camera"] == "yard");
        of_zone
            .map(|event| (millis(&event["since"]), event["phase"].as_str().expect("text").to_owned()))
            .collect()
    }

    fn finish(self) {
        let Self { edge, folder, mosquitto, .. } = self;
        edge.stop();
        drop((mosquitto, folder));
    }
}

fn pair((camera, state): (&str, &str)) -> (String, String) {
    (camera.to_owned(), state.to_owned())
}

fn yard_table(cameras: &Cameras, zones: &str) -> String {
    format!(
        "[[camera]]\nid = \"yard\"\nname = \"院子\"\ndecode = \"always\"\nurl = \"{}\" # by the wall\n{zones}\n",
        cameras.url
    )
}

fn gate_table(cameras: &Cameras) -> String {
    format!("# At the gate.\n[[camera]]\nid = \"gate\"\nurl = \"{}\"\n", cameras.url)
}

#[test]
fn zones_are_edited_and_vehicles_keep_their_dwell() {
    let mut house = House::start(|cameras| zone(cameras, "fire-lane", 15.0) + &zone(cameras, "bins", 25.0));
    let begun = house.streams();
    let stop_ms = next_stop_ms(&house.cameras);
    let near = |time_ms: i64| (time_ms - stop_ms).abs() <= 2_000;
    // It stands for some seconds when another zone is taken away and this one is called otherwise.
    sleep_until(stop_ms + 5_000);
    let bins = zone(&house.cameras, "bins", 25.0);
    house.edit_and_wait("zones are changed", |text| {
        text.replace(&bins, "").replace("id = \"fire-lane\"", "id = \"fire-lane\"\nname = \"消防通道\"")
    });
    sleep_until(stop_ms + 15_000);
    house.waits("the event opens", |house| !house.events("fire-lane").is_empty());
    let opened = house.events("fire-lane");
    assert!(opened.len() == 1 && near(opened[0].0), "stopped at {stop_ms}: {opened:?}");

    // Its limit is raised: it has not stood for so long. Then it has.
    house.edit_and_wait("the limit is raised", |text| text.replace("limit_s = 15", "limit_s = 28"));
    house
        .waits("the event ends", |house| house.events("fire-lane").iter().all(|(_, phase)| phase == "close"));
    sleep_until(stop_ms + 28_000);
    house.waits("another opens", |house| house.events("fire-lane").len() == 2);
    let reopened = house.events("fire-lane");
    assert!(near(reopened[0].0) && reopened[0].1 == "open", "stopped at {stop_ms}: {reopened:?}");

    // Its zone is taken away while it still stands there.
    let lane = "[[camera.zone]]\nid = \"fire-lane\"";
    house.edit_and_wait("the zone is gone", |text| {
        let begin = text.find(lane).expect("it is there");
        let end = begin + text[begin..].find("\n\n").expect("the next camera");
        text[..begin].to_owned() + &text[end..]
    });
    house
        .waits("its event ends", |house| house.events("fire-lane").iter().all(|(_, phase)| phase == "close"));
    assert_eq!(house.metric("gridwatch_detect_standing_vehicles{camera=\"yard\",zone=\"fire-lane\"}"), None);
    assert_eq!(house.events("bins"), []);
    assert_eq!(house.streams(), begun, "no stream was begun anew");
    house.finish();
}

#[test]
fn cameras_come_and_go_and_a_broken_file_changes_nothing() {
    let mut house = House::start(|cameras| zone(cameras, "fire-lane", 15.0));
    let gate = gate_table(&house.cameras);
    let [yard_begun, _] = house.streams();
    house.edit_and_wait("the gate is taken away", |text| text.replace(&gate, ""));
    house.waits("the center forgets it", |house| house.cameras() == [("yard", "live")].map(pair));
    let metrics = get_text(&house.metrics).expect("it answers");
    assert!(!metrics.contains("camera=\"gate\""), "{metrics}");
    house.edit_and_wait("it is put back", |text| text + &gate);
    house.waits("both are live", |house| house.cameras() == [("gate", "live"), ("yard", "live")].map(pair));
    let [yard_now, gate_begun] = house.streams();
    assert_eq!(yard_now, yard_begun);

    // Only what differs is begun anew.
    house.edit_and_wait("the gate is watched otherwise", |text| text + "sample_fps = 3\n");
    house.waits("its stream is begun anew", |house| house.streams()[1] > gate_begun);
    house.waits("both are live", |house| house.cameras() == [("gate", "live"), ("yard", "live")].map(pair));
    let begun = house.streams();
    assert_eq!(begun[0], yard_begun);
    // Two mistakes, and one camera less: nothing happens, and all is told.
    house.edit(|text| text.replace(&gate, "colour = 1\n").replace("limit_s = 15", "limit_s = 0"));
    house.waits("the file is refused", |house| house.metric("gridwatch_edge_config_refused") == Some(1.0));
    house.waits("the center knows", |house| house.problem().is_some());
    let problem = house.problem().unwrap_or_default();
    assert!(problem.contains("limit_s") && problem.contains("colour"), "{problem}");
    assert_eq!(house.streams(), begun);
    let log = house.edge.log();
    assert!(log.contains("the one before it stays in force") && log.contains("limit_s"), "{log}");
    let frames = house.metric("gridwatch_ingest_units_total{camera=\"gate\",outcome=\"received\"}");
    house.waits("pictures go on", |house| {
        house.metric("gridwatch_ingest_units_total{camera=\"gate\",outcome=\"received\"}") > frames
    });
    std::fs::remove_file(&house.config).expect("the folder is ours");
    house.waits("a missing file is told", |house| {
        house.problem().is_some_and(|told| !told.contains("limit_s"))
    });
    // Mended, with a key that is read at start only.
    let text = format!(
        "[edge]\nid = \"box-2\"\nstate_dir = \"edge\"\n[broker]\nurl = \"mqtt://127.0.0.1:{}\"\n{}{}sample_fps = 3\n",
        house.mosquitto.port,
        yard_table(&house.cameras, &zone(&house.cameras, "fire-lane", 15.0)),
        gate,
    );
    write(house.folder.path(), "edge.toml", &text);
    house.waits("all is well", |house| house.problem().is_none());
    assert_eq!(house.metric("gridwatch_edge_config_refused"), Some(0.0));
    assert_eq!(house.streams(), begun);
    let log = house.edge.log();
    assert!(log.contains("takes effect after a restart") && log.contains("edge.id"), "{log}");
    house.finish();
}

/// One request; its status, its ETag and what it says.
fn call(
    method: &str,
    url: &str,
    token: &str,
    tag: Option<&str>,
    body: Option<&Value>,
) -> (u16, String, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if let Some(tag) = tag {
        request = request.header("if-match", tag);
    }
    let request = request.header("content-type", "application/json");
    let body = body.map_or_else(String::new, Value::to_string);
    let mut response = agent.run(request.body(body).expect("well-formed")).expect("it answers");
    let tag = response.headers().get("etag").map(|tag| tag.to_str().expect("ASCII").to_owned());
    let text = response.body_mut().read_to_string().expect("text");
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    (response.status().as_u16(), tag.unwrap_or_default(), json)
}

#[test]
fn the_api_changes_what_the_file_says_and_nothing_else() {
    let mut house = House::start(|cameras| zone(cameras, "fire-lane", 15.0));
    let begun = house.streams();
    let (api, yard) = (house.api.clone(), format!("{}/yard", house.api));
    for (token, address) in [("", &api), ("wrong-0123456789abcdef", &api), ("", &yard)] {
        assert_eq!(call("GET", address, token, None, None).0, 401);
    }
    let (status, _, all) = call("GET", &api, TOKEN, None, None);
    assert_eq!((status, all["cameras"].as_array().map(Vec::len)), (200, Some(2)), "{all}");

    let described = call("GET", &api.replace("cameras", "openapi.json"), TOKEN, None, None);
    assert_eq!((described.0, &described.2["openapi"]), (200, &json!("3.1.0")));

    // What is not there cannot be made to stay.
    let unknown = api.replace("cameras", "events/01a21ab2-1439-7f3a-b2ae-9c7dacaffec9/protected");
    assert_eq!(call("PUT", &unknown, TOKEN, None, None).0, 404);
    assert_eq!(call("GET", &unknown, TOKEN, None, None).2["protected"], false);

    // Zones, in force when it is answered.
    let (_, tag, camera) = call("GET", &yard, TOKEN, None, None);
    let mut zones = camera["zone"].clone();
    zones[0]["limit_s"] = json!(20);
    let zones_of = format!("{yard}/zones");
    assert_eq!(call("PUT", &zones_of, TOKEN, None, Some(&zones)).0, 428);
    let (status, newer, told) = call("PUT", &zones_of, TOKEN, Some(&tag), Some(&zones));
    assert_eq!((status, &told["zone"][0]["limit_s"]), (200, &json!(20)), "{told}");
    assert_eq!(house.applied(), 1.0);
    let file = || std::fs::read_to_string(&house.config).expect("it is there");
    for kept in ["# The box of the test.", "# by the wall", "# At the gate.", "limit_s = 20"] {
        assert!(file().contains(kept), "{kept}:\n{}", file());
    }
    // Somebody else has read the camera before that.
    zones[0]["limit_s"] = json!(25);
    assert_eq!(call("PUT", &zones_of, TOKEN, Some(&tag), Some(&zones)).0, 412);
    let changed_by_hand = file().replace("name = \"院子\"", "name = \"大院\"");
    std::fs::write(&house.config, changed_by_hand).expect("the folder is ours");
    assert_eq!(
        call("PUT", &zones_of, TOKEN, Some(&newer), Some(&zones)).0,
        412,
        "not yet in force, and built on"
    );
    // Everything that is wrong, at its key.
    house.waits("the new name is in force", |_| call("GET", &yard, TOKEN, None, None).2["name"] == "大院");
    let (_, tag, _) = call("GET", &yard, TOKEN, None, None);
    let wrong =
        json!([{"id": "a", "type": "fire_lane", "polygon": [[0, 0], [1, 1]], "limit_s": -1}, {"id": "b"}]);
    let before = std::fs::read_to_string(&house.config).expect("it is there");
    let (status, _, problem) = call("PUT", &zones_of, TOKEN, Some(&tag), Some(&wrong));
    let keys: Vec<&str> = problem["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["key"].as_str())
        .collect();
    assert_eq!(status, 422, "{problem}");
    assert!(
        keys.contains(&"[0].limit_s") && keys.contains(&"[1].type") && keys.contains(&"[1].polygon"),
        "{keys:?}"
    );
    assert_eq!(std::fs::read_to_string(&house.config).expect("it is there"), before, "nothing was written");

    // A camera that is new, with a password that is never seen again, and goes to its own host only.
    let back = format!("{api}/back");
    let nobody = free_port();
    let new = json!({"url": format!("rtsp://admin:hunter2@127.0.0.1:{nobody}/1")});
    let (status, tag, told) = call("PUT", &back, TOKEN, None, Some(&new));
    assert_eq!(status, 201, "{told}");
    assert!(!told.to_string().contains("hunter2") && told["has_password"] == true, "{told}");
    house.waits("it is tried", |house| house.cameras().contains(&pair(("back", "offline"))));
    let mut renamed = told.clone();
    renamed["name"] = json!("后院");
    let (status, tag, told) = call("PUT", &back, TOKEN, Some(&tag), Some(&renamed));
    assert_eq!((status, &told["name"]), (200, &json!("后院")), "{told}");
    let text = std::fs::read_to_string(&house.config).expect("it is there");
    assert!(text.contains("admin:hunter2@"), "{text}");
    renamed["url"] = json!("rtsp://admin@192.0.2.7/1");
    assert_eq!(call("PUT", &back, TOKEN, Some(&tag), Some(&renamed)).0, 422);
    assert_eq!(call("PUT", &back, TOKEN, None, Some(&renamed)).0, 428);
    assert_eq!(call("DELETE", &back, TOKEN, Some("\"0\""), None).0, 412);
    assert_eq!(call("DELETE", &back, TOKEN, Some(&tag), None).0, 204);
    assert_eq!(call("GET", &back, TOKEN, None, None).0, 404);
    house.waits("the center forgets it", |house| house.cameras().len() == 2);
    assert_eq!(house.streams(), begun, "no other camera has noticed");
    // All of them may go, and others come.
    for camera in [yard, format!("{api}/gate")] {
        let (_, tag, _) = call("GET", &camera, TOKEN, None, None);
        assert_eq!(call("DELETE", &camera, TOKEN, Some(&tag), None).0, 204);
    }
    house.waits("none is left", |house| house.cameras().is_empty());
    assert_eq!(call("PUT", &back, TOKEN, None, Some(&new)).0, 201);
    house.waits("another has come", |house| house.cameras() == [("back", "offline")].map(pair));
    assert!(!house.edge.log().contains(TOKEN) && !house.edge.log().contains("hunter2"));
    house.finish();
}

//! What is different between two configurations of a running edge box. Pure.

use gridwatch_config::{CameraSettings, EdgeSettings};
use gridwatch_domain::CameraId;

/// What is to be done for a new configuration to be in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Change {
    /// Cameras that are not there any more.
    pub(crate) removed: Vec<CameraId>,
    /// Cameras that were not there before.
    pub(crate) added: Vec<CameraSettings>,
    /// Cameras whose stream must be begun anew.
    pub(crate) restarted: Vec<CameraSettings>,
    /// Cameras whose stream goes on: another name, cell, zones, tiles or rest, or recorded or not.
    pub(crate) adjusted: Vec<CameraSettings>,
    /// Keys whose change takes effect after a restart only.
    pub(crate) after_restart: Vec<&'static str>,
    /// Detection does not know of it yet, and will once it goes on.
    pub(crate) is_held_up: bool,
}

impl Change {
    /// From `before` to `after`.
    pub(crate) fn between(before: &EdgeSettings, after: &EdgeSettings) -> Self {
        let mut change = Self { after_restart: fixed_keys(before, after), ..Self::default() };
        let of = |settings: &EdgeSettings, id: &CameraId| {
            settings.cameras.iter().find(|camera| camera.id == *id).cloned()
        };
        let gone = before.cameras.iter().filter(|camera| of(after, &camera.id).is_none());
        change.removed = gone.map(|camera| camera.id.clone()).collect();
        for camera in &after.cameras {
            match of(before, &camera.id) {
                None => change.added.push(camera.clone()),
                Some(known) if known == *camera => {}
                Some(known) if has_same_stream(&known, camera) => change.adjusted.push(camera.clone()),
                Some(_) => change.restarted.push(camera.clone()),
            }
        }
        change
    }

    /// Whether no camera is touched by it.
    pub(crate) fn is_empty(&self) -> bool {
        self.removed.is_empty()
            && self.added.is_empty()
            && self.restarted.is_empty()
            && self.adjusted.is_empty()
    }
}

fn has_same_stream(one: &CameraSettings, other: &CameraSettings) -> bool {
    one.source == other.source
        && one.main == other.main
        && one.sample_fps == other.sample_fps
        && one.decode == other.decode
}

/// The keys that are read at start only, and differ.
fn fixed_keys(before: &EdgeSettings, after: &EdgeSettings) -> Vec<&'static str> {
    let keys = [
        ("edge.id", before.id != after.id),
        ("edge.state_dir", before.state_dir != after.state_dir),
        ("edge.metrics_listen", before.metrics_listen != after.metrics_listen),
        ("edge.api_*", before.api != after.api),
        ("broker", before.broker != after.broker),
        ("network", before.network != after.network || before.inference != after.inference),
        ("detect.score_threshold", before.score_threshold != after.score_threshold),
        ("decode.decoder", before.decoder != after.decoder),
        ("outbox.max_size_mib", before.outbox_max_bytes != after.outbox_max_bytes),
        ("detect.offline_after_s", before.offline_after != after.offline_after),
        ("near_passes", before.near_passes != after.near_passes),
        ("evidence", before.evidence != after.evidence),
    ];
    keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gridwatch_config::parse_edge;

    use super::*;

    const BEFORE: &str = r#"
[edge]
id = "box"
state_dir = "state"
[broker]
url = "mqtt://127.0.0.1:1883"
[[camera]]
id = "gate"
url = "rtsp://10.0.0.1/1"
[[camera.zone]]
id = "lane"
type = "fire_lane"
polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
[[camera]]
id = "yard"
url = "rtsp://10.0.0.2/1"
"#;

    fn settings(text: &str) -> EdgeSettings {
        parse_edge(text, Path::new("")).expect("valid")
    }

    /// What becomes of the cameras, by name, and of keys, when one part of the file is replaced.
    #[track_caller]
    fn check(part: &str, by: &str, expected: &str) {
        let change = Change::between(&settings(BEFORE), &settings(&BEFORE.replacen(part, by, 1)));
        let names = |cameras: &[CameraSettings]| -> Vec<String> {
            cameras.iter().map(|camera| camera.id.to_string()).collect()
        };
        let mut told = Vec::new();
        for (word, ids) in [
            ("removed", change.removed.iter().map(ToString::to_string).collect()),
            ("added", names(&change.added)),
            ("restarted", names(&change.restarted)),
            ("adjusted", names(&change.adjusted)),
            ("later", change.after_restart.iter().map(ToString::to_string).collect()),
        ] {
            if !ids.is_empty() {
                told.push(format!("{word} {}", ids.join(" ")));
            }
        }
        assert_eq!(told.join(", "), expected, "{part:?} → {by:?}");
    }

    #[test]
    fn only_what_differs_is_touched() {
        check("lane", "lane", "");
        check("type = \"fire_lane\"", "type = \"fire_lane\"\nlimit_s = 20", "adjusted gate");
        check("0.9, 0.9", "0.9, 0.8", "adjusted gate");
        check("id = \"gate\"", "id = \"gate\"\nname = \"东门\"", "adjusted gate");
        check("id = \"gate\"", "id = \"gate\"\ntiles = \"2x1\"", "adjusted gate");
        check("id = \"gate\"", "id = \"gate\"\nrest_s = 5", "adjusted gate");
        check("id = \"gate\"", "id = \"gate\"\nsample_fps = 3", "restarted gate");
        check("id = \"gate\"", "id = \"gate\"\ndecode = \"always\"", "restarted gate");
        check("id = \"gate\"", "id = \"gate\"\nsub_url = \"rtsp://10.0.0.1/2\"", "restarted gate");
        check("10.0.0.2", "admin:new@10.0.0.2", "restarted yard");
        let with_sub = |path: &str| {
            settings(&BEFORE.replacen("/1\"", &format!("/{path}\"\nsub_url = \"rtsp://10.0.0.1/2\""), 1))
        };
        let main_alone = Change::between(&with_sub("1"), &with_sub("9"));
        assert_eq!(main_alone.restarted.len(), 1, "{main_alone:?}");
        check("id = \"gate\"", "id = \"door\"", "removed gate, added door");
        check("[[camera]]\nid = \"yard\"\nurl = \"rtsp://10.0.0.2/1\"\n", "", "removed yard");
        check("id = \"box\"", "id = \"other\"", "later edge.id");
        check("1883", "1884", "later broker");
        check("[broker]", "[decode]\ndecoder = \"software\"\n[broker]", "later decode.decoder");
    }
}

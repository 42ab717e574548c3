//! What leaves a picture is told apart from all that can be used.

use gridwatch_config::{ConfigError, load_edge, load_edge_to_look_at};

const FILE: &str = r#"
[edge]
id = "box"
state_dir = "state"
[broker]
url = "mqtt://127.0.0.1:1883"
[[camera]]
id = "lot"
url = "rtsp://10.0.0.9/1"
password_env = "NO_SUCH_VARIABLE_1"
username = "u"
[[camera.zone]]
id = "far"
type = "bay"
polygon = [[640, 300], [900, 300], [900, 480], [640, 480]]
[[camera.zone]]
id = "near"
type = "bay"
polygon = [[0.2, 0.3], [0.3, 0.3], [0.3, 0.6], [0.2, 0.6]]
[[camera.line]]
id = "exit"
from = [0.9, -0.2]
to = [0.9, 0.9]
[[camera.group]]
id = "all"
bays = ["far", "near"]
full = 2
[[camera.group]]
id = "one"
bays = ["far"]
"#;

/// Ids of what is within, and ids and keys of what is not.
type Seen = (Vec<String>, Vec<(String, String)>);

fn look_at(text: &str) -> Result<Seen, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("edge.toml");
    std::fs::write(&file, text).expect("written");
    assert!(load_edge(&file).is_err(), "it cannot be used");
    let (settings, outside) = load_edge_to_look_at(&file)?;
    let camera = &settings.cameras[0];
    let ids = camera.zones.iter().map(|zone| &zone.id);
    let ids = ids
        .chain(camera.lines.iter().map(|line| &line.id))
        .chain(camera.groups.iter().map(|group| &group.id));
    let outside = outside.into_iter().map(|outside| {
        assert!(
            outside.problem.message.contains("from 0 to 1") && outside.camera == camera.id,
            "{outside:?}"
        );
        (outside.id, outside.problem.key)
    });
    Ok((ids.map(ToString::to_string).collect(), outside.collect()))
}

#[test]
fn zones_and_lines_that_leave_the_picture_are_told_apart() {
    let (within, outside) = look_at(FILE).expect("nothing else is wrong with it");
    assert_eq!(within, ["near", "all"]);
    let key = |id: &str, key: &str| (id.to_owned(), format!("camera[0].{key}"));
    assert_eq!(outside, [key("far", "zone[0].polygon"), key("exit", "line[0].from")]);
}

#[test]
fn a_file_with_anything_else_wrong_is_not_looked_at() {
    let told = look_at(&FILE.replace("id = \"near\"", "id = \"near\"\ncolour = 1")).expect_err("refused");
    assert!(
        told.to_string().contains("zone[1].colour") && told.to_string().contains("zone[0].polygon"),
        "{told}"
    );
}

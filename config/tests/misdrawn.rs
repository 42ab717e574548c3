//! What leaves a picture, or has no shape, is told apart from all that can be used.

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

/// Ids of what can be used; ids of what cannot, and what is said of it.
type Seen = (Vec<String>, Vec<(String, String)>);

fn look_at(text: &str) -> Result<Seen, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("edge.toml");
    std::fs::write(&file, text).expect("written");
    assert!(load_edge(&file).is_err(), "it cannot be used");
    let (settings, misdrawn) = load_edge_to_look_at(&file)?;
    let camera = &settings.cameras[0];
    let ids = camera.zones.iter().map(|zone| &zone.id);
    let ids = ids
        .chain(camera.lines.iter().map(|line| &line.id))
        .chain(camera.groups.iter().map(|group| &group.id));
    let misdrawn = misdrawn.into_iter().map(|misdrawn| {
        assert_eq!(misdrawn.camera, camera.id);
        (misdrawn.id, misdrawn.problem.to_string())
    });
    Ok((ids.map(ToString::to_string).collect(), misdrawn.collect()))
}

#[test]
fn zones_and_lines_that_leave_the_picture_are_told_apart() {
    let (within, misdrawn) = look_at(FILE).expect("nothing else is wrong with it");
    assert_eq!(within, ["near", "all"]);
    let expect = |(id, said): &(String, String), wanted: &str, key: &str| {
        assert_eq!(id, wanted);
        assert!(said.starts_with(&format!("camera[0].{key}: ")) && said.contains("from 0 to 1"), "{said}");
    };
    assert_eq!(misdrawn.len(), 2);
    expect(&misdrawn[0], "far", "zone[0].polygon");
    expect(&misdrawn[1], "exit", "line[0].from");
}

#[test]
fn zones_and_lines_without_a_shape_are_told_apart() {
    let within = FILE.replace("[0.9, -0.2]", "[0.9, 0.2]");
    let far = "[[640, 300], [900, 300], [900, 480], [640, 480]]";
    let check = |polygon: &str, message: &str| {
        let (_, misdrawn) = look_at(&within.replace(far, polygon)).expect("nothing else is wrong with it");
        let [(id, said)] = misdrawn.as_slice() else { panic!("{misdrawn:?}") };
        assert!(id == "far" && said.contains(message), "{said}");
    };
    check("[[0.6, 0.3], [0.8, 0.3], [0.8, 0.5]]", "3 corners; a bay has four");
    check("[[0.6, 0.3], [0.8, 0.5], [0.8, 0.3], [0.6, 0.5]]", "crosses itself");
    check("[[0.6, 0.3], [0.8, 0.3], [0.65, 0.35], [0.6, 0.5]]", "");
    let point = FILE
        .replace("from = [0.9, -0.2]", "from = [0.9, 0.9]")
        .replace(far, "[[0.6, 0.3], [0.8, 0.3], [0.8, 0.5], [0.6, 0.5]]");
    let (_, misdrawn) = look_at(&point).expect("nothing else is wrong with it");
    assert!(matches!(misdrawn.as_slice(), [(id, _)] if id == "exit"), "{misdrawn:?}");
}

#[test]
fn a_file_with_anything_else_wrong_is_not_looked_at() {
    let told = look_at(&FILE.replace("id = \"near\"", "id = \"near\"\ncolour = 1")).expect_err("refused");
    assert!(
        told.to_string().contains("zone[1].colour") && told.to_string().contains("zone[0].polygon"),
        "{told}"
    );
}

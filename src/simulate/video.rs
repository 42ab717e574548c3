//! `gridwatch simulate video`: scenes as files, with their truth and a configuration that watches them.

use std::{fs, path::Path};

use anyhow::Context as _;
use gridwatch_sim::{
    Scene,
    cache::{PictureSize, ProgressBar},
    video,
};

use crate::{
    cli::SceneArguments,
    output::say,
    scenes,
    zones::{ground_table, watched_tables},
};

/// Renders each scene into the cache where it is not there yet, and writes its files. Prints their names.
pub(super) fn write(arguments: &SceneArguments, out: &Path, with_config: bool) -> anyhow::Result<()> {
    let scenes = scenes::find_all(arguments)?;
    fs::create_dir_all(out).with_context(|| format!("create {}", out.display()))?;
    for (given, scene) in arguments.scenes.iter().zip(scenes) {
        let name = scenes::name_under(given, arguments.condition);
        let rendered = scenes::render_one(scene, ProgressBar::new(&name), arguments)?;
        let file = out.join(format!("{name}.mp4"));
        video::write_mp4(&rendered.encoded, &file)?;
        say!("{}", file.display());
        let truth = serde_json::to_string(&rendered.scene.truth_file(&name))?;
        put(&out.join(format!("{name}.truth.json")), &truth)?;
        if with_config {
            put(
                &out.join(format!("{name}.toml")),
                &edge_config(&rendered.scene, &name, arguments.size.size())?,
            )?;
        }
    }
    Ok(())
}

fn put(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
    say!("{}", file.display());
    Ok(())
}

/// The configuration of an edge box that watches the video of that name beside it, whose pictures are of that size.
pub(crate) fn edge_config(scene: &Scene, name: &str, size: PictureSize) -> anyhow::Result<String> {
    let PictureSize { width, height } = size;
    let quoted = |text: &str| serde_json::to_string(text);
    let ground = scene.ground().map(|ground| ground_table(&ground)).transpose()?.unwrap_or_default();
    Ok(format!(
        "# An edge box that watches the simulated scene {name}, of which {name}.truth.json says what is true.\n\
         # Made by `gridwatch simulate video`. Paths are taken from the folder of this file.\n\n\
         [edge]\nid = \"simulated\"\nstate_dir = {}\n\n[broker]\nurl = \"mqtt://127.0.0.1:1883\"\n\n\
         [[camera]]\nid = {}\nname = {}\nfile = {}\naspect = \"{width}x{height}\"\npace = \"fast\"\n{}{ground}",
        quoted(&format!("state-{name}"))?,
        quoted(scene.camera_id().as_str())?,
        quoted(scene.title())?,
        quoted(&format!("{name}.mp4"))?,
        watched_tables(scene)?
    ))
}

#[cfg(test)]
mod tests {
    use gridwatch_config::{Aspect, parse_edge};
    use gridwatch_sim::Condition;

    use super::*;
    use crate::zones_command::warnings_of;

    #[test]
    fn the_configuration_says_what_the_scene_says() {
        let names = [Scene::accuracy_names(), Scene::calm_names(), Scene::builtin_names()].concat();
        for name in names {
            let scene = Scene::builtin(name).expect("built in");
            let folder = tempfile::tempdir().expect("a temporary folder");
            fs::write(folder.path().join(format!("{name}.mp4")), "").expect("it is writable");
            let text =
                edge_config(&scene, name, PictureSize { width: 640, height: 360 }).expect("plain data");
            let settings = parse_edge(&text, folder.path())
                .unwrap_or_else(|problems| panic!("{name}: {problems}\n{text}"));
            let [camera] = settings.cameras.as_slice() else { panic!("{name}: one camera") };
            assert_eq!(camera.id, *scene.camera_id());
            assert_eq!(camera.zones, scene.zones(), "{name}");
            assert_eq!(camera.lines, scene.lines(), "{name}");
            assert_eq!(camera.groups, scene.groups(), "{name}");
            assert_eq!(camera.aspect, Aspect::new(640, 360));
            assert_eq!(camera.ground, scene.ground(), "{name}");
        }
    }

    #[test]
    fn what_is_measured_is_set_up_as_a_check_of_the_configuration_asks() {
        for name in Scene::accuracy_names() {
            let scene = Scene::builtin(name).expect("built in");
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join(format!("{name}.mp4")), "").expect("it is writable");
            let text = edge_config(&scene, name, PictureSize::HD).expect("plain data");
            let settings = parse_edge(&text, folder.path()).expect("valid");
            let warnings = warnings_of(&settings);
            assert!(warnings.is_empty(), "{name}: {warnings:?}");
        }
    }

    #[test]
    fn files_are_named_by_scene_and_condition() {
        assert_eq!(scenes::name_under("acc-lot", Some(Condition::Snow)), "acc-lot-snow");
        assert_eq!(scenes::name_under("my/yard.toml", None), "yard");
    }
}

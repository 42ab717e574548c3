//! Scenes for the demo and `simulate`: found by name or file, rendered once, shown with their progress.

use std::{collections::HashSet, path::Path, sync::Arc};

use anyhow::{Context as _, ensure as check};
use gridwatch_sim::{
    Condition, Scene,
    cache::{EncodedScene, PictureSize, ProgressBar, ensure},
};
#[cfg(all(feature = "center", feature = "embedded-broker"))]
use tokio::sync::mpsc;

use crate::cli::{SceneArguments, SizeArgument};

/// A scene and its encoded pictures.
pub(crate) struct RenderedScene {
    pub(crate) scene: Scene,
    pub(crate) encoded: Arc<EncodedScene>,
}

impl RenderedScene {
    /// The name it is served under: its camera's id.
    pub(crate) fn mount(&self) -> String {
        self.scene.camera_id().to_string()
    }
}

impl SizeArgument {
    pub(crate) fn size(self) -> PictureSize {
        match self {
            Self::Hd => PictureSize::HD,
            Self::FullHd => PictureSize::FULL_HD,
        }
    }
}

/// Reads a scene: a file where there is one of that name, else one that gridwatch ships.
pub(crate) fn find(name: &str) -> anyhow::Result<Scene> {
    if !Path::new(name).is_file() {
        return Ok(Scene::builtin(name)?);
    }
    let text = std::fs::read_to_string(name).with_context(|| format!("read {name}"))?;
    Scene::from_toml(&text).with_context(|| format!("scene {name}"))
}

/// The same, under the condition that is asked for.
pub(crate) fn find_under(name: &str, condition: Option<Condition>) -> anyhow::Result<Scene> {
    let scene = find(name)?;
    match condition {
        Some(condition) => {
            scene.under(condition).with_context(|| format!("--condition {}", condition.as_str()))
        }
        None => Ok(scene),
    }
}

/// What to call a scene under a condition, in files.
pub(crate) fn name_under(name: &str, condition: Option<Condition>) -> String {
    let stem = Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
    match condition {
        Some(condition) => format!("{stem}-{}", condition.as_str()),
        None => stem.into_owned(),
    }
}

/// All scenes asked for, none of them rendered yet: a wrong name, or one given twice, is told before minutes are
/// spent.
pub(crate) fn find_all(arguments: &SceneArguments) -> anyhow::Result<Vec<Scene>> {
    let find = |name: &String| find_under(name, arguments.condition);
    let scenes = arguments.scenes.iter().map(find).collect::<anyhow::Result<Vec<_>>>()?;
    let mut cameras = HashSet::new();
    for (name, scene) in arguments.scenes.iter().zip(&scenes) {
        let camera = scene.camera_id();
        check!(cameras.insert(camera.clone()), "--scenes {name}: its camera {camera} is there already");
    }
    Ok(scenes)
}

/// All scenes asked for, rendered into the cache where they are not there yet.
pub(crate) fn render(arguments: &SceneArguments) -> anyhow::Result<Vec<RenderedScene>> {
    let scenes = find_all(arguments)?;
    let count = scenes.len();
    let render = |(index, scene): (usize, Scene)| {
        let bar = ProgressBar::new(&title(index, count, &scene));
        render_one(scene, bar, arguments)
    };
    scenes.into_iter().enumerate().map(render).collect()
}

/// Renders scene after scene in a thread of its own and hands each over when it is ready. Ends with the first that
/// fails, when nobody listens any more, and with the process: what is half done is begun anew by the next one.
#[cfg(all(feature = "center", feature = "embedded-broker"))]
pub(crate) fn render_aside(
    scenes: Vec<Scene>,
    arguments: SceneArguments,
) -> anyhow::Result<mpsc::Receiver<anyhow::Result<RenderedScene>>> {
    let (sender, receiver) = mpsc::channel(1);
    let count = scenes.len();
    let work = move || {
        for (index, scene) in scenes.into_iter().enumerate() {
            let title = title(index, count, &scene);
            // Beside the later ones the system runs already, and prints what it does.
            let bar = if index == 0 { ProgressBar::new(&title) } else { ProgressBar::lines(&title) };
            let rendered = render_one(scene, bar, &arguments);
            let failed = rendered.is_err();
            if sender.blocking_send(rendered).is_err() || failed {
                return;
            }
        }
    };
    std::thread::Builder::new().name("render".into()).spawn(work).context("start the rendering thread")?;
    Ok(receiver)
}

fn title(index: usize, count: usize, scene: &Scene) -> String {
    format!("scene {} of {count}, {}", index + 1, scene.camera_id())
}

pub(crate) fn render_one(
    scene: Scene,
    mut bar: ProgressBar,
    arguments: &SceneArguments,
) -> anyhow::Result<RenderedScene> {
    let size = arguments.size.size();
    let encoded = ensure(&scene, size, &arguments.cache, &mut |progress| bar.show(progress))
        .with_context(|| format!("render the scene of {}", scene.camera_id()))?;
    Ok(RenderedScene { scene, encoded: Arc::new(encoded) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::SizeArgument;

    fn asked(scenes: &[&str]) -> SceneArguments {
        let scenes = scenes.iter().map(|&name| name.to_owned()).collect();
        SceneArguments { scenes, condition: None, size: SizeArgument::Hd, cache: "unused".into() }
    }

    #[test]
    fn wrong_and_doubled_scenes_are_refused_before_anything_is_rendered() {
        assert_eq!(find_all(&asked(&["yard", "night"])).expect("shipped").len(), 2);
        let refused = |scenes: &[&str]| find_all(&asked(scenes)).expect_err("refused").to_string();
        assert!(refused(&["yard", "night", "yard"]).contains("ljp-yard is there already"));
        assert!(refused(&["yrad"]).contains("yrad"));
    }
}

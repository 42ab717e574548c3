//! `gridwatch zones draw`: what is watched in a camera's picture, as a picture.

mod background;
mod legend;
mod sheet;

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, bail};
use gridwatch_alert::drawing::Canvas;
use gridwatch_config::{
    Aspect, CameraSettings, EdgeSettings, InputExtent, Misdrawn, Warning, load_edge, load_edge_to_look_at,
    warnings,
};
use gridwatch_detect::{seen_size, tiles::Tiles};
use gridwatch_domain::CameraId;

use self::{background::Background, sheet::Sheet};
use crate::{
    cli::{DrawArguments, ZonesCommand},
    drawing::words::Language,
    network,
    one_camera::of_camera,
    output::say,
};

/// Width of the picture that sizes are calculated for: they are shares of it, so that any would do.
const SOME_WIDTH: u32 = 1920;
/// A picture whose sides are so much more or less like each other has another shape.
const OTHER_SHAPE: f64 = 0.03;

pub(crate) fn run(command: ZonesCommand) -> anyhow::Result<()> {
    match command {
        ZonesCommand::Draw(arguments) => draw(&arguments),
    }
}

fn draw(arguments: &DrawArguments) -> anyhow::Result<()> {
    let form = Form::of(&arguments.out)?;
    // A camera is asked with its password; a file needs none.
    let (settings, misdrawn) = if arguments.live {
        (load_edge(&arguments.config)?, Vec::new())
    } else {
        load_edge_to_look_at(&arguments.config)?
    };
    let id = of_camera(settings.clone(), arguments.camera.as_ref())?.cameras.remove(0).id;
    let camera = settings.cameras.iter().find(|camera| camera.id == id).context("no camera")?;
    let background = Background::choose(camera, arguments)?;
    draw_on(background, &settings, &misdrawn, &id, arguments.language, &arguments.out, form)?;
    refuse(&arguments.config, &misdrawn)
}

/// What is misdrawn can be looked at, and no more.
fn refuse(file: &Path, misdrawn: &[Misdrawn]) -> anyhow::Result<()> {
    if misdrawn.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = misdrawn.iter().map(|misdrawn| format!("  {}", misdrawn.problem)).collect();
    bail!("{} cannot be used, {}:\n{}", file.display(), counted(misdrawn.len()), lines.join("\n"))
}

fn counted(problems: usize) -> String {
    format!("{problems} problem{}", if problems == 1 { "" } else { "s" })
}

/// Draws each camera on a picture of its file, or on grey, into a folder. Says what was drawn.
pub(crate) fn draw_all(settings: &EdgeSettings, misdrawn: &[Misdrawn], folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    for camera in &settings.cameras {
        let background = Background::offline(camera)?;
        let out = folder.join(format!("{}.png", camera.id));
        draw_on(background, settings, misdrawn, &camera.id, Language::default(), &out, Form::Png)?;
    }
    Ok(())
}

fn draw_on(
    background: Background,
    settings: &EdgeSettings,
    misdrawn: &[Misdrawn],
    id: &CameraId,
    language: Language,
    out: &Path,
    form: Form,
) -> anyhow::Result<()> {
    let mut settings = settings.clone();
    let camera = settings.cameras.iter_mut().find(|camera| camera.id == *id).context("no camera")?;
    if let Some(note) = other_shape(camera, &background) {
        eprintln!("camera {id}: {note}");
    }
    // Now it is known.
    let seen = background.seen.and_then(|(width, height)| Aspect::new(width, height));
    camera.aspect = camera.aspect.or(seen);
    let warnings = warnings_of(&settings);
    let own: Vec<&Warning> = warnings.iter().filter(|warning| warning.camera.as_ref() == Some(id)).collect();
    let camera = settings.cameras.iter().find(|camera| camera.id == *id).context("no camera")?;
    let misdrawn: Vec<&Misdrawn> = misdrawn.iter().filter(|misdrawn| misdrawn.camera == *id).collect();
    let canvas = Sheet { camera, warnings: &own, misdrawn: &misdrawn, language }.draw(background.canvas);
    std::fs::write(out, form.encode(&canvas)?).with_context(|| format!("write {}", out.display()))?;
    say!("{}: camera {id} on {}", out.display(), background.told);
    Ok(())
}

/// What is most likely not meant, as far as the network can be told that will look.
pub(crate) fn warnings_of(settings: &EdgeSettings) -> Vec<Warning> {
    warnings(settings, &extents(settings))
}

/// How large each camera's picture is to the network; unknown where that cannot be loaded, which is told as an error elsewhere.
fn extents(settings: &EdgeSettings) -> BTreeMap<CameraId, InputExtent> {
    let Ok(network) = network::load(&settings.network) else { return BTreeMap::new() };
    let extent = |camera: &CameraSettings| {
        let picture = camera.aspect.unwrap_or(Aspect::USUAL).size(SOME_WIDTH);
        let tiles = Tiles { columns: camera.tiles.columns, rows: camera.tiles.rows };
        let (across, down) = seen_size(network.manifest(), tiles, picture);
        (camera.id.clone(), InputExtent { across, down })
    };
    settings.cameras.iter().map(extent).collect()
}

/// What to say where the picture is not of the shape that the configuration tells, or it tells none.
fn other_shape(camera: &CameraSettings, background: &Background) -> Option<String> {
    let (width, height) = background.seen?;
    let ratio = f64::from(width) / f64::from(height);
    match camera.aspect {
        None => Some(format!("its picture has {width}x{height} pixels: write aspect = \"{width}x{height}\"")),
        Some(aspect) if (aspect.ratio() / ratio - 1.0).abs() > OTHER_SHAPE => Some(format!(
            "its picture has {width}x{height} pixels, which is not {aspect}, as its aspect says: zones may have been drawn in another picture"
        )),
        Some(_) => None,
    }
}

/// In which form a picture is written, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Png,
    Jpeg,
}

impl Form {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        match ending.as_deref() {
            Some("png") => Ok(Self::Png),
            Some("jpg" | "jpeg") => Ok(Self::Jpeg),
            _ => bail!("--out {}: expected a name that ends in .png or .jpg", path.display()),
        }
    }

    fn encode(self, canvas: &Canvas) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Self::Png => canvas.to_png()?,
            Self::Jpeg => canvas.to_jpeg()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_name_says_the_form() {
        for (name, form) in
            [("a.png", Form::Png), ("a.PNG", Form::Png), ("a.jpg", Form::Jpeg), ("a.jpeg", Form::Jpeg)]
        {
            assert_eq!(Form::of(Path::new(name)).expect("known"), form);
        }
        for name in ["a", "a.bmp", "png"] {
            assert!(Form::of(Path::new(name)).is_err(), "{name}");
        }
    }
}

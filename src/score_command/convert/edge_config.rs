//! The configuration of an edge box that watches footage of known truth.

use std::path::{Path, PathBuf};

use super::footage::{BAY, Footage, ZoneOutline};

/// Pictures a second that are analysed, where the footage has as many.
const SAMPLE_FPS: f64 = 5.0;

/// The text. Bays only where they are asked for; `ground_truth` is where the footage is looked for.
pub(super) fn text(
    footage: &Footage,
    ground_truth: &Path,
    limit_s: f64,
    with_bays: bool,
) -> anyhow::Result<String> {
    let name = &footage.truth.name;
    let camera: String = name
        .chars()
        .map(|sign| if sign.is_ascii_alphanumeric() || sign == '_' { sign } else { '-' })
        .collect();
    let file = video(&footage.file, ground_truth);
    let [width, height] = footage.size;
    let sample_fps = footage.fps.clamp(1.0, SAMPLE_FPS) as u8;
    let mut text = format!(
        "# An edge box that watches {name}, as the truth file of the same footage has its zones and limits.\n\
         # Made by `gridwatch score convert`. Paths are taken from the folder of this file.\n\n\
         [edge]\nid = \"truth-01\"\nstate_dir = \"state\"\n\n\
         [broker]\nurl = \"mqtt://127.0.0.1:1883\"\n\n\
         [[camera]]\nid = {}\nname = {}\nfile = {}\naspect = \"{width}x{height}\"\npace = \"fast\"\nsample_fps = {sample_fps}\n",
        quoted(&camera)?,
        quoted(name)?,
        quoted(&file.to_string_lossy())?
    );
    for zone in footage.zones.iter().filter(|zone| with_bays || zone.zone_type != BAY) {
        text += &zone_table(zone, limit_s)?;
    }
    Ok(text)
}

/// JSON's strings, numbers and arrays are TOML's as well.
fn zone_table(zone: &ZoneOutline, limit_s: f64) -> anyhow::Result<String> {
    // A bay has a state, and no limit unless somebody sets one.
    let limit = if zone.zone_type == BAY { String::new() } else { format!("limit_s = {limit_s}\n") };
    Ok(format!(
        "\n[[camera.zone]]\nid = {}\nname = {}\ntype = {}\n{limit}polygon = {}\n",
        quoted(&zone.id)?,
        quoted(&zone.name)?,
        quoted(zone.zone_type)?,
        serde_json::to_string(&zone.polygon)?
    ))
}

fn quoted(text: &str) -> anyhow::Result<String> {
    Ok(serde_json::to_string(text)?)
}

/// Where the footage lies: beside the ground truths as the data folder has it; else its name, to be completed by whoever uses it.
fn video(file: &str, ground_truth: &Path) -> PathBuf {
    let folder = ground_truth.parent().unwrap_or_else(|| Path::new(""));
    let places = [folder.join("../videos").join(file), folder.join(file)];
    places.iter().find_map(|place| place.canonicalize().ok()).unwrap_or_else(|| PathBuf::from(file))
}

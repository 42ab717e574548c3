//! Writes frames of a scene as PNG: `still SCENE OUT.png SECONDS [CONDITION] [boxes]`; `SCENE` is a built-in name or a TOML file.
//! With `OUT` a folder and `SECONDS` `from:to:step`, writes several.

use std::{error::Error, path::Path, time::Instant};

use gridwatch_sim::{FrameSource as _, I420Frame, Scene, still};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [scene, out, seconds, rest @ ..] = arguments.as_slice() else {
        return Err("usage: still SCENE OUT SECONDS|FROM:TO:STEP [CONDITION] [boxes]".into());
    };
    let scene = match std::fs::read_to_string(scene) {
        Ok(text) => Scene::from_toml(&text)?,
        Err(_) => Scene::builtin(scene)?,
    };
    let boxes = rest.iter().any(|word| word == "boxes");
    let scene = match rest.iter().find(|word| *word != "boxes") {
        Some(condition) => scene.under(condition.parse()?)?,
        None => scene,
    };
    let Some([from, to, step]) = range(seconds)? else {
        still::write(&scene, seconds.parse()?, boxes, Path::new(out))?;
        return Ok(());
    };
    let start = Instant::now();
    let mut renderer = scene.renderer(1920, 1080);
    eprintln!("prepared in {:.1} s", start.elapsed().as_secs_f64());
    let mut frame = I420Frame::new(1920, 1080);
    let mut at = from;
    let (mut frames, mut spent) = (0, 0.0);
    while at <= to {
        let start = Instant::now();
        let truth = renderer.render((at * 25.0).round() as u32, &mut frame);
        spent += start.elapsed().as_secs_f64();
        frames += 1;
        if out != "-" {
            let path = Path::new(out).join(format!("{at:06.2}.png"));
            still::save(&scene, &frame, boxes.then_some(&truth), &path)?;
        }
        at += step;
    }
    eprintln!("{frames} frames, {:.1} a second", f64::from(frames) / spent);
    Ok(())
}

fn range(text: &str) -> Result<Option<[f64; 3]>, Box<dyn Error>> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        [from, to, step] => Ok(Some([from.parse()?, to.parse()?, step.parse()?])),
        _ => Ok(None),
    }
}

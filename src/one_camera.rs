//! Of a configuration that may have several cameras, the one that is meant.

use anyhow::bail;
use gridwatch_config::EdgeSettings;
use gridwatch_domain::CameraId;

/// The settings with one camera alone.
pub(crate) fn of_camera(
    mut settings: EdgeSettings,
    wanted: Option<&CameraId>,
) -> anyhow::Result<EdgeSettings> {
    let names: Vec<String> = settings.cameras.iter().map(|camera| camera.id.to_string()).collect();
    match wanted {
        Some(id) => settings.cameras.retain(|camera| camera.id == *id),
        None if settings.cameras.len() > 1 => {
            bail!("the configuration has several cameras, name one with --camera: {}", names.join(", "))
        }
        None => {}
    }
    if settings.cameras.is_empty() {
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        match wanted {
            Some(id) => bail!("the configuration has no camera {id}; it has: {there}"),
            None => bail!("the configuration has no camera"),
        }
    }
    Ok(settings)
}

//! `gridwatch config check|schema`.

use std::path::Path;

use anyhow::bail;
use gridwatch_config::{ConfigError, EdgeSettings, Kind, Loaded, Problems, json_schema, load_file};

use crate::{
    cli::{ConfigCommand, FileKind},
    output::say,
};

pub(crate) fn run(command: ConfigCommand) -> anyhow::Result<()> {
    match command {
        #[cfg(feature = "edge")]
        ConfigCommand::Check { file, draw } => check(&file, draw.as_deref()),
        #[cfg(not(feature = "edge"))]
        ConfigCommand::Check { file } => check(&file, None),
        ConfigCommand::Schema { kind } => {
            let kind = match kind {
                FileKind::Edge => Kind::Edge,
                FileKind::Center => Kind::Center,
            };
            say!("{}", serde_json::to_string_pretty(&json_schema(kind))?);
            Ok(())
        }
    }
}

fn check(file: &Path, draw: Option<&Path>) -> anyhow::Result<()> {
    let (problems, edge) = match load_file(file) {
        Ok(Loaded::Edge(settings)) => (edge_files(&settings), Some(settings)),
        Ok(Loaded::Center(settings)) => (center_files(&settings), None),
        Err(ConfigError::Invalid { problems, .. }) => (with_network(file, problems), None),
        Err(error) => return Err(error.into()),
    };
    if !problems.is_empty() {
        let count = problems.iter().count();
        let many = if count == 1 { "" } else { "s" };
        look_at(file, draw)?;
        bail!("{} cannot be used, {count} problem{many}:\n{problems}", file.display());
    }
    match edge {
        Some(settings) => warn(file, &settings, draw),
        None => {
            say!("{}: nothing wrong with it", file.display());
            Ok(())
        }
    }
}

/// Draws a file that cannot be used for misdrawn zones and lines alone, or says how.
#[cfg(feature = "edge")]
fn look_at(file: &Path, draw: Option<&Path>) -> anyhow::Result<()> {
    use gridwatch_config::load_edge_to_look_at;
    let Ok((settings, misdrawn)) = load_edge_to_look_at(file) else { return Ok(()) };
    if let Some(folder) = draw {
        return crate::zones_command::draw_all(&settings, &misdrawn, folder);
    }
    let has_such = |id: &_| misdrawn.iter().any(|misdrawn| misdrawn.camera == *id);
    for camera in settings.cameras.iter().filter(|camera| has_such(&camera.id)) {
        let id = &camera.id;
        say!("To look at it: gridwatch zones draw --config {} --camera {id} --out {id}.png", file.display());
    }
    Ok(())
}

#[cfg(not(feature = "edge"))]
fn look_at(_: &Path, _: Option<&Path>) -> anyhow::Result<()> {
    Ok(())
}

/// What is allowed and most likely not meant, and how to look at it.
#[cfg(feature = "edge")]
fn warn(file: &Path, settings: &EdgeSettings, draw: Option<&Path>) -> anyhow::Result<()> {
    use crate::zones_command::{draw_all, warnings_of};
    let warnings = warnings_of(settings);
    if warnings.is_empty() {
        say!("{}: nothing wrong with it", file.display());
    } else {
        let (count, many) = (warnings.len(), if warnings.len() == 1 { "" } else { "s" });
        say!("{} can be used, {count} warning{many}:", file.display());
        warnings.iter().for_each(|warning| say!("  {}", warning.problem));
    }
    if let Some(folder) = draw {
        return draw_all(settings, &[], folder);
    }
    let is_warned = |id| warnings.iter().any(|warning| warning.camera.as_ref() == Some(id));
    let mut cameras = settings.cameras.iter().map(|camera| &camera.id).filter(|id| is_warned(*id)).peekable();
    if cameras.peek().is_some() {
        say!("To look at it:");
    }
    for id in cameras {
        say!("  gridwatch zones draw --config {} --camera {id} --out {id}.png", file.display());
    }
    Ok(())
}

#[cfg(not(feature = "edge"))]
fn warn(file: &Path, _: &EdgeSettings, _: Option<&Path>) -> anyhow::Result<()> {
    say!("{}: nothing wrong with it", file.display());
    Ok(())
}

/// What only the files that a configuration names can tell.
#[cfg(feature = "edge")]
fn edge_files(settings: &EdgeSettings) -> Problems {
    network_problems(&settings.network, &crate::network::session_settings(&settings.inference))
}

/// With what is wrong with the network that an edge box's file names, beside all else.
#[cfg(feature = "edge")]
fn with_network(file: &Path, mut problems: Problems) -> Problems {
    if let Ok((Some(network), found)) = gridwatch_config::examine_edge(file)
        && found.iter().count() == problems.iter().count()
    {
        network_problems(&network, &gridwatch_detect::SessionSettings::default())
            .iter()
            .for_each(|problem| problems.push(problem.key.clone(), &problem.message));
    }
    problems
}

#[cfg(not(feature = "edge"))]
fn with_network(_: &Path, problems: Problems) -> Problems {
    problems
}

#[cfg(feature = "edge")]
fn network_problems(
    settings: &gridwatch_config::NetworkSettings,
    session: &gridwatch_detect::SessionSettings,
) -> Problems {
    let network = match crate::network::load(settings) {
        Ok(network) => network,
        Err(problems) => return problems,
    };
    let Err(error) = crate::network::try_out(&network, session) else { return Problems::default() };
    crate::network::problem(settings, &error).unwrap_or_else(|| {
        eprintln!("the network was not tried: {error:#}");
        Problems::default()
    })
}

#[cfg(not(feature = "edge"))]
fn edge_files(_: &EdgeSettings) -> Problems {
    Problems::default()
}

/// What only the files that a configuration names can tell.
#[cfg(feature = "center")]
fn center_files(settings: &gridwatch_config::CenterSettings) -> Problems {
    crate::center::load_grid(settings).err().unwrap_or_default()
}

#[cfg(not(feature = "center"))]
fn center_files(_: &gridwatch_config::CenterSettings) -> Problems {
    Problems::default()
}

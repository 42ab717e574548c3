//! `gridwatch config check|schema`.

use std::path::Path;

use anyhow::bail;
use gridwatch_config::{ConfigError, Kind, Loaded, Problems, json_schema, load_file};

use crate::{
    cli::{ConfigCommand, FileKind},
    output::say,
};

pub(crate) fn run(command: ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check { file } => check(&file),
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

fn check(file: &Path) -> anyhow::Result<()> {
    let problems = match load_file(file) {
        Ok(Loaded::Edge(settings)) => edge_files(&settings),
        Ok(Loaded::Center(settings)) => center_files(&settings),
        Err(ConfigError::Invalid { problems, .. }) => with_network(file, problems),
        Err(error) => return Err(error.into()),
    };
    if problems.is_empty() {
        say!("{}: nothing wrong with it", file.display());
        return Ok(());
    }
    let count = problems.iter().count();
    bail!(
        "{} cannot be used, {count} problem{}:\n{problems}",
        file.display(),
        if count == 1 { "" } else { "s" }
    )
}

/// What only the files that a configuration names can tell.
#[cfg(feature = "edge")]
fn edge_files(settings: &gridwatch_config::EdgeSettings) -> Problems {
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
fn edge_files(_: &gridwatch_config::EdgeSettings) -> Problems {
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

//! `gridwatch models list|inspect|import|evaluate|quantize`.

mod evaluate;
mod find;
mod import;
mod inspect;
mod pictures;
mod progress;
mod quantize;

use gridwatch_models::{ModelStore, Network};
use gridwatch_runtime::Chain;

use crate::{cli::ModelsCommand, output::say};

pub(crate) fn run(command: ModelsCommand) -> anyhow::Result<()> {
    match command {
        ModelsCommand::List { folder: None } => ModelStore::builtin().list().iter().for_each(line),
        ModelsCommand::List { folder: Some(folder) } => {
            for listed in ModelStore::list_folder(&folder)? {
                match &listed.network {
                    Ok(network) => line(network),
                    Err(error) => say!("{}: {}", listed.manifest.display(), Chain(error)),
                }
            }
        }
        ModelsCommand::Inspect(arguments) => inspect::run(&arguments)?,
        ModelsCommand::Import(arguments) => import::run(&arguments)?,
        ModelsCommand::Evaluate(arguments) => evaluate::run(&arguments)?,
        ModelsCommand::Quantize(arguments) => quantize::run(&arguments)?,
    }
    Ok(())
}

fn line(network: &Network) {
    let manifest = network.manifest();
    say!(
        "{:<16} {:>4}x{:<4} {:>6} KiB  {}  {}",
        manifest.name,
        manifest.input.width,
        manifest.input.height,
        network.bytes().len() / 1024,
        manifest.licence,
        &network.sha256().as_str()[..12]
    );
}

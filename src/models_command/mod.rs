//! `gridwatch models list|inspect|import|pull|evaluate|quantize`.

mod evaluate;
mod find;
mod import;
mod inspect;
mod pictures;
mod progress;
mod pull;
mod quantize;

use gridwatch_models::{Manifest, ModelStore, Network};
use gridwatch_runtime::Chain;

use crate::{cli::ModelsCommand, output::say};

pub(crate) fn run(command: ModelsCommand) -> anyhow::Result<()> {
    match command {
        ModelsCommand::List { folder: None } => {
            ModelStore::builtin().list().iter().for_each(line);
            ModelStore::pullable().iter().for_each(pullable_line);
        }
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
        ModelsCommand::Pull(arguments) => pull::run(&arguments)?,
        ModelsCommand::Evaluate(arguments) => evaluate::run(&arguments)?,
        ModelsCommand::Quantize(arguments) => quantize::run(&arguments)?,
    }
    Ok(())
}

fn line(network: &Network) {
    describe(network.manifest(), Some(network.bytes().len() as u64), "");
}

fn pullable_line(manifest: &Manifest) {
    describe(manifest, manifest.file.size_bytes, "  (gridwatch models pull)");
}

fn describe(manifest: &Manifest, bytes: Option<u64>, more: &str) {
    say!(
        "{:<16} {:>4}x{:<4} {:>6} KiB  {}  {}{more}",
        manifest.name,
        manifest.input.width,
        manifest.input.height,
        bytes.map_or("?".to_owned(), |bytes| (bytes / 1024).to_string()),
        manifest.licence,
        &manifest.file.sha256.as_str()[..12]
    );
}

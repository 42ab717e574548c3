//! `gridwatch models list|inspect`.

use std::path::Path;

use gridwatch_models::{ModelStore, Network};
use gridwatch_runtime::Chain;

use crate::cli::ModelsCommand;

pub(crate) fn run(command: ModelsCommand) -> anyhow::Result<()> {
    match command {
        ModelsCommand::List { folder: None } => ModelStore::builtin().list().iter().for_each(line),
        ModelsCommand::List { folder: Some(folder) } => {
            for listed in ModelStore::list_folder(&folder)? {
                match &listed.network {
                    Ok(network) => line(network),
                    Err(error) => println!("{}: {}", listed.manifest.display(), Chain(error)),
                }
            }
        }
        ModelsCommand::Inspect { network } => show(&find(&network)?),
    }
    Ok(())
}

fn find(name_or_path: &Path) -> anyhow::Result<Network> {
    let by_name = name_or_path.to_str().filter(|_| !name_or_path.exists());
    match by_name {
        Some(name) => Ok(ModelStore::builtin().get(name)?.clone()),
        None => Ok(ModelStore::inspect(name_or_path)?),
    }
}

fn line(network: &Network) {
    let manifest = network.manifest();
    println!(
        "{:<16} {:>4}x{:<4} {:>6} KiB  {}  {}",
        manifest.name,
        manifest.input.width,
        manifest.input.height,
        network.bytes().len() / 1024,
        manifest.licence,
        &network.sha256().as_str()[..12]
    );
}

fn show(network: &Network) {
    let manifest = network.manifest();
    println!("name      {} {}", manifest.name, manifest.version);
    println!("licence   {}", manifest.licence);
    println!("sha256    {} (checked)", network.sha256());
    println!("input     {}x{} pixels", manifest.input.width, manifest.input.height);
    println!("labels    {}", manifest.labels.join(", "));
    for quality in &manifest.quality {
        println!("measured  {}: {} = {}", quality.dataset, quality.metric, quality.value);
    }
}

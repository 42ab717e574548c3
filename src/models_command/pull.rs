//! `gridwatch models pull`: the file of a network whose manifest says where it is.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gridwatch_models::{
    MANIFEST_FILE, Manifest, ModelStore, Network,
    pull::{Progress, PullSettings, Pulled, Source, pull},
};

use super::{find::NETWORKS_FOLDER, progress};
use crate::{cli::PullArguments, output::say};

pub(super) fn run(arguments: &PullArguments) -> anyhow::Result<()> {
    let wanted = Wanted::find(arguments)?;
    let file = &wanted.manifest.file;
    let Some(url) = arguments.from.clone().or_else(|| file.url.clone()) else {
        bail!("the manifest of {} says of no address (file.url): name one with --from", wanted.manifest.name);
    };
    let Some(size_bytes) = file.size_bytes else {
        bail!(
            "the manifest of {} does not say how large its file is: add file.size_bytes",
            wanted.manifest.name
        );
    };
    let source = Source { url, sha256: file.sha256.clone(), size_bytes };
    let manifest_path = wanted.folder.join(&wanted.manifest_file);
    std::fs::create_dir_all(&wanted.folder).with_context(|| format!("create {}", wanted.folder.display()))?;
    match fetch(&source, &wanted)? {
        Pulled::AlreadyThere => say!("is there  {} (checked)", wanted.target().display()),
        Pulled::Fetched { resumed_at: 0 } => say!("fetched   {} (checked)", wanted.target().display()),
        Pulled::Fetched { resumed_at } => {
            say!("fetched   {} (checked), the rest after byte {resumed_at}", wanted.target().display());
        }
    }
    if !manifest_path.exists() {
        write_at_once(&manifest_path, &wanted.manifest.to_toml())?;
    }
    Network::load(&manifest_path)?;
    say!();
    say!("Look at what it sees:    gridwatch models inspect {} --image PICTURE", wanted.folder.display());
    say!("Use it in a configuration:");
    say!("[network]");
    say!("manifest = {:?}", std::path::absolute(&manifest_path)?.display().to_string());
    Ok(())
}

/// What is to be pulled, and where to.
struct Wanted {
    manifest: Manifest,
    folder: PathBuf,
    /// The name of the manifest in the folder.
    manifest_file: PathBuf,
}

impl Wanted {
    /// By path, else among the networks that gridwatch knows, else in [`NETWORKS_FOLDER`].
    fn find(arguments: &PullArguments) -> anyhow::Result<Self> {
        let named = &arguments.network;
        if named.exists() {
            let path = if named.is_dir() { named.join(MANIFEST_FILE) } else { named.clone() };
            return Self::beside(&path, arguments.into.as_deref());
        }
        let name = named.display().to_string();
        if ModelStore::builtin().get(&name).is_ok() {
            bail!("{name} is part of gridwatch: there is nothing to pull");
        }
        let into = arguments.into.clone().unwrap_or_else(|| NETWORKS_FOLDER.into());
        let known = ModelStore::pullable().into_iter().find(|manifest| manifest.name == name);
        let here = into.join(&name).join(MANIFEST_FILE);
        match known {
            Some(manifest) => Self::into_folder(manifest, &into),
            None if here.is_file() => Self::beside(&here, None),
            None => Err(ModelStore::builtin()
                .get(&name)
                .map(|_| ())
                .err()
                .context("a name that is unknown")?
                .into()),
        }
    }

    fn beside(path: &Path, into: Option<&Path>) -> anyhow::Result<Self> {
        let manifest = Manifest::load(path)?;
        if let Some(into) = into {
            return Self::into_folder(manifest, into);
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let manifest_file = path.file_name().context("a manifest is a file")?.into();
        Ok(Self { manifest, folder, manifest_file })
    }

    /// A folder of its own in `into`, unless that is another network's.
    fn into_folder(manifest: Manifest, into: &Path) -> anyhow::Result<Self> {
        let folder = into.join(&manifest.name);
        let path = folder.join(MANIFEST_FILE);
        if path.exists() && Manifest::load(&path)?.file.sha256 != manifest.file.sha256 {
            bail!("{} is another network's: remove it, or name another folder with --into", path.display());
        }
        Ok(Self { manifest, folder, manifest_file: MANIFEST_FILE.into() })
    }

    fn target(&self) -> PathBuf {
        self.folder.join(&self.manifest.file.onnx)
    }
}

fn fetch(source: &Source, wanted: &Wanted) -> anyhow::Result<Pulled> {
    let bar = progress::bytes(&wanted.manifest.name);
    let pulled = pull(source, &wanted.target(), &PullSettings::default(), &mut |progress| match progress {
        Progress::Waiting => {
            bar.suspend(|| eprintln!("gridwatch: another pull of it is running; waiting for that"))
        }
        Progress::Receiving { done, total } => {
            bar.set_length(total);
            bar.set_position(done);
        }
    });
    bar.finish_and_clear();
    Ok(pulled?)
}

/// Whoever reads it meets all of it or nothing.
fn write_at_once(path: &Path, text: &str) -> anyhow::Result<()> {
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&aside, text)
        .and_then(|()| std::fs::rename(&aside, path))
        .with_context(|| format!("write {}", path.display()))
}

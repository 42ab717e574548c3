//! Networks as the command line names them: by name, by manifest, or as a bare ONNX file.

use std::path::{Path, PathBuf};

use gridwatch_models::{MANIFEST_FILE, ModelStore, Network};

use super::import;
use crate::cli::Recognition;

/// Where `import` puts networks unless told otherwise, and where names are looked for therefore.
pub(super) const NETWORKS_FOLDER: &str = "networks";

/// Whether the path means an ONNX file without a manifest.
pub(super) fn is_onnx(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"))
}

/// The network, and how it was recognised where it came without a manifest. A path comes before a name, a shipped
/// network before one in [`NETWORKS_FOLDER`].
pub(super) fn network(
    name_or_path: &Path,
    recognition: &Recognition,
) -> anyhow::Result<(Network, Vec<String>)> {
    if is_onnx(name_or_path) {
        let bytes = import::read(name_or_path)?;
        let recognised = import::recognised(name_or_path, &bytes, recognition)?;
        let reasons = recognised.reasons.clone();
        let manifest = import::manifest(name_or_path, &bytes, recognised, recognition)?;
        return Ok((Network::new(manifest, bytes)?, reasons));
    }
    let network = match name_or_path.to_str().filter(|_| !name_or_path.exists()) {
        Some(name) => by_name(name)?,
        None => ModelStore::inspect(name_or_path)?,
    };
    Ok((network, Vec::new()))
}

fn by_name(name: &str) -> anyhow::Result<Network> {
    match ModelStore::builtin().get(name) {
        Ok(network) => Ok(network.clone()),
        Err(unknown) => {
            let manifest: PathBuf = [NETWORKS_FOLDER, name, MANIFEST_FILE].iter().collect();
            if manifest.is_file() { Ok(Network::load(&manifest)?) } else { Err(unknown.into()) }
        }
    }
}

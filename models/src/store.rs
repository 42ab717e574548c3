//! Where networks are found: the shipped ones inside the binary, others in folders.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::{Manifest, ModelError, Network};

/// The name of a manifest in a network's folder.
pub const MANIFEST_FILE: &str = "manifest.toml";

/// The networks that this binary carries: manifest and ONNX file of each.
const SHIPPED: [(&str, &[u8]); 3] = [
    (include_str!("../yard-n/manifest.toml"), include_bytes!("../yard-n/yard-n.onnx")),
    (include_str!("../yard-n-int8/manifest.toml"), include_bytes!("../yard-n-int8/yard-n-int8.onnx")),
    (
        include_str!("../yard-n-800-int8/manifest.toml"),
        include_bytes!("../yard-n-800-int8/yard-n-800-int8.onnx"),
    ),
];

/// The manifests of networks that this binary knows of but does not carry.
const PULLABLE: [&str; 1] = [include_str!("../yolox-nano/manifest.toml")];

/// Of the shipped networks the one in 8 bits that takes pictures of the same size as the first.
const IN_BYTES: &str = "yard-n-int8";

/// Whether multiplying bytes is one instruction here: without, a network in 8 bits gains little, and on x86 its sums may overflow.
fn calculates_with_bytes() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return std::arch::is_x86_feature_detected!("avx512vnni")
        || std::arch::is_x86_feature_detected!("avxvnni");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("dotprod");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

/// A set of networks, by name.
#[derive(Debug, Clone)]
pub struct ModelStore {
    networks: Vec<Network>,
}

/// A network in a folder of networks.
#[derive(Debug)]
pub struct Listed {
    /// Its manifest.
    pub manifest: PathBuf,
    /// The network, or why it is refused.
    pub network: Result<Network, ModelError>,
}

impl ModelStore {
    /// The networks that this binary carries; hashes are checked here too.
    pub fn builtin() -> Self {
        let load = |(manifest, bytes): (&str, &'static [u8])| {
            let manifest = Manifest::parse(manifest).expect("a test reads every shipped manifest");
            Network::new(manifest, Cow::Borrowed(bytes))
                .expect("a test checks the hash of every shipped network")
        };
        Self { networks: SHIPPED.map(load).into() }
    }

    /// The network that is used where the configuration names none: the one in 8 bits where this processor calculates with bytes,
    /// else the first. Both are of one training.
    pub fn default_network(&self) -> &Network {
        self.network_for(calculates_with_bytes())
    }

    fn network_for(&self, calculates_with_bytes: bool) -> &Network {
        let in_bytes = calculates_with_bytes.then(|| self.get(IN_BYTES).ok()).flatten();
        in_bytes.unwrap_or(&self.networks[0])
    }

    /// All networks, the one that every processor runs first.
    pub fn list(&self) -> &[Network] {
        &self.networks
    }

    /// The manifests of networks that [`pull()`](crate::pull::pull) can fetch.
    pub fn pullable() -> Vec<Manifest> {
        PULLABLE.map(|text| Manifest::parse(text).expect("a test reads every manifest here")).into()
    }

    /// The network of this name.
    ///
    /// # Errors
    /// [`ModelError::NotPulled`] where it is known but not carried, else [`ModelError::UnknownName`] with the names that exist.
    pub fn get(&self, name: &str) -> Result<&Network, ModelError> {
        let found = self.networks.iter().find(|network| network.manifest().name == name);
        found.ok_or_else(|| self.absent(name))
    }

    fn absent(&self, name: &str) -> ModelError {
        let pullable = Self::pullable();
        match pullable.iter().find(|manifest| manifest.name == name) {
            Some(manifest) => {
                ModelError::NotPulled { path: (&manifest.file.onnx).into(), name: name.to_owned() }
            }
            None => ModelError::UnknownName {
                name: name.to_owned(),
                shipped: self.networks.iter().map(|network| network.manifest().name.clone()).collect(),
                pullable: pullable.into_iter().map(|manifest| manifest.name).collect(),
            },
        }
    }

    /// Reads the network at `path`, a manifest or the folder of one, and checks it as a start would.
    ///
    /// # Errors
    /// Any [`ModelError`] of a file.
    pub fn inspect(path: &Path) -> Result<Network, ModelError> {
        if path.is_dir() { Network::load(&path.join(MANIFEST_FILE)) } else { Network::load(path) }
    }

    /// The manifests in the folders directly under `path`, by path. What is wrong with one does not hide the others.
    ///
    /// # Errors
    /// [`ModelError::List`] where `path` cannot be listed.
    pub fn list_folder(path: &Path) -> Result<Vec<Listed>, ModelError> {
        let failed = |source| ModelError::List { path: path.to_owned(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let manifest = entry.map_err(failed)?.path().join(MANIFEST_FILE);
            if manifest.is_file() {
                let network = Network::load(&manifest);
                found.push(Listed { manifest, network });
            }
        }
        found.sort_by(|a, b| a.manifest.cmp(&b.manifest));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_what_the_processor_is_good_at_and_takes_the_same_pictures() {
        let store = ModelStore::builtin();
        let [bytes, floats] = [true, false].map(|is| store.network_for(is).manifest());
        assert_eq!((bytes.name.as_str(), floats.name.as_str()), ("yard-n-int8", "yard-n"));
        assert_eq!(bytes.input, floats.input);
        assert_eq!(bytes.labels, floats.labels);
        let chosen = &store.default_network().manifest().name;
        assert!([&bytes.name, &floats.name].contains(&chosen));
    }
}

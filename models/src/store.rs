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

/// A set of networks, by name. The first is the one that is used where the configuration names none.
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

    /// The network that is used where the configuration names none.
    pub fn default_network(&self) -> &Network {
        &self.networks[0]
    }

    /// All networks, the default one first.
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

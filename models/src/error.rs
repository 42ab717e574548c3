//! What can be wrong with a network before it runs.

use std::fmt;
use std::io;
use std::path::PathBuf;

use gridwatch_domain::Sha256Hex;

/// Why a network was refused. The text names the file; what to do about it follows from the variant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The manifest cannot be read.
    #[error("read network manifest {}", path.display())]
    ReadManifest {
        /// The manifest.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// What is named as a manifest is a network itself.
    #[error(
        "{} is a network, not its manifest: `gridwatch models import {}` writes one, in a folder to be named here", path.display(), path.display()
    )]
    NoManifest {
        /// The file.
        path: PathBuf,
    },
    /// The manifest was read, but is not a manifest; every problem that was found.
    #[error("network manifest {}: {problems}", path.display())]
    BadManifest {
        /// The manifest.
        path: PathBuf,
        /// Each with its key path.
        problems: Problems,
    },
    /// The ONNX file is not there.
    #[error("network file {} is missing", path.display())]
    MissingFile {
        /// The ONNX file as it was looked for.
        path: PathBuf,
    },
    /// The ONNX file is not there, but may be had.
    #[error("network file {} has not been fetched yet: run `gridwatch models pull {}`", path.display(), name)]
    NotPulled {
        /// The ONNX file as it was looked for.
        path: PathBuf,
        /// What to name to `gridwatch models pull`: the network's folder or, for one that gridwatch knows, its name.
        name: String,
    },
    /// The ONNX file is there, but cannot be read.
    #[error("read network file {}", path.display())]
    ReadFile {
        /// The ONNX file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The ONNX file is not the one that the manifest (or the configuration) means.
    #[error("network file {} has sha256 {found}, expected {expected}", path.display())]
    WrongHash {
        /// The ONNX file.
        path: PathBuf,
        /// The hash of the file.
        found: Sha256Hex,
        /// The hash that was asked for.
        expected: Sha256Hex,
    },
    /// No network of this name is shipped.
    #[error("no network named {name:?}; shipped: {}; to be pulled: {}", shipped.join(", "), pullable.join(", "))]
    UnknownName {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        shipped: Vec<String>,
        /// The names that `gridwatch models pull` knows.
        pullable: Vec<String>,
    },
    /// A folder of networks cannot be listed.
    #[error("list networks in {}", path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// One thing wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as `input.width` or `quality[2].value`; empty where the text is not TOML at all.
    pub key: String,
    /// What was found, and what is allowed.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.key, self.message)
        }
    }
}

/// Everything wrong with one manifest; at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

//! What has been measured is kept, so that a run that was interrupted goes on where it was.
//!
//! Under a key that changes with everything that the result may: the footage, the configuration, the network, and this program itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use gridwatch_models::{Network, sha256_of};
use serde::{Serialize, de::DeserializeOwned};

use super::plan::Rate;

/// Grows whenever what is kept changes its meaning.
const VERSION: u32 = 1;

/// Results on disk.
pub(super) struct Kept {
    folder: PathBuf,
    /// Digest of the running program.
    program: String,
}

/// What a result depends on, the program aside.
#[derive(Debug, Clone)]
pub(super) struct Subject<'a> {
    /// The pictures: a scene's fingerprint, size and encoding, or a file's digest.
    pub(super) footage: &'a str,
    /// What is true of them.
    pub(super) truth: &'a str,
    pub(super) configuration: &'a str,
    pub(super) rate: Rate,
    pub(super) network: &'a Network,
}

impl Kept {
    /// In a folder, which is made where there is none.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let program = std::env::current_exe().context("find this program")?;
        let bytes = fs::read(&program).with_context(|| format!("read {}", program.display()))?;
        Ok(Self { folder: folder.to_owned(), program: sha256_of(&bytes).as_str().to_owned() })
    }

    /// Which build of gridwatch this is: the beginning of its digest.
    pub(super) fn program(&self) -> &str {
        self.program.get(..12).unwrap_or(&self.program)
    }

    /// What is kept of a subject; what cannot be read is as if it were not there.
    pub(super) fn find<T: DeserializeOwned>(&self, subject: &Subject<'_>) -> Option<T> {
        let text = fs::read(self.file(subject)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Whoever reads it finds all of it or nothing.
    pub(super) fn keep<T: Serialize>(&self, subject: &Subject<'_>, result: &T) -> anyhow::Result<()> {
        let file = self.file(subject);
        let aside = file.with_extension(format!("{}.part", std::process::id()));
        fs::write(&aside, serde_json::to_vec(result)?)
            .and_then(|()| fs::rename(&aside, &file))
            .with_context(|| format!("write {}", file.display()))
    }

    fn file(&self, subject: &Subject<'_>) -> PathBuf {
        self.folder.join(format!("{}.json", self.key(subject)))
    }

    fn key(&self, subject: &Subject<'_>) -> String {
        let network = format!("{} {}", subject.network.sha256(), subject.network.manifest().to_toml());
        let (version, rate) = (VERSION.to_string(), subject.rate.to_string());
        let Subject { footage, truth, configuration, .. } = subject;
        let parts: [&str; 7] = [&version, &self.program, footage, truth, configuration, &rate, &network];
        // Each with its length: no two lists of parts make the same text.
        let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        sha256_of(text.as_bytes()).as_str().chars().take(32).collect()
    }
}

#[cfg(test)]
mod tests {
    use gridwatch_models::ModelStore;

    use super::*;

    fn subject(store: &ModelStore) -> Subject<'_> {
        let network = store.default_network();
        Subject { footage: "f", truth: "t", configuration: "c", rate: Rate::Gated, network }
    }

    #[test]
    fn a_result_is_found_again_for_the_very_same_subject() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept { folder: folder.path().to_owned(), program: "one".into() };
        let store = ModelStore::builtin();
        let subject = subject(&store);
        assert_eq!(kept.find::<u32>(&subject), None);
        kept.keep(&subject, &7).expect("it is writable");
        assert_eq!(kept.find(&subject), Some(7));
        let other = store.get("yard-n-800-int8").expect("shipped");
        for changed in [
            Subject { footage: "g", ..subject.clone() },
            Subject { truth: "u", ..subject.clone() },
            Subject { configuration: "d", ..subject.clone() },
            Subject { rate: Rate::Keys, ..subject.clone() },
            Subject { footage: "ft", truth: "", ..subject.clone() },
            Subject { network: other, ..subject.clone() },
        ] {
            assert_eq!(kept.find::<u32>(&changed), None, "{changed:?}");
        }
        let newer = Kept { program: "two".into(), ..kept };
        assert_eq!(newer.find::<u32>(&subject), None, "another program may come to another result");
    }

    #[test]
    fn what_is_damaged_is_measured_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept::open(folder.path()).expect("this program can be read");
        let store = ModelStore::builtin();
        let subject = subject(&store);
        fs::write(kept.file(&subject), "{").expect("it is writable");
        assert_eq!(kept.find::<u32>(&subject), None);
    }
}

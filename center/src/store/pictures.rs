//! Snapshots as files `<first two digits>/<sha256>.jpg`, durable before anybody is told of them.
//!
//! A file is written beside its place, flushed, then renamed: under its final name it is always whole. A picture
//! without a row in the database is harmless; a row without its picture cannot come about.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use gridwatch_domain::Sha256Hex;

use super::StoreError;

/// The folder of snapshots.
#[derive(Debug, Clone)]
pub(super) struct Pictures {
    folder: PathBuf,
}

impl Pictures {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, sha256: &Sha256Hex) -> PathBuf {
        let (shelf, _) = sha256.as_str().split_at(2);
        self.folder.join(shelf).join(format!("{sha256}.jpg"))
    }

    /// Makes all of them durable. Blocks.
    pub(super) fn keep(&self, pictures: &[(Sha256Hex, Bytes)]) -> Result<(), StoreError> {
        for (sha256, jpeg) in pictures {
            let path = self.path(sha256);
            keep_one(&path, jpeg).map_err(|source| StoreError::Picture { path, source })?;
        }
        Ok(())
    }

    /// The picture; `None` if there is none.
    pub(super) async fn read(&self, sha256: &Sha256Hex) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(sha256);
        match tokio::fs::read(&path).await {
            Ok(jpeg) => Ok(Some(jpeg.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Picture { path, source }),
        }
    }
}

fn keep_one(path: &Path, jpeg: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|file| file.len() == jpeg.len() as u64) {
        return Ok(());
    }
    let shelf = path.parent().expect("a picture lies on a shelf");
    if !shelf.exists() {
        fs::create_dir_all(shelf)?;
        if let Some(folder) = shelf.parent() {
            File::open(folder)?.sync_all()?;
        }
    }
    let beside = path.with_extension("part");
    let mut file = File::create(&beside)?;
    file.write_all(jpeg)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(shelf)?.sync_all()
}

//! The files of one encoded scene: found, locked, written.

use std::{
    fs::{self, File, TryLockError},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

use super::{
    CacheError, EncodedScene, PictureSize, Progress, file_error,
    scene::{Index, Unit},
};
use crate::{
    FrameSource, FrameTruth,
    encode::{self, AccessUnit, EncodeError, EncodedSink, Encoding},
};

/// Schema of the index file. A file of another schema is rendered anew.
const INDEX_SCHEMA: &str = "gridwatch.sim.index/1";

/// The files of one encoded scene.
pub(super) struct Files {
    dir: PathBuf,
    stream: PathBuf,
    truth: PathBuf,
    pub(super) index: PathBuf,
    lock: PathBuf,
    encoding: Encoding,
}

impl Files {
    /// Their names within `dir`.
    pub(super) fn of(dir: &Path, fingerprint: &str, size: PictureSize, encoding: Encoding) -> Self {
        let PictureSize { width, height } = size;
        let Encoding { codec, kbit, group } = encoding;
        let how = if encoding == Encoding::usual(width, height) {
            String::new()
        } else {
            format!("-{}-{kbit}k-{group}", codec.as_str())
        };
        let file = |extension: &str| dir.join(format!("{fingerprint}-{width}x{height}{how}.{extension}"));
        Self {
            dir: dir.to_owned(),
            stream: file(codec.as_str()),
            truth: file("truth.jsonl"),
            index: file("index.json"),
            lock: file("lock"),
            encoding,
        }
    }

    /// The finished scene, or nothing where there is none of this version.
    pub(super) fn open(&self) -> Result<Option<EncodedScene>, CacheError> {
        let text = match fs::read_to_string(&self.index) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file_error("read", &self.index)(error)),
        };
        let Ok(index) = serde_json::from_str::<Index>(&text) else { return Ok(None) };
        if index.schema != INDEX_SCHEMA || index.units.is_empty() || index.fps == 0 || !self.truth.exists() {
            return Ok(None);
        }
        let stream = match File::open(&self.stream) {
            Ok(stream) => stream,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file_error("open", &self.stream)(error)),
        };
        let length = stream.metadata().map_err(file_error("read", &self.stream))?.len();
        let end = index.units.last().map_or(0, |Unit(offset, length, _)| offset + u64::from(*length));
        let whole = length == end && index.units[0].2;
        let (stream_path, truth_path) = (self.stream.clone(), self.truth.clone());
        let codec = self.encoding.codec;
        Ok(whole.then_some(EncodedScene { stream, stream_path, truth_path, index, codec }))
    }

    /// Waits until no other process renders this scene.
    pub(super) fn lock(&self, progress: &mut dyn FnMut(Progress)) -> Result<File, CacheError> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)
            .map_err(file_error("open", &self.lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                tracing::info!(lock = %self.lock.display(), "another process is rendering this scene; waiting");
                progress(Progress::Waiting);
                file.lock().map_err(file_error("lock", &self.lock))?;
            }
            Err(TryLockError::Error(error)) => return Err(file_error("lock", &self.lock)(error)),
        }
        Ok(file)
    }

    /// Renders and encodes the scene into its files.
    pub(super) fn render(
        &self,
        sources: Vec<Box<dyn FrameSource>>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), CacheError> {
        let form = sources
            .first()
            .map(|source| (source.width(), source.height(), source.fps(), source.frame_count()));
        let Some((width, height, fps, total)) = form else {
            return Err(CacheError::Encode { path: self.stream.clone(), source: EncodeError::Sources });
        };
        // An index that vouches for files of the past must not vouch for those to come.
        match fs::remove_file(&self.index) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(file_error("remove", &self.index)(error));
            }
            _ => {}
        }
        // Under another name while unfinished; what an earlier attempt left is overwritten.
        let (stream_temp, truth_temp) = (temporary(&self.stream), temporary(&self.truth));
        let mut writer = CacheWriter {
            stream: BufWriter::new(File::create(&stream_temp).map_err(file_error("create", &stream_temp))?),
            truth: BufWriter::new(File::create(&truth_temp).map_err(file_error("create", &truth_temp))?),
            units: Vec::with_capacity(total as usize),
            end: 0,
            total,
            progress,
        };
        let encoded = encode::encode(sources, self.encoding, &mut writer);
        if let Err(source) = encoded {
            for path in [&stream_temp, &truth_temp] {
                if let Err(error) = fs::remove_file(path) {
                    tracing::warn!(path = %path.display(), %error, "an unfinished file is left behind");
                }
            }
            return Err(CacheError::Encode { path: self.stream.clone(), source });
        }
        let CacheWriter { stream, truth, units, .. } = writer;
        finish(stream, &stream_temp, &self.stream)?;
        finish(truth, &truth_temp, &self.truth)?;

        let index = Index { schema: INDEX_SCHEMA.into(), width, height, fps, units };
        let index_temp = temporary(&self.index);
        let mut file = BufWriter::new(File::create(&index_temp).map_err(file_error("create", &index_temp))?);
        serde_json::to_writer(&mut file, &index)
            .map_err(io::Error::from)
            .map_err(file_error("write", &index_temp))?;
        // The names of the other two must be on disk before the one that vouches for them.
        sync_dir(&self.dir)?;
        finish(file, &index_temp, &self.index)?;
        sync_dir(&self.dir)
    }
}

/// Flushes a finished file to disk and gives it its name.
fn finish(writer: BufWriter<File>, temp: &Path, path: &Path) -> Result<(), CacheError> {
    let file = writer.into_inner().map_err(|error| file_error("write", temp)(error.into_error()))?;
    file.sync_all().map_err(file_error("write", temp))?;
    fs::rename(temp, path).map_err(file_error("rename to", path))
}

fn sync_dir(dir: &Path) -> Result<(), CacheError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(file_error("write folder", dir))
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Writes stream and truth, remembers where each picture lies.
struct CacheWriter<'a> {
    stream: BufWriter<File>,
    truth: BufWriter<File>,
    units: Vec<Unit>,
    end: u64,
    total: u32,
    progress: &'a mut dyn FnMut(Progress),
}

impl EncodedSink for CacheWriter<'_> {
    fn truth(&mut self, truth: &FrameTruth) -> io::Result<()> {
        serde_json::to_writer(&mut self.truth, truth)?;
        self.truth.write_all(b"\n")
    }

    fn unit(&mut self, unit: &AccessUnit) -> io::Result<()> {
        self.stream.write_all(&unit.bytes)?;
        let length = u32::try_from(unit.bytes.len()).map_err(io::Error::other)?;
        self.units.push(Unit(self.end, length, unit.key));
        self.end += u64::from(length);
        let done = u32::try_from(self.units.len()).map_err(io::Error::other)?;
        (self.progress)(Progress::Rendering { done, total: self.total });
        Ok(())
    }
}

//! Pictures for `models inspect` and `models evaluate`: read from any file that cameras may be, by the way that cameras'
//! pictures go, and drawn with what was found in them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use gridwatch_config::{CameraSettings, DecodeMode, Pace, SourceSettings, TilesConfig, TlsSettings};
use gridwatch_domain::{CameraId, Detection, Frame, Nv12Buffer, Timestamp};
use gridwatch_ingest::OfflineReason;
use tokio::sync::mpsc;

use crate::first_picture;

/// Pictures that may be decoded ahead of their use: enough to keep the decoder busy while a network runs.
const AHEAD: usize = 4;

/// The first picture of a picture or video file.
pub(super) fn first_picture(path: &Path) -> anyhow::Result<Frame> {
    crate::in_runtime(first_of(path))
}

/// The first picture of each file, in their order, decoded on a thread of its own.
pub(super) fn first_pictures(
    paths: Vec<PathBuf>,
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Frame>>> {
    let (pictures, mut pictures_rx) = mpsc::channel(AHEAD);
    let decode = async move {
        for path in paths {
            let picture = first_of(&path).await;
            // Nobody waits for it any more: something has failed.
            if pictures.send(picture).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    std::thread::Builder::new()
        .name("pictures".to_owned())
        .spawn(move || crate::in_runtime(decode))
        .context("start the thread that decodes pictures")?;
    Ok(std::iter::from_fn(move || pictures_rx.blocking_recv()))
}

async fn first_of(path: &Path) -> anyhow::Result<Frame> {
    if !path.is_file() {
        bail!("{}: no such file", path.display());
    }
    let source = SourceSettings::File { path: path.to_owned(), pace: Pace::Fast, repeat: false };
    let id: CameraId = "picture".parse().context("a valid id")?;
    let settings = CameraSettings {
        id,
        name: String::new(),
        cell: None,
        source,
        main: None,
        sample_fps: 1,
        decode: DecodeMode::Always,
        rest: Duration::from_secs(10),
        record: false,
        tiles: TilesConfig::WHOLE,
        tls: TlsSettings::System,
        aspect: None,
        zones: Vec::new(),
        lines: Vec::new(),
        groups: Vec::new(),
        ground: None,
    };
    match first_picture::of_source(settings).await? {
        Ok(Some(frame)) => Ok(frame),
        Ok(None) => bail!("{}: there is no picture in it", path.display()),
        Err(OfflineReason::Garbage { detail }) => {
            bail!("{}: no picture can be read from it ({detail}): is it whole?", path.display())
        }
        Err(reason) => bail!("{}: {reason}", path.display()),
    }
}

/// A picture of nothing, to time a network with.
pub(super) fn grey_picture() -> Frame {
    let (width, height) = (1920, 1080);
    let planes = Arc::new(Nv12Buffer::filled(width, height, [114, 128, 128]));
    let camera = "grey".parse().expect("letters are a valid id");
    Frame::new(camera, 0, Timestamp::UNIX_EPOCH, (width, height), planes)
}

/// The picture with its boxes, as JPEG.
pub(super) fn draw(picture: &Frame, found: &[Detection]) -> anyhow::Result<Vec<u8>> {
    Ok(gridwatch_alert::drawn(picture, found)?)
}

//! `[[camera]]` and `[[camera.zone]]`: what is watched.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use gridwatch_domain::{
    CameraId, CellCode, DomainError, DwellLimit, ObjectClass, Point, Polygon, Zone, ZoneId, ZoneType,
};
use serde::Deserialize;
use url::Url;

use crate::{Problems, Secret, network::existing};

/// One `[[camera]]` table. Give it a `url` or a `file`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraConfig {
    /// Stable name: MQTT topic level and metric label.
    pub id: CameraId,
    /// What people call it. Default: the id.
    pub name: Option<String>,
    /// Grid cell it belongs to: 15 digits, or 12, 9 or 6 for a larger node. Default: none, so its events have none.
    pub cell: Option<CellCode>,
    /// Address of its stream: `rtsp://HOST/PATH` (over TCP). May carry a user and password.
    pub url: Option<Secret>,
    /// User of the stream. Default: the one in `url`.
    pub username: Option<String>,
    /// Password of the stream. Default: the one in `url`.
    pub password: Option<Secret>,
    /// A video file instead of a stream: anything that GStreamer decodes.
    pub file: Option<PathBuf>,
    /// How a file is played: `realtime`, or `fast` (as fast as it can be analysed). Default: realtime.
    pub pace: Option<Pace>,
    /// Whether a file begins anew at its end. Default: false.
    #[serde(default)]
    pub repeat: bool,
    /// Frames analysed per second, 1–30. Default: 5.
    #[schemars(range(min = 1, max = 30))]
    pub sample_fps: Option<u8>,
    /// Overlapping tiles that its picture is divided into for the network, such as `2x1` (two beside each other), 1–4 each way:
    /// small objects are found better, and each tile costs as much as a whole picture. Default: `1x1`, the whole picture.
    pub tiles: Option<String>,
    /// What is watched in its picture. Default: nothing.
    #[serde(default)]
    pub zone: Vec<ZoneConfig>,
}

/// How a file is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// As a camera would.
    Realtime,
    /// As fast as it can be analysed; no frame that is due is left out.
    Fast,
}

/// One `[[camera.zone]]` table.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneConfig {
    /// Unique within the camera.
    pub id: ZoneId,
    /// What people call it. Default: the id.
    pub name: Option<String>,
    /// What it is for.
    #[serde(rename = "type")]
    pub zone_type: ZoneType,
    /// Corners `[x, y]`, at least three, each from 0 to 1 with the origin top left; sides must not cross.
    pub polygon: Vec<[f32; 2]>,
    /// Classes it cares about. Default: car, bus, truck.
    pub classes: Option<Vec<ObjectClass>>,
    /// How long one may stand, in seconds, 1–2592000. Default: 180, in a fire lane 60.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub limit_s: Option<f64>,
    /// Grid cell, where that is not the camera's.
    pub cell: Option<CellCode>,
}

/// A camera, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSettings {
    /// Stable name.
    pub id: CameraId,
    /// What people call it.
    pub name: String,
    /// Grid cell it belongs to.
    pub cell: Option<CellCode>,
    /// Where its pictures come from.
    pub source: SourceSettings,
    /// Frames analysed per second, 1–30.
    pub sample_fps: u8,
    /// Tiles that its picture is divided into for the network.
    pub tiles: TilesConfig,
    /// What is watched.
    pub zones: Vec<Zone>,
}

/// Tiles across and down, 1–4 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilesConfig {
    /// Tiles across.
    pub columns: u8,
    /// Tiles down.
    pub rows: u8,
}

impl TilesConfig {
    /// The whole picture.
    pub const WHOLE: Self = Self { columns: 1, rows: 1 };
    /// Most tiles each way: of more, each sees less than a network was trained on.
    const MOST: u8 = 4;
}

impl FromStr for TilesConfig {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let count = |text: &str| text.parse().ok().filter(|count| (1..=Self::MOST).contains(count));
        let counts = text.split_once('x').and_then(|(columns, rows)| Some((count(columns)?, count(rows)?)));
        let (columns, rows) = counts.ok_or_else(|| {
            format!("{text:?}: expected tiles across and down, 1–{} each, such as 2x1", Self::MOST)
        })?;
        Ok(Self { columns, rows })
    }
}

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSettings {
    /// RTSP over TCP.
    Rtsp {
        /// The address, with user and password if there are any.
        url: Secret,
    },
    /// A file.
    File {
        /// The file.
        path: PathBuf,
        /// How it is played.
        pace: Pace,
        /// Whether it begins anew at its end.
        repeat: bool,
    },
}

/// Frames analysed per second where the camera names no number.
const DEFAULT_SAMPLE_FPS: u8 = 5;

impl CameraConfig {
    pub(crate) fn check(self, key: &str, folder: &Path, problems: &mut Problems) -> Option<CameraSettings> {
        let source = self.source(key, folder, problems);
        let mut zones = Vec::with_capacity(self.zone.len());
        let mut seen = Vec::new();
        for (index, zone) in self.zone.into_iter().enumerate() {
            let key = format!("{key}.zone[{index}]");
            if seen.contains(&zone.id) {
                problems.push(
                    format!("{key}.id"),
                    format!("{} is the id of another zone of this camera", zone.id),
                );
            }
            seen.push(zone.id.clone());
            zones.extend(zone.check(&key, problems));
        }
        let name = self.name.unwrap_or_else(|| self.id.to_string());
        let sample_fps = self.sample_fps.unwrap_or(DEFAULT_SAMPLE_FPS);
        let tiles = self.tiles.as_deref().map_or(Ok(TilesConfig::WHOLE), str::parse);
        let tiles = problems.keep(format!("{key}.tiles"), tiles);
        Some(CameraSettings {
            id: self.id,
            name,
            cell: self.cell,
            source: source?,
            sample_fps,
            tiles: tiles?,
            zones,
        })
    }

    fn source(&self, key: &str, folder: &Path, problems: &mut Problems) -> Option<SourceSettings> {
        match (&self.url, &self.file) {
            (Some(url), None) => {
                if self.pace.is_some() || self.repeat {
                    problems.push(key, "pace and repeat are for files, this camera has a url");
                }
                let url = self
                    .stream_url(url)
                    .map_err(|message| problems.push(format!("{key}.url"), message))
                    .ok()?;
                Some(SourceSettings::Rtsp { url })
            }
            (None, Some(file)) => {
                if self.repeat && self.pace == Some(Pace::Fast) {
                    let what = "a file that is played fast, again and again, runs into the future; expected pace = \"realtime\"";
                    problems.push(format!("{key}.pace"), what);
                }
                let path = existing(folder, file, &format!("{key}.file"), problems)?;
                Some(SourceSettings::File {
                    path,
                    pace: self.pace.unwrap_or(Pace::Realtime),
                    repeat: self.repeat,
                })
            }
            (Some(_), Some(_)) => {
                problems.push(key, "has a url and a file; expected one of them");
                None
            }
            (None, None) => {
                problems.push(key, "has no source; expected url = \"rtsp://HOST/PATH\" or file = \"PATH\"");
                None
            }
        }
    }

    /// The address with its user and password. Messages never repeat it: there may be a password in it.
    fn stream_url(&self, url: &Secret) -> Result<Secret, String> {
        const EXPECTED: &str = "expected rtsp://HOST/PATH";
        let mut url = Url::parse(url.reveal()).map_err(|error| format!("{error}; {EXPECTED}"))?;
        if !matches!(url.scheme(), "rtsp" | "rtsps") || url.host_str().is_none_or(str::is_empty) {
            return Err(format!("scheme {:?} or its host; {EXPECTED}", url.scheme()));
        }
        let cannot = |()| "cannot carry a user and password".to_owned();
        if let Some(username) = &self.username {
            url.set_username(username).map_err(cannot)?;
        }
        if let Some(password) = &self.password {
            url.set_password(Some(password.reveal())).map_err(cannot)?;
        }
        Ok(Secret::new(url))
    }
}

impl ZoneConfig {
    fn check(self, key: &str, problems: &mut Problems) -> Option<Zone> {
        let corners: Result<Vec<Point>, DomainError> =
            self.polygon.into_iter().map(Point::try_from).collect();
        let polygon = problems.keep(format!("{key}.polygon"), corners.and_then(Polygon::new));
        let limit = match self.limit_s {
            Some(seconds) => DwellLimit::try_from(seconds),
            None => DwellLimit::new(self.zone_type.default_limit()),
        };
        let limit = problems.keep(format!("{key}.limit_s"), limit);
        let classes = self
            .classes
            .unwrap_or_else(|| ObjectClass::ALL.into_iter().filter(|class| class.is_vehicle()).collect());
        if classes.is_empty() {
            problems.push(format!("{key}.classes"), "empty, so the zone would have no effect");
        }
        if let Some(class) = classes.iter().find(|class| !class.is_vehicle()) {
            let message = format!("{class}: parking zones watch car, bus and truck");
            problems.push(format!("{key}.classes"), message);
        }
        let name = self.name.unwrap_or_else(|| self.id.to_string());
        Some(Zone {
            id: self.id,
            name,
            zone_type: self.zone_type,
            polygon: polygon?,
            classes,
            limit: limit?,
            cell: self.cell,
        })
    }
}

//! `[[camera]]` and `[[camera.zone]]`: what is watched.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use gridwatch_domain::{BayGroup, CameraId, CellCode, Ground, Line, Zone, ZoneId};
use serde::Deserialize;
use url::Url;

use crate::{
    Aspect, GroundConfig, GroupConfig, LineConfig, Problems, Secret, ZoneConfig, calendar::Schedules,
    network::existing,
};

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
    /// Address of its stream: `rtsp://HOST/PATH`, or `http://HOST/PATH` for JPEG pictures (MJPEG, or one for each request). May
    /// carry a user and password.
    pub url: Option<Secret>,
    /// Address of the same picture, smaller, as most cameras send it beside `url` (their sub-stream): this one is analysed, and clips
    /// and the live picture come from `url`. On the same host its user and password are those of `url` unless it
    /// has its own. Default: none, `url` is
    /// analysed.
    pub sub_url: Option<Secret>,
    /// User of the stream. Default: the one in `url`.
    pub username: Option<String>,
    /// Password of the stream. Default: the one in `url`.
    pub password: Option<Secret>,
    /// Environment variable that holds the password, in place of it.
    pub password_env: Option<String>,
    /// File that holds the password, in place of it: its text without line ends.
    pub password_file: Option<PathBuf>,
    /// Whether the certificate behind `rtsps://` or `https://` must be one that this machine trusts. Most cameras sign their own: name its
    /// file as `tls_ca_file`; with false any certificate is taken, so that whoever sits in between may read password and pictures. Default: true.
    pub tls_verify: Option<bool>,
    /// File (PEM) with the certificate of the camera, or of the authority that has signed it. The camera's name or number in `url` must be
    /// in its certificate. Default: those that this machine trusts.
    pub tls_ca_file: Option<PathBuf>,
    /// A camera on this machine instead: a video device such as `/dev/video0`.
    pub device: Option<PathBuf>,
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
    /// What carries the pictures of a stream: `tcp`, `udp`, or `auto` (TCP, and UDP where the camera sends nothing else).
    /// Default: auto.
    pub transport: Option<Transport>,
    /// Which pictures of a stream are decoded: `always` (all of them), `keyframes` (those that stand for themselves, usually
    /// one in two seconds, at a tenth of the cost), or `adaptive` (of those one from time to time while nothing goes on, at a
    /// fiftieth). Default: adaptive.
    pub decode: Option<DecodeMode>,
    /// With `adaptive`: longest time between two looks while nothing goes on, in seconds, 1–60. Less where the shortest limit
    /// of its zones wants it: nothing that exceeds a limit goes unseen until then. Default: 10.
    #[schemars(range(min = 1, max = 60))]
    pub rest_s: Option<f64>,
    /// Whether all that a stream sends is kept on the box, in pieces of a minute, as long as `[evidence]` says. Default: false.
    #[serde(default)]
    pub record: bool,
    /// Overlapping tiles that its picture is divided into for the network, such as `2x1` (two beside each other), 1–4 each way:
    /// small objects are found better, and each tile costs as much as a whole picture. Default: `1x1`, the whole picture.
    pub tiles: Option<String>,
    /// Shape of its picture, width and height, such as `16:9`, `4:3` or `704x576`. For `config check`, which tells of zones that cannot work, and
    /// for `zones draw` without a picture; nothing else needs it. Default: 16:9 is taken for it.
    pub aspect: Option<String>,
    /// What is watched in its picture. Default: nothing.
    #[serde(default)]
    pub zone: Vec<ZoneConfig>,
    /// Lines whose crossings are counted and told. Default: none.
    #[serde(default)]
    pub line: Vec<LineConfig>,
    /// Bays that are counted together. Default: none.
    #[serde(default)]
    pub group: Vec<GroupConfig>,
    /// How large things are on the ground. Default: unknown, distances are measured in sizes of vehicles.
    pub ground: Option<GroundConfig>,
}

/// What carries the pictures of an RTSP stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// TCP, and UDP where the camera sends nothing else.
    #[default]
    Auto,
    /// The RTSP connection itself.
    Tcp,
    /// Datagrams beside it.
    Udp,
}

/// Which pictures of a stream are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecodeMode {
    /// All of them.
    Always,
    /// Those that stand for themselves.
    Keyframes,
    /// Those that stand for themselves, while something goes on; one from time to time while nothing does.
    #[default]
    Adaptive,
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

/// A camera, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSettings {
    /// Stable name.
    pub id: CameraId,
    /// What people call it.
    pub name: String,
    /// Grid cell it belongs to.
    pub cell: Option<CellCode>,
    /// Where the pictures come from that are analysed: a camera's sub-stream where it has one.
    pub source: SourceSettings,
    /// Where the same picture comes from in full size, for clips and the live picture; none where that is `source` itself.
    pub main: Option<SourceSettings>,
    /// Frames analysed per second, 1–30.
    pub sample_fps: u8,
    /// Which pictures of a stream are decoded.
    pub decode: DecodeMode,
    /// Longest time between two looks while nothing goes on.
    pub rest: Duration,
    /// Whether all that it sends is kept.
    pub record: bool,
    /// Tiles that its picture is divided into for the network.
    pub tiles: TilesConfig,
    /// Which certificates are taken.
    pub tls: TlsSettings,
    /// Shape of its picture, where the file tells.
    pub aspect: Option<Aspect>,
    /// What is watched.
    pub zones: Vec<Zone>,
    /// Lines whose crossings are counted and told.
    pub lines: Vec<Line>,
    /// Bays that are counted together.
    pub groups: Vec<BayGroup>,
    /// How large things are on the ground.
    pub ground: Option<Ground>,
}

/// Which certificates of a camera are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TlsSettings {
    /// Those that this machine trusts.
    #[default]
    System,
    /// Those that are, or are signed by, one of this file (PEM).
    File(PathBuf),
    /// Any.
    Any,
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
    /// RTSP.
    Rtsp {
        /// The address, with user and password if there are any.
        url: Secret,
        /// What carries the pictures.
        transport: Transport,
    },
    /// JPEG pictures over HTTP: a stream of them, or one for each request.
    Http {
        /// The address, with user and password if there are any.
        url: Secret,
    },
    /// A video device of this machine (V4L2).
    Device {
        /// The device, such as `/dev/video0`.
        path: PathBuf,
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
/// Seconds between two looks at rest where the camera names no number.
const DEFAULT_REST_S: f64 = 10.0;

impl CameraConfig {
    pub(crate) fn check(
        self,
        key: &str,
        folder: &Path,
        schedules: &Schedules,
        problems: &mut Problems,
    ) -> Option<CameraSettings> {
        let sources = self.sources(key, folder, problems);
        let tls = self.tls(key, folder, problems);
        self.check_ids(key, problems);
        let mut zones = Vec::with_capacity(self.zone.len());
        for (index, zone) in self.zone.into_iter().enumerate() {
            zones.extend(zone.check(&format!("{key}.zone[{index}]"), schedules, problems));
        }
        let mut lines = Vec::with_capacity(self.line.len());
        for (index, line) in self.line.into_iter().enumerate() {
            lines.extend(line.check(&format!("{key}.line[{index}]"), schedules, problems));
        }
        let mut groups = Vec::with_capacity(self.group.len());
        for (index, group) in self.group.into_iter().enumerate() {
            groups.extend(group.check(&format!("{key}.group[{index}]"), &zones, schedules, problems));
        }
        let ground = self.ground.map(|ground| ground.check(&format!("{key}.ground"), problems));
        check_name(self.name.as_deref(), key, problems);
        let name = self.name.unwrap_or_else(|| self.id.to_string());
        let sample_fps = self.sample_fps.unwrap_or(DEFAULT_SAMPLE_FPS);
        let rest = match self.rest_s.unwrap_or(DEFAULT_REST_S) {
            seconds if (1.0..=60.0).contains(&seconds) => Some(Duration::from_secs_f64(seconds)),
            seconds => {
                problems.push(format!("{key}.rest_s"), format!("found {seconds}, allowed: 1–60"));
                None
            }
        };
        let tiles = self.tiles.as_deref().map_or(Ok(TilesConfig::WHOLE), str::parse);
        let tiles = problems.keep(format!("{key}.tiles"), tiles);
        let aspect = self.aspect.as_deref().map(str::parse).transpose();
        let aspect = problems.keep(format!("{key}.aspect"), aspect);
        let tls = tls?;
        let (source, main) = sources?;
        Some(CameraSettings {
            id: self.id,
            name,
            cell: self.cell,
            source,
            main,
            sample_fps,
            decode: self.decode.unwrap_or_default(),
            rest: rest?,
            record: self.record,
            tiles: tiles?,
            tls,
            aspect: aspect?,
            zones,
            lines,
            groups,
            ground: ground.map_or(Some(None), |ground| ground.map(Some))?,
        })
    }

    /// Zones, lines and groups are told apart by their ids.
    fn check_ids(&self, key: &str, problems: &mut Problems) {
        let zones = self.zone.iter().map(|zone| &zone.id).enumerate().map(|(index, id)| ("zone", index, id));
        let lines = self.line.iter().map(|line| &line.id).enumerate().map(|(index, id)| ("line", index, id));
        let groups =
            self.group.iter().map(|group| &group.id).enumerate().map(|(index, id)| ("group", index, id));
        let mut seen: Vec<(&str, &ZoneId)> = Vec::new();
        for (what, index, id) in zones.chain(lines).chain(groups) {
            if let Some((other, _)) = seen.iter().find(|(_, known)| *known == id) {
                let message = format!("{id} is the id of another {other} of this camera");
                problems.push(format!("{key}.{what}[{index}].id"), message);
            }
            seen.push((what, id));
        }
    }

    fn tls(&self, key: &str, folder: &Path, problems: &mut Problems) -> Option<TlsSettings> {
        let speaks_tls =
            |url: &Secret| ["rtsps://", "https://"].iter().any(|scheme| url.reveal().starts_with(scheme));
        if (self.tls_verify.is_some() || self.tls_ca_file.is_some())
            && !self.url.as_ref().is_some_and(speaks_tls)
        {
            problems.push(
                key,
                "tls_verify and tls_ca_file are for cameras with url = \"rtsps://…\" or \"https://…\"",
            );
            return None;
        }
        match (&self.tls_ca_file, self.tls_verify) {
            (Some(_), Some(false)) => {
                problems.push(format!("{key}.tls_verify"), "false beside tls_ca_file; expected one of them");
                None
            }
            (Some(file), _) => {
                existing(folder, file, &format!("{key}.tls_ca_file"), problems).map(TlsSettings::File)
            }
            (None, Some(false)) => Some(TlsSettings::Any),
            (None, _) => Some(TlsSettings::System),
        }
    }

    /// What is analysed, and what is in full size where that is something else.
    fn sources(
        &self,
        key: &str,
        folder: &Path,
        problems: &mut Problems,
    ) -> Option<(SourceSettings, Option<SourceSettings>)> {
        let main = self.source(key, folder, problems);
        let Some(sub_url) = &self.sub_url else { return Some((main?, None)) };
        let key = format!("{key}.sub_url");
        let (url, transport) = match main? {
            SourceSettings::Rtsp { url, transport } => (url, transport),
            _ => {
                problems.push(key, "is for cameras with url = \"rtsp://HOST/PATH\"");
                return None;
            }
        };
        let sub = problems.keep(key, self.sub_stream(sub_url, &url))?;
        let source = |url| SourceSettings::Rtsp { url, transport };
        Some((source(sub), Some(source(url))))
    }

    /// The address of the sub-stream, with the main one's user and password unless it has its own. Messages never repeat it.
    fn sub_stream(&self, sub_url: &Secret, main: &Secret) -> Result<Secret, String> {
        const EXPECTED: &str = "expected rtsp://HOST/PATH";
        let mut sub = Url::parse(sub_url.reveal()).map_err(|error| format!("{error}; {EXPECTED}"))?;
        if !matches!(sub.scheme(), "rtsp" | "rtsps") || sub.host_str().is_none_or(str::is_empty) {
            return Err(format!("scheme {:?} or its host; {EXPECTED}", sub.scheme()));
        }
        let main = Url::parse(main.reveal()).map_err(|error| error.to_string())?;
        // A login is handed to the camera that it is for, and to no other machine.
        if sub.username().is_empty() && sub.password().is_none() && is_same_service(&sub, &main) {
            let cannot = |()| "cannot carry a user and password".to_owned();
            sub.set_username(main.username()).map_err(cannot)?;
            sub.set_password(main.password()).map_err(cannot)?;
        }
        if sub.as_str() == main.as_str() {
            return Err("is the same as url; leave it out".to_owned());
        }
        Ok(Secret::new(sub))
    }

    fn source(&self, key: &str, folder: &Path, problems: &mut Problems) -> Option<SourceSettings> {
        match (&self.url, &self.device, &self.file) {
            (Some(url), None, None) => {
                if self.pace.is_some() || self.repeat {
                    problems.push(key, "pace and repeat are for files, this camera has a url");
                }
                let password = self.found_password(key, folder, problems)?;
                let url = self
                    .stream_url(url, password)
                    .map_err(|message| problems.push(format!("{key}.url"), message))
                    .ok()?;
                if url.reveal().starts_with("rtsps") && self.record {
                    problems.push(
                        format!("{key}.record"),
                        "streams over TLS are not recorded; expected rtsp://, or no record",
                    );
                }
                if url.reveal().starts_with("rtsp") {
                    return Some(SourceSettings::Rtsp { url, transport: self.transport.unwrap_or_default() });
                }
                self.refuse_stream_keys(key, "sends JPEG pictures", problems);
                Some(SourceSettings::Http { url })
            }
            (None, Some(device), None) => {
                self.refuse_stream_keys(key, "is a device of this machine", problems);
                Some(SourceSettings::Device { path: device.clone() })
            }
            (None, None, Some(file)) => {
                self.refuse_stream_keys(key, "has a file", problems);
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
            (None, None, None) => {
                problems.push(
                    key,
                    "has no source; expected url = \"rtsp://HOST/PATH\", device = \"/dev/video0\" or file = \"PATH\"",
                );
                None
            }
            _ => {
                problems.push(key, "has more than one of url, device and file; expected one of them");
                None
            }
        }
    }

    fn refuse_stream_keys(&self, key: &str, what: &str, problems: &mut Problems) {
        let given = [
            ("transport", self.transport.is_some()),
            ("decode", self.decode.is_some()),
            ("rest_s", self.rest_s.is_some()),
            ("record", self.record),
        ];
        for (name, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            let message = format!(
                "is for cameras with url = \"rtsp://HOST/PATH\", this one {what}; leave it out, or write url in its place"
            );
            problems.push(format!("{key}.{name}"), message);
        }
    }

    /// The password, from wherever it is; none where something is wrong with that, and it was told.
    fn found_password(&self, key: &str, folder: &Path, problems: &mut Problems) -> Option<Option<Secret>> {
        match (&self.password, &self.password_env, &self.password_file) {
            (password, None, None) => Some(password.clone()),
            (None, Some(variable), None) => match std::env::var(variable) {
                Ok(password) => Some(Some(Secret::new(password))),
                Err(_) => {
                    problems.push(
                        format!("{key}.password_env"),
                        format!("{variable}: there is no such variable"),
                    );
                    None
                }
            },
            (None, None, Some(file)) => {
                let key = format!("{key}.password_file");
                let path = existing(folder, file, &key, problems)?;
                let text = std::fs::read_to_string(&path);
                let text = text.map_err(|error| format!("{}: {error}", path.display()));
                let text = problems.keep(key, text)?;
                Some(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
            }
            _ => {
                problems.push(
                    format!("{key}.password"),
                    "is given twice; expected one of password, password_env and password_file",
                );
                None
            }
        }
    }

    /// The address with its user and password. Messages never repeat it: there may be a password in it.
    fn stream_url(&self, url: &Secret, password: Option<Secret>) -> Result<Secret, String> {
        const EXPECTED: &str = "expected rtsp://HOST/PATH or http://HOST/PATH";
        let mut url = Url::parse(url.reveal()).map_err(|error| format!("{error}; {EXPECTED}"))?;
        if !matches!(url.scheme(), "rtsp" | "rtsps" | "http" | "https")
            || url.host_str().is_none_or(str::is_empty)
        {
            return Err(format!("scheme {:?} or its host; {EXPECTED}", url.scheme()));
        }
        let cannot = |()| "cannot carry a user and password".to_owned();
        if let Some(username) = &self.username {
            url.set_username(username).map_err(cannot)?;
        }
        if let Some(password) = password {
            url.set_password(Some(password.reveal())).map_err(cannot)?;
        }
        if url.password().is_some() && url.username().is_empty() {
            return Err("a password without a user; expected username beside it".to_owned());
        }
        Ok(Secret::new(url))
    }
}

/// Characters of a name at most: it stands in a line of a list.
const LONGEST_NAME: usize = 200;

pub(crate) fn check_name(name: Option<&str>, key: &str, problems: &mut Problems) {
    let Some(name) = name else { return };
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let message = format!("expected 1 to {LONGEST_NAME} characters that can be seen");
        problems.push(format!("{key}.name"), message);
    }
}

impl CameraSettings {
    /// Whether its stream is kept as the camera sends it: for clips, recordings and the live picture.
    pub fn keeps_stream(&self) -> bool {
        let is_plain = |source: &SourceSettings| matches!(source, SourceSettings::Rtsp { url, .. } if url.reveal().starts_with("rtsp://"));
        is_plain(self.main.as_ref().unwrap_or(&self.source))
    }
}

/// Whether two addresses lead to the same service: what may be told to one may be told to the other.
pub fn is_same_service(one: &Url, other: &Url) -> bool {
    // Known to nobody but RTSP itself (RFC 2326 section 3.2, RFC 7826 section 4.2).
    let usual = |url: &Url| if url.scheme() == "rtsps" { 322 } else { 554 };
    let port = |url: &Url| url.port_or_known_default().unwrap_or_else(|| usual(url));
    (one.scheme(), one.host_str(), port(one)) == (other.scheme(), other.host_str(), port(other))
}

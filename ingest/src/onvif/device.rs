//! What a device is and where it sends its pictures.

use std::time::Duration;

use gridwatch_domain::Timestamp;
use gridwatch_runtime::SharedClock;
use url::Url;

use super::{
    OnvifError,
    client::{Answer, Client, Login, host},
    soap::shortened,
    xml::Element,
};

/// Profiles that are asked for their addresses; a camera has two to four, a recorder four for each camera.
const MOST_PROFILES: usize = 64;

const DEVICE: &str = "http://www.onvif.org/ver10/device/wsdl";
const MEDIA: &str = "http://www.onvif.org/ver10/media/wsdl";
const SCHEMA: &str = "http://www.onvif.org/ver10/schema";

/// A device, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Who made it.
    pub maker: String,
    /// What it is.
    pub model: String,
    /// Its firmware.
    pub firmware: String,
    /// How far its clock is ahead of ours, in seconds; none where it does not tell.
    pub clock_ahead_s: Option<i64>,
    /// How it can send its pictures, largest first.
    pub profiles: Vec<Profile>,
}

/// One way in which a device sends its pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What the device calls it.
    pub name: String,
    /// Which of its eyes it shows: a recorder has one for each of its cameras, most cameras have one.
    pub source: String,
    /// Form of its pictures: H264, H265, JPEG; empty where it does not tell.
    pub codec: String,
    /// Width and height in pixels, 0 where it does not tell.
    pub size: (u32, u32),
    /// Pictures a second, 0 where it does not tell.
    pub fps: u32,
    /// Most bits a second, in thousands; 0 where it does not tell.
    pub kbits: u32,
    /// Where its stream is, without login.
    pub stream: Url,
    /// Where a single picture is, without login.
    pub snapshot: Option<Url>,
}

/// Asks a device who it is and for the addresses of its streams. Addresses that it names at other hosts are turned to its own: behind a
/// router devices name what only they can reach, and a login goes to nobody else. Blocks; `patience` is for each request.
///
/// # Errors
/// As the variants of [`OnvifError`] say.
pub fn describe(
    service: &Url,
    login: Option<&Login>,
    clock: &SharedClock,
    patience: Duration,
) -> Result<Device, OnvifError> {
    let mut asking =
        Asking { client: Client::new(login, clock.clone(), patience), service, has_login: login.is_some() };
    let clock_ahead_s = asking.learn_clock(clock)?;
    let about = asking.ask(
        service,
        "GetDeviceInformation",
        &format!("<GetDeviceInformation xmlns=\"{DEVICE}\"/>"),
    )?;
    let text = |name: &str| shortened(about.text_of(name).unwrap_or_default());
    let (maker, model, firmware) = (text("Manufacturer"), text("Model"), text("FirmwareVersion"));
    let capabilities =
        format!("<GetCapabilities xmlns=\"{DEVICE}\"><Category>Media</Category></GetCapabilities>");
    let capabilities = asking.ask(service, "GetCapabilities", &capabilities)?;
    let media = capabilities.find("Media").and_then(|media| media.text_of("XAddr"));
    let media = media.and_then(|text| Url::parse(text).ok()).ok_or_else(|| OnvifError::NotOnvif {
        host: host(service),
        detail: "it has no media service, so it is no camera".to_owned(),
    })?;
    let media = asking.at_home(media);
    let answer = asking.ask(&media, "GetProfiles", &format!("<GetProfiles xmlns=\"{MEDIA}\"/>"))?;
    let listed = answer.find("GetProfilesResponse").into_iter().flat_map(|answer| answer.all("Profiles"));
    let mut profiles = Vec::new();
    for profile in listed.take(MOST_PROFILES) {
        profiles.extend(asking.profile(&media, profile)?);
    }
    profiles.sort_by_key(|profile: &Profile| {
        std::cmp::Reverse(u64::from(profile.size.0) * u64::from(profile.size.1))
    });
    Ok(Device { maker, model, firmware, clock_ahead_s, profiles })
}

struct Asking<'a> {
    client: Client<'a>,
    service: &'a Url,
    has_login: bool,
}

impl Asking<'_> {
    /// Asks for the device's time, which everybody may: its digests are by its own clock.
    fn learn_clock(&mut self, clock: &SharedClock) -> Result<Option<i64>, OnvifError> {
        // With a login that is of another time some refuse even this.
        let anonymous = Client::new(None, clock.clone(), self.client.patience());
        let request = format!("<GetSystemDateAndTime xmlns=\"{DEVICE}\"/>");
        let answer = match anonymous.ask(self.service, "GetSystemDateAndTime", &request) {
            Ok(Answer::Body(root)) => root,
            Ok(Answer::NotAuthorised) | Err(OnvifError::Fault { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(at) = answer.find("UTCDateTime").and_then(time_of) else { return Ok(None) };
        self.client.follow_clock(at);
        Ok(Some((at.as_millisecond() - clock.now().as_millisecond()).div_euclid(1000)))
    }

    fn ask(&self, url: &Url, request: &'static str, body: &str) -> Result<Element, OnvifError> {
        match self.client.ask(url, request, body)? {
            Answer::Body(root) => Ok(root),
            Answer::NotAuthorised if self.has_login => Err(OnvifError::WrongLogin { host: host(url) }),
            Answer::NotAuthorised => Err(OnvifError::NoLogin { host: host(url) }),
        }
    }

    /// One profile with its addresses; none where it has no stream.
    fn profile(&self, media: &Url, profile: &Element) -> Result<Option<Profile>, OnvifError> {
        let Some(token) = profile.attributes.get("token") else { return Ok(None) };
        let token = quick_xml::escape::escape(token.as_str()).into_owned();
        let stream = format!(
            "<GetStreamUri xmlns=\"{MEDIA}\"><StreamSetup><Stream xmlns=\"{SCHEMA}\">RTP-Unicast</Stream>\
             <Transport xmlns=\"{SCHEMA}\"><Protocol>RTSP</Protocol></Transport></StreamSetup>\
             <ProfileToken>{token}</ProfileToken></GetStreamUri>"
        );
        let stream = match self.address(media, "GetStreamUri", &stream) {
            Err(OnvifError::Fault { .. }) | Ok(None) => return Ok(None),
            Ok(Some(url)) if !matches!(url.scheme(), "rtsp" | "rtsps") => return Ok(None),
            Ok(Some(url)) => url,
            Err(error) => return Err(error),
        };
        let snapshot = format!(
            "<GetSnapshotUri xmlns=\"{MEDIA}\"><ProfileToken>{token}</ProfileToken></GetSnapshotUri>"
        );
        let snapshot = match self.address(media, "GetSnapshotUri", &snapshot) {
            Err(OnvifError::Fault { .. }) => None,
            other => other?.filter(|url| matches!(url.scheme(), "http" | "https")),
        };
        let source =
            profile.find("VideoSourceConfiguration").and_then(|source| source.text_of("SourceToken"));
        let encoder = profile.find("VideoEncoderConfiguration");
        let number = |name: &str| encoder.and_then(|encoder| encoder.number_of::<f64>(name)).map_or(0, whole);
        let codec = encoder.and_then(|encoder| encoder.text_of("Encoding")).unwrap_or_default();
        Ok(Some(Profile {
            name: shortened(profile.text_of("Name").unwrap_or(&token)),
            source: shortened(source.unwrap_or_default()),
            codec: shortened(codec),
            size: (number("Width"), number("Height")),
            fps: number("FrameRateLimit"),
            kbits: number("BitrateLimit"),
            stream,
            snapshot,
        }))
    }

    /// The address that an answer consists of, at the device's own host and without login.
    fn address(&self, media: &Url, request: &'static str, body: &str) -> Result<Option<Url>, OnvifError> {
        let answer = self.ask(media, request, body)?;
        let url = answer.text_of("Uri").and_then(|text| Url::parse(text).ok());
        Ok(url.filter(Url::has_host).map(|url| self.at_home(url)))
    }

    fn at_home(&self, mut url: Url) -> Url {
        // None of these fails for an address with a host, and where they did, it would not be used.
        let _ = url.set_host(self.service.host_str());
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url
    }
}

/// A number as devices write it, within what a camera can have.
fn whole(number: f64) -> u32 {
    if (0.0..=1e7).contains(&number) { number.round() as u32 } else { 0 }
}

/// `UTCDateTime`: `Date` with `Year`, `Month`, `Day`, and `Time` with `Hour`, `Minute`, `Second`.
fn time_of(element: &Element) -> Option<Timestamp> {
    let part = |name: &str| element.number_of::<u32>(name);
    let (year, month, day) = (part("Year")?, part("Month")?, part("Day")?);
    let (hour, minute, second) = (part("Hour")?, part("Minute")?, part("Second")?.min(59));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z").parse().ok()
}

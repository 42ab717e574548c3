//! The `[[camera]]` table that takes a discovered camera in.

use gridwatch_ingest::onvif::{Device, Profile};
use toml_edit::{Table, value};
use url::Url;

use crate::cli::DiscoverArguments;

/// Smallest picture that a sub-stream is worth analysing in: of less, cars at the back are a few pixels.
const LEAST_SUB_WIDTH: u32 = 480;

/// A table for a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CameraTable {
    /// The camera's id in it.
    pub(super) id: String,
    /// Its main stream.
    pub(super) url: Url,
    /// The text, from `[[camera]]` on.
    pub(super) text: String,
}

/// A table for each eye of the device; none where it has no stream that can be analysed.
pub(super) fn of(service: &Url, device: &Device, arguments: &DiscoverArguments) -> Vec<CameraTable> {
    let mut eyes: Vec<&str> = Vec::new();
    for profile in &device.profiles {
        if !eyes.contains(&profile.source.as_str()) {
            eyes.push(&profile.source);
        }
    }
    eyes.sort_unstable();
    let host = service.host_str().unwrap_or_default().replace(['.', ':', '[', ']'], "-");
    let id = format!("cam-{}", host.trim_matches('-'));
    let of_eye = |(index, eye): (usize, &&str)| {
        let profiles: Vec<&Profile> =
            device.profiles.iter().filter(|profile| profile.source == **eye).collect();
        let id = if index == 0 { id.clone() } else { format!("{id}-{}", index + 1) };
        table(id, device, &profiles, arguments)
    };
    eyes.iter().enumerate().filter_map(of_eye).collect()
}

fn table(
    id: String,
    device: &Device,
    profiles: &[&Profile],
    arguments: &DiscoverArguments,
) -> Option<CameraTable> {
    let main = *profiles.first()?;
    let name = [device.maker.as_str(), device.model.as_str()].join(" ").trim().to_owned();
    let mut table = Table::new();
    table.insert("id", value(&id));
    table.insert("name", value(if name.is_empty() { id.clone() } else { name }));
    table.insert("url", value(main.stream.as_str()));
    if let Some(sub) = sub_stream(main, profiles) {
        table.insert("sub_url", value(sub.stream.as_str()));
    }
    if let Some(user) = &arguments.user {
        table.insert("username", value(user));
    }
    if let Some(file) = &arguments.password_file {
        // As seen from the folder of whatever file it comes into.
        let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        table.insert("password_file", value(file.to_string_lossy().into_owned()));
    }
    Some(CameraTable { id, url: main.stream.clone(), text: format!("[[camera]]\n{table}") })
}

/// The smallest stream of the same form of picture that is large enough, if it is smaller than the main one.
fn sub_stream<'a>(main: &Profile, profiles: &[&'a Profile]) -> Option<&'a Profile> {
    let shape = |profile: &Profile| f64::from(profile.size.0) / f64::from(profile.size.1.max(1));
    let fits = |profile: &&&Profile| {
        profile.size.0 >= LEAST_SUB_WIDTH
            && profile.size.0 < main.size.0
            && profile.stream != main.stream
            && profile.codec != "JPEG"
            // Zones are parts of the picture: one that is cut otherwise would show them elsewhere.
            && (shape(profile) / shape(main) - 1.0).abs() < 0.02
    };
    profiles.iter().filter(fits).min_by_key(|profile| profile.size.0).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(codec: &str, size: (u32, u32), path: &str) -> Profile {
        let stream = Url::parse(&format!("rtsp://10.0.0.7/{path}")).expect("well-formed");
        let (name, source, codec) = (path.to_owned(), "eye".to_owned(), codec.to_owned());
        Profile { name, source, codec, size, fps: 25, kbits: 4096, stream, snapshot: None }
    }

    #[track_caller]
    fn check(others: &[Profile], expected: Option<&str>) {
        let main = profile("H265", (2560, 1440), "main");
        let all: Vec<&Profile> = [&main].into_iter().chain(others).collect();
        assert_eq!(sub_stream(&main, &all).map(|sub| sub.name.as_str()), expected);
    }

    #[test]
    fn a_sub_stream_is_the_same_picture_smaller_and_large_enough() {
        check(&[], None);
        check(&[profile("H264", (640, 360), "sub")], Some("sub"));
        check(&[profile("H264", (1280, 720), "mid"), profile("H264", (640, 360), "sub")], Some("sub"));
        check(&[profile("H264", (704, 576), "cut")], None);
        check(&[profile("H264", (320, 180), "tiny")], None);
        check(&[profile("JPEG", (640, 360), "jpeg")], None);
        check(&[profile("H264", (2560, 1440), "twin")], None);
    }

    #[test]
    fn each_eye_of_a_recorder_is_a_camera_with_its_own_streams() {
        let of =
            |eye: &str, codec, size, path| Profile { source: eye.to_owned(), ..profile(codec, size, path) };
        let profiles = vec![
            of("1", "H264", (2560, 1440), "a/main"),
            of("2", "H264", (1920, 1080), "b/main"),
            of("2", "H264", (640, 360), "b/sub"),
        ];
        let (maker, model, firmware) = ("ACME".to_owned(), "Box".to_owned(), String::new());
        let device = Device { maker, model, firmware, clock_ahead_s: None, profiles };
        let arguments = DiscoverArguments {
            interface: Vec::new(),
            timeout: crate::cli::Wait(std::time::Duration::from_secs(1)),
            address: Vec::new(),
            user: None,
            password_file: None,
            config: None,
        };
        let service = Url::parse("http://10.0.0.7:8000/onvif").expect("well-formed");
        let tables = of_tables(&service, &device, &arguments);
        assert_eq!(
            tables,
            [
                "[[camera]]\nid = \"cam-10-0-0-7\"\nname = \"ACME Box\"\nurl = \"rtsp://10.0.0.7/a/main\"\n",
                "[[camera]]\nid = \"cam-10-0-0-7-2\"\nname = \"ACME Box\"\nurl = \"rtsp://10.0.0.7/b/main\"\n\
                 sub_url = \"rtsp://10.0.0.7/b/sub\"\n",
            ]
        );
    }

    fn of_tables(service: &Url, device: &Device, arguments: &DiscoverArguments) -> Vec<String> {
        super::of(service, device, arguments).into_iter().map(|table| table.text).collect()
    }
}

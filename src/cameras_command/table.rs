//! Devices and their streams, for a terminal.

use comfy_table::{Table, presets};
use gridwatch_ingest::onvif::{Device, Profile};
use url::Url;

/// One line for each profile of each device.
pub(super) fn of(devices: &[(&Url, &Device)]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["address", "maker", "model", "profile", "form", "size", "fps", "kbit/s", "stream"]);
    for (service, device) in devices {
        let address = address(service);
        let mut first = [address.as_str(), &device.maker, &device.model];
        for profile in &device.profiles {
            let stream = profile.stream.as_str();
            let [size, fps, kbits] = figures(profile);
            table.add_row(first.into_iter().chain([
                &profile.name,
                &profile.codec,
                &size,
                &fps,
                &kbits,
                stream,
            ]));
            first = [""; 3];
        }
        if device.profiles.is_empty() {
            table.add_row(first.into_iter().chain(["no stream over RTSP"]));
        }
    }
    table
}

fn address(service: &Url) -> String {
    let host = service.host_str().unwrap_or_default();
    service.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Size, pictures and thousands of bits a second; a question mark for what the device does not tell.
fn figures(profile: &Profile) -> [String; 3] {
    let number = |number: u32| if number == 0 { "?".to_owned() } else { number.to_string() };
    let size = match profile.size {
        (0, _) | (_, 0) => "?".to_owned(),
        (width, height) => format!("{width}x{height}"),
    };
    [size, number(profile.fps), number(profile.kbits)]
}

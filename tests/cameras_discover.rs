//! `gridwatch cameras discover`, driven as a user does, against a device on this machine's sockets.

mod support;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
};

use gridwatch_config::load_edge;
use support::{GRIDWATCH, write};

/// A camera that answers whoever sends any login, for as long as the test runs.
fn camera() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("accepted");
            std::thread::spawn(move || serve(stream, address));
        }
    });
    address
}

fn serve(mut stream: TcpStream, address: SocketAddr) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().to_ascii_lowercase().split_once(": ") {
                Some(("content-length", value)) => length = value.parse().expect("a number"),
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a whole request");
        let asked = String::from_utf8(body).expect("text");
        let (status, said) = answer(&asked, address);
        let envelope = format!("<s:Envelope><s:Body>{said}</s:Body></s:Envelope>");
        let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", envelope.len());
        if stream.write_all((head + &envelope).as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(asked: &str, address: SocketAddr) -> (u16, String) {
    assert!(!asked.contains("hunter2"), "the password goes out as a digest only: {asked}");
    let profile = |token: &str, width: u32, height: u32, kbits: u32| {
        format!(
            "<Profiles token=\"{token}\"><Name>{token}</Name><VideoEncoderConfiguration><Encoding>H264</Encoding><Resolution>\
             <Width>{width}</Width><Height>{height}</Height></Resolution><RateControl><FrameRateLimit>25</FrameRateLimit>\
             <BitrateLimit>{kbits}</BitrateLimit></RateControl></VideoEncoderConfiguration></Profiles>"
        )
    };
    if asked.contains("GetSystemDateAndTime") {
        return (200, "<GetSystemDateAndTimeResponse/>".to_owned());
    }
    if !asked.contains("PasswordDigest") {
        return (
            400,
            "<Fault><Code><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code></Fault>".to_owned(),
        );
    }
    let said = if asked.contains("GetDeviceInformation") {
        "<R><Manufacturer>ACME</Manufacturer><Model>Eye 4</Model></R>".to_owned()
    } else if asked.contains("GetCapabilities") {
        format!("<R><Media><XAddr>http://{address}/media</XAddr></Media></R>")
    } else if asked.contains("GetProfiles") {
        let profiles = profile("main", 1920, 1080, 4096) + &profile("sub", 640, 360, 512);
        format!("<GetProfilesResponse>{profiles}</GetProfilesResponse>")
    } else if asked.contains("GetStreamUri") {
        let name = if asked.contains("<ProfileToken>main<") { "ch1/main" } else { "ch1/sub" };
        format!("<R><Uri>rtsp://127.0.0.1:1554/{name}</Uri></R>")
    } else {
        return (500, "<Fault><Reason><Text>no such action</Text></Reason></Fault>".to_owned());
    };
    (200, said)
}

fn discover(arguments: &[&str]) -> Output {
    Command::new(GRIDWATCH).args(["cameras", "discover"]).args(arguments).output().expect("the binary runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

const FILE: &str = "# The box at the gate.\n[edge]\nid = \"box\"\nstate_dir = \"state\"\n[broker]\nurl = \"mqtt://127.0.0.1\"\n\
     [[camera]]\nid = \"gate\"\nurl = \"rtsp://10.0.0.1/1\" # the old one\n";

#[test]
fn a_camera_is_shown_with_its_streams_and_taken_into_a_file_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, password) =
        (write(folder.path(), "edge.toml", FILE), write(folder.path(), "password", "hunter2\n"));
    let address = camera().to_string();
    let arguments = [
        "--address",
        &address,
        "--user",
        "admin",
        "--password-file",
        text(&password),
        "--config",
        text(&config),
    ];
    let output = discover(&arguments);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "ACME",
        "Eye 4",
        "H264",
        "1920x1080",
        "4096",
        "640x360",
        "rtsp://127.0.0.1:1554/ch1/sub",
        "[[camera]]",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    let changed = std::fs::read_to_string(&config).expect("it is there");
    assert!(changed.starts_with(FILE), "{changed}");
    let taken = load_edge(&config).expect("valid").cameras.remove(1);
    assert_eq!((taken.id.as_str(), taken.name.as_str()), ("cam-127-0-0-1", "ACME Eye 4"));
    let url = |source: &gridwatch_config::SourceSettings| match source {
        gridwatch_config::SourceSettings::Rtsp { url, .. } => url.reveal().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(url(&taken.source), "rtsp://admin:hunter2@127.0.0.1:1554/ch1/sub");
    assert_eq!(taken.main.as_ref().map(url).as_deref(), Some("rtsp://admin:hunter2@127.0.0.1:1554/ch1/main"));
    let again = discover(&arguments);
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing was changed"));
    assert_eq!(std::fs::read_to_string(&config).expect("it is there"), changed);
}

#[track_caller]
fn refused(arguments: &[&str], parts: &[&str]) {
    let output = discover(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[test]
fn what_to_do_is_said_where_nothing_is_found() {
    let address = camera().to_string();
    refused(&["--address", &address], &["--user", "--password-file"]);
    refused(&["--address", "127.0.0.1:1"], &["127.0.0.1:1", "switched on"]);
    refused(&["--address", "not an address"], &["expected IP"]);
    refused(&["--timeout", "1h"], &["100ms to 60s"]);
    refused(
        &["--interface", "127.0.0.1", "--timeout", "200ms"],
        &[
            "no device answered within 200ms on 127.0.0.1",
            "239.255.255.250",
            "firewall",
            "3702",
            "--address IP",
        ],
    );
}

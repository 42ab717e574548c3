//! Cameras that send JPEG pictures over HTTP, well-behaved and not.

mod tester;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use gridwatch_config::{CameraSettings, Secret, SourceSettings};
use gridwatch_ingest::CameraState;
use gridwatch_sim::{FrameSource as _, I420Frame, testcard::TestCard};
use jpeg_encoder::{ColorType, Encoder};
use tester::{IngestTester, card_number, id, rtsp};

/// What a camera answers.
#[derive(Clone, Copy)]
enum Manner {
    /// Picture after picture in one answer.
    Stream,
    /// One picture for each request.
    Single,
    /// 401.
    Refuses,
    /// 302, to another service of this machine.
    Moves(SocketAddr),
    /// A web page.
    Page,
    /// A small file that says that it is an enormous picture.
    Enormous,
    /// Pictures, and after some of them nothing more.
    Stalls,
}

fn jpeg(number: u32) -> Vec<u8> {
    let mut card = TestCard { width: 320, height: 176, fps: 25, frame_count: 1000 };
    let mut picture = I420Frame::new(320, 176);
    card.render(number, &mut picture);
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, 90).encode(&picture.y, 320, 176, ColorType::Luma).expect("it encodes");
    bytes
}

/// A camera on this machine. Ends with the test's process.
fn camera(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    std::thread::spawn(move || {
        let requests = Arc::new(AtomicU32::new(0));
        for connection in listener.incoming().map_while(Result::ok) {
            let requests = Arc::clone(&requests);
            std::thread::spawn(move || answer(connection, manner, &requests));
        }
    });
    format!("http://viewer:geheim@{address}/picture")
}

#[expect(clippy::disallowed_methods, reason = "a camera's pace is real")]
fn answer(mut connection: TcpStream, manner: Manner, requests: &AtomicU32) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    // A connection without a request only asks whether somebody is there.
    if lines.next().is_none() {
        return Ok(());
    }
    let request = requests.fetch_add(1, Ordering::Relaxed);
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let head = |status: &str, kind: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n")
    };
    match manner {
        Manner::Refuses => {
            let challenge = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"camera\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            connection.write_all(challenge.as_bytes())
        }
        Manner::Moves(to) => {
            let moved = format!(
                "HTTP/1.1 302 Found\r\nLocation: http://{to}/picture\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            connection.write_all(moved.as_bytes())
        }
        Manner::Page => {
            connection.write_all(head("200 OK", "text/html").as_bytes())?;
            connection.write_all(b"<html><body>the camera's settings</body></html>")
        }
        Manner::Enormous => {
            connection.write_all(head("200 OK", "image/jpeg").as_bytes())?;
            let mut bytes = jpeg(request);
            // Its frame header (SOF0, ITU-T T.81 B.2.2) says 20,000 lines of 20,000 pixels.
            let sof = bytes.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a baseline picture");
            bytes[sof + 5..sof + 9].copy_from_slice(&[0x4e, 0x20, 0x4e, 0x20]);
            connection.write_all(&bytes)
        }
        Manner::Single => {
            connection.write_all(head("200 OK", "image/jpeg").as_bytes())?;
            connection.write_all(&jpeg(request))
        }
        Manner::Stream | Manner::Stalls => {
            connection.write_all(head("200 OK", "multipart/x-mixed-replace; boundary=picture").as_bytes())?;
            for number in 0..1000 {
                if matches!(manner, Manner::Stalls) && number == 20 {
                    std::thread::sleep(Duration::from_secs(600));
                }
                let bytes = jpeg(number);
                let part = format!(
                    "--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                    bytes.len()
                );
                connection.write_all(part.as_bytes())?;
                connection.write_all(&bytes)?;
                connection.write_all(b"\r\n")?;
                std::thread::sleep(Duration::from_millis(40));
            }
            Ok(())
        }
    }
}

fn http(name: &str, manner: Manner) -> CameraSettings {
    at(name, &camera(manner))
}

fn at(name: &str, url: &str) -> CameraSettings {
    CameraSettings { source: SourceSettings::Http { url: Secret::new(url) }, ..rtsp(name, "") }
}

#[tokio::test]
async fn a_stream_of_pictures_is_sampled() {
    let mut tester = IngestTester::start();
    tester.watch(http("gate", Manner::Stream));
    let first = tester.next_frame_of("gate").await;
    let mut last = card_number(&first);
    for _ in 0..10 {
        let frame = tester.next_frame_of("gate").await;
        let number = card_number(&frame);
        assert!(number > last && frame.at > first.at);
        last = number;
    }
    assert!(matches!(tester.state("gate"), CameraState::Live { .. }));
    let sampled = tester.count("gate", "sent") + tester.count("gate", "dropped");
    assert!(sampled * 2 < tester.count("gate", "received"), "not every picture is analysed");
    tester.finish().await;
}

#[tokio::test]
async fn a_picture_for_each_request_is_asked_for_again_and_again() {
    let mut tester = IngestTester::start();
    tester.watch(http("gate", Manner::Single));
    for number in 0..5 {
        let frame = tester.next_frame_of("gate").await;
        assert_eq!(card_number(&frame), number);
    }
    assert!(matches!(tester.state("gate"), CameraState::Live { .. }), "it is live between requests, too");
    assert_eq!(tester.gate_changes("gate", "all", "by_gstreamer"), Some(1), "and all of it is one stream");
    tester.finish().await;
}

#[tokio::test]
async fn what_is_no_picture_and_who_refuses_are_told_apart_and_no_password_is_shown() {
    let mut tester = IngestTester::start();
    tester.watch(http("refuses", Manner::Refuses));
    tester.watch(http("page", Manner::Page));
    tester.watch(http("enormous", Manner::Enormous));
    let offline = tester.expect_offline("refuses", "unauthorized").await;
    assert!(!format!("{offline:?} {offline}").contains("geheim"), "{offline}");
    tester.expect_offline("page", "garbage").await;
    let enormous = tester.expect_offline("enormous", "garbage").await;
    assert!(enormous.to_string().contains("20000x20000"), "{enormous}");
    tester.finish().await;
}

#[tokio::test]
async fn a_password_is_not_taken_to_another_address() {
    let mut tester = IngestTester::start();
    let stranger = TcpListener::bind("127.0.0.1:0").expect("a free port");
    stranger.set_nonblocking(true).expect("a socket takes it");
    tester.watch(http("gate", Manner::Moves(stranger.local_addr().expect("it listens"))));
    let offline = tester.expect_offline("gate", "redirected").await;
    assert!(!format!("{offline:?} {offline}").contains("geheim"), "{offline}");
    assert!(stranger.accept().is_err(), "nobody came");
    tester.finish().await;
}

#[tokio::test]
async fn a_stream_that_stalls_is_noticed() {
    let mut tester = IngestTester::start();
    tester.watch(http("gate", Manner::Stalls));
    tester.expect_live("gate").await;
    tester.expect_offline("gate", "timeout").await;
    tester.expect_live("gate").await;
    tester.finish().await;
}

#[tokio::test]
async fn its_picture_of_this_moment_may_be_asked_for() {
    let mut tester = IngestTester::start();
    tester.watch(http("gate", Manner::Stream));
    let before = card_number(&tester.next_frame_of("gate").await);
    let gate = id("gate");
    let (first, second) = tokio::join!(tester.stills.newest(&gate), tester.stills.newest(&gate));
    let number = card_number(&first.expect("a picture"));
    assert!(number > before);
    assert_eq!(card_number(&second.expect("the same one")), number);
    tester.finish().await;
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_apart_from_a_name_that_nobody_knows() {
    let closed =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut tester = IngestTester::start();
    tester.watch(at("closed", &format!("http://{closed}/picture")));
    tester.watch(at("nameless", "http://no-such-camera.invalid/picture"));
    tester.expect_offline("closed", "refused").await;
    tester.expect_offline("nameless", "unresolved").await;
    tester.finish().await;
}

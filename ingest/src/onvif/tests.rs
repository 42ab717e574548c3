//! Against a scripted device on real sockets: honest, hostile, slow.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gridwatch_config::Secret;
use gridwatch_domain::Timestamp;
use gridwatch_runtime::{ManualClock, SharedClock};
use sha1::{Digest as _, Sha1};
use url::Url;

use super::*;
use crate::onvif::xml::Element;

/// What a device answers to a request: status, further headers, body. `None`: nothing, and the connection stays.
type Answer = Option<(u16, String, Vec<u8>)>;
type Script = dyn Fn(&Asked) -> Answer + Send + Sync;

/// One request.
struct Asked {
    authorization: Option<String>,
    envelope: Element,
    /// The name of what was asked.
    request: String,
}

/// A device that listens on a port of this machine, until dropped.
struct Device {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Device {
    fn start(script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (ends, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let script: Arc<Script> = Arc::new(script);
        let (stop, seen) = (Arc::clone(&ends), Arc::clone(&asked));
        let thread = std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                let stream = stream.expect("accepted");
                // Kept: a device that says nothing does not hang up either.
                open.push(stream.try_clone().expect("a second handle"));
                std::thread::spawn(move || serve(stream, &script, &seen));
            }
        });
        Self { address, ends, thread: Some(thread), asked }
    }

    fn service(&self) -> Url {
        Url::parse(&format!("http://{}/onvif/device_service", self.address)).expect("well-formed")
    }

    fn describe(&self, login: Option<&Login>) -> Result<super::Device, OnvifError> {
        describe(&self.service(), login, &clock(), PATIENCE)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, script: &Arc<Script>, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    loop {
        let (mut length, mut authorization) = (0, None);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().expect("a number"),
                    "authorization" => authorization = Some(value.to_owned()),
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a whole request");
        let envelope = Element::parse(&body).expect("what we ask is XML");
        let request = envelope.find("Body").expect("a body").children[0].name.clone();
        seen.lock().expect("not poisoned").push(request.clone());
        let Some((status, headers, body)) = script(&Asked { authorization, envelope, request }) else {
            return;
        };
        let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).is_err() {
            return;
        }
    }
}

/// Longest wait for one answer; short, as some never come.
const PATIENCE: Duration = Duration::from_secs(2);
/// The device's clock: a day and an hour ahead of ours.
const DEVICE_TIME: &str = "<t:UTCDateTime><t:Time><t:Hour>4</t:Hour><t:Minute>5</t:Minute><t:Second>6</t:Second></t:Time>\
     <t:Date><t:Year>2026</t:Year><t:Month>11</t:Month><t:Day>26</t:Day></t:Date></t:UTCDateTime>";

fn clock() -> SharedClock {
    ManualClock::new("2026-11-25T03:05:06Z".parse().expect("a time"))
}

fn login(password: &str) -> Login {
    Login { user: "admin".to_owned(), password: Secret::new(password) }
}

fn ok(body: &str) -> Answer {
    Some((200, String::new(), soap::envelope(body, "").into_bytes()))
}

fn refused() -> Answer {
    let fault = "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:ter=\"x\">ter:NotAuthorized</s:Value></s:Subcode>\
                 </s:Code><s:Reason><s:Text xml:lang=\"en\">Sender not Authorized</s:Text></s:Reason></s:Fault>";
    Some((400, String::new(), soap::envelope(fault, "").into_bytes()))
}

/// What an honest camera with two profiles says, which believes to be at another address than it is.
fn honest(request: &str, envelope: &Element) -> Answer {
    let profile = |token: &str, codec: &str, (width, height): (u32, u32), fps: u32, kbits: u32| {
        format!(
            "<r:Profiles token=\"{token}\"><t:Name>{token} stream</t:Name><t:VideoSourceConfiguration><t:SourceToken>eye 1</t:SourceToken><t:Bounds width=\"1\"/>\
             </t:VideoSourceConfiguration><t:VideoEncoderConfiguration><t:Encoding>{codec}</t:Encoding><t:Resolution>\
             <t:Width>{width}</t:Width><t:Height>{height}</t:Height></t:Resolution><t:RateControl>\
             <t:FrameRateLimit>{fps}</t:FrameRateLimit><t:BitrateLimit>{kbits}</t:BitrateLimit></t:RateControl>\
             </t:VideoEncoderConfiguration></r:Profiles>"
        )
    };
    let token = envelope.text_of("ProfileToken").unwrap_or_default();
    match request {
        "GetSystemDateAndTime" => {
            ok(&format!("<d:GetSystemDateAndTimeResponse>{DEVICE_TIME}</d:GetSystemDateAndTimeResponse>"))
        }
        "GetDeviceInformation" => ok("<d:GetDeviceInformationResponse><d:Manufacturer>ACME</d:Manufacturer>\
             <d:Model>Eye &amp; Ear 4</d:Model><d:FirmwareVersion>1.2</d:FirmwareVersion></d:GetDeviceInformationResponse>"),
        "GetCapabilities" => ok("<d:GetCapabilitiesResponse><d:Capabilities><t:Media>\
             <t:XAddr>http://PLACE/onvif/media</t:XAddr></t:Media></d:Capabilities></d:GetCapabilitiesResponse>"),
        "GetProfiles" => ok(&format!(
            "<r:GetProfilesResponse>{}{}</r:GetProfilesResponse>",
            profile("sub", "H264", (640, 360), 15, 512),
            profile("main&amp;1", "H265", (2560, 1440), 25, 4096)
        )),
        "GetStreamUri" => ok(&format!(
            "<r:GetStreamUriResponse><r:MediaUri><t:Uri>rtsp://u:p@192.168.1.108:554/{}</t:Uri></r:MediaUri></r:GetStreamUriResponse>",
            token.replace('&', "+")
        )),
        "GetSnapshotUri" if token == "sub" => ok(
            "<r:GetSnapshotUriResponse><r:MediaUri><t:Uri>http://192.168.1.108/snap.jpg</t:Uri></r:MediaUri></r:GetSnapshotUriResponse>",
        ),
        _ => {
            let fault = "<s:Fault><s:Reason><s:Text>no such action</s:Text></s:Reason></s:Fault>";
            Some((500, String::new(), soap::envelope(fault, "").into_bytes()))
        }
    }
}

/// The same with the media service at the device's own port.
fn honest_at(request: &str, envelope: &Element, port: u16) -> Answer {
    honest(request, envelope).map(|(status, headers, body)| {
        let text = String::from_utf8(body).expect("text").replace("PLACE", &format!("192.168.1.108:{port}"));
        (status, headers, text.into_bytes())
    })
}

/// A device that lets nobody in without `allows`.
fn guarded(allows: impl Fn(&Asked) -> bool + Send + Sync + 'static, refusal: fn() -> Answer) -> Device {
    let port = Arc::new(Mutex::new(0));
    let known = Arc::clone(&port);
    let device = Device::start(move |asked| {
        if asked.request != "GetSystemDateAndTime" && !allows(asked) {
            return refusal();
        }
        honest_at(&asked.request, &asked.envelope, *known.lock().expect("not poisoned"))
    });
    *port.lock().expect("not poisoned") = device.address.port();
    device
}

/// Whether the token of a request is right, and of the device's time.
fn has_token(asked: &Asked, password: &str) -> bool {
    let Some(token) = asked.envelope.find("UsernameToken") else { return false };
    let text = |name: &str| token.text_of(name).unwrap_or_default();
    let created: Timestamp = text("Created").parse().expect("a time");
    let now: Timestamp = "2026-11-26T04:05:06Z".parse().expect("a time");
    let mut hash = Sha1::new();
    hash.update(STANDARD.decode(text("Nonce")).expect("Base64"));
    hash.update(text("Created"));
    hash.update(password);
    text("Username") == "admin"
        && text("Password") == STANDARD.encode(hash.finalize())
        && (created.as_millisecond() - now.as_millisecond()).abs() < 5_000
}

#[test]
fn a_device_says_what_it_is_and_where_its_streams_are() {
    let device = guarded(|asked| has_token(asked, "hunter2"), refused);
    let told = device.describe(Some(&login("hunter2"))).expect("it answers");
    assert_eq!((told.maker.as_str(), told.model.as_str()), ("ACME", "Eye & Ear 4"));
    assert_eq!(told.clock_ahead_s, Some(25 * 3600));
    let [main, sub] = &told.profiles[..] else { panic!("{told:#?}") };
    assert_eq!((main.codec.as_str(), main.size, main.fps, main.kbits), ("H265", (2560, 1440), 25, 4096));
    assert_eq!(main.stream.as_str(), "rtsp://127.0.0.1:554/main+1", "at its own host, and without a login");
    assert_eq!((sub.name.as_str(), sub.source.as_str(), sub.size), ("sub stream", "eye 1", (640, 360)));
    assert_eq!(sub.snapshot.as_ref().map(Url::as_str), Some("http://127.0.0.1/snap.jpg"));
    assert_eq!(main.snapshot, None);
}

#[test]
fn a_login_that_is_missing_or_wrong_is_told() {
    let device = guarded(|asked| has_token(asked, "hunter2"), refused);
    assert!(matches!(device.describe(None), Err(OnvifError::NoLogin { .. })));
    let error = device.describe(Some(&login("hunter3"))).expect_err("wrong");
    assert!(matches!(error, OnvifError::WrongLogin { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter3"));
    let tries = device
        .asked
        .lock()
        .expect("not poisoned")
        .iter()
        .filter(|name| *name != "GetSystemDateAndTime")
        .count();
    assert_eq!(tries, 2, "each login is tried once");
}

#[test]
fn a_device_that_wants_digests_of_http_gets_them_and_no_password_in_the_clear() {
    let challenge = || -> Answer {
        let header = "WWW-Authenticate: Digest realm=\"cam\", nonce=\"abc\", qop=\"auth\", algorithm=MD5\r\n";
        Some((401, header.to_owned(), Vec::new()))
    };
    let allows = |asked: &Asked| {
        let given = asked.authorization.as_deref().unwrap_or_default();
        given.starts_with("Digest ")
            && given.contains("username=\"admin\"")
            && given.contains("nonce=\"abc\"")
    };
    let device = guarded(allows, challenge);
    assert_eq!(device.describe(Some(&login("hunter2"))).expect("it answers").profiles.len(), 2);

    let basic =
        || -> Answer { Some((401, "WWW-Authenticate: Basic realm=\"cam\"\r\n".to_owned(), Vec::new())) };
    let device = guarded(|asked| asked.authorization.is_some(), basic);
    let error = device.describe(Some(&login("hunter2"))).expect_err("it wants it in the clear");
    assert!(matches!(error, OnvifError::InTheClear { .. }), "{error}");
}

/// A device whose every answer is this.
#[track_caller]
fn check(answer: impl Fn() -> Answer + Send + Sync + 'static, expected: &str) {
    let device = Device::start(move |_| answer());
    let began = Instant::now();
    let error = device.describe(None).expect_err("hostile").to_string();
    assert!(error.contains(expected), "{error:?} should contain {expected:?}");
    assert!(began.elapsed() < PATIENCE * 5, "it took {:?}", began.elapsed());
}

#[test]
fn hostile_answers_end_soon_and_are_told() {
    let page = |body: &str| {
        let body = body.as_bytes().to_vec();
        move || -> Answer { Some((200, String::new(), body.clone())) }
    };
    check(page("<html><body>login</body></html>"), "no SOAP");
    check(page("not XML at all"), "does not answer as an ONVIF device");
    check(page(""), "empty");
    check(
        page("<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><s:Envelope>&b;</s:Envelope>"),
        "document type",
    );
    check(page(&"<a>".repeat(300_000)), "no end of elements");
    check(|| Some((200, String::new(), vec![b'x'; 3 << 20])), "larger than");
    check(|| Some((404, String::new(), b"gone".to_vec())), "404");
    check(|| Some((302, "Location: http://192.0.2.1/\r\n".to_owned(), Vec::new())), "302");
    check(|| None, "in time");
    // It promises more than it sends.
    check(|| Some((200, "X: y\r\nContent-Length: 100000\r\n".to_owned(), b"<s".to_vec())), "");
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr()).expect("a port");
    let service = Url::parse(&format!("http://{nobody}/")).expect("well-formed");
    let error = describe(&service, None, &clock(), PATIENCE).expect_err("nobody is there");
    assert!(matches!(error, OnvifError::Unreachable { .. }), "{error}");
}

/// Answers probes on this machine's loopback, as often as it is asked, each with everything in `answers`.
struct Responder {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    fn start(answers: impl Fn(&str) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).expect("a socket");
        socket.set_reuse_address(true).expect("settable");
        socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 3702).into()).expect("the port is free");
        let socket = UdpSocket::from(socket);
        socket
            .join_multicast_v4(&Ipv4Addr::new(239, 255, 255, 250), &Ipv4Addr::LOCALHOST)
            .expect("the loopback knows multicast");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("settable");
        let ends = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 4096];
            while !stop.load(Ordering::Acquire) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                let probe = Element::parse(&buffer[..length]).expect("our probe is XML");
                assert_eq!(probe.text_of("Types"), Some("dn:NetworkVideoTransmitter"));
                for answer in answers(probe.text_of("MessageID").expect("it has an id")) {
                    socket.send_to(&answer, from).expect("sent");
                }
            }
        });
        Self { ends, thread: Some(thread) }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the responder failed");
        }
    }
}

#[test]
fn devices_are_found_by_a_probe_over_multicast() {
    let answer = |id: &str, endpoint: &str, address: &str| {
        format!(
            "<?xml version=\"1.0\"?><e:Envelope><e:Header><w:MessageID>uuid:1</w:MessageID><w:RelatesTo>{id}</w:RelatesTo></e:Header>\
             <e:Body><d:ProbeMatches><d:ProbeMatch><w:EndpointReference><w:Address>{endpoint}</w:Address></w:EndpointReference>\
             <d:Types>dn:NetworkVideoTransmitter</d:Types><d:XAddrs>{address}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body>\
             </e:Envelope>"
        )
        .into_bytes()
    };
    let responder = Responder::start(move |id| {
        vec![
            answer(id, "urn:uuid:a", "http://127.0.0.1:8001/onvif/device_service"),
            answer(id, "urn:uuid:b", "http://127.0.0.1:8002/onvif/device_service http://192.0.2.3/x"),
            answer(id, "urn:uuid:evil", "http://192.0.2.4/steal"),
            answer("urn:uuid:of-another-probe", "urn:uuid:c", "http://127.0.0.1:8003/"),
            vec![b'<'; 60_000],
            b"<!DOCTYPE a [<!ENTITY a \"b\">]><a>&a;</a>".to_vec(),
            Vec::new(),
        ]
    });
    let discovery = Discovery { interfaces: vec![Ipv4Addr::LOCALHOST], timeout: Duration::from_millis(600) };
    let found = discover(&discovery).expect("the loopback takes it");
    let services: Vec<&str> = found.iter().map(|device| device.service.as_str()).collect();
    assert_eq!(
        services,
        [
            "http://127.0.0.1/onvif/device_service",
            "http://127.0.0.1:8001/onvif/device_service",
            "http://127.0.0.1:8002/onvif/device_service",
        ],
        "each once, and none at another host than the one that answered"
    );
    drop(responder);
    let nobody =
        discover(&Discovery { timeout: Duration::from_millis(100), ..discovery }).expect("it is sent");
    assert_eq!(nobody, []);
    let elsewhere =
        Discovery { interfaces: vec![Ipv4Addr::new(192, 0, 2, 1)], timeout: Duration::from_millis(50) };
    assert!(matches!(discover(&elsewhere), Err(OnvifError::Send { .. })));
}

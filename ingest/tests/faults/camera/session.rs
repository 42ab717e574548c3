//! One viewer's connection.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    sync::mpsc,
    task::JoinSet,
    time::Instant,
};

use super::{
    Shared, digest,
    script::{Answer, Heard, Login, Media, Script},
    sending::{self, Way},
};
use crate::link::Link;

/// Answers and packets that may wait to be written.
const WRITES: usize = 256;

/// A request, as far as it matters.
struct Request {
    method: String,
    uri: String,
    heads: Vec<(String, String)>,
}

impl Request {
    fn head(&self, name: &str) -> Option<&str> {
        self.heads.iter().find(|(head, _)| head.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

struct Session {
    shared: Arc<Shared>,
    writes: mpsc::Sender<Vec<u8>>,
    /// What sends pictures to this viewer, if it has asked.
    way: Option<Way>,
    viewer: u32,
    tasks: JoinSet<()>,
    has_asked: bool,
}

/// Serves it until it ends; a viewer that is cut off hears it at once.
pub(super) async fn serve(connection: TcpStream, shared: Arc<Shared>) {
    connection.set_zero_linger().expect("a socket takes it");
    connection.set_nodelay(true).expect("a socket takes it");
    let (mut reads, mut wire) = connection.into_split();
    let (writes, mut written) = mpsc::channel::<Vec<u8>>(WRITES);
    let viewer = {
        let mut viewers = shared.viewers.lock().expect("no panic");
        *viewers += 1;
        *viewers
    };
    let mut session = Session { shared, writes, way: None, viewer, tasks: JoinSet::new(), has_asked: false };
    // Ends with the session, which holds the other end.
    session.tasks.spawn(async move {
        while let Some(bytes) = written.recv().await {
            if wire.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut heard = Vec::new();
    let mut last_heard = Instant::now();
    loop {
        let patience = session.shared.script().session_timeout.unwrap_or(Duration::from_secs(3600));
        let mut bytes = [0; 4096];
        let count = match tokio::time::timeout_at(last_heard + patience, reads.read(&mut bytes)).await {
            Ok(Ok(count)) if count > 0 => count,
            _ => return,
        };
        last_heard = Instant::now();
        heard.extend_from_slice(&bytes[..count]);
        while let Some(request) = take_request(&mut heard) {
            if session.answer(&request).await.is_err() {
                return;
            }
        }
    }
}

fn take_request(heard: &mut Vec<u8>) -> Option<Request> {
    let end = heard.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&heard[..end]).into_owned();
    heard.drain(..end + 4);
    let mut lines = text.lines();
    let mut first = lines.next()?.split(' ');
    let (method, uri) = (first.next()?.to_owned(), first.next()?.to_owned());
    let heads = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    });
    Some(Request { method, uri, heads: heads.collect() })
}

impl Session {
    async fn answer(&mut self, request: &Request) -> io::Result<()> {
        let script = self.shared.script();
        let login = match &script.login {
            None => Login::Right,
            Some((user, password)) => {
                digest::check(user, password, &request.method, &request.uri, request.head("Authorization"))
            }
        };
        let heard = Heard { at: Instant::now(), method: request.method.clone(), login };
        self.shared.heard.lock().expect("no panic").push(heard);
        if let Some(answer) = script.answers.get(request.method.as_str()) {
            return self.misbehave(*answer, request).await;
        }
        self.has_asked |= request.method == "OPTIONS";
        if script.wants_options && !self.has_asked {
            return self.say(request, 400, "", "").await;
        }
        if let Some(elsewhere) = script.moved_to.as_ref().filter(|_| request.method == "DESCRIBE") {
            return self.say(request, 302, &format!("Location: {elsewhere}\r\n"), "").await;
        }
        if login != Login::Right && request.method != "OPTIONS" {
            return self.say(request, 401, &digest::challenge(), "").await;
        }
        match request.method.as_str() {
            "OPTIONS" => {
                let methods = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n";
                self.say(request, 200, methods, "").await
            }
            "DESCRIBE" => {
                let base = script.content_base.clone().unwrap_or_else(|| format!("{}/", request.uri));
                let heads = format!("Content-Type: application/sdp\r\nContent-Base: {base}\r\n");
                self.say(request, 200, &heads, &describe(&script)).await
            }
            "SETUP" => self.set_up(&script, request).await,
            "PLAY" => {
                self.say(request, 200, "Session: 1\r\nRange: npt=0.000-\r\n", "").await?;
                if let Some(way) = self.way.take() {
                    self.tasks.spawn(sending::send(way, self.viewer, Arc::clone(&self.shared)));
                }
                Ok(())
            }
            "TEARDOWN" => {
                self.say(request, 200, "Session: 1\r\n", "").await?;
                self.tasks.abort_all();
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            _ => self.say(request, 200, "Session: 1\r\n", "").await,
        }
    }

    async fn set_up(&mut self, script: &Script, request: &Request) -> io::Result<()> {
        let transport = request.head("Transport").unwrap_or_default().to_owned();
        let is_tcp = transport.contains("TCP");
        if !request.uri.ends_with("/main") {
            return self.say(request, 404, "", "").await;
        }
        if !(if is_tcp { script.tcp } else { script.udp }) {
            return self.say(request, 461, "", "").await;
        }
        let transport = if is_tcp {
            self.way = Some(Way::Tcp(self.writes.clone()));
            transport
        } else {
            let port = |part: &str| part.parse::<u16>().ok();
            let ports =
                transport.split("client_port=").nth(1).and_then(|ports| ports.split(['-', ';']).next());
            let client = ports.and_then(port).ok_or(io::ErrorKind::InvalidData)?;
            let (rtp, rtcp, server) = socket_pair().await?;
            rtp.connect((Ipv4Addr::LOCALHOST, client)).await?;
            rtcp.connect((Ipv4Addr::LOCALHOST, client + 1)).await?;
            self.way = Some(Way::Udp(Link::new(rtp), rtcp));
            format!("{transport};server_port={server}-{}", server + 1)
        };
        let timeout =
            script.session_timeout.map(|limit| format!(";timeout={}", limit.as_secs())).unwrap_or_default();
        self.say(request, 200, &format!("Session: 1{timeout}\r\nTransport: {transport}\r\n"), "").await
    }

    async fn say(&self, request: &Request, status: u16, heads: &str, body: &str) -> io::Result<()> {
        let sequence = request.head("CSeq").unwrap_or("0");
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let text = format!("RTSP/1.0 {status} As told\r\nCSeq: {sequence}\r\n{heads}{length}\r\n{body}");
        self.write(text.into_bytes()).await
    }

    async fn write(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.writes.send(bytes).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn misbehave(&self, answer: Answer, request: &Request) -> io::Result<()> {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        match answer {
            Answer::Status(status) => self.say(request, status, "", "").await,
            Answer::Silence => std::future::pending().await,
            Answer::Close => Err(io::ErrorKind::ConnectionAborted.into()),
            Answer::Noise => self.write((0..2000).map(|byte| (byte * 7 % 251) as u8).collect()).await,
            Answer::Dribble => {
                self.write(b"RTSP/1.0 200 OK\r\n".to_vec()).await?;
                loop {
                    ticks.tick().await;
                    self.write(b"X".to_vec()).await?;
                }
            }
            Answer::Endless => {
                self.write(b"RTSP/1.0 200 OK\r\n".to_vec()).await?;
                loop {
                    // As fast as a slow link: what is kept of it must not fill the memory of the machine that runs the test.
                    ticks.tick().await;
                    self.write(b"X-More: and more\r\n".repeat(500)).await?;
                }
            }
            Answer::HugeFrame => {
                self.say(request, 200, "Session: 1\r\n", "").await?;
                self.write(vec![b'$', 0, 0xff, 0xff]).await?;
                loop {
                    ticks.tick().await;
                    self.write(vec![0x80; 100]).await?;
                }
            }
        }
    }
}

/// Two sockets with neighbouring ports, and the first port.
async fn socket_pair() -> io::Result<(UdpSocket, UdpSocket, u16)> {
    loop {
        let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = rtp.local_addr()?.port();
        if let Some(next) = port.checked_add(1)
            && let Ok(rtcp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, next)).await
        {
            return Ok((rtp, rtcp, port));
        }
    }
}

/// The session description (RFC 4566).
fn describe(script: &Script) -> String {
    let mut text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\na=control:*\r\n".to_owned();
    let footage = &script.footage;
    let form = |kind: u8| {
        let mut form = format!("a=rtpmap:{kind} {}/90000\r\n", footage.encoding);
        if script.describes_parameters && !footage.parameters.is_empty() {
            form += &format!("a=fmtp:{kind} {}\r\n", footage.parameters);
        } else if footage.encoding == "H264" {
            form += &format!("a=fmtp:{kind} packetization-mode=1\r\n");
        }
        form
    };
    for media in &script.media {
        text += &match media {
            Media::Main if footage.encoding == "JPEG" => {
                format!("m=video 0 RTP/AVP 26\r\n{}a=control:main\r\n", form(26))
            }
            Media::Main => format!("m=video 0 RTP/AVP 96\r\n{}a=control:main\r\n", form(96)),
            Media::Second => format!("m=video 0 RTP/AVP 96\r\n{}a=control:second\r\n", form(96)),
            Media::Sound => "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=control:sound\r\n".to_owned(),
            Media::Vp8 => "m=video 0 RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\na=control:vp8\r\n".to_owned(),
        };
    }
    text
}

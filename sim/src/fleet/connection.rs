//! One client of a fleet: its requests answered, its pictures sent, each at its time.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::{Instant, sleep_until},
};

use super::{
    Camera, Counts, Shared,
    packets::CLOCK,
    talk::{self, Asked, Request},
};

/// A client that is so far behind is not sent what it has missed, but the next key picture.
const TOO_FAR_BEHIND: Duration = Duration::from_secs(1);
/// A picture that is handed to the network later than this counts as late.
const LATE: Duration = Duration::from_millis(200);
/// The session's name: a connection has one.
const SESSION: &str = "Session: 1;timeout=60\r\n";

/// Serves a client until it leaves.
pub(super) async fn serve(stream: TcpStream, fleet: Arc<Shared>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let (reader, writer) = stream.into_split();
    let client = Client { fleet, reader, writer, received: Vec::new(), channel: 0, playing: None };
    client.run().await;
}

struct Client {
    fleet: Arc<Shared>,
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    /// Of a request that is not whole yet.
    received: Vec<u8>,
    channel: u8,
    playing: Option<Playing>,
}

/// The client has left, or talks nonsense.
struct Gone;

impl Client {
    async fn run(mut self) {
        let mut chunk = [0; 4096];
        let mut out = Vec::new();
        loop {
            let due = self.playing.as_ref().map(Playing::due);
            tokio::select! {
                read = self.reader.read(&mut chunk) => {
                    let Ok(length @ 1..) = read else { return };
                    self.received.extend_from_slice(&chunk[..length]);
                    if self.answer_all().await.is_err() {
                        return;
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let Some(playing) = &mut self.playing else { continue };
                    out.clear();
                    playing.next(&mut out, self.channel, &self.fleet.counts);
                    if self.writer.write_all(&out).await.is_err() {
                        return;
                    }
                    playing.sent(&self.fleet.counts);
                }
            }
        }
    }

    async fn answer_all(&mut self) -> Result<(), Gone> {
        while let Some((asked, length)) = talk::next(&self.received).map_err(|_| Gone)? {
            self.received.drain(..length);
            if let Asked::Request(request) = asked {
                let answer = self.answer(&request);
                self.writer.write_all(&answer).await.map_err(|_| Gone)?;
                if request.method == "TEARDOWN" {
                    return Err(Gone);
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self, request: &Request) -> Vec<u8> {
        const METHODS: &str =
            "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN\r\n";
        let method = request.method.as_str();
        if matches!(method, "OPTIONS" | "GET_PARAMETER" | "SET_PARAMETER" | "TEARDOWN") {
            return talk::answer(request, "200 OK", METHODS, "");
        }
        let Some(camera) = self.fleet.cameras.get(request.camera()) else {
            return talk::answer(request, "404 Not Found", "", "");
        };
        let url = request.url.trim_end_matches('/');
        match method {
            "DESCRIBE" => {
                let headers = format!("Content-Type: application/sdp\r\nContent-Base: {url}/\r\n");
                talk::answer(request, "200 OK", &headers, &camera.reel.description)
            }
            "SETUP" => match request.channel() {
                Some(channel) => {
                    self.channel = channel;
                    let channels = format!("{channel}-{}", channel.saturating_add(1));
                    let transport = format!("Transport: RTP/AVP/TCP;unicast;interleaved={channels}\r\n");
                    talk::answer(request, "200 OK", &format!("{transport}{SESSION}"), "")
                }
                None => talk::answer(request, "461 Unsupported Transport", "", ""),
            },
            "PLAY" => {
                let playing = Playing::begin(Arc::clone(camera));
                let (sequence, time) = (playing.sequence, playing.rtp_time());
                self.playing = Some(playing);
                let info = format!("RTP-Info: url={url}/video;seq={sequence};rtptime={time}\r\n");
                talk::answer(request, "200 OK", &format!("{SESSION}Range: npt=now-\r\n{info}"), "")
            }
            _ => talk::answer(request, "501 Not Implemented", "", ""),
        }
    }
}

/// How far a client is in its camera's pictures.
struct Playing {
    camera: Arc<Camera>,
    /// Number of the next picture, counted from the camera's first over all loops.
    picture: i128,
    /// When the one before was due.
    last_due: Instant,
    sequence: u16,
}

impl Playing {
    /// From the next key picture on.
    fn begin(camera: Arc<Camera>) -> Self {
        let now = Instant::now();
        let picture = camera.next_key(camera.picture_at(now) + 1);
        Self { camera, picture, last_due: now, sequence: fastrand::u16(..) }
    }

    fn due(&self) -> Instant {
        self.camera.due(self.picture)
    }

    fn rtp_time(&self) -> u32 {
        (self.picture * i128::from(CLOCK / self.camera.timeline.fps())).rem_euclid(1 << 32) as u32
    }

    /// Writes the packets of the next picture that is not overdue.
    fn next(&mut self, out: &mut Vec<u8>, channel: u8, counts: &Counts) {
        let now = Instant::now();
        if now.saturating_duration_since(self.due()) > TOO_FAR_BEHIND {
            let next = self.camera.next_key(self.camera.picture_at(now));
            counts.left_out.fetch_add(u64::try_from(next - self.picture).unwrap_or(0), Ordering::Relaxed);
            self.picture = next;
        }
        self.last_due = self.due();
        let picture = self.camera.picture(self.picture);
        self.sequence = picture.write(out, channel, self.sequence, self.rtp_time());
        self.picture += 1;
    }

    /// The network has taken it.
    fn sent(&self, counts: &Counts) {
        counts.sent.fetch_add(1, Ordering::Relaxed);
        if self.last_due.elapsed() > LATE {
            counts.late.fetch_add(1, Ordering::Relaxed);
        }
    }
}

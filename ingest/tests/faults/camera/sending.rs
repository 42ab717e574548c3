//! Pictures on their way to one viewer.

use std::{io, sync::Arc, time::Duration};

use gridwatch_runtime::{Clock as _, SystemClock};
use tokio::{
    net::UdpSocket,
    sync::mpsc,
    time::{Instant, interval},
};

use super::{Shared, script::Script};
use crate::{
    footage::{HEAD, TICKS},
    link::Link,
};

/// Pictures from one report to the next.
const REPORT_EVERY: u64 = 25;
/// Seconds from NTP's beginning to 1970 (RFC 5905, section 6).
const NTP_TO_1970: u64 = 2_208_988_800;

/// What carries packets.
pub(super) enum Way {
    Tcp(mpsc::Sender<Vec<u8>>),
    Udp(Link, UdpSocket),
}

impl Way {
    async fn picture(&mut self, script: &Script, packet: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(writes) => write(writes, 0, packet).await,
            Self::Udp(link, _) => link.send(script.loss, packet).await,
        }
    }

    async fn report(&mut self, packet: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(writes) => write(writes, 1, packet).await,
            Self::Udp(_, rtcp) => rtcp.send(packet).await.map(drop),
        }
    }
}

/// A packet on the connection (RFC 2326, section 10.12).
async fn write(writes: &mpsc::Sender<Vec<u8>>, channel: u8, packet: &[u8]) -> io::Result<()> {
    let length = u16::try_from(packet.len()).map_err(|_| io::ErrorKind::InvalidData)?.to_be_bytes();
    let framed = [&[b'$', channel][..], &length, packet].concat();
    writes.send(framed).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
}

/// RTP heads of one viewer (RFC 3550, section 5.1).
struct Heads {
    source: u32,
    sequence: u16,
    /// RTP time of the first picture.
    base: u32,
    packets: usize,
}

impl Heads {
    /// The packet with its own head; every so many are broken.
    fn put(&mut self, packet: &[u8], stamp: u32, breaks: Option<usize>) -> Vec<u8> {
        let mut packet = packet.to_vec();
        self.packets += 1;
        let is_broken = breaks.is_some_and(|every| self.packets.is_multiple_of(every));
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&stamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.source.to_be_bytes());
        if is_broken {
            // Of a version of RTP that there never was.
            packet[0] = 0;
        }
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }
}

/// Sends pictures, over and over, until nobody takes them any more.
pub(super) async fn send(mut way: Way, viewer: u32, shared: Arc<Shared>) {
    let mut random = fastrand::Rng::with_seed(viewer.into());
    let mut heads =
        Heads { source: random.u32(..), sequence: random.u16(..), base: random.u32(..), packets: 0 };
    let mut pace = shared.script().pace;
    let mut ticks = interval(pace);
    let mut held_until = Instant::now();
    let (mut sent, mut stood) = (0_u64, None);
    loop {
        ticks.tick().await;
        let script = shared.script();
        if script.pace != pace {
            pace = script.pace;
            ticks = interval(pace);
        }
        if !script.sends || script.sends_only.is_some_and(|most| sent >= most) {
            continue;
        }
        let pictures = &script.footage.pictures;
        let place = sent + script.joins_at as u64;
        let (rounds, index) = (place / pictures.len() as u64, (place % pictures.len() as u64) as usize);
        let picture = &pictures[index];
        let shown = (rounds * pictures.len() as u64) as u32 + picture.number;
        let running = heads.base.wrapping_add(shown.wrapping_mul(TICKS)).wrapping_add(script.time_jump);
        stood = (!script.time_goes_on).then(|| stood.unwrap_or(running));
        let stamp = stood.unwrap_or(running);
        shared.takes(picture.number);
        if script.holds_up > Duration::ZERO && random.u8(..20) == 0 {
            held_until = Instant::now() + script.holds_up.mul_f64(random.f64());
        }
        if held_until > Instant::now() {
            tokio::time::timeout_at(held_until, std::future::pending::<()>()).await.unwrap_or(());
        }
        if let Some(ahead) = script.clock_ahead.filter(|_| sent % REPORT_EVERY == REPORT_EVERY - 1)
            && way.report(&report(&heads, stamp, ahead)).await.is_err()
        {
            return;
        }
        let is_damaged = script.damages.is_some_and(|every| sent % every as u64 == every as u64 - 1);
        for packet in &picture.packets {
            let mut packet = heads.put(packet, stamp, script.breaks);
            if is_damaged && packet.len() > 2 * HEAD {
                // Behind the heads of packet and slice; nothing in it may look like a start code.
                let from = packet.len() / 2;
                packet[from..].iter_mut().for_each(|byte| *byte ^= 0x5a);
            }
            if way.picture(&script, &packet).await.is_err() {
                return;
            }
        }
        sent += 1;
    }
}

/// A sender report (RFC 3550, section 6.4.1): what the camera's clock, which is so many seconds ahead, shows at that RTP time.
fn report(heads: &Heads, stamp: u32, ahead: f64) -> Vec<u8> {
    let shown = SystemClock.now().as_millisecond() as f64 / 1000.0 + ahead + NTP_TO_1970 as f64;
    let ntp = (shown * f64::from(1 << 16)) as u64;
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend_from_slice(&heads.source.to_be_bytes());
    packet.extend_from_slice(&(ntp << 16).to_be_bytes());
    packet.extend_from_slice(&stamp.to_be_bytes());
    packet.extend_from_slice(&[0; 8]);
    packet
}

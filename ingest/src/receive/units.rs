//! Makes access units of retina's frames: their time, whether decoding may begin or must wait, and when nothing of use comes any more.

use std::time::{Duration, Instant as StdInstant};

use gridwatch_domain::Timestamp;
use gridwatch_runtime::SharedClock;
use retina::{
    codec::{ParametersRef, VideoFrame},
    rtcp::{ReceivedCompoundPacket, TypedPacketRef},
};
use tokio::time::Instant;

use super::{failure::Failure, stream_time::StreamTime, wall_clock::WallClock};
use crate::{
    AccessUnit, Codec, OfflineReason,
    bitstream::{self, Entry},
};

/// See the module's documentation.
pub(super) struct Units<'a> {
    codec: Codec,
    clock: &'a SharedClock,
    /// Longest time without a new picture, or without a whole one.
    patience: Duration,
    seq: u64,
    begun: StdInstant,
    time: StreamTime,
    wall: WallClock,
    /// When a picture must come that is newer than all before it.
    deadline: Instant,
    /// When the last picture came that was not.
    stale_at: Option<Instant>,
    /// Packets were lost, and no picture has come since that decoding can begin anew with.
    damaged_since: Option<Instant>,
}

impl<'a> Units<'a> {
    /// `first_by`: when the first picture must have come; `patience`: longest time without another.
    pub(super) fn new(codec: Codec, clock: &'a SharedClock, first_by: Instant, patience: Duration) -> Self {
        Self {
            codec,
            clock,
            patience,
            seq: 0,
            begun: StdInstant::now(),
            time: StreamTime::default(),
            wall: WallClock::default(),
            deadline: first_by,
            stale_at: None,
            damaged_since: None,
        }
    }

    /// Until when the next picture is waited for.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Why nothing came until the deadline.
    pub(super) fn silence(&self) -> Failure {
        let seconds = self.patience.as_secs().max(1);
        // The pictures just before the silence say nothing: some are sent after others that are shown later.
        let since = self.deadline - self.patience / 2;
        Failure::of(if self.stale_at.is_some_and(|at| at >= since) {
            OfflineReason::Stalled { seconds }
        } else {
            OfflineReason::Timeout { seconds }
        })
    }

    /// Whether pictures that came are of use.
    ///
    /// # Errors
    /// Where their time stands still, or what was lost does not heal.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let now = Instant::now();
        if now >= self.deadline {
            return Err(self.silence());
        }
        match self.damaged_since {
            Some(since) if now - since >= self.patience => {
                let seconds = self.patience.as_secs().max(1);
                let detail = format!("packets were lost, and no key picture came for {seconds} s");
                Err(Failure::of(OfflineReason::Broken { detail }))
            }
            _ => Ok(()),
        }
    }

    /// A failure of a stream that has shown pictures is none of the way in which it is received.
    pub(super) fn judge(&self, failure: Failure) -> Failure {
        Failure { is_ours: failure.is_ours && self.seq == 0, ..failure }
    }

    /// Something was lost before the next picture.
    pub(super) fn lost(&mut self) {
        self.damaged_since.get_or_insert_with(Instant::now);
    }

    /// The next picture. `parameters`: what decoding needs.
    pub(super) fn unit(&mut self, frame: VideoFrame, parameters: Option<ParametersRef<'_>>) -> AccessUnit {
        let came = frame.start_ctx().received();
        let arrived = came.saturating_duration_since(self.begun);
        let place = self.time.place(stamp(frame.timestamp()), arrived);
        if place.is_newest {
            self.deadline = Instant::now() + self.patience;
            self.stale_at = None;
        } else {
            self.stale_at = Some(Instant::now());
        }
        let at = self.wall.at(place.time, arrived, self.wall_time(came));
        if frame.loss() > 0 {
            self.lost();
        }
        // Retina knows one kind of key picture, and puts the parameter sets before no other.
        let is_whole = frame.is_random_access_point();
        let entry = if is_whole { Entry::Key } else { bitstream::entry(self.codec, frame.data()) };
        let after_loss = self.damaged_since.is_some();
        if entry != Entry::None {
            self.damaged_since = None;
        }
        self.seq += 1;
        AccessUnit {
            seq: self.seq,
            bytes: whole(frame.into_data(), parameters.filter(|_| !is_whole && entry != Entry::None)).into(),
            codec: self.codec,
            is_key: entry == Entry::Key,
            time: place.time,
            at,
            after_loss,
        }
    }

    /// What the camera says of its own clock.
    pub(super) fn report(&mut self, packets: &ReceivedCompoundPacket) {
        let Some(rtp) = packets.rtp_timestamp() else { return };
        let came = packets.ctx().received();
        let shown = packets.pkts().find_map(|packet| match packet.as_typed() {
            Ok(Some(TypedPacketRef::SenderReport(report))) => since_1970(report.ntp_timestamp()),
            _ => None,
        });
        if let Some(shown) = shown {
            let arrived = came.saturating_duration_since(self.begun);
            let now = self.wall_time(came);
            self.wall.report(self.time.peek(stamp(rtp)), shown, arrived, now);
        }
    }

    /// What our clock showed at that moment, which has just passed.
    fn wall_time(&self, moment: StdInstant) -> Timestamp {
        self.clock.now().saturating_sub(moment.elapsed())
    }
}

/// In nanoseconds from the first picture on.
fn stamp(timestamp: retina::Timestamp) -> i64 {
    let nanos = i128::from(timestamp.elapsed()) * 1_000_000_000 / i128::from(timestamp.clock_rate().get());
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

/// As a time of ours, if it may be one (RFC 5905 section 6: seconds since 1900, of which the upper half is meant until 2036).
fn since_1970(ntp: retina::NtpTimestamp) -> Option<Timestamp> {
    let since = ntp.0.checked_sub(retina::UNIX_EPOCH.0)?;
    let millis = (since >> 32) * 1000 + (((since & u64::from(u32::MAX)) * 1000) >> 32);
    Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()
}

/// The picture, and before it what decoding needs if it is to begin here.
fn whole(data: Vec<u8>, parameters: Option<ParametersRef<'_>>) -> Vec<u8> {
    match parameters {
        Some(ParametersRef::Video(parameters)) => [parameters.extra_data(), &data].concat(),
        _ => data,
    }
}

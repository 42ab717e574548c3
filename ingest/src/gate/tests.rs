//! Streams of which the gate sees every picture.

use super::*;
use crate::Codec;

const QUIET: Attention = Attention { watchful: false, due: None, fps: 0 };

fn at(seconds: f64) -> Timestamp {
    Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs_f64(seconds))
}

/// Picture number `seq` of 25 a second.
fn unit(seq: u64, is_key: bool, bytes: usize) -> AccessUnit {
    let time = Duration::from_millis(40 * seq);
    let (codec, at) = (Codec::Jpeg, at(time.as_secs_f64()));
    AccessUnit { seq, bytes: vec![0; bytes].into(), codec, is_key, time, at, after_loss: false }
}

/// A stream of 25 pictures a second with a key picture every `group`.
struct Stream {
    gate: Gate,
    group: u64,
    next: u64,
}

impl Stream {
    fn new(mode: DecodeMode, group: u64) -> Self {
        let rest = Rest::new(Duration::from_secs(10), []);
        let gate = Gate::new(GateSettings { mode, sample_fps: 5, rest });
        Self { gate, group, next: 0 }
    }

    /// Plays so many seconds; gives the times in seconds of pictures that are decoded to be handed on.
    fn play(&mut self, seconds: u64, changed: bool, attention: Attention) -> Vec<f64> {
        let mut looked = Vec::new();
        for seq in self.next..self.next + 25 * seconds {
            let unit = unit(seq, seq % self.group == 0, 100);
            let time = unit.time;
            match self.gate.judge(&unit, changed, attention) {
                Verdict::Skip | Verdict::Follow { wanted: false } => {}
                _ => looked.push(time.as_secs_f64()),
            }
        }
        self.next += 25 * seconds;
        looked
    }
}

#[test]
fn at_rest_a_key_picture_is_looked_at_within_every_ten_seconds() {
    let mut stream = Stream::new(DecodeMode::Adaptive, 50);
    stream.play(10, false, QUIET);
    assert_eq!(stream.gate.level(), (Level::Rest, Reason::Quiet));
    let looked = stream.play(60, false, QUIET);
    assert_eq!(looked.len(), 6, "{looked:?}");
    assert!(looked.windows(2).all(|pair| pair[1] - pair[0] <= 10.0), "{looked:?}");
}

#[test]
fn a_shorter_rest_takes_effect_at_once() {
    let mut stream = Stream::new(DecodeMode::Adaptive, 50);
    stream.play(30, false, QUIET);
    stream.gate.rest_at_most(Rest::new(Duration::from_secs(4), []));
    assert_eq!(stream.play(12, false, QUIET).len(), 3);
}

#[test]
fn what_goes_on_is_looked_at_in_every_key_picture_and_a_while_longer() {
    for (changed, attention) in [(true, QUIET), (false, Attention { watchful: true, ..QUIET })] {
        let mut stream = Stream::new(DecodeMode::Adaptive, 50);
        stream.play(30, false, QUIET);
        assert_eq!(stream.play(10, changed, attention), [30.0, 32.0, 34.0, 36.0, 38.0]);
        assert_eq!(stream.gate.level().0, Level::Keys);
        stream.play(10, false, QUIET);
        assert_eq!(stream.gate.level(), (Level::Rest, Reason::Quiet));
    }
}

#[test]
fn the_picture_in_which_a_limit_ends_is_looked_at_at_once_and_once() {
    let mut stream = Stream::new(DecodeMode::Adaptive, 50);
    stream.play(30, false, QUIET);
    let due = Attention { due: Some(at(40.5)), ..QUIET };
    assert_eq!(stream.play(8, false, due), [34.0]);
    assert_eq!(stream.play(3, false, due), [38.0, 40.0, 40.52]);
    assert_eq!(stream.gate.level(), (Level::Keys, Reason::Due));
}

#[test]
fn a_key_picture_that_is_near_is_waited_for_and_one_that_does_not_come_is_not() {
    let mut stream = Stream::new(DecodeMode::Adaptive, 50);
    stream.play(30, false, QUIET);
    let due = Attention { due: Some(at(41.1)), ..QUIET };
    stream.play(10, false, due);
    assert_eq!(stream.play(2, false, due), [40.0]);
    assert_eq!(stream.play(1, false, due), [42.0], "0.9 s later, not 27 pictures before");
    // The encoder makes a longer group from now on.
    stream.group = 150;
    let due = Attention { due: Some(at(43.5)), ..QUIET };
    assert_eq!(stream.play(1, false, due), [0.0; 0]);
    assert_eq!(stream.play(1, false, due), [44.04]);
}

#[test]
fn of_pictures_that_all_stand_for_themselves_no_more_are_looked_at_than_are_analysed() {
    let mut stream = Stream::new(DecodeMode::Adaptive, 1);
    stream.play(30, false, QUIET);
    let looked = stream.play(10, true, QUIET).len();
    assert!((48..=52).contains(&looked), "{looked} in ten seconds, five a second are analysed");
    stream.play(10, false, QUIET);
    assert_eq!(stream.gate.level(), (Level::Rest, Reason::Quiet));
    assert!(stream.play(60, false, QUIET).len() <= 7);
}

#[test]
fn key_pictures_that_are_too_far_apart_for_a_short_limit_are_not_relied_on() {
    let mut stream = Stream::new(DecodeMode::Adaptive, 100);
    stream.gate.rest_at_most(Rest::new(Duration::from_secs(10), [Duration::from_secs(5)]));
    stream.play(20, false, QUIET);
    assert_eq!(stream.gate.level(), (Level::All, Reason::KeysFarApart), "four seconds, and a limit of five");
}

#[test]
fn other_modes_do_as_they_say() {
    let mut keys = Stream::new(DecodeMode::Keyframes, 50);
    assert_eq!(keys.play(6, false, QUIET), [0.0, 2.0, 4.0]);
    assert_eq!(Stream::new(DecodeMode::Always, 50).play(4, false, QUIET).len(), 20);
    // One a minute: nothing could be watched by these.
    let mut far = Stream::new(DecodeMode::Adaptive, 1500);
    far.play(20, false, QUIET);
    assert_eq!(far.gate.level(), (Level::All, Reason::KeysFarApart));
    assert!(far.play(10, false, QUIET).len() >= 45);
}

#[test]
fn while_a_zone_asks_for_more_all_pictures_are_decoded_and_as_many_handed_on_as_it_asks_for() {
    let mut stream = Stream::new(DecodeMode::Adaptive, 50);
    stream.play(21, false, QUIET);
    let looked = stream.play(3, false, Attention { fps: 2, watchful: true, ..QUIET });
    assert_eq!(
        looked,
        [21.0, 21.52, 22.0, 22.52, 23.0, 23.52],
        "the first by those since the last key picture"
    );
    assert_eq!(stream.gate.level(), (Level::All, Reason::Asked));
    // Two seconds more, then the key pictures for as long as it stays awake, then rest.
    let looked = stream.play(20, false, QUIET);
    assert_eq!(looked[..6], [24.0, 24.52, 25.0, 25.52, 26.0, 28.0]);
    assert_eq!(stream.gate.level(), (Level::Rest, Reason::Quiet));
    // No more than the camera is analysed at, whatever is asked for.
    assert_eq!(stream.play(1, false, Attention { fps: 25, ..QUIET }).len(), 5);
}

#[test]
fn where_key_pictures_stay_away_it_begins_with_those_since_the_last_one_and_says_so() {
    // A smart encoder: a group of two seconds, then one of a minute, then short ones again.
    let mut gate = Stream::new(DecodeMode::Adaptive, 50).gate;
    let keys = [0.0, 2.0, 62.0, 64.0, 66.0, 68.0];
    let mut begun = Vec::new();
    for picture in 0..25 * 70_u32 {
        let time = f64::from(picture) / 25.0;
        let unit = unit(picture.into(), keys.contains(&time), 100);
        let verdict = gate.judge(&unit, false, QUIET);
        match verdict {
            Verdict::Begin => begun.push(time),
            Verdict::Follow { .. } => assert!((12.0..64.0).contains(&time), "{time}"),
            _ => assert!(!(12.1..64.0).contains(&time), "{verdict:?} at {time}"),
        }
    }
    assert_eq!(begun, [12.04], "once, and before anything is followed");
    assert_eq!(gate.level(), (Level::Rest, Reason::Quiet));
}

#[test]
fn a_group_that_grows_too_large_to_be_kept_is_followed_in_time() {
    let mut gate = Stream::new(DecodeMode::Adaptive, 50).gate;
    let large = GROUP_TOO_LARGE / 25;
    for picture in 0..40 {
        let verdict = gate.judge(&unit(picture, picture == 0, large), false, QUIET);
        match picture {
            0 => assert_eq!(verdict, Verdict::Look),
            1..25 => assert_eq!(verdict, Verdict::Skip),
            25 => assert_eq!(verdict, Verdict::Begin),
            _ => assert!(matches!(verdict, Verdict::Follow { .. })),
        }
    }
    assert_eq!(gate.level(), (Level::All, Reason::KeysFarApart));
}

#[test]
fn a_gradual_refresh_is_followed_from_its_beginning_on_and_a_key_picture_ends_it() {
    let mut gate = Stream::new(DecodeMode::Adaptive, 50).gate;
    // Supplemental information with a recovery point after 25 pictures, then a slice (ITU-T H.264, section D.2.8).
    let refresh = AccessUnit {
        bytes: vec![0, 0, 1, 6, 6, 2, 0x0d, 0x20, 0x80, 0, 0, 1, 0x41, 1].into(),
        codec: Codec::H264,
        ..unit(25, false, 0)
    };
    assert_eq!(gate.judge(&unit(0, true, 100), false, QUIET), Verdict::Look);
    assert_eq!(gate.judge(&unit(1, false, 100), false, QUIET), Verdict::Skip);
    assert_eq!(gate.judge(&refresh, false, QUIET), Verdict::Begin);
    assert!(matches!(gate.judge(&unit(26, false, 100), false, QUIET), Verdict::Follow { .. }));
    assert_eq!(gate.level(), (Level::All, Reason::KeysFarApart));
    assert_eq!(gate.judge(&unit(50, true, 100), false, QUIET), Verdict::Look);
}

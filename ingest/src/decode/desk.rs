//! What waits to be decoded for one stream of one camera.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use gridwatch_domain::{Frame, Timestamp};

use super::{
    Decoders,
    chain::{Chain, Decoded, Outcome},
    pool::{Chains, Work},
};
use crate::{AccessUnit, OfflineReason, change::Alike, tap::Tap};

/// Pictures that may wait: two seconds at 25 a second. More wait only where the box cannot keep up, and it would not catch up.
const MOST_WAITING: usize = 50;
/// A hardware decoder of one stream may break off so often.
const MOST_BREAKS: u32 = 3;
/// Key pictures that may be looked back at: as many as the longest rest has of usual groups, on a box that keeps up.
const MOST_BETWEEN: usize = 30;
/// Pictures whose time is remembered until they come out; more than any decoder holds back.
const MOST_INSIDE: usize = 64;

/// What is to be decoded.
pub(crate) enum Order {
    /// A key picture by itself. If something has changed since the last one, the key pictures `between` are handed on first.
    Look {
        /// The picture.
        unit: AccessUnit,
        /// Key pictures between the last one that was looked at and this one, oldest first.
        between: Vec<AccessUnit>,
    },
    /// A key picture and those after it, of which only the last is handed on.
    CatchUp(Vec<AccessUnit>),
    /// The same, where those that follow are decoded, too.
    Begin(Vec<AccessUnit>),
    /// The next picture of a stream of which all are decoded.
    Follow {
        /// The picture.
        unit: AccessUnit,
        /// Whether it is to be handed on, not only decoded for the sake of those that follow.
        wanted: bool,
    },
}

#[derive(Default)]
struct Waiting {
    orders: VecDeque<Order>,
    /// Something was left out: what follows is of no use up to a key picture.
    needs_key: bool,
}

/// What is known of the pictures so far; touched by one thread at a time.
#[derive(Default)]
struct Hand {
    alike: Alike,
    /// The decoder of a stream whose every picture is decoded, and the times of what is in it.
    chain: Option<Chain>,
    times: VecDeque<(u64, Timestamp)>,
    /// How often a hardware decoder of this stream broke off. After a few times software is trusted more.
    hardware_breaks: u32,
    /// Number of the last picture that was handed on while all are decoded.
    numbered: u64,
}

/// Desks so far.
static DESKS: AtomicU64 = AtomicU64::new(0);

/// One stream's orders.
pub(crate) struct Desk {
    number: u64,
    tap: Arc<Tap>,
    waiting: Mutex<Waiting>,
    hand: Mutex<Hand>,
    has_changed: AtomicBool,
}

impl Desk {
    pub(crate) fn new(tap: Arc<Tap>) -> Arc<Self> {
        Arc::new(Self {
            number: DESKS.fetch_add(1, Ordering::Relaxed),
            tap,
            waiting: Mutex::default(),
            hand: Mutex::default(),
            has_changed: AtomicBool::new(false),
        })
    }

    /// No other desk has this number.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether a look has shown a change since this was last asked.
    pub(crate) fn take_change(&self) -> bool {
        self.has_changed.swap(false, Ordering::AcqRel)
    }

    /// Puts an order down; call the pool afterwards. Gives how many pictures were left out for it.
    pub(crate) fn put(&self, mut order: Order) -> u64 {
        let mut waiting = lock(&self.waiting);
        let mut left_out = 0;
        if let Order::Look { between, .. } = &mut order
            && let Some(Order::Look { unit, between: earlier }) = waiting.orders.back()
        {
            // What was not looked at in time may still be looked back at.
            let mut all = earlier.clone();
            all.push(unit.clone());
            all.append(between);
            all.drain(..all.len().saturating_sub(MOST_BETWEEN));
            *between = all;
        }
        match &order {
            Order::Follow { unit, .. } => {
                if waiting.orders.len() >= MOST_WAITING {
                    left_out = waiting.orders.len() as u64;
                    waiting.orders.clear();
                    waiting.needs_key = true;
                }
                if waiting.needs_key && !unit.begins_anew() {
                    return left_out + 1;
                }
            }
            // Of pictures that stand for themselves the newest counts.
            Order::Look { .. } | Order::CatchUp(_) | Order::Begin(_) => {
                left_out = waiting.orders.len() as u64;
                waiting.orders.clear();
            }
        }
        waiting.needs_key = false;
        waiting.orders.push_back(order);
        left_out
    }

    fn look(&self, hand: &mut Hand, chains: &mut Chains, unit: AccessUnit, between: Vec<AccessUnit>) {
        hand.chain = None;
        let Some(now) = self.decode_alone(chains, &unit) else { return };
        let before = hand.alike.clone();
        let now = hand.alike.mark(now, &self.tap.zones());
        if now.unchanged_since.is_some() {
            return self.tap.hand_on(now, false);
        }
        self.has_changed.store(true, Ordering::Release);
        let earlier = self.look_back(chains, between, before);
        // The newest would take the place of the last of them, which shows when it began.
        let waits = !earlier.is_empty();
        chains.wait();
        for earlier in earlier {
            self.tap.hand_on(earlier, true);
        }
        self.tap.hand_on(now, waits);
        chains.step();
    }

    /// Key pictures from the last one that is as it was `before` on, oldest first. From the newest back: what lies before one that is as it
    /// was shows nothing new.
    fn look_back(&self, chains: &mut Chains, between: Vec<AccessUnit>, mut before: Alike) -> Vec<Frame> {
        let mut found = Vec::new();
        for unit in between.into_iter().rev() {
            let Some(earlier) = self.decode_alone(chains, &unit) else { continue };
            let (earlier, differs) = before.mark_earlier(earlier, &self.tap.zones());
            found.push(earlier);
            if !differs {
                break;
            }
        }
        found.reverse();
        found
    }

    fn catch_up(&self, hand: &mut Hand, chains: &mut Chains, units: Vec<AccessUnit>) {
        hand.chain = None;
        let Some((last, first)) = units.split_last() else { return };
        let Some(chain) = self.chain_of(chains, last) else { return };
        self.tap.on_taken_up();
        for unit in first {
            chain.push(unit.into(), false);
        }
        chain.push(last.into(), true);
        chain.drain();
        let outcome = chain.take();
        let frame = self.account(outcome).into_iter().next().and_then(|picture| self.frame(picture, last.at));
        if let Some(frame) = frame {
            self.tap.hand_on(hand.alike.mark(frame, &self.tap.zones()), false);
        }
    }

    /// Decodes on from the last key picture.
    fn begin(&self, hand: &mut Hand, decoders: &Decoders, units: Vec<AccessUnit>) {
        hand.chain = None;
        let newest = units.len().saturating_sub(1);
        for (index, unit) in units.into_iter().enumerate() {
            self.follow(hand, decoders, unit, index == newest);
        }
    }

    fn follow(&self, hand: &mut Hand, decoders: &Decoders, unit: AccessUnit, wanted: bool) {
        if unit.after_loss && !unit.is_key {
            // Only a decoder that has seen nothing yet tells which pictures are damaged until all is refreshed.
            hand.chain = None;
        }
        if hand.chain.as_ref().is_none_or(Chain::is_broken) {
            if !unit.begins_anew() {
                return self.tap.on_left_out(1);
            }
            if hand.chain.as_ref().is_some_and(Chain::is_hardware) {
                hand.hardware_breaks += 1;
            }
            let software = Decoders::software();
            let decoders = if hand.hardware_breaks < MOST_BREAKS { decoders } else { &software };
            match Chain::new(unit.codec, decoders) {
                Ok(chain) => (hand.chain, hand.times) = (Some(chain), VecDeque::new()),
                Err(reason) => return self.tap.on_undecodable(reason),
            }
        }
        let Some(chain) = &mut hand.chain else { return };
        if hand.times.len() == MOST_INSIDE {
            hand.times.pop_front();
        }
        hand.times.push_back((unit.seq, unit.at));
        self.tap.on_taken_up();
        chain.push((&unit).into(), wanted);
        self.hand_out(hand);
    }

    /// Nothing follows: brings out what a decoder still holds back.
    pub(crate) fn finish(&self) {
        let mut hand = lock(&self.hand);
        let Some(chain) = &mut hand.chain else { return };
        chain.drain();
        self.hand_out(&mut hand);
        hand.chain = None;
    }

    /// What has come out of the decoder of a stream of which all are decoded.
    fn hand_out(&self, hand: &mut Hand) {
        let Some(outcome) = hand.chain.as_mut().map(Chain::take) else { return };
        for picture in self.account(outcome) {
            let index = hand.times.iter().position(|(of, _)| *of == picture.tag);
            let Some((_, at)) = index.and_then(|index| hand.times.remove(index)) else { continue };
            // They come in the order in which they are shown, and are numbered so.
            let seq = picture.tag.max(hand.numbered + 1);
            if let Some(frame) = self.frame(Decoded { tag: seq, ..picture }, at) {
                hand.numbered = seq;
                self.tap.hand_on(hand.alike.mark(frame, &self.tap.zones()), false);
            }
        }
    }

    fn decode_alone(&self, chains: &mut Chains, unit: &AccessUnit) -> Option<Frame> {
        let chain = self.chain_of(chains, unit)?;
        self.tap.on_taken_up();
        let mut outcome = decode_one(chain, unit);
        if outcome.whole == 0 {
            // A decoder that has choked may choke on the next camera's picture, too.
            let choked = chains.by_codec.remove(&unit.codec);
            if choked.is_some_and(|chain| chain.is_hardware()) {
                outcome = by_software(chains, unit).unwrap_or(outcome);
            }
        } else if chains.by_codec.get(&unit.codec).is_some_and(Chain::is_hardware) {
            chains.decoders.worked(unit.codec);
        }
        self.account(outcome).into_iter().next().and_then(|picture| self.frame(picture, unit.at))
    }

    fn chain_of<'a>(&self, chains: &'a mut Chains, unit: &AccessUnit) -> Option<&'a mut Chain> {
        if chains.by_codec.get(&unit.codec).is_none_or(Chain::is_broken) {
            match Chain::new(unit.codec, &chains.decoders) {
                Ok(chain) => drop(chains.by_codec.insert(unit.codec, chain)),
                Err(reason) => {
                    self.tap.on_undecodable(reason);
                    return None;
                }
            }
        }
        chains.by_codec.get_mut(&unit.codec)
    }

    /// Counts what came of it; gives the pictures that were wanted.
    fn account(&self, outcome: Outcome) -> Vec<Decoded> {
        let Outcome { pictures, whole, damaged, complaint } = outcome;
        if let Some(complaint) = complaint {
            tracing::debug!(complaint, "a decoder complains");
        }
        self.tap.on_outcome(whole, damaged, whole.saturating_sub(pictures.len() as u64));
        pictures
    }

    fn frame(&self, picture: Decoded, at: Timestamp) -> Option<Frame> {
        self.tap.frame(picture.buffer, &picture.form, picture.tag, at)
    }
}

impl Work for Desk {
    fn work(&self, chains: &mut Chains) {
        let mut hand = lock(&self.hand);
        loop {
            let next = lock(&self.waiting).orders.pop_front();
            chains.step();
            match next {
                Some(Order::Look { unit, between }) => self.look(&mut hand, chains, unit, between),
                Some(Order::CatchUp(units)) => self.catch_up(&mut hand, chains, units),
                Some(Order::Begin(units)) => self.begin(&mut hand, &chains.decoders, units),
                Some(Order::Follow { unit, wanted }) => {
                    self.follow(&mut hand, &chains.decoders, unit, wanted)
                }
                None => return,
            }
        }
    }

    fn fail(&self, reason: OfflineReason) {
        self.tap.on_undecodable(reason);
    }
}

/// A key picture by itself.
fn decode_one(chain: &mut Chain, unit: &AccessUnit) -> Outcome {
    chain.push(unit.into(), true);
    chain.drain();
    chain.take()
}

/// A picture that hardware made nothing of: where software can decode it, that was the hardware's fault, not the camera's.
fn by_software(chains: &Chains, unit: &AccessUnit) -> Option<Outcome> {
    let mut chain = Chain::new(unit.codec, &Decoders::software()).ok()?;
    let outcome = decode_one(&mut chain, unit);
    if outcome.whole > 0 {
        chains.decoders.failed(unit.codec, outcome.complaint.as_deref());
    }
    Some(outcome)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

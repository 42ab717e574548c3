//! What is kept, found by its number in the log, its event or its content.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gridwatch_domain::{EventId, Sha256Hex};

use super::Kept;

/// All that is kept, by its number in the log: oldest first.
#[derive(Debug, Default)]
pub(super) struct Items {
    items: BTreeMap<u64, Kept>,
    by_event: HashMap<EventId, BTreeSet<u64>>,
    by_content: HashMap<Sha256Hex, BTreeSet<u64>>,
    bytes: u64,
}

impl Items {
    pub(super) fn insert(&mut self, n: u64, kept: Kept) {
        let of_content = self.by_content.entry(kept.sha256.clone()).or_default();
        if of_content.is_empty() {
            self.bytes += kept.bytes;
        }
        of_content.insert(n);
        if let Some(event) = kept.event {
            self.by_event.entry(event).or_default().insert(n);
        }
        self.items.insert(n, kept);
    }

    pub(super) fn remove(&mut self, n: u64) -> Option<Kept> {
        let kept = self.items.remove(&n)?;
        if let Some(numbers) = self.by_content.get_mut(&kept.sha256) {
            numbers.remove(&n);
            if numbers.is_empty() {
                self.bytes -= kept.bytes;
                self.by_content.remove(&kept.sha256);
            }
        }
        if let Some(event) = kept.event
            && let Some(numbers) = self.by_event.get_mut(&event)
        {
            numbers.remove(&n);
            if numbers.is_empty() {
                self.by_event.remove(&event);
            }
        }
        Some(kept)
    }

    pub(super) fn get(&self, n: u64) -> Option<&Kept> {
        self.items.get(&n)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Kept)> + Clone {
        self.items.iter().map(|(n, kept)| (*n, kept))
    }

    /// Those with a number of at most `until`, oldest first.
    pub(super) fn up_to(&self, until: u64) -> impl Iterator<Item = (u64, &Kept)> {
        self.items.range(..=until).map(|(n, kept)| (*n, kept))
    }

    /// Files; what is kept for two events is one.
    pub(super) fn files(&self) -> usize {
        self.by_content.len()
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is kept of an event, oldest first.
    pub(super) fn of_event(&self, event: EventId) -> Vec<Kept> {
        let numbers = self.by_event.get(&event).into_iter().flatten();
        numbers.filter_map(|n| self.items.get(n)).cloned().collect()
    }

    /// One of those with that content.
    pub(super) fn of_content(&self, sha256: &Sha256Hex) -> Option<&Kept> {
        self.items.get(self.by_content.get(sha256)?.first()?)
    }
}

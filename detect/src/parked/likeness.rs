//! How alike a place is to what it is remembered by: its look with the object, and bare of it.

use super::place::Place;
use crate::appearance::{Covered, Patch};

/// Likeness from which a place looks as when its object was detected.
pub(super) const ALIKE: f32 = 0.7;
/// Likeness from which a place looks as before its object came.
pub(super) const BARE: f32 = 0.6;
/// By how much one of the two must be the better one to decide.
const MARGIN: f32 = 0.15;

/// What a place looks like now, and which part of that is something in front of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) patch: &'a Patch,
    pub(super) covered: Option<&'a Covered>,
}

/// How alike a place is to its remembered looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    pub(super) look: f32,
    pub(super) bare: Option<f32>,
}

impl Place {
    /// Whether it looks as when its object was detected; true where there is nothing to compare with.
    pub(super) fn is_alike(&self, now: &Patch) -> bool {
        self.likeness(View { patch: now, covered: None }).is_none_or(|likeness| likeness.look >= ALIKE)
    }

    /// `None` where there is nothing to compare with.
    pub(super) fn likeness(&self, now: View<'_>) -> Option<Likeness> {
        let look = self.look.as_ref().filter(|look| !look.is_flat())?;
        let compare = |known: &Patch| match now.covered {
            Some(covered) => known.likeness_outside(now.patch, covered),
            None => Some(known.likeness(now.patch)),
        };
        Some(Likeness { look: compare(look)?, bare: self.bare.as_ref().and_then(compare) })
    }
}

impl Likeness {
    pub(super) fn says_same(self) -> bool {
        self.look >= ALIKE && self.bare.is_none_or(|bare| self.look > bare + MARGIN)
    }

    pub(super) fn says_bare(self) -> bool {
        self.bare.is_some_and(|bare| bare >= BARE && bare > self.look + MARGIN)
    }
}

//! Which event that was told belongs to which one that was true.
//!
//! Two belong together only if kind and zone are the same (or it is the other zone in which the truth allows it), their times overlap (what never ended lasts until the end of the footage; of kinds that happen in a moment what was told may be 2 s off, and that alone is asked),
//! and, where both have a box, the boxes have an IoU of 0.3 at least. Of all that may be paired, one to one, those are whose overlaps
//! add up to the longest time ([`heaviest_pairs`]); boxes decide between equal times. What remains of the told ones is left out where
//! an `ignore` entry covers it, else *doubled* where it fits something that another event has told already, else *false*.

use gridwatch_domain::{NormBox, heaviest_pairs};
use serde::{Deserialize, Serialize};

use super::{span::Span, truth::Ignore};

/// Boxes that overlap less are of different vehicles: neighbours in a row share less than this, two looks at one vehicle more.
pub(crate) const LEAST_IOU: f32 = 0.3;
/// Share of an event's time that must lie within an `ignore` entry.
const LEAST_IGNORED: f64 = 0.5;
/// What a millisecond of overlap weighs; boxes weigh less than one.
const MILLISECOND: i64 = 1_000;
/// A moment may be told by so much too early or too late, in seconds: pictures may be as far apart.
const MOMENT_OFF_S: f64 = 2.0;

/// What is compared of an event, told or true.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) zone: Option<&'a str>,
    /// Where it may be told as well.
    pub(super) or_zone: Option<&'a str>,
    pub(super) span: Span,
    pub(super) bbox: Option<NormBox>,
}

/// How far two that belong together agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    pub(super) overlap_s: f64,
    /// How far a moment is off.
    pub(super) gap_s: f64,
    /// `None` where one of them has no box.
    pub(super) iou: Option<f32>,
}

/// What became of all events; numbers are those of the lists that were judged.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Judgement {
    /// True, told.
    pub(super) pairs: Vec<(usize, usize, Fit)>,
    /// True, and not told.
    pub(super) missed: Vec<usize>,
    /// Told once more than needed: told, true.
    pub(super) doubled: Vec<(usize, usize)>,
    /// Told, and not true.
    pub(super) untrue: Vec<usize>,
    /// Told, and left out: told, number of the `ignore` entry.
    pub(super) ignored: Vec<(usize, usize)>,
}

/// Judges all events.
pub(super) fn judge(truths: &[Subject<'_>], told: &[Subject<'_>], ignore: &[Ignore]) -> Judgement {
    let fits: Vec<Vec<(usize, Fit)>> = truths.iter().map(|truth| truth.fits(told)).collect();
    let weigh = |(event, fit): &(usize, Fit)| (*event, fit.weight());
    let candidates: Vec<Vec<(usize, i64)>> = fits.iter().map(|row| row.iter().map(weigh).collect()).collect();
    let mut judgement = Judgement::default();
    let (mut is_found, mut is_paired) = (vec![false; truths.len()], vec![false; told.len()]);
    for (truth, event) in heaviest_pairs(&candidates) {
        (is_found[truth], is_paired[event]) = (true, true);
        let fit = fits[truth].iter().find(|(other, _)| *other == event);
        judgement.pairs.extend(fit.map(|(_, fit)| (truth, event, *fit)));
    }
    judgement.missed = (0..truths.len()).filter(|&truth| !is_found[truth]).collect();
    for event in (0..told.len()).filter(|&event| !is_paired[event]) {
        let all = fits.iter().enumerate().flat_map(|(truth, row)| row.iter().map(move |fit| (truth, fit)));
        let best = all.filter(|(_, (other, _))| *other == event);
        let best = best.max_by_key(|(truth, (_, fit))| (fit.weight(), std::cmp::Reverse(*truth)));
        if let Some(entry) = ignore.iter().position(|entry| entry.covers(&told[event])) {
            judgement.ignored.push((event, entry));
        } else if let Some((truth, _)) = best {
            judgement.doubled.push((event, truth));
        } else {
            judgement.untrue.push(event);
        }
    }
    judgement
}

impl Fit {
    /// Time first, then boxes, then how near a moment is; and two that are off rather than one that is not. Never nothing.
    fn weight(&self) -> i64 {
        let millisecond = MILLISECOND as f64;
        let boxes = self.iou.map_or(0.0, |iou| f64::from(iou) * 0.7 * millisecond);
        let nearness = (2.0 - self.gap_s / MOMENT_OFF_S) * 0.1 * millisecond;
        (self.overlap_s * 1000.0) as i64 * MILLISECOND + boxes as i64 + nearness as i64 + 1
    }
}

impl Subject<'_> {
    /// All that it may belong together with.
    fn fits(&self, others: &[Self]) -> Vec<(usize, Fit)> {
        let fits = others.iter().enumerate().filter_map(|(index, other)| Some((index, self.fit(other)?)));
        fits.collect()
    }

    /// How far both agree; `None` where they do not belong together.
    pub(super) fn fit(&self, other: &Self) -> Option<Fit> {
        let is_zone = self.zone == other.zone
            || (self.or_zone.is_some() && self.or_zone == other.zone)
            || (other.or_zone.is_some() && self.zone == other.or_zone);
        if self.kind != other.kind || !is_zone {
            return None;
        }
        let is_moment = self.span.length_s() == 0.0 || other.span.length_s() == 0.0;
        let gap_s = self.span.gap_s(other.span);
        let overlap_s = match self.span.common(other.span) {
            Some(common) => common.length_s(),
            None if is_moment && gap_s <= MOMENT_OFF_S => 0.0,
            None => return None,
        };
        let iou = self.iou(other);
        iou.is_none_or(|iou| iou >= LEAST_IOU).then_some(Fit { overlap_s, gap_s, iou })
    }

    fn iou(&self, other: &Self) -> Option<f32> {
        Some(self.bbox?.iou(other.bbox?))
    }
}

impl Ignore {
    fn covers(&self, event: &Subject<'_>) -> bool {
        let is_kind = self.kind.as_deref().is_none_or(|kind| kind == event.kind);
        let is_zone = self.zone.is_none() || self.zone.as_deref() == event.zone;
        let is_there = match (self.bbox, event.bbox) {
            (None, _) => true,
            (Some(own), Some(bbox)) => own.iou(bbox) >= LEAST_IOU,
            (Some(_), None) => false,
        };
        let is_then = self
            .span
            .common(event.span)
            .is_some_and(|common| common.length_s() >= event.span.length_s() * LEAST_IGNORED);
        is_kind && is_zone && is_there && is_then
    }
}

/// Why an event has no partner: what came nearest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub(crate) enum Why {
    /// The other side has none of this kind.
    NoneOfKind,
    /// It has some, and none in this zone.
    NoneInZone,
    /// In this zone, at another time: how far apart.
    NotThen { nearest: String, gap_s: f64 },
    /// In this zone at this time, and elsewhere: the IoU of the boxes.
    Elsewhere { nearest: String, iou: f32 },
    /// What fits belongs to another one that it fits better.
    Taken { nearest: String },
}

impl Why {
    /// Why `subject` has no partner among `others`.
    pub(super) fn of(subject: &Subject<'_>, others: &[Subject<'_>]) -> Self {
        let of_kind = || others.iter().filter(|other| other.kind == subject.kind);
        let in_zone = || of_kind().filter(|other| other.zone == subject.zone);
        if of_kind().next().is_none() {
            return Self::NoneOfKind;
        }
        let overlap = |other: &&Subject<'_>| subject.span.common(other.span).map(Span::length_s);
        if let Some(other) = in_zone().find(|other| subject.fit(other).is_some()) {
            return Self::Taken { nearest: other.id.to_owned() };
        }
        let then = in_zone().filter(|other| overlap(other).is_some());
        let iou = |other: &Subject<'_>| subject.iou(other).unwrap_or_default();
        if let Some(other) = then.max_by(|a, b| iou(a).total_cmp(&iou(b))) {
            return Self::Elsewhere { nearest: other.id.to_owned(), iou: iou(other) };
        }
        let gap = |other: &Subject<'_>| subject.span.gap_s(other.span);
        match in_zone().min_by(|a, b| gap(a).total_cmp(&gap(b))) {
            Some(other) => Self::NotThen { nearest: other.id.to_owned(), gap_s: gap(other) },
            None => Self::NoneInZone,
        }
    }
}

#[cfg(test)]
mod tests;

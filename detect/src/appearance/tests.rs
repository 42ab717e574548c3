//! Pictures that differ, and how alike they are.

use super::{patch::PIXELS, *};

/// A texture that differs with `seed`, so that different things look different.
pub(crate) fn texture(seed: u64) -> impl FnMut() -> u8 {
    let mut random = fastrand::Rng::with_seed(seed);
    move || random.u8(40..220)
}

pub(crate) fn grey(seed: u64) -> Grey {
    let mut next = texture(seed);
    // Blocks of four, as things have surfaces.
    let blocks: Vec<u8> = (0..40 * 23).map(|_| next()).collect();
    let pixels = (0..160 * 90).map(|index| blocks[index / 160 / 4 * 40 + index % 160 / 4]).collect();
    Grey::new(160, 90, pixels).expect("as many pixels as its size says")
}

fn bbox() -> NormBox {
    NormBox::new(0.2, 0.3, 0.5, 0.6).expect("valid")
}

fn cut(grey: &Grey) -> Patch {
    Patch::cut(grey, bbox()).expect("there is a picture")
}

#[test]
fn the_same_in_another_light_is_alike_and_something_else_is_not() {
    let bright = grey(1);
    let dark = Grey { pixels: bright.pixels.iter().map(|&pixel| pixel / 3 + 20).collect(), ..bright.clone() };
    assert!(cut(&bright).likeness(&cut(&dark)) > 0.98);
    assert!(cut(&bright).likeness(&cut(&grey(2))).abs() < 0.5);
}

#[test]
fn what_is_flat_is_like_all_that_is_and_like_nothing_else() {
    let flat = cut(&Grey::new(160, 90, vec![90; 160 * 90]).expect("valid"));
    assert!(flat.is_flat());
    assert_eq!(flat.likeness(&flat.clone()), 1.0);
    assert_eq!(flat.likeness(&cut(&grey(1))), 0.0);
    assert_eq!(Patch::cut(&Grey::default(), bbox()), None, "no picture");
}

#[test]
fn what_is_covered_does_not_count() {
    let (before, mut after) = (grey(1), grey(1));
    let in_front = NormBox::new(0.2, 0.3, 0.38, 0.6).expect("valid");
    let (columns, rows) = after.span(in_front);
    for row in rows {
        after.pixels[row * after.width..][columns.clone()].copy_from_slice(&grey(2).pixels[..columns.len()]);
    }
    let (before, after) = (cut(&before), cut(&after));
    assert!(before.likeness(&after) < 0.7);
    let covered = Covered::by(bbox(), std::iter::once(in_front)).expect("some of it");
    assert!(before.likeness_outside(&after, &covered).expect("enough is left") > 0.95);
    assert_eq!(Covered::by(bbox(), std::iter::once(NormBox::new(0.6, 0.3, 0.9, 0.6).expect("valid"))), None);
    let all = Covered::by(bbox(), std::iter::once(bbox())).expect("all of it");
    assert_eq!(before.likeness_outside(&after, &all), None);
}

#[test]
fn a_kept_patch_is_nearly_the_same() {
    let patch = cut(&grey(3));
    let text = serde_json::to_string(&patch).expect("a string");
    let back: Patch = serde_json::from_str(&text).expect("what was written");
    assert!(patch.likeness(&back) > 0.98, "{}", patch.likeness(&back));
    let flat = Patch { values: Vec::new() };
    assert_eq!(
        serde_json::to_string(&flat).ok().and_then(|text| serde_json::from_str(&text).ok()),
        Some(flat)
    );
    assert!(serde_json::from_str::<Patch>("\"abc\"").is_err());
    assert!(serde_json::from_str::<Patch>(&format!("\"{}\"", "7".repeat(PIXELS))).is_err(), "flat");
}

#[test]
fn the_background_keeps_what_was_there_before() {
    let (empty, with_car) = (grey(4), grey(5));
    let mut background = Background::default();
    background.update(&empty, std::iter::empty(), 0.1);
    for _ in 0..50 {
        background.update(&with_car, std::iter::once(bbox()), 0.1);
    }
    let patch = background.patch(bbox()).expect("there is one");
    assert!(patch.likeness(&cut(&empty)) > 0.9);
    background.uncover(&with_car, bbox(), std::iter::empty());
    assert!(background.patch(bbox()).expect("there is one").likeness(&cut(&with_car)) > 0.99);
}

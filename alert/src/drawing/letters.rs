//! The font that comes with the program: Latin letters and the Chinese ones of GB 2312 (`assets/README.md`).

use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _, point};

use super::Spot;

/// From one line of text to the next, in heights of letters.
const LINE: f32 = 1.25;
/// What stands in for a letter that the font does not have.
const UNKNOWN: char = '□';

static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("../../assets/letters.otf")).expect("our own font is whole")
});

/// Whether the font has all letters of a text.
pub fn can_write(text: &str) -> bool {
    text.chars().all(|letter| FONT.glyph_id(letter).0 != 0)
}

/// Pixels across that a line of text takes up.
pub fn length_of(text: &str, size: f32) -> f32 {
    let font = FONT.as_scaled(scale(size));
    text.chars().map(|letter| font.h_advance(font.glyph_id(known(letter)))).sum()
}

/// Pixels from one line of text to the next.
pub(super) fn line_height(size: f32) -> f32 {
    (size * LINE).ceil()
}

/// The font's own measure is the height of its line; ours is that of a Chinese letter.
fn scale(size: f32) -> PxScale {
    let units = FONT.units_per_em().unwrap_or(1000.0);
    PxScale::from(size * FONT.height_unscaled() / units)
}

fn known(letter: char) -> char {
    if FONT.glyph_id(letter).0 == 0 { UNKNOWN } else { letter }
}

/// How much of each pixel a text covers.
pub(super) struct Mask {
    left: i64,
    top: i64,
    width: usize,
    height: usize,
    cover: Vec<u8>,
}

/// A line of text; the upper left corner of its line at `at`.
pub(super) fn mask(at: Spot, text: &str, size: f32) -> Mask {
    let font = FONT.as_scaled(scale(size));
    // Whole pixels: the same text looks the same wherever it stands.
    let (left, top) = (at.0.round() as i64 - 1, at.1.round() as i64);
    let (width, height) = (length_of(text, size).ceil() as usize + 3, line_height(size) as usize + 2);
    let mut mask = Mask { left, top, width, height, cover: vec![0; width * height] };
    // A Chinese letter reaches from 0.88 of its size above the base line to 0.12 below it.
    let base = ((line_height(size) - size) / 2.0 + size * 0.88).round();
    let mut across = 1.0;
    for letter in text.chars() {
        let id = font.glyph_id(known(letter));
        let glyph = id.with_scale_and_position(scale(size), point(across, base));
        across += font.h_advance(id);
        let Some(outline) = FONT.outline_glyph(glyph) else { continue };
        let bounds = outline.px_bounds();
        let (column, row) = (bounds.min.x as i64, bounds.min.y as i64);
        outline.draw(|x, y, cover| {
            mask.add(column + i64::from(x), row + i64::from(y), (cover.clamp(0.0, 1.0) * 255.0) as u8);
        });
    }
    mask
}

impl Mask {
    fn add(&mut self, column: i64, row: i64, cover: u8) {
        let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else { return };
        if column < self.width && row < self.height {
            let value = &mut self.cover[row * self.width + column];
            *value = value.saturating_add(cover);
        }
    }

    /// The same, one pixel wider on each side.
    pub(super) fn rim(&self) -> Self {
        let (width, height) = (self.width + 2, self.height + 2);
        let mut cover = vec![0_u8; width * height];
        for (row, line) in self.cover.chunks_exact(self.width).enumerate() {
            for (column, &value) in line.iter().enumerate().filter(|(_, value)| **value > 0) {
                for (down, across) in (0..3).flat_map(|down| (0..3).map(move |across| (down, across))) {
                    let near = &mut cover[(row + down) * width + column + across];
                    *near = (*near).max(value);
                }
            }
        }
        Self { left: self.left - 1, top: self.top - 1, width, height, cover }
    }

    /// Pixels that are covered, by column and row; those left of and above the picture are left out.
    pub(super) fn pixels(&self) -> impl Iterator<Item = (u32, u32, u8)> + '_ {
        let covered = self.cover.iter().enumerate().filter(|(_, cover)| **cover > 0);
        covered.filter_map(|(index, &cover)| {
            let column = u32::try_from(self.left + (index % self.width) as i64).ok()?;
            let row = u32::try_from(self.top + (index / self.width) as i64).ok()?;
            Some((column, row, cover))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_and_chinese_letters_are_there_and_rare_ones_are_not() {
        assert!(can_write("bay-12 3:25 ×2 – 僵尸车 消防通道 刘家坡东门（夜间）"));
        assert!(!can_write("𠮷") && !can_write("🚗"));
    }

    #[test]
    fn a_chinese_letter_is_as_broad_as_its_size_and_digits_are_alike() {
        assert!((length_of("禁", 20.0) - 20.0).abs() < 0.1);
        assert!((length_of("111", 20.0) - length_of("888", 20.0)).abs() < 0.01);
        assert!((length_of("🚗", 20.0) - length_of("□", 20.0)).abs() < 0.01);
    }

    #[test]
    fn letters_stay_within_their_line() {
        for text in ["gjpqy|ÄÅ", "禁停区龘", "0123456789"] {
            let mask = mask((10.0, 20.0), text, 16.0);
            let rows: Vec<u32> = mask.pixels().map(|(_, row, _)| row).collect();
            let (top, bottom) = (rows.iter().min().expect("ink"), rows.iter().max().expect("ink"));
            assert!(*top >= 20 && *bottom < 20 + 16 * 5 / 4 + 2, "{text}: {top}–{bottom}");
        }
    }
}

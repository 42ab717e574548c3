//! Letters: a small atlas of drawn characters, sampled at any size.

use std::{collections::HashMap, sync::OnceLock};

use glam::Vec2;

const CELL: usize = 48;
const COLUMNS: usize = 16;

/// The characters that can be drawn.
pub(crate) struct Glyphs {
    pixels: Vec<u8>,
    width: usize,
    cells: HashMap<char, usize>,
}

/// The atlas that comes with the crate.
pub(crate) fn glyphs() -> &'static Glyphs {
    static GLYPHS: OnceLock<Glyphs> = OnceLock::new();
    GLYPHS.get_or_init(|| {
        let picture = image::load_from_memory(include_bytes!("../../assets/glyphs.png"))
            .expect("the atlas is part of the program")
            .to_luma8();
        let order = include_str!("../../assets/glyphs.txt").trim_end_matches('\n');
        Glyphs {
            width: picture.width() as usize,
            cells: order.chars().enumerate().map(|(index, sign)| (sign, index)).collect(),
            pixels: picture.into_raw(),
        }
    })
}

impl Glyphs {
    /// How far the next character stands, in units of the height.
    pub(crate) fn advance(sign: char) -> f32 {
        if sign.is_ascii() { 0.58 } else { 1.0 }
    }

    /// Coverage, 0–1, at a place of a character's cell (0–1 across and down).
    pub(crate) fn coverage(&self, sign: char, at: Vec2) -> f32 {
        let Some(&index) = self.cells.get(&sign) else { return 0.0 };
        let inside = at.x > 0.0 && at.y > 0.0 && at.x < 1.0 && at.y < 1.0;
        if !inside {
            return 0.0;
        }
        let p = (at * CELL as f32 - 0.5).clamp(Vec2::ZERO, Vec2::splat((CELL - 2) as f32));
        let (x, y) = (p.x as usize, p.y as usize);
        let (fx, fy) = (p.x - x as f32, p.y - y as f32);
        let texel = |x: usize, y: usize| {
            let (column, row) = (index % COLUMNS, index / COLUMNS);
            f32::from(self.pixels[(row * CELL + y) * self.width + column * CELL + x]) / 255.0
        };
        let low = texel(x, y) * (1.0 - fx) + texel(x + 1, y) * fx;
        let high = texel(x, y + 1) * (1.0 - fx) + texel(x + 1, y + 1) * fx;
        low * (1.0 - fy) + high * fy
    }
}

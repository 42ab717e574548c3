//! What stands on the ground in a scene file: buildings, and everything else that never moves.

use serde::Deserialize;

/// A house: a box with windows in its front.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildingSpec {
    /// Left end of the front, as seen from before it.
    pub at: [f32; 2],
    /// Direction in which the front faces.
    pub facing_deg: f32,
    /// Width, depth, height.
    pub size: [f32; 3],
    /// Colour of its walls, 0–255 each of red, green, blue.
    pub wall: [u8; 3],
    /// What its walls are made of.
    pub texture: WallTexture,
    /// Balconies before some windows. Default: false.
    #[serde(default)]
    pub balconies: bool,
    /// Bars before the windows. Default: false.
    #[serde(default)]
    pub bars: bool,
}

/// What walls are made of.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WallTexture {
    /// Smooth and stained.
    Render,
    /// Small and glazed.
    Tiles,
    /// Courses of bricks.
    Bricks,
}

/// Something that stands about. `at` is its middle on the ground; `facing_deg` is a heading; what follows a `path` stands
/// on each of its stretches.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub(crate) enum PropSpec {
    /// Its crown is `spread` across to either side.
    Tree { at: [f32; 2], height: f32, spread: f32 },
    /// Without a stem.
    Bush { at: [f32; 2], radius: f32 },
    /// Clipped straight.
    Hedge { path: Vec<[f32; 2]>, width: f32, height: f32 },
    /// A hand high.
    Kerb { path: Vec<[f32; 2]> },
    /// Plain, in the colour `rgb`.
    Wall { path: Vec<[f32; 2]>, height: f32, rgb: [u8; 3] },
    /// On a post; `shine` is its strength when it is dark. Default: 0, out of order.
    Lamp {
        at: [f32; 2],
        facing_deg: f32,
        height: f32,
        #[serde(default)]
        shine: f32,
    },
    /// The door of a house, with its canopy; people may come and go through it.
    Entrance { at: [f32; 2], facing_deg: f32 },
    /// A boom across a lane of that `width`.
    Barrier { at: [f32; 2], facing_deg: f32, width: f32, open: bool },
    /// The guard's.
    Booth { at: [f32; 2], facing_deg: f32 },
    /// Three in a row for sorted waste, beginning at `at`.
    Bins { at: [f32; 2], facing_deg: f32 },
    /// A board on two posts.
    Notice { at: [f32; 2], facing_deg: f32 },
    /// About `gap` apart.
    Bollards { path: Vec<[f32; 2]>, gap: f32 },
}

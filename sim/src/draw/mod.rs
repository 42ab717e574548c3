//! The software renderer: from meshes and light to pixels. Knows nothing of scripts or files.
//!
//! The order of things: [`world`] what stands still, [`camera`], [`raster`] who is seen by each sample, [`material`]
//! and [`ground`] what is seen there, [`light`] how bright it is, [`plate`] the picture of everything that stands
//! still, [`patch`] actors
//! drawn over it, [`reach`] how far they reach, [`sensor`] what the camera adds.

pub(crate) mod camera;
pub(crate) mod flakes;
pub(crate) mod glyph;
pub(crate) mod ground;
pub(crate) mod light;
pub(crate) mod material;
pub(crate) mod mesh;
pub(crate) mod mirror;
pub(crate) mod noise;
pub(crate) mod patch;
pub(crate) mod plate;
pub(crate) mod props;
pub(crate) mod raster;
pub(crate) mod reach;
pub(crate) mod sensor;
pub(crate) mod shadow;
pub(crate) mod snow;
pub(crate) mod world;

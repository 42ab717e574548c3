//! A camera's health on rendered footage, on footage that was coded, and on real footage: each trouble is told once, whether
//! pictures come five times a second or once in ten, and nothing is told of cameras that are well.

mod coded;
#[path = "../common/mod.rs"]
mod common;
mod footage;
mod real;
mod suspended;
mod tester;
mod troubles;
mod well;

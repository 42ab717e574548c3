//! Reads networks' answers: raw rows in, detections out. Pure.

mod suppression;
mod yolox;

pub use suppression::suppress;
pub use yolox::YoloxHead;

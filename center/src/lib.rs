//! The center: alerts in, governance out.
//!
//! In come messages of edge boxes through an MQTT broker; out go acknowledgements, after the commit, and pages: an HTTP
//! API, a live stream and the web pages themselves. The stages in the order in which an alert meets them: [`store`] is
//! filled by the receiving stage, followed by the live stage, asked by the API. [`grid`] reads the county's tree.
//!
//! There are no users yet (a later issue brings roles): whoever reaches the address reads everything and acknowledges
//! in any name. It listens on loopback unless told otherwise, and says so in the log then.
//! Knows nothing of cameras' streams, of detection, or of how an edge box works.

pub mod grid;
mod receive;
pub mod store;

mod live;
mod view;

mod api;
mod edges;

mod center;
mod error;
mod health;
mod metrics;
#[cfg(test)]
mod testing;

pub use center::{Center, CenterSettings};
pub use edges::EdgeAddress;
pub use error::CenterError;

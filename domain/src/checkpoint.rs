//! A camera's memory as bytes, to be kept over a restart.

use crate::CameraId;

/// What detection remembers of one camera (parked objects, open events), in a form only detection reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose memory.
    pub camera: CameraId,
    /// The memory.
    pub state: Vec<u8>,
}

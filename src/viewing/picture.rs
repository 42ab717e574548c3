//! `GET …/picture.jpg`: the picture of this moment, for a tile or for a browser that cannot play the live one.

use std::time::Duration;

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use gridwatch_alert::drawn;
use gridwatch_domain::Timestamp;
use gridwatch_ingest::StillError;
use tokio::{task::spawn_blocking, time::Instant};

use super::{Unseen, Viewing, camera};

/// All who ask within this time get the same picture.
const FRESH: Duration = Duration::from_millis(900);

/// A picture, ready to be sent.
#[derive(Clone)]
pub(super) struct Encoded {
    made: Instant,
    at: Timestamp,
    jpeg: Bytes,
}

pub(super) async fn newest(
    State(viewing): State<Viewing>,
    Path(id): Path<String>,
) -> Result<Response, Unseen> {
    let id = camera(&id)?;
    // Held while it is made, so that of many who ask at once one has it made.
    let mut encoded = viewing.encoded.lock().await;
    let known = encoded.get(&id).filter(|known| known.made.elapsed() < FRESH).cloned();
    let picture = match known {
        Some(known) => known,
        None => {
            let frame = viewing.stills.newest(&id).await.map_err(|error| match error {
                StillError::None => Unseen::unavailable(format!("{id}: {error}; see its state")),
                error => Unseen::unavailable(error),
            })?;
            let at = frame.at;
            let jpeg = spawn_blocking(move || drawn(&frame, &[])).await.map_err(Unseen::unavailable)?;
            let jpeg = jpeg.map_err(Unseen::unavailable)?.into();
            let made = Encoded { made: Instant::now(), at, jpeg };
            encoded.retain(|_, known| known.made.elapsed() < FRESH);
            encoded.insert(id, made.clone());
            made
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::HeaderName::from_static("x-taken-at"), picture.at.to_string()),
    ];
    Ok((headers, picture.jpeg).into_response())
}

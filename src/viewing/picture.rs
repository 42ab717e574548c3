//! `GET …/picture.jpg`: the picture of this moment, for a tile or for a browser that cannot play the live one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use gridwatch_alert::drawn;
use gridwatch_domain::{CameraId, Timestamp};
use gridwatch_ingest::StillError;
use tokio::{task::spawn_blocking, time::Instant};

use super::{Unseen, Viewing, camera};

/// All who ask within this time get the same picture.
const FRESH: Duration = Duration::from_millis(900);

/// A picture, ready to be sent.
#[derive(Clone)]
struct Encoded {
    made: Instant,
    at: Timestamp,
    jpeg: Bytes,
}

/// The newest picture of a camera; held while it is made, so that of many who ask at once one has it made.
type Newest = Arc<tokio::sync::Mutex<Option<Encoded>>>;

/// The newest pictures of all cameras that somebody looks at. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Pictures(Arc<Mutex<HashMap<CameraId, Newest>>>);

impl Pictures {
    fn of(&self, camera: &CameraId) -> Newest {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody asks for at present, and that are old.
        let is_wanted = |newest: &Newest| {
            let is_fresh = |encoded: &Encoded| encoded.made.elapsed() < FRESH;
            newest.try_lock().map_or(true, |known| known.as_ref().is_some_and(is_fresh))
                || Arc::strong_count(newest) > 1
        };
        all.retain(|id, newest| id == camera || is_wanted(newest));
        Arc::clone(all.entry(camera.clone()).or_default())
    }
}

pub(super) async fn newest(
    State(viewing): State<Viewing>,
    Path(id): Path<String>,
) -> Result<Response, Unseen> {
    let id = camera(&id)?;
    let newest = viewing.pictures.of(&id);
    let mut newest = newest.lock().await;
    let known = newest.as_ref().filter(|known| known.made.elapsed() < FRESH).cloned();
    let picture = match known {
        Some(known) => known,
        None => {
            let frame = viewing.stills.newest(&id).await.map_err(|error| match error {
                error @ StillError::Unknown => Unseen::not_found(format!("{id}: {error}")),
                StillError::None => Unseen::unavailable(format!("{id}: {error}; see its state")),
                error => Unseen::unavailable(error),
            })?;
            let at = frame.at;
            let jpeg = spawn_blocking(move || drawn(&frame, &[])).await.map_err(Unseen::unavailable)?;
            let jpeg = jpeg.map_err(Unseen::unavailable)?.into();
            let made = Encoded { made: Instant::now(), at, jpeg };
            *newest = Some(made.clone());
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

//! The live picture over WebSocket: MP4 fragments for Media Source Extensions, as the camera sent the pictures.
//!
//! A text message `{"mime": …}` says what follows, a binary one with the head comes after it; each further binary message is a picture.
//! Where the form changes both come again. `{"error": …}` says why there is none, and ends it.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        Path, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    response::Response,
};
use bytes::Bytes;
use gridwatch_domain::CameraId;
use gridwatch_ingest::{
    AccessUnit, Follower, Reel,
    mp4::{Fragment, LiveWriter, Mp4Error},
};
use gridwatch_runtime::Shutdown;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Unseen, Viewing, camera};

/// A viewer that is so far behind goes on with the newest key picture: live is what counts.
const MOST_BEHIND: Duration = Duration::from_secs(4);
/// A viewer that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(15);
/// Shows connections on the way, and us, that the other end is there while no picture comes.
const PING_EVERY: Duration = Duration::from_secs(10);
/// Whether the large stream or the small one shows a camera now is looked up so often.
const LOOK_EVERY: Duration = Duration::from_secs(2);

pub(super) async fn watch(
    State(viewing): State<Viewing>,
    Path(id): Path<String>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Unseen> {
    let id = camera(&id)?;
    let Some(reel) = viewing.reels.that_comes(&id, viewing.clock.now()) else {
        return Err(Unseen::not_found(format!(
            "{id} sends nothing that can be shown as it is; ask for its picture.jpg"
        )));
    };
    let upgrade = upgrade.map_err(|_| Unseen::bad_request("this is a WebSocket: connect with one"))?;
    let Ok(turn) = Arc::clone(&viewing.live).try_acquire_owned() else {
        return Err(Unseen::unavailable("too many watch this box"));
    };
    Ok(upgrade.on_upgrade(async move |socket| {
        let shutdown = viewing.shutdown.clone();
        Viewer { socket, camera: id, reel, viewing, writer: LiveWriter::new() }.run(shutdown).await;
        drop(turn);
    }))
}

struct Viewer {
    socket: WebSocket,
    camera: CameraId,
    reel: Arc<Reel>,
    viewing: Viewing,
    writer: LiveWriter,
}

/// It is over.
struct Over;

impl Viewer {
    async fn run(mut self, shutdown: Shutdown) {
        let mut follower = self.reel.follow_fresh(self.viewing.clock.now());
        let (mut pings, mut looks) = (interval(PING_EVERY), interval(LOOK_EVERY));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                biased;
                () = shutdown.cancelled() => self.close(close_code::AWAY, "the box is stopping").await,
                said = self.socket.recv() => match said {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Over),
                    Some(Ok(_)) => Ok(()),
                },
                _ = pings.tick() => self.send(Message::Ping(Bytes::new())).await,
                _ = looks.tick() => {
                    self.follow_what_comes(&mut follower);
                    Ok(())
                }
                unit = follower.next() => match unit {
                    Some(unit) => self.show(&mut follower, &unit).await,
                    None => self.close(close_code::AWAY, "the camera was removed").await,
                },
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// Shows the small stream while the large one does not come, and the large one again once it does.
    fn follow_what_comes(&mut self, follower: &mut Follower) {
        let now = self.viewing.clock.now();
        let Some(reel) = self.viewing.reels.that_comes(&self.camera, now) else { return };
        if !Arc::ptr_eq(&reel, &self.reel) {
            *follower = reel.follow_fresh(now);
            // Its pictures have another size, and a time of their own.
            (self.reel, self.writer) = (reel, LiveWriter::new());
        }
    }

    async fn show(&mut self, follower: &mut Follower, unit: &AccessUnit) -> Result<(), Over> {
        // Forward only: the newest key picture may be older than that itself.
        if self.reel.ahead_of(unit) > MOST_BEHIND && self.reel.has_key_after(unit) {
            *follower = self.reel.follow();
            return Ok(());
        }
        let fragments = match self.writer.push(unit) {
            Ok(fragments) => fragments,
            // Begins with a key picture; after a loss it goes on with one.
            Err(Mp4Error::NoKey) => return Ok(()),
            Err(error) => {
                let told = json!({ "error": error.to_string() }).to_string();
                self.send(Message::Text(told.into())).await?;
                return self.close(close_code::UNSUPPORTED, "no live picture").await;
            }
        };
        for fragment in fragments {
            match fragment {
                Fragment::Head { mime, bytes } => {
                    self.send(Message::Text(json!({ "mime": mime }).to_string().into())).await?;
                    self.send(Message::Binary(bytes.into())).await?;
                }
                Fragment::Picture(bytes) => self.send(Message::Binary(bytes.into())).await?,
            }
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        timeout(PATIENCE, self.socket.send(message)).await.map_err(|_| Over)?.map_err(|_| Over)
    }

    async fn close(&mut self, code: u16, reason: &'static str) -> Result<(), Over> {
        self.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
        Err(Over)
    }
}

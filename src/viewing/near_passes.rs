//! Who came close to what a camera saw parked.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use gridwatch_alert::{PassCursor, PassOrder, PassQuery, PassReadError, StoredPass};
use gridwatch_domain::{CameraId, ObjectClass, PlaceId, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use super::{Unseen, Viewing, camera};

/// Passes in a part of the list, unless asked otherwise.
const DEFAULT_LIMIT: u32 = 50;
/// Most passes in a part of the list.
const LARGEST_LIMIT: u32 = 500;

/// Which passes are asked for. An absent parameter does not narrow; an unknown one is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    zone: Option<ZoneId>,
    place: Option<PlaceId>,
    class: Option<ObjectClass>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    within_m: Option<f32>,
    order: Option<Order>,
    limit: Option<u32>,
    after: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Nearest,
    Time,
}

#[derive(Debug, Serialize)]
struct Items {
    items: Vec<StoredPass>,
    /// To be given as `after`; none: there are no more.
    next: Option<String>,
}

pub(super) async fn of_camera(
    State(viewing): State<Viewing>,
    Path(id): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Unseen> {
    let Query(asked) = asked.map_err(|error| Unseen::bad_request(error.body_text()))?;
    let query = asked.query(camera(&id)?)?;
    // Each holds its own connection, and the outbox's log for as long.
    let _turn = viewing.questions.acquire().await.map_err(Unseen::unavailable)?;
    let page = viewing.passes.passes(&query).await.map_err(|error| match error {
        PassReadError::Order => Unseen::bad_request("after: of an answer in another order"),
        error => Unseen::unavailable(gridwatch_runtime::Chain(&error)),
    })?;
    let items = Items { items: page.passes, next: page.next.map(|next| next.to_string()) };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(items)).into_response())
}

impl Asked {
    fn query(self, camera: CameraId) -> Result<PassQuery, Unseen> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=LARGEST_LIMIT).contains(&limit) {
            return Err(Unseen::bad_request(format!("limit {limit}: expected 1 to {LARGEST_LIMIT}")));
        }
        // A number that is none is not less than any, and would let nobody by without a word.
        if let Some(metres) = self.within_m.filter(|metres| !(metres.is_finite() && *metres >= 0.0)) {
            return Err(Unseen::bad_request(format!("within_m {metres}: expected metres, 0 or more")));
        }
        let read = |text: String| text.parse::<PassCursor>();
        let after = self.after.map(read).transpose();
        let after = after.map_err(|error| Unseen::bad_request(format!("after: {error}")))?;
        let order = match self.order {
            Some(Order::Time) => PassOrder::Time,
            Some(Order::Nearest) | None => PassOrder::Nearest,
        };
        Ok(PassQuery {
            camera: Some(camera),
            zone: self.zone,
            place: self.place,
            classes: self.class.into_iter().collect(),
            from: self.from,
            until: self.until,
            within_metres: self.within_m,
            within_sizes: None,
            order,
            after,
            limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path as FilePath, time::Duration};

    use axum::{Router, body::Body, http::Request};
    use gridwatch_alert::{Append, Archive, Outbox, OutboxSettings, PassReader, Retention};
    use gridwatch_domain::{EventId, EventObject, NearPass, NormBox, Side};
    use gridwatch_ingest::{Reels, Stills};
    use gridwatch_runtime::{Metrics, Shutdown, SystemClock};
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;

    fn time(minutes: u8) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(60 * u64::from(minutes)))
    }

    /// So many minutes after 1970 began; the later, the nearer.
    fn pass(minutes: u8) -> NearPass {
        let object = EventObject {
            class: ObjectClass::Person,
            score: 0.9,
            bbox: NormBox::new(0.3, 0.4, 0.6, 0.8).expect("valid"),
            place: None,
            track: None,
        };
        let at = time(minutes);
        NearPass {
            id: EventId::from_parts(at, [minutes; 10]),
            camera: if minutes < 9 { "gate" } else { "yard" }.parse().expect("valid"),
            place: "p17".parse().expect("valid"),
            zones: vec![if minutes.is_multiple_of(2) { "even" } else { "odd" }.parse().expect("valid")],
            parked: EventObject { class: ObjectClass::Car, ..object.clone() },
            parked_since: time(0),
            passer: object,
            from: at,
            until: at,
            at,
            distance: 0.3 - 0.02 * f32::from(minutes),
            distance_m: None,
            heading_deg: None,
            side: Side::Left,
            shifted: None,
        }
    }

    async fn open(folder: &FilePath) -> Outbox {
        let settings = OutboxSettings { max_size: 64 << 20 };
        Outbox::open(&folder.join("outbox.db"), settings).await.expect("opens")
    }

    fn router(folder: &FilePath) -> Router {
        let days = Duration::from_secs(86_400);
        let retention =
            Retention { events: days, kinds: BTreeMap::new(), recordings: days, size: 1 << 30, free: 0 };
        let (clock, metrics) = (SystemClock::shared(), Metrics::new());
        let archive = Archive::open(&folder.join("evidence"), retention, clock.clone(), &metrics);
        let reels = Reels::new(Duration::ZERO, 0);
        let stills = Stills::new(reels.clone(), clock.clone());
        let passes = PassReader::of_state(folder);
        let archive = archive.expect("it opens");
        super::super::router(Viewing::new(reels, stills, archive, passes, clock, Shutdown::new()))
    }

    async fn get(router: &Router, asked: &str) -> (u16, Value) {
        let request = Request::get(format!("/api/v1/cameras/gate/near-passes{asked}"));
        let request = request.body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("answered");
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("whole");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    /// The minutes of the passes of an answer.
    fn minutes(answer: &Value) -> Vec<u8> {
        let items = answer["items"].as_array().expect("items");
        let at = |item: &Value| item["at"].as_str().expect("a time")[14..16].parse().expect("minutes");
        items.iter().map(at).collect()
    }

    #[tokio::test]
    async fn the_passes_of_a_camera_are_told_while_the_box_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let outbox = open(folder.path()).await;
        let passes: Vec<NearPass> = (1..=10).map(pass).collect();
        outbox.append(Append { passes: &passes, ..Append::default() }).await.expect("room");
        let router = router(folder.path());
        let told = async |asked: &str| {
            let (status, answer) = get(&router, asked).await;
            assert_eq!(status, 200, "{asked}: {answer}");
            minutes(&answer)
        };
        assert_eq!(told("").await, [8, 7, 6, 5, 4, 3, 2, 1], "the nearest first, of this camera");
        assert_eq!(told("?order=time&zone=odd").await, [1, 3, 5, 7]);
        let span = "from=1970-01-01T00:02:00Z&until=1970-01-01T00:04:00Z";
        assert_eq!(told(&format!("?order=time&{span}")).await, [2, 3, 4]);
        assert_eq!(told("?within_m=0.6").await, [8]);
        assert_eq!(told("?class=car").await, [0_u8; 0]);
        assert_eq!(told("?place=p17&limit=2").await, [8, 7]);
        let (_, first) = get(&router, "?limit=1").await;
        assert_eq!(first["items"][0]["seq"], 8);
        assert_eq!(first["items"][0]["passer"]["class"], "person");
    }

    #[tokio::test]
    async fn pages_follow_each_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let outbox = open(folder.path()).await;
        let passes: Vec<NearPass> = (1..=8).map(pass).collect();
        outbox.append(Append { passes: &passes, ..Append::default() }).await.expect("room");
        let router = router(folder.path());
        let (mut all, mut address) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let (status, answer) = get(&router, &address).await;
            assert_eq!(status, 200, "{answer}");
            all.extend(minutes(&answer));
            let Some(next) = answer["next"].as_str() else { break };
            address = format!("?limit=3&after={next}");
        }
        assert_eq!(all, [8, 7, 6, 5, 4, 3, 2, 1]);
        let (status, answer) = get(&router, &(address + "&order=time")).await;
        assert_eq!(status, 400, "{answer}");
    }

    #[tokio::test]
    async fn what_cannot_be_asked_is_refused_and_what_cannot_be_read_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let router = router(folder.path());
        for (asked, part) in [
            ("?limit=0", "1 to 500"),
            ("?limit=501", "1 to 500"),
            ("?order=farthest", "order"),
            ("?from=yesterday", "from"),
            ("?after=abc", "next"),
            ("?within_m=nan", "within_m NaN: expected metres, 0 or more"),
            ("?within_m=-1", "within_m -1: expected metres, 0 or more"),
            ("?within_m=inf", "within_m inf: expected metres, 0 or more"),
            ("?colour=red", "colour"),
        ] {
            let (status, answer) = get(&router, asked).await;
            assert_eq!(status, 400, "{asked}");
            assert!(
                answer["detail"].as_str().is_some_and(|detail| detail.contains(part)),
                "{asked}: {answer}"
            );
        }
        let (status, answer) = get(&router, "").await;
        assert_eq!((status, &answer["title"]), (503, &Value::from("Not available at present")));
    }
}

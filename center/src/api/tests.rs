//! The API as pages use it, on a real store.

mod edges;
mod live;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use gridwatch_domain::wire::{CameraCondition, CameraStateMessage, CameraTrouble, GateSummary};
use gridwatch_runtime::ManualClock;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{store::Received, testing::*};

struct Tester {
    test: TestStore,
    router: Router,
    live: Live,
    health: Health,
    shutdown: Shutdown,
    clock: Arc<ManualClock>,
    metrics: CenterMetrics,
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: bytes::Bytes,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }

    #[track_caller]
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().expect("text")
    }

    /// A problem of this status; its detail.
    #[track_caller]
    fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{:?}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["type"].as_str().expect("has a type").starts_with("urn:gridwatch:problem:"));
        problem["detail"].as_str().expect("has a detail").to_owned()
    }
}

impl Tester {
    async fn new() -> Self {
        Self::with_store(TestStore::open().await).await
    }

    async fn with_store(test: TestStore) -> Self {
        Self::with(test, EdgeBoxes::default()).await
    }

    async fn with_edges(edges: EdgeBoxes) -> Self {
        Self::with(TestStore::open().await, edges).await
    }

    async fn with(test: TestStore, edges: EdgeBoxes) -> Self {
        let registry = Metrics::new();
        let metrics = CenterMetrics::new(&registry);
        let grid = Arc::new(grid());
        let live = Live::new(test.store.clone(), Arc::clone(&grid));
        let (health, shutdown, clock) = (Health::default(), Shutdown::new(), ManualClock::new(time(3600)));
        let router = router(ApiParts {
            store: test.store.clone(),
            live: live.clone(),
            grid,
            clock: clock.clone(),
            registry,
            metrics: metrics.clone(),
            health: health.clone(),
            shutdown: shutdown.clone(),
            version: "1.2.3".to_owned(),
            edges,
        });
        let (_, newest) = test.store.change_range().await.expect("reads");
        tokio::spawn(live.clone().run(newest, shutdown.clone()));
        Self { test, router, live, health, shutdown, clock, metrics }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("whole").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, address: &str) -> Answer {
        self.send(Request::get(address).body(Body::empty()).expect("a request")).await
    }

    async fn acknowledge(&self, number: u8, body: impl ToString) -> Answer {
        let request = Request::post(format!("/api/v1/events/{}/acknowledge", id(number)))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()));
        self.send(request.expect("a request")).await
    }

    async fn commit(&self, batch: Vec<Received>) {
        self.test.commit(batch).await;
    }
}

// ---- Events ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn an_event_is_shown_with_names_picture_and_history() {
    let tester = Tester::new().await;
    let (sha256, picture) = jpeg(1);
    let mut second = showing(event(1, 2), &sha256);
    second.event.unobserved = true;
    let batch = vec![
        camera_received(camera_state(CameraCondition::Live)),
        event_received(showing(event(1, 1), &sha256)),
        event_received(second),
    ];
    tester.commit(batch).await;
    let before = tester.get(&format!("/api/v1/events/{}", id(1))).await.json();
    assert_eq!(before["snapshot"], Value::Null, "has not arrived");
    tester.commit(vec![snapshot_received(1)]).await;
    let event = tester.get(&format!("/api/v1/events/{}", id(1))).await.json();
    insta::assert_json_snapshot!("event", event);

    let listed = tester.get("/api/v1/events").await.json();
    let mut without_history = event.clone();
    without_history.as_object_mut().expect("an object").remove("history");
    assert_eq!(listed, json!({ "items": [without_history], "next": null }));

    let url = event["snapshot"]["url"].as_str().expect("an address").to_owned();
    let answer = tester.get(&url).await;
    assert_eq!((answer.status, &answer.body), (StatusCode::OK, &picture));
    assert_eq!(answer.header("content-type"), "image/jpeg");
    assert!(answer.header("cache-control").contains("immutable"));
    let again = Request::get(&url).header("if-none-match", answer.header("etag")).body(Body::empty());
    let again = tester.send(again.expect("a request")).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let plain = tester.get(&format!("/api/v1/events/{}/snapshot", id(1))).await;
    assert_eq!((plain.status, &plain.body), (StatusCode::OK, &picture));
    assert!(plain.header("cache-control").contains("no-cache"), "may be another one later");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let tester = Tester::new().await;
    tester.commit(vec![event_received(event(1, 1))]).await;
    tester.get(&format!("/api/v1/events/{}", id(9))).await.problem(404);
    tester.get("/api/v1/events/../../etc/passwd").await.problem(404);
    tester.get("/api/v1/events/not-a-uuid").await.problem(404);
    let snapshot = format!("/api/v1/events/{}/snapshot", id(1));
    tester.get(&snapshot).await.problem(404);
    tester.get(&format!("{snapshot}?sha256=abc")).await.problem(400);
    tester.get("/api/v1/nothing").await.problem(404);
    tester.get("/api/v2/events").await.problem(404);
    let request = Request::builder().method(Method::DELETE).uri("/api/v1/events").body(Body::empty());
    tester.send(request.expect("a request")).await.problem(405);
}

#[tokio::test]
async fn an_unknown_cell_is_shown_by_its_code_and_its_known_ancestors() {
    let tester = Tester::new().await;
    let mut message = event(1, 1);
    message.event.cell = Some("520121002003999".parse().expect("a code"));
    tester.commit(vec![event_received(message)]).await;
    let event = tester.get("/api/v1/events").await.json()["items"][0].clone();
    assert_eq!(event["cell"], "520121002003999");
    assert_eq!(event["cell_name"], Value::Null);
    assert_eq!(event["cell_path"], json!(["硒城街道", "刘家坡社区"]));
}

#[tokio::test]
async fn pages_of_events_follow_each_other() {
    let tester = Tester::new().await;
    tester.commit((1..=5).map(|number| event_received(event(number, 1))).collect()).await;
    let mut seen = Vec::new();
    let mut address =
        "/api/v1/events?limit=2&kind=parking.fire_lane&acknowledged=false&cell=520121".to_owned();
    loop {
        let page = tester.get(&address).await.json();
        seen.extend(page["items"].as_array().expect("a list").iter().map(|event| event["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        address = format!("/api/v1/events?limit=2&before={next}");
    }
    assert_eq!(seen, (1..=5).rev().map(|number| json!(id(number).to_string())).collect::<Vec<_>>());
}

#[tokio::test]
async fn parameters_that_are_unknown_or_wrong_are_refused() {
    let tester = Tester::new().await;
    for (query, part) in [
        ("limit=0", "1 to 500"),
        ("limit=501", "1 to 500"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "duplicate"),
        ("sverity=critical", "unknown field"),
        ("severity=awful", "info, minor, major, critical"),
        ("kind=parking", "parking.fire_lane"),
        ("phase=opened", "unobserved"),
        ("cell=52012a", "digits"),
        ("cell=", "digits"),
        ("acknowledged=1", "acknowledged"),
        ("camera=%20", "camera"),
        ("before=abc", "next"),
    ] {
        let detail = tester.get(&format!("/api/v1/events?{query}")).await.problem(400);
        assert!(detail.contains(part), "{query}: {detail}");
    }
    for address in ["cameras", "cells", "summary", "live"] {
        tester.get(&format!("/api/v1/{address}?x=1")).await.problem(400);
    }
}

// ---- Acknowledging --------------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_first_acknowledgement_stands() {
    let tester = Tester::new().await;
    tester.commit(vec![event_received(event(1, 1))]).await;
    let first = tester.acknowledge(1, json!({ "by": " 王芳 " })).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.json()["acknowledged"], json!({ "at": time(3600).to_string(), "by": "王芳" }));
    tester.clock.advance(std::time::Duration::from_secs(5));
    let second = tester.acknowledge(1, json!({ "by": "李明" })).await;
    assert_eq!(second.json(), first.json());
    tester.acknowledge(9, json!({ "by": "王芳" })).await.problem(404);
}

#[tokio::test]
async fn names_and_bodies_that_are_not_right_are_refused() {
    let tester = Tester::new().await;
    tester.commit(vec![event_received(event(1, 1))]).await;
    for by in ["", "  ", "a\nb", "\u{7f}", &"名".repeat(65)] {
        let detail = tester.acknowledge(1, json!({ "by": by })).await.problem(400);
        assert!(detail.contains("1 to 64"), "{detail}");
    }
    assert_eq!(tester.acknowledge(1, json!({ "by": "名".repeat(64) })).await.status, StatusCode::OK);
    tester.acknowledge(1, "{").await.problem(400);
    tester.acknowledge(1, json!({})).await.problem(400);
    tester.acknowledge(1, json!({ "by": "王芳", "as": "admin" })).await.problem(400);
    tester.acknowledge(1, json!({ "by": "x".repeat(5000) })).await.problem(413);
}

#[tokio::test]
async fn another_sites_page_acknowledges_nothing() {
    let tester = Tester::new().await;
    tester.commit(vec![event_received(event(1, 1))]).await;
    let send = async |headers: &[(&str, &str)]| {
        let mut request = Request::post(format!("/api/v1/events/{}/acknowledge", id(1)));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        tester.send(request.body(Body::from(r#"{"by":"x"}"#)).expect("a request")).await
    };
    let json = ("content-type", "application/json");
    // What a form of another site can send.
    send(&[("content-type", "text/plain"), ("host", "127.0.0.1:8080")]).await.problem(415);
    send(&[]).await.problem(415);
    send(&[json, ("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")]).await.problem(403);
    send(&[json, ("host", "127.0.0.1:8080"), ("origin", "http://evil.example")]).await.problem(403);
    let own = [json, ("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")];
    assert_eq!(send(&own).await.status, StatusCode::OK);
}

// ---- Places and status ----------------------------------------------------------------------------------------------

#[tokio::test]
async fn cameras_of_a_gone_edge_box_are_offline() {
    let tester = Tester::new().await;
    tester.commit(vec![camera_received(camera_state(CameraCondition::Live))]).await;
    let live = tester.get("/api/v1/cameras").await.json();
    let expected = json!([{ "edge": "ljp-01", "camera": "gate", "name": "东门", "state": "live", "reason": null,
        "reason_code": null, "since": time(0).to_string(), "gate": null, "troubles": [],
        "not_kept": null, "not_kept_code": null }]);
    assert_eq!(live, expected);
    tester.commit(vec![edge_received(edge_status(false, time(0)), time(50))]).await;
    let gone = tester.get("/api/v1/cameras").await.json();
    assert_eq!((&gone[0]["state"], &gone[0]["since"]), (&json!("offline"), &json!(time(50).to_string())));
    assert!(gone[0]["reason"].as_str().expect("a reason").contains("edge box is offline"));
    assert_eq!(gone[0]["reason_code"], "edge_offline");
}

#[tokio::test]
async fn cameras_say_how_much_is_decoded_and_why_they_are_not_trusted() {
    let tester = Tester::new().await;
    let gate = GateSummary { level: "keys".to_owned(), reason: "watchful".to_owned(), since: time(1) };
    let trouble = CameraTrouble { kind: "camera.covered".to_owned(), since: time(2) };
    let told = CameraStateMessage {
        gate: Some(gate),
        troubles: vec![trouble],
        not_kept: Some("no such stream".to_owned()),
        not_kept_code: Some("not_found".to_owned()),
        ..camera_state(CameraCondition::Live)
    };
    tester.commit(vec![camera_received(told)]).await;
    let camera = tester.get("/api/v1/cameras").await.json()[0].clone();
    let gate = json!({ "level": "keys", "reason": "watchful", "since": time(1).to_string() });
    let troubles = json!([{ "kind": "camera.covered", "since": time(2).to_string() }]);
    assert_eq!((&camera["gate"], &camera["troubles"]), (&gate, &troubles));
    assert_eq!(
        (&camera["not_kept"], &camera["not_kept_code"]),
        (&json!("no such stream"), &json!("not_found"))
    );
    tester.commit(vec![edge_received(edge_status(false, time(0)), time(50))]).await;
    let gone = tester.get("/api/v1/cameras").await.json()[0].clone();
    assert_eq!((&gone["gate"], &gone["troubles"]), (&json!(null), &troubles), "nothing is decoded there now");
}

#[tokio::test]
async fn cells_come_parents_first() {
    let cells = Tester::new().await.get("/api/v1/cells").await.json();
    assert_eq!(
        cells[0],
        json!({ "code": "520121", "parent": null, "level": "county", "name": "开阳县", "leader": null })
    );
    let community = json!({ "code": "520121002003", "parent": "520121002", "level": "community",
        "name": "刘家坡社区", "leader": "王芳" });
    assert_eq!(cells[2], community);
}

#[tokio::test]
async fn the_summary_counts_the_countys_day() {
    let tester = Tester::new().await;
    let mut yesterday = event(1, 1);
    yesterday.event.at = "2026-11-22T15:59:59.000Z".parse().expect("a time");
    yesterday.event.since = yesterday.event.at;
    let mut this_morning = event(2, 1);
    this_morning.event.at = "2026-11-22T16:00:00.000Z".parse().expect("a time");
    this_morning.event.since = this_morning.event.at;
    let status = edge_received(edge_status(true, time(0)), time(0));
    tester.commit(vec![event_received(yesterday), event_received(this_morning), status]).await;
    tester.commit(vec![event_received(closed(event(2, 2)))]).await;
    tester.acknowledge(1, json!({ "by": "王芳" })).await;
    let edges = json!([{ "edge": "ljp-01", "online": true, "since": time(0).to_string(), "problem": null }]);
    assert_eq!(
        tester.get("/api/v1/summary").await.json(),
        json!({ "open": 1, "unacknowledged": 1, "today": 1, "edges": edges, "version": "1.2.3" })
    );
}

#[tokio::test]
async fn health_tells_what_is_wrong() {
    let tester = Tester::new().await;
    let answer = tester.get("/healthz").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json(), json!({ "status": "ok", "version": "1.2.3", "problems": [] }));
    tester.health.set_store("disk full".to_owned());
    tester.health.set_link(Some("connection refused".to_owned()));
    let answer = tester.get("/healthz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let problems = json!([{ "part": "store", "problem": "disk full" }, { "part": "broker", "problem": "connection refused" }]);
    assert_eq!(answer.json()["problems"], problems);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_a_503() {
    let tester = Tester::new().await;
    tester.test.store.close().await;
    tester.get("/api/v1/events").await.problem(503);
    let health = tester.get("/healthz").await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(health.json()["problems"][0]["part"], "store");
}

#[tokio::test]
async fn metrics_are_in_the_text_format() {
    let answer = Tester::new().await.get("/metrics").await;
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    for name in ["gridwatch_center_commit_seconds_bucket", "gridwatch_center_event_delay_seconds_bucket"] {
        assert!(text.contains(name), "{name} in {text}");
    }
}

#[tokio::test]
async fn the_description_is_whole() {
    let description = Tester::new().await.get("/api/v1/openapi.json").await.json();
    insta::assert_json_snapshot!("openapi", description);
}

// ---- Pages ----------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn every_address_of_a_page_is_the_page_and_every_answer_is_guarded() {
    let tester = Tester::new().await;
    let root = tester.get("/").await;
    assert_eq!(root.status, StatusCode::OK);
    assert!(root.header("content-type").starts_with("text/html"));
    let deep = tester.get("/events/019aae5c").await;
    assert_eq!(deep.body, root.body);
    tester.get("/assets/none-0123.js").await.problem(404);
    tester.get("/../Cargo.toml").await.problem(404);
    for answer in [root, deep, tester.get("/api/v1/events").await, tester.get("/nothing.js").await] {
        assert!(answer.header("content-security-policy").starts_with("default-src 'self'"));
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        // The live picture, and stills in its place, are made by the page.
        assert!(
            answer.header("content-security-policy").contains("img-src 'self' blob:; media-src 'self' blob:")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
    }
}

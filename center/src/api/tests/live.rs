//! The live stream: nothing missed, nothing told twice.

use futures_util::StreamExt;

use super::*;

impl Tester {
    async fn follow(&self, last_seen: Option<&str>) -> Stream {
        let mut request = Request::get("/api/v1/live");
        if let Some(last_seen) = last_seen {
            request = request.header("last-event-id", last_seen);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await;
        let response = response.expect("never fails");
        assert_eq!(response.status(), StatusCode::OK);
        let body = response.into_body().into_data_stream();
        Stream { body, text: String::new() }
    }
}

struct Stream {
    body: axum::body::BodyDataStream,
    text: String,
}

#[derive(Debug, Clone, PartialEq)]
struct Message {
    event: String,
    id: Option<u64>,
    data: Value,
}

impl Stream {
    /// The next message; `None` after the end.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let message = message.to_owned();
                self.text = rest.to_owned();
                return Some(read_message(&message));
            }
            let piece = self.body.next().await?.expect("no error");
            self.text.push_str(std::str::from_utf8(&piece).expect("UTF-8"));
        }
    }

    async fn next_named(&mut self, event: &str) -> Message {
        let message = self.next().await.expect("goes on");
        assert_eq!(message.event, event, "{message:?}");
        message
    }
}

fn read_message(text: &str) -> Message {
    let field = |name: &str| {
        let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(str::trim).next_back().map(str::to_owned)
    };
    Message {
        event: field("event").expect("has a name"),
        id: field("id").map(|id| id.parse().expect("a number")),
        data: serde_json::from_str(&field("data").expect("has data")).expect("JSON"),
    }
}

#[tokio::test]
async fn changes_are_told_as_they_are_committed() {
    let tester = Tester::new().await;
    let mut stream = tester.follow(None).await;
    let hello = stream.next_named("hello").await;
    assert_eq!((hello.id, hello.data), (Some(0), json!({ "version": "1.2.3", "change": 0 })));
    tester
        .commit(vec![event_received(event(1, 1)), camera_received(camera_state(CameraCondition::Live))])
        .await;
    let told = stream.next_named("event").await;
    assert_eq!((told.id, &told.data["id"]), (Some(1), &json!(id(1).to_string())));
    assert_eq!(told.data, tester.get("/api/v1/events").await.json()["items"][0]);
    let camera = stream.next_named("camera").await;
    assert_eq!(camera.data, tester.get("/api/v1/cameras").await.json()[0]);
    tester.acknowledge(1, json!({ "by": "王芳" })).await;
    assert_eq!(stream.next_named("event").await.data["acknowledged"]["by"], "王芳");
    tester.commit(vec![edge_received(edge_status(false, time(0)), time(50))]).await;
    assert_eq!(stream.next_named("camera").await.data["state"], "offline");
    // Pages fetch their lists anew where a camera is gone.
    tester.commit(vec![camera_gone_received()]).await;
    assert_eq!(stream.next_named("reset").await.data, json!({}));
    // What changes nothing is not told.
    tester.commit(vec![event_received(event(1, 1)), event_received(event(2, 1))]).await;
    assert_eq!(stream.next_named("event").await.data["id"], id(2).to_string());
    tester.shutdown.cancel();
    assert_eq!(stream.next().await, None);
}

/// Streams that come and go while commits go on: each change of each event is heard of, in order, and none twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_missed_or_told_twice_between_replay_and_live() {
    const EVENTS: u8 = 40;
    const REVISIONS: u32 = 5;
    let tester = Arc::new(Tester::new().await);
    let writer = tokio::spawn({
        let tester = Arc::clone(&tester);
        async move {
            for rev in 1..=REVISIONS {
                for number in 1..=EVENTS {
                    tester.commit(vec![event_received(event(number, rev))]).await;
                }
            }
        }
    });
    let readers = (1..=6_usize).map(|patience| {
        let tester = Arc::clone(&tester);
        tokio::spawn(async move {
            let newest = u64::from(EVENTS) * u64::from(REVISIONS);
            let (mut last, mut seen, mut revisions) = (0, Vec::new(), std::collections::HashMap::new());
            while last < newest {
                let mut stream = tester.follow(Some(&last.to_string())).await;
                stream.next_named("hello").await;
                for _ in 0..patience * 7 {
                    let message = stream.next_named("event").await;
                    last = message.id.expect("numbered");
                    seen.push(last);
                    let rev = message.data["rev"].as_u64().expect("a number");
                    revisions.insert(message.data["id"].clone(), rev);
                    if last == newest {
                        break;
                    }
                }
            }
            assert!(seen.is_sorted_by(|a, b| a < b), "in order, none twice: {seen:?}");
            assert_eq!(revisions.len(), usize::from(EVENTS), "every event");
            assert!(revisions.values().all(|rev| *rev == u64::from(REVISIONS)), "up to its last revision");
        })
    });
    let readers: Vec<_> = readers.collect();
    writer.await.expect("writes");
    for reader in readers {
        reader.await.expect("reads everything");
    }
}

#[tokio::test]
async fn a_reader_that_was_away_hears_the_present_state_of_what_it_missed() {
    let tester = Tester::new().await;
    tester.commit((1..=3).map(|rev| event_received(event(1, rev))).collect()).await;
    tester.commit(vec![event_received(event(2, 1))]).await;
    let mut stream = tester.follow(Some("1")).await;
    assert_eq!(stream.next_named("hello").await.id, None, "an unfinished replay is not complete");
    let first = stream.next_named("event").await;
    assert_eq!((first.id, &first.data["rev"]), (Some(3), &json!(3)));
    assert_eq!(stream.next_named("event").await.id, Some(4));
    tester.commit(vec![event_received(event(2, 2))]).await;
    assert_eq!(stream.next_named("event").await.id, Some(5));
}

#[tokio::test]
async fn a_number_that_is_too_old_or_unknown_means_a_reset() {
    let tester = Tester::with_store(TestStore::open_with(|options| options.changes_kept = 3).await).await;
    for rev in 1..=6 {
        tester.commit(vec![event_received(event(1, rev))]).await;
    }
    // Changes 4, 5 and 6 are kept: whoever has seen 3 needs no more.
    for (last_seen, is_reset) in
        [("3", false), ("6", false), ("2", true), ("0", true), ("7", true), ("x", true)]
    {
        let mut stream = tester.follow(Some(last_seen)).await;
        stream.next_named("hello").await;
        if is_reset {
            assert_eq!(stream.next_named("reset").await.id, Some(6), "{last_seen}");
        } else if last_seen == "3" {
            assert_eq!(stream.next_named("event").await.id, Some(6));
        }
    }
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_cut_and_misses_nothing_after_coming_back() {
    let tester = Tester::new().await;
    let mut slow = tester.follow(None).await;
    slow.next_named("hello").await;
    let mut quick = tester.live.subscribe();
    let mut newest = 0;
    for rev in 1..=1100_u32 {
        tester.commit(vec![event_received(event(1, rev))]).await;
        newest = quick.recv().await.expect("is told").number;
    }
    assert_eq!(newest, 1100);
    assert_eq!(slow.next().await, None, "is cut");
    assert_eq!(tester.metrics.live_cut.get(), 1);
    let mut back = tester.follow(Some("0")).await;
    back.next_named("hello").await;
    let mut last = back.next_named("event").await;
    while last.id != Some(newest) {
        last = back.next_named("event").await;
    }
    assert_eq!(last.data["rev"], 1100);
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_is_alive() {
    let tester = Tester::new().await;
    let mut stream = tester.follow(None).await;
    stream.next_named("hello").await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let comment = stream.body.next().await.expect("goes on").expect("no error");
    assert!(comment.starts_with(b":"), "{comment:?}");
    assert_eq!(began.elapsed().as_secs(), 15);
}

#[tokio::test]
async fn streams_are_bounded_and_counted() {
    let tester = Tester::new().await;
    let mut streams = Vec::new();
    for _ in 0..stream::MOST_STREAMS {
        streams.push(tester.follow(None).await);
    }
    assert_eq!(tester.metrics.live_streams.get(), i64::try_from(stream::MOST_STREAMS).expect("few"));
    tester.get("/api/v1/live").await.problem(503);
    streams.clear();
    assert_eq!(tester.metrics.live_streams.get(), 0);
    tester.follow(None).await.next_named("hello").await;
}

//! The process beside the pipeline: simulated cameras, a broker, and whoever stands behind the broker.
//!
//! Everything that an edge box talks to, so that the processor time of this process is none of the pipeline's. What stands behind
//! the broker acknowledges each event at once, as a center does after its commit, and notes when it came.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use gridwatch_domain::{
    Phase,
    topic::{CENTER_FILTERS, Topic, TopicKind},
    wire::{ACK_SCHEMA, AckMessage, AckedEvent, EventMessage, Message as _},
};
use gridwatch_link::{BrokerUrl, Incoming, IncomingStream, Link, LinkPublisher, LinkSettings, Publication};
use gridwatch_runtime::{Chain, Clock as _, Metrics, SystemClock};
use gridwatch_sim::{
    cache::{PictureSize, ProgressBar, ensure_encoded},
    fleet::{Fleet, FleetCamera, Reel},
};

use super::{
    affinity,
    protocol::{ServersCounts, ServersReady, ServersSpec},
    truth::Opened,
};
use crate::{broker::EmbeddedBroker, output::say, scenes};

const FREE_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Runs until standard input ends. Its first line says what to serve; each further one asks for the counts.
pub(super) fn run() -> anyhow::Result<()> {
    let mut lines = std::io::stdin().lock().lines();
    let spec = lines.next().context("nothing was asked for")?.context("read what to serve")?;
    let spec: ServersSpec = serde_json::from_str(&spec).context("read what to serve")?;
    affinity::pin(&spec.cores)?;
    let fleet_cameras = cameras(&spec)?;
    let broker = EmbeddedBroker::start(FREE_PORT)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("center")
        .enable_all()
        .build()
        .context("start the async runtime")?;
    let opened = Arc::default();
    let link = runtime.block_on(async { start_center(broker.addr(), &opened) })?;
    let anchor = SystemClock.now();
    let fleet = Fleet::start(FREE_PORT, anchor, fleet_cameras).context("serve the simulated cameras")?;
    let ready = ServersReady { rtsp: fleet.address(), broker: broker.addr(), anchor };
    say!("{}", serde_json::to_string(&ready)?);
    for line in lines {
        line.context("read a question")?;
        let counts = fleet.counts();
        let opened = opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let counts =
            ServersCounts { sent: counts.sent, late: counts.late, left_out: counts.left_out, opened };
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&counts)?).context("answer")?;
    }
    runtime.block_on(link.finish());
    broker.stop();
    Ok(())
}

fn cameras(spec: &ServersSpec) -> anyhow::Result<Vec<FleetCamera>> {
    let footage = &spec.footage;
    let scene = scenes::find(&footage.scene)?;
    let size = PictureSize { width: footage.width, height: footage.height };
    let mut bar = ProgressBar::new(&footage.scene);
    // There already: whoever started us has rendered it.
    let encoded = ensure_encoded(&scene, size, footage.encoding(), &footage.cache, &mut |progress| {
        bar.show(progress);
    })
    .with_context(|| format!("render the scene {}", footage.scene))?;
    let reel = Reel::load(&encoded, scene.timeline(footage.group)?)?;
    let camera = |(index, phase): (usize, &u64)| FleetCamera {
        name: format!("c{index}"),
        reel: Arc::clone(&reel),
        phase: Duration::from_millis(*phase),
    };
    Ok(spec.phases_ms.iter().enumerate().map(camera).collect())
}

/// Subscribes as a center does, and notes every event that is opened.
fn start_center(broker: SocketAddr, opened: &Arc<Mutex<Vec<Opened>>>) -> anyhow::Result<Link> {
    let settings = LinkSettings {
        subscriptions: CENTER_FILTERS.map(str::to_owned).into(),
        ..LinkSettings::new(BrokerUrl::plain(broker.ip().to_string(), broker.port()), "bench-center")
    };
    let (link, incoming) = Link::start(settings, &Metrics::new()).context("connect to the broker")?;
    tokio::spawn(receive(incoming, link.publisher(), Arc::clone(opened)));
    Ok(link)
}

async fn receive(mut incoming: IncomingStream, publisher: LinkPublisher, opened: Arc<Mutex<Vec<Opened>>>) {
    let mut known = BTreeSet::new();
    while let Some(message) = incoming.recv().await {
        let arrived_ms = SystemClock.now().as_millisecond();
        let answer = read(&message, &mut |event| {
            if known.insert(event.event.id) && event.event.phase == Phase::Open {
                opened.lock().unwrap_or_else(PoisonError::into_inner).push(note(&event, arrived_ms));
            }
        });
        message.ack();
        // What is not acknowledged comes again.
        if let Some(answer) = answer
            && let Err(error) = publisher.publish(answer).await
        {
            tracing::warn!(error = %Chain(&error), "an acknowledgement did not get through");
        }
    }
}

/// The acknowledgement of a message that wants one; events are told to `told`.
fn read(message: &Incoming, told: &mut dyn FnMut(EventMessage)) -> Option<Publication> {
    let topic: Topic = message.topic.parse().ok()?;
    let ack = match topic.kind {
        TopicKind::Event => {
            let event = EventMessage::from_json(&message.payload).ok()?;
            let acked = AckedEvent { id: event.event.id, rev: event.event.rev };
            told(event);
            AckMessage { events: vec![acked], ..AckMessage::default() }
        }
        TopicKind::Snapshot(sha256) => AckMessage { snapshots: vec![sha256], ..AckMessage::default() },
        _ => return None,
    };
    let topic = Topic { edge: topic.edge, kind: TopicKind::Ack };
    Some(Publication::json(topic.to_string(), ack.to_json(), ACK_SCHEMA))
}

fn note(EventMessage { event, .. }: &EventMessage, arrived_ms: i64) -> Opened {
    Opened {
        camera: event.camera.to_string(),
        kind: event.kind.to_string(),
        zone: event.zone.as_ref().map(ToString::to_string).unwrap_or_default(),
        since_ms: event.since.as_millisecond(),
        at_ms: event.at.as_millisecond(),
        arrived_ms,
    }
}

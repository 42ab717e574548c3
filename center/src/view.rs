//! What pages are told: the store's values with names and addresses, in the form of `/api/v1`.

use gridwatch_domain::{
    CameraId, CellCode, CellLevel, EdgeId, EventId, EventKind, EventObject, GridNode, GridTree, NetworkRef,
    RuleRef, Severity, Sha256Hex, Timestamp, ZoneId,
    wire::{CameraCondition, CameraTrouble, GateSummary},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::{Acknowledged, EventPhase, Revision, StoredCamera, StoredEdge, StoredEvent};

/// Why a camera is shown as offline while its own last word was another: its edge box is gone.
const EDGE_OFFLINE: &str = "its edge box is offline";
/// The same in a word.
const EDGE_OFFLINE_CODE: &str = "edge_offline";

/// An event in its latest revision. Times are RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// UUIDv7; the same over all revisions.
    #[schema(value_type = String, format = "uuid")]
    pub id: EventId,
    /// Grows by one with each revision.
    pub rev: u32,
    /// Stable code, such as `parking.fire_lane`.
    #[schema(value_type = String)]
    pub kind: EventKind,
    /// `open`, `update`, `close`, or `unobserved` while the camera cannot be trusted and nobody knows.
    pub phase: &'static str,
    /// `info`, `minor`, `major` or `critical`.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// The edge box.
    #[schema(value_type = String)]
    pub edge: EdgeId,
    /// The camera.
    #[schema(value_type = String)]
    pub camera: CameraId,
    /// What people call the camera.
    pub camera_name: Option<String>,
    /// The zone.
    #[schema(value_type = Option<String>)]
    pub zone: Option<ZoneId>,
    /// What people call the zone.
    pub zone_name: Option<String>,
    /// Code of the grid cell, or of a higher node. Kept even if the grid tree lacks it: then `cell_name` is null.
    #[schema(value_type = Option<String>)]
    pub cell: Option<CellCode>,
    /// What people call the cell.
    pub cell_name: Option<String>,
    /// Names from the township down to the cell, as far as known.
    pub cell_path: Vec<String>,
    /// When the condition began.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Event time of the first revision.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// Event time of this revision.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When the condition ended; there in phase `close` only.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Seconds the condition had held, at `at`.
    pub dwell_s: f64,
    /// Who takes part.
    #[schema(value_type = Vec<ObjectSchema>)]
    pub objects: Vec<EventObject>,
    /// What was allowed.
    #[schema(value_type = RuleSchema)]
    pub rule: RuleRef,
    /// The network that saw it.
    #[schema(value_type = NetworkSchema)]
    pub network: NetworkRef,
    /// The picture; null until it has arrived.
    pub snapshot: Option<SnapshotView>,
    /// When the edge box first published this revision.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
    /// When this revision came in.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Who has seen it.
    pub acknowledged: Option<AcknowledgedView>,
}

/// A picture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SnapshotView {
    /// Its SHA-256.
    #[schema(value_type = String)]
    pub sha256: Sha256Hex,
    /// Where to get it; never changes its content.
    pub url: String,
}

/// Somebody has seen it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AcknowledgedView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who, as typed.
    pub by: String,
}

/// An object that takes part.
#[derive(ToSchema)]
#[schema(as = EventObject)]
#[expect(dead_code, reason = "describes gridwatch_domain::EventObject, which knows nothing of OpenAPI")]
pub(crate) struct ObjectSchema {
    /// `car`, `truck`, `bus`, `motorcycle`, `bicycle` or `person`.
    class: String,
    /// 0 to 1.
    score: f32,
    /// x1, y1, x2, y2, normalised, origin top left.
    r#box: [f32; 4],
    /// Its place in the memory of parked objects.
    place: Option<String>,
    /// Its track, while one followed it.
    track: Option<u64>,
}

/// The thresholds that fired.
#[derive(ToSchema)]
#[schema(as = Rule)]
#[expect(dead_code, reason = "describes gridwatch_domain::RuleRef, which knows nothing of OpenAPI")]
pub(crate) struct RuleSchema {
    /// Dwell allowed, in seconds.
    limit_s: f64,
}

/// A network.
#[derive(ToSchema)]
#[schema(as = Network)]
#[expect(dead_code, reason = "describes gridwatch_domain::NetworkRef, which knows nothing of OpenAPI")]
pub(crate) struct NetworkSchema {
    /// Its name.
    name: String,
    /// SHA-256 of its file.
    sha256: String,
}

impl EventView {
    pub(crate) fn new(stored: StoredEvent, grid: &GridTree) -> Self {
        let event = stored.message.event;
        let (cell_name, cell_path) = match &stored.cell {
            Some(code) => (grid.get(code).map(|node| node.name.clone()), known_path(grid, code)),
            None => (None, Vec::new()),
        };
        let snapshot = stored.snapshot.map(|sha256| SnapshotView {
            url: format!("/api/v1/events/{}/snapshot?sha256={sha256}", event.id),
            sha256,
        });
        Self {
            id: event.id,
            rev: event.rev,
            kind: event.kind,
            phase: EventPhase::of(event.phase, event.unobserved).as_str(),
            severity: event.severity,
            edge: event.edge,
            camera: event.camera,
            camera_name: stored.camera_name,
            zone: event.zone,
            zone_name: stored.zone_name,
            cell: stored.cell,
            cell_name,
            cell_path,
            since: event.since,
            opened_at: stored.opened_at,
            at: event.at,
            until: event.until,
            dwell_s: event.dwell_s,
            objects: event.objects,
            rule: event.rule,
            network: event.network,
            snapshot,
            published_at: stored.message.published_at,
            received_at: stored.received_at,
            acknowledged: stored.acknowledged.map(|Acknowledged { at, by }| AcknowledgedView { at, by }),
        }
    }
}

/// Names from the township down; of an unknown code those of its lowest known ancestor.
fn known_path(grid: &GridTree, code: &CellCode) -> Vec<String> {
    let mut next = Some(code.clone());
    while let Some(code) = next {
        if grid.get(&code).is_some() {
            return grid.path(&code).into_iter().skip(1).map(str::to_owned).collect();
        }
        next = code.parent();
    }
    Vec::new()
}

/// An event with its history.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventDetail {
    #[serde(flatten)]
    pub event: EventView,
    /// All revisions that have arrived, oldest first.
    pub history: Vec<RevisionView>,
}

/// One revision.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RevisionView {
    /// 1, 2, 3 …
    pub rev: u32,
    /// As in the event.
    pub phase: String,
    /// As in the event.
    pub severity: String,
    /// Event time.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it came in.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Seconds the condition had held, at `at`.
    pub dwell_s: f64,
}

impl From<Revision> for RevisionView {
    fn from(revision: Revision) -> Self {
        let Revision { rev, phase, severity, at, received_at, dwell_s } = revision;
        Self { rev, phase, severity, at, received_at, dwell_s }
    }
}

/// A part of the list of events, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventList {
    /// The events.
    pub items: Vec<EventView>,
    /// Value of `before` for the next part; null after the last one.
    pub next: Option<String>,
}

/// A camera.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CameraView {
    /// Its edge box.
    #[schema(value_type = String)]
    pub edge: EdgeId,
    /// Its id there.
    #[schema(value_type = String)]
    pub camera: CameraId,
    /// What people call it.
    pub name: String,
    /// `connecting`, `live`, `offline` or `ended`.
    pub state: &'static str,
    /// Why, for people.
    pub reason: Option<String>,
    /// The same in a word: that of a stream that does not come (`refused`, `unauthorized`, `timeout`, …), `network` where its pictures are
    /// not analysed, `edge_offline`.
    pub reason_code: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How much of its stream is decoded, and why; null where that is not decided picture by picture, or not known.
    #[schema(value_type = Option<GateSchema>)]
    pub gate: Option<GateSummary>,
    /// Why it cannot be trusted, so that its rules are suspended; empty while it can.
    #[schema(value_type = Vec<TroubleSchema>)]
    pub troubles: Vec<CameraTrouble>,
    /// Why its full-size stream does not come: clips and the live picture are of the small one meanwhile, and nothing is recorded. Null while
    /// it comes.
    pub not_kept: Option<String>,
    /// The same in a word.
    pub not_kept_code: Option<String>,
}

/// How much of a stream is decoded.
#[derive(ToSchema)]
#[schema(as = Gate)]
#[expect(dead_code, reason = "describes gridwatch_domain::wire::GateSummary, which knows nothing of OpenAPI")]
pub(crate) struct GateSchema {
    /// `rest` (a key picture from time to time), `keys` (each of them) or `all`.
    level: String,
    /// `configured`, `quiet`, `beginning`, `changed`, `surge`, `watchful`, `due`, `keys_far_apart`, `asked` or
    /// `by_gstreamer`.
    reason: String,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
}

/// Something that is wrong with a camera.
#[derive(ToSchema)]
#[schema(as = CameraTrouble)]
#[expect(
    dead_code,
    reason = "describes gridwatch_domain::wire::CameraTrouble, which knows nothing of OpenAPI"
)]
pub(crate) struct TroubleSchema {
    /// The kind of its event, such as `camera.covered`.
    kind: String,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
}

impl From<StoredCamera> for CameraView {
    fn from(camera: StoredCamera) -> Self {
        let gone = camera.edge_offline_since;
        let (state, since) = match gone {
            Some(since) => (CameraCondition::Offline, since),
            None => (camera.state, camera.since),
        };
        // What a box that is gone said last says nothing about now.
        let unless_gone = |said: Option<String>| said.filter(|_| gone.is_none());
        let for_that = |told: &str| gone.map(|_| told.to_owned());
        Self {
            edge: camera.edge,
            camera: camera.camera,
            name: camera.name,
            state: state.as_str(),
            reason: for_that(EDGE_OFFLINE).or_else(|| unless_gone(camera.reason)),
            reason_code: for_that(EDGE_OFFLINE_CODE).or_else(|| unless_gone(camera.reason_code)),
            since,
            gate: camera.gate.filter(|_| gone.is_none()),
            troubles: camera.troubles,
            not_kept: unless_gone(camera.not_kept),
            not_kept_code: unless_gone(camera.not_kept_code),
        }
    }
}

/// A node of the grid tree.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CellView {
    /// 6, 9, 12 or 15 digits; its parent's code and three more.
    #[schema(value_type = String)]
    pub code: CellCode,
    /// The parent's code; null for a county.
    #[schema(value_type = Option<String>)]
    pub parent: Option<CellCode>,
    /// `county`, `township`, `community` or `cell`.
    #[schema(value_type = String)]
    pub level: CellLevel,
    /// What people call it.
    pub name: String,
    /// Who leads it.
    pub leader: Option<String>,
}

impl From<&GridNode> for CellView {
    fn from(node: &GridNode) -> Self {
        Self {
            code: node.code.clone(),
            parent: node.code.parent(),
            level: node.code.level(),
            name: node.name.clone(),
            leader: node.leader.clone(),
        }
    }
}

/// Numbers for the head of the page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SummaryView {
    /// Events that are not closed.
    pub open: u64,
    /// Events nobody has acknowledged.
    pub unacknowledged: u64,
    /// Events opened since midnight, China Standard Time.
    pub today: u64,
    /// All edge boxes that ever spoke of themselves.
    pub edges: Vec<EdgeView>,
    /// The center's version.
    pub version: String,
}

/// An edge box.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EdgeView {
    /// Which.
    #[schema(value_type = String)]
    pub edge: EdgeId,
    /// Whether it is connected.
    pub online: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// What an operator must act on, in the edge box's words.
    pub problem: Option<String>,
}

impl From<StoredEdge> for EdgeView {
    fn from(edge: StoredEdge) -> Self {
        let StoredEdge { edge, online, since, problem } = edge;
        Self { edge, online, since, problem }
    }
}

/// First message of a live stream.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HelloView {
    /// The center's version: a page of another one should load itself anew.
    pub version: String,
    /// Number of the newest change.
    pub change: u64,
}

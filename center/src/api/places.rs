//! Cameras, the grid tree, and the numbers at the head of the page.

use axum::{Json, extract::State};
use gridwatch_domain::Timestamp;

use super::{ApiState, NoQuery, Problem};
use crate::view::{CameraView, CellView, SummaryView};

/// China Standard Time is eight hours ahead of UTC all year round, in every county.
const COUNTY_OFFSET_MS: i64 = 8 * 3600 * 1000;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// All cameras that ever spoke of themselves, by edge box and id.
#[utoipa::path(get, path = "/api/v1/cameras", tag = "places", responses((status = 200, body = Vec<CameraView>)))]
pub(super) async fn cameras(
    State(state): State<ApiState>,
    _: NoQuery,
) -> Result<Json<Vec<CameraView>>, Problem> {
    Ok(Json(state.store.cameras().await?.into_iter().map(Into::into).collect()))
}

/// The grid tree, parents before their children.
#[utoipa::path(get, path = "/api/v1/cells", tag = "places", responses((status = 200, body = Vec<CellView>)))]
pub(super) async fn cells(State(state): State<ApiState>, _: NoQuery) -> Json<Vec<CellView>> {
    Json(state.grid.nodes().map(Into::into).collect())
}

/// Numbers for the head of the page.
#[utoipa::path(get, path = "/api/v1/summary", tag = "places", responses((status = 200, body = SummaryView)))]
pub(super) async fn summary(State(state): State<ApiState>, _: NoQuery) -> Result<Json<SummaryView>, Problem> {
    let counts = state.store.counts(county_midnight(state.clock.now())).await?;
    let edges = state.store.edges().await?.into_iter().map(Into::into).collect();
    Ok(Json(SummaryView {
        open: counts.open,
        unacknowledged: counts.unacknowledged,
        today: counts.opened_since,
        edges,
        version: state.version.clone(),
    }))
}

/// When the county's present day began.
fn county_midnight(now: Timestamp) -> Timestamp {
    let into_day = (now.as_millisecond() + COUNTY_OFFSET_MS).rem_euclid(DAY_MS);
    Timestamp::from_millisecond(now.as_millisecond() - into_day).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(now: &str, expected: &str) {
        let now: Timestamp = now.parse().expect("a time");
        assert_eq!(county_midnight(now).to_string(), expected);
    }

    #[test]
    fn the_day_begins_at_midnight_in_china() {
        check("2026-11-23T15:59:59.999Z", "2026-11-22T16:00:00.000Z");
        check("2026-11-23T16:00:00.000Z", "2026-11-23T16:00:00.000Z");
        check("2026-11-23T03:04:05.120Z", "2026-11-22T16:00:00.000Z");
        check("1969-12-31T15:00:00.000Z", "1969-12-30T16:00:00.000Z");
    }
}

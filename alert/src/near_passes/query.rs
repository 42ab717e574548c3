//! A question about near passes, as a statement that an index answers.

use gridwatch_domain::{CameraId, ObjectClass, PlaceId, Timestamp, ZoneId};
use sqlx::{QueryBuilder, Sqlite};

use super::{PassCursor, cursor::Key};

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PassOrder {
    /// The nearest. Where metres are not known, a size of the parked vehicle counts as 4 m.
    #[default]
    Nearest,
    /// The earliest.
    Time,
}

/// Which near passes are asked for. What is not given does not narrow.
#[derive(Debug, Clone, PartialEq)]
pub struct PassQuery {
    /// Of this camera.
    pub camera: Option<CameraId>,
    /// Of what stood in this zone: its bay, or what lies over it.
    pub zone: Option<ZoneId>,
    /// Of what stood at this place.
    pub place: Option<PlaceId>,
    /// By one of these; none: by anybody.
    pub classes: Vec<ObjectClass>,
    /// Nearest at this time or later …
    pub from: Option<Timestamp>,
    /// … and at this time or earlier.
    pub until: Option<Timestamp>,
    /// Not farther than so many metres. Where they are not known, a size of the parked vehicle counts as 4 m.
    pub within_metres: Option<f32>,
    /// Not farther than so many sizes of the parked vehicle.
    pub within_sizes: Option<f32>,
    /// What comes first.
    pub order: PassOrder,
    /// After the end of an earlier page.
    pub after: Option<PassCursor>,
    /// How many at most.
    pub limit: u32,
}

impl Default for PassQuery {
    fn default() -> Self {
        Self {
            camera: None,
            zone: None,
            place: None,
            classes: Vec::new(),
            from: None,
            until: None,
            within_metres: None,
            within_sizes: None,
            order: PassOrder::default(),
            after: None,
            limit: 100,
        }
    }
}

impl PassQuery {
    /// The statement, for one more than the limit: whether there are more. Columns: seq, at, nearness, pass.
    pub(super) fn statement(&self) -> QueryBuilder<Sqlite> {
        // SQLite gives a whole number, such as 0, of a computed column as an integer.
        let mut sql = QueryBuilder::new("SELECT p.seq, p.at, CAST(p.nearness AS REAL), p.pass FROM ");
        // Of the zone's table first: by its key the time is narrowed.
        let times = match &self.zone {
            Some(zone) => {
                sql.push("near_pass_zones z CROSS JOIN near_passes p ON p.seq = z.seq WHERE z.zone = ");
                sql.push_bind(zone.as_str().to_owned());
                ["z.at", "z.seq"]
            }
            None => {
                sql.push("near_passes p WHERE 1");
                ["p.at", "p.seq"]
            }
        };
        if let Some(place) = &self.place {
            sql.push(" AND p.place = ").push_bind(place.as_str().to_owned());
        }
        if let Some(camera) = &self.camera {
            // A place has fewer than a camera: the plus keeps the camera's index out of it.
            let column = if self.place.is_some() { " AND +p.camera = " } else { " AND p.camera = " };
            sql.push(column).push_bind(camera.as_str().to_owned());
        }
        if let Some(from) = self.from {
            sql.push(format_args!(" AND {} >= ", times[0])).push_bind(from.as_millisecond());
        }
        if let Some(until) = self.until {
            sql.push(format_args!(" AND {} <= ", times[0])).push_bind(until.as_millisecond());
        }
        self.narrow(&mut sql);
        self.page(&mut sql, times);
        sql
    }

    /// By what no index has.
    fn narrow(&self, sql: &mut QueryBuilder<Sqlite>) {
        if !self.classes.is_empty() {
            sql.push(" AND p.class IN (");
            let mut classes = sql.separated(", ");
            for class in &self.classes {
                classes.push_bind(class.as_str());
            }
            sql.push(")");
        }
        if let Some(metres) = self.within_metres {
            sql.push(" AND p.nearness <= ").push_bind(f64::from(metres));
        }
        if let Some(sizes) = self.within_sizes {
            sql.push(" AND p.distance <= ").push_bind(f64::from(sizes));
        }
    }

    fn page(&self, sql: &mut QueryBuilder<Sqlite>, [at, seq]: [&str; 2]) {
        let key = match self.order {
            PassOrder::Nearest => "p.nearness",
            PassOrder::Time => at,
        };
        if let Some(after) = &self.after {
            sql.push(format_args!(" AND ({key}, {seq}) > ("));
            match after.key {
                Key::Nearness(metres) => sql.push_bind(metres),
                Key::Millis(millis) => sql.push_bind(millis),
            };
            sql.push(", ").push_bind(after.seq).push(")");
        }
        sql.push(format_args!(" ORDER BY {key}, {seq} LIMIT ")).push_bind(i64::from(self.limit) + 1);
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _, SqliteConnection};

    use super::*;

    /// How SQLite goes about it.
    async fn plan(query: &PassQuery) -> String {
        let mut connection = SqliteConnection::connect(":memory:").await.expect("opens");
        sqlx::migrate!("./migrations").run(&mut connection).await.expect("our own");
        let mut sql = QueryBuilder::<Sqlite>::new("EXPLAIN QUERY PLAN ");
        sql.push(query.statement().sql().as_str());
        let rows = sql.build().fetch_all(&mut connection).await.expect("a plan");
        rows.iter().map(|row| row.get::<String, _>("detail") + "\n").collect()
    }

    #[track_caller]
    fn check(plan: &str, expected: &[&str]) {
        for part in expected {
            assert!(plan.contains(part), "{part:?} is not in\n{plan}");
        }
        assert!(!plan.contains("SCAN p"), "{plan}");
    }

    #[tokio::test]
    async fn bays_places_and_cameras_are_found_by_index() {
        let time = Timestamp::UNIX_EPOCH;
        let night = PassQuery { from: Some(time), until: Some(time), ..PassQuery::default() };
        let bay = PassQuery { zone: Some("bay-1".parse().expect("valid")), ..night.clone() };
        let camera = PassQuery { camera: Some("gate".parse().expect("valid")), ..night.clone() };
        let place = PassQuery { place: Some("p17".parse().expect("valid")), ..camera.clone() };
        let both = PassQuery { zone: bay.zone.clone(), ..camera.clone() };
        let by_zone =
            ["SEARCH z USING PRIMARY KEY (zone=? AND at>? AND at<?)", "SEARCH p USING INTEGER PRIMARY KEY"];
        check(&plan(&bay).await, &by_zone);
        check(&plan(&both).await, &by_zone);
        check(&plan(&camera).await, &["near_passes_by_camera (camera=? AND at>? AND at<?)"]);
        check(&plan(&place).await, &["near_passes_by_place (place=? AND at>? AND at<?)"]);
        check(&plan(&night).await, &["near_passes_by_time (at>? AND at<?)"]);
    }

    #[tokio::test]
    async fn by_time_nothing_is_sorted() {
        for zone in [None, Some("bay-1".parse().expect("valid"))] {
            let camera = Some("gate".parse().expect("valid"));
            let query = PassQuery { zone, camera, order: PassOrder::Time, ..PassQuery::default() };
            let plan = plan(&query).await;
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    }
}

//! The configuration file as a document: read, and edited so that comments, order and whatever is not touched stay as they are.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::OnceLock,
};

use serde_json::{Map, Value as Json};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use super::{Refusal, secrets::Camera};

/// A configuration file.
pub(crate) struct Document {
    edit: DocumentMut,
    cameras: Vec<Camera>,
}

impl Document {
    /// Reads it; whether it can be used is for others to say.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let edit: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
            Refusal::not_editable(format!("the configuration file: {}", error.message()))
        })?;
        let cameras = cameras_of(text)?;
        Ok(Self { edit, cameras })
    }

    /// Its text.
    pub(crate) fn text(&self) -> String {
        self.edit.to_string()
    }

    pub(super) fn cameras(&self) -> impl Iterator<Item = &Camera> {
        self.cameras.iter()
    }

    pub(super) fn camera(&self, id: &str) -> Option<&Camera> {
        self.cameras.iter().find(|camera| is(camera, id))
    }

    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        self.cameras.iter().position(|camera| is(camera, id))
    }

    /// Changes with whatever changes of the camera, passwords included; tells nothing of them.
    pub(super) fn tag_of(&self, id: &str) -> Option<String> {
        self.camera(id).map(|camera| tag(&Json::from(camera.clone())))
    }

    /// Changes with whatever changes of any camera.
    pub(super) fn tag(&self) -> String {
        tag(&self.cameras.iter().cloned().map(Json::from).collect())
    }

    /// Puts a camera in the place of the one with that id, or behind the last one.
    pub(super) fn replace(&mut self, id: &str, camera: Camera) -> Result<(), Refusal> {
        let index = self.index_of(id);
        let tables = self.tables()?;
        match index.and_then(|index| tables.get_mut(index)) {
            Some(table) => update(table, &camera)?,
            None => {
                let mut table = Table::new();
                table.decor_mut().set_prefix("\n");
                update(&mut table, &camera)?;
                tables.push(table);
            }
        }
        self.read_again()
    }

    /// Takes the camera with that id out, with the comments that belong to it.
    pub(super) fn remove(&mut self, id: &str) -> Result<(), Refusal> {
        let Some(index) = self.index_of(id) else { return Err(Refusal::no_such_camera(id)) };
        self.tables()?.remove(index);
        if self.tables()?.is_empty() {
            self.edit.remove("camera");
            self.edit.insert("camera", Item::Value(Array::new().into()));
        }
        self.read_again()
    }

    fn tables(&mut self) -> Result<&mut ArrayOfTables, Refusal> {
        let is_empty = |item: &Item| item.as_array().is_some_and(Array::is_empty);
        if self.edit.get("camera").is_none_or(is_empty) {
            self.edit.insert("camera", Item::ArrayOfTables(ArrayOfTables::new()));
        }
        let tables = self.edit.get_mut("camera").and_then(Item::as_array_of_tables_mut);
        tables.ok_or_else(|| {
            Refusal::not_editable(
                "the cameras of the file are not written as [[camera]] tables; only these are edited",
            )
        })
    }

    fn read_again(&mut self) -> Result<(), Refusal> {
        self.cameras = cameras_of(&self.text())?;
        Ok(())
    }
}

fn cameras_of(text: &str) -> Result<Vec<Camera>, Refusal> {
    let cannot =
        |error: &dyn std::fmt::Display| Refusal::not_editable(format!("the configuration file: {error}"));
    let table: toml::Table =
        toml::from_str(text).map_err(|error: toml::de::Error| cannot(&error.message()))?;
    let Some(cameras) = table.get("camera") else { return Ok(Vec::new()) };
    let json = serde_json::to_value(cameras).map_err(|error| cannot(&error))?;
    let cameras = json.as_array().into_iter().flatten();
    Ok(cameras.map(|camera| camera.as_object().cloned().unwrap_or_default()).collect())
}

fn is(camera: &Camera, id: &str) -> bool {
    camera.get("id").and_then(Json::as_str) == Some(id)
}

/// An ETag, keyed by chance at start: passwords cannot be tried against it.
fn tag(json: &Json) -> String {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    format!("\"{:016x}\"", KEY.get_or_init(RandomState::new).hash_one(json.to_string()))
}

/// Makes `table` say what `camera` says. What says the same already is not touched.
fn update(table: &mut Table, camera: &Map<String, Json>) -> Result<(), Refusal> {
    let gone: Vec<String> = table
        .iter()
        .map(|(key, _)| key.to_owned())
        .filter(|key| camera.get(key).is_none_or(Json::is_null))
        .collect();
    gone.iter().for_each(|key| drop(table.remove(key)));
    for (key, json) in camera.iter().filter(|(_, json)| !json.is_null()) {
        match (table.get_mut(key), json) {
            (Some(item), json) if json_of(item).as_ref() == Some(json) => {}
            (_, Json::Array(zones)) if key == "zone" => update_zones(table, zones)?,
            (Some(Item::Value(value)), json) => {
                let decor = value.decor().clone();
                *value = value_of(json)?;
                *value.decor_mut() = decor;
            }
            (_, json) => drop(table.insert(key, Item::Value(value_of(json)?))),
        }
    }
    Ok(())
}

/// Zones are known by their ids: each keeps its comments, wherever it goes.
fn update_zones(camera: &mut Table, zones: &[Json]) -> Result<(), Refusal> {
    let mut known: Vec<Table> = match camera.remove("zone") {
        Some(Item::ArrayOfTables(tables)) => tables.into_iter().collect(),
        _ => Vec::new(),
    };
    let mut positions: Vec<_> = known.iter().filter_map(Table::position).collect();
    positions.sort_unstable();
    let mut positions = positions.into_iter();
    let mut tables = ArrayOfTables::new();
    for zone in zones {
        let Json::Object(zone) = zone else { return Err(Refusal::bad_request("expected objects as zones")) };
        let id = zone.get("id").and_then(Json::as_str);
        let same = known.iter().position(|table| table.get("id").and_then(Item::as_str) == id);
        let mut table = match same {
            Some(index) => known.remove(index),
            None => Table::new(),
        };
        update(&mut table, zone)?;
        if same.is_some() {
            // Tables stand in the file by their positions: those of the zones that stay are dealt out in the new order.
            table.set_position(positions.next());
        } else {
            table.decor_mut().set_prefix("\n");
        }
        tables.push(table);
    }
    if !tables.is_empty() {
        camera.insert("zone", Item::ArrayOfTables(tables));
    }
    Ok(())
}

fn value_of(json: &Json) -> Result<Value, Refusal> {
    Ok(match json {
        Json::Null => return Err(Refusal::bad_request("null is nothing that a list may hold")),
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(fraction)) => fraction.into(),
            (None, None) => return Err(Refusal::bad_request(format!("{number}: the number is too large"))),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => {
            let items = items.iter().map(value_of).collect::<Result<Vec<_>, _>>()?;
            Value::Array(items.into_iter().collect::<Array>())
        }
        Json::Object(fields) => {
            let mut table = InlineTable::new();
            for (key, json) in fields {
                table.insert(key, value_of(json)?);
            }
            table.into()
        }
    })
}

/// What an item says; none for what JSON cannot say.
fn json_of(item: &Item) -> Option<Json> {
    match item {
        Item::None => None,
        Item::Value(value) => json_of_value(value),
        Item::Table(table) => json_of_table(table),
        Item::ArrayOfTables(tables) => tables.iter().map(json_of_table).collect(),
    }
}

fn json_of_table(table: &Table) -> Option<Json> {
    let fields = table.iter().map(|(key, item)| Some((key.to_owned(), json_of(item)?)));
    fields.collect::<Option<Map<String, Json>>>().map(Json::from)
}

fn json_of_value(value: &Value) -> Option<Json> {
    match value {
        Value::String(text) => Some(text.value().as_str().into()),
        Value::Integer(whole) => Some((*whole.value()).into()),
        Value::Float(fraction) => serde_json::Number::from_f64(*fraction.value()).map(Json::from),
        Value::Boolean(value) => Some((*value.value()).into()),
        Value::Datetime(_) => None,
        Value::Array(items) => items.iter().map(json_of_value).collect(),
        Value::InlineTable(table) => {
            let fields = table.iter().map(|(key, value)| Some((key.to_owned(), json_of_value(value)?)));
            fields.collect::<Option<Map<String, Json>>>().map(Json::from)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FILE: &str = r#"# The box at the gate.
[edge]
id = "box"  # never change
state_dir = "state"

[[camera]]
# The old one, by the wall.
id = "gate"
url = "rtsp://10.0.0.1/1" # port 554
sample_fps = 5

# In front of the shop.
[[camera.zone]]
id = "lane"
type = "fire_lane"
polygon = [
  [0.1, 0.1], # the tree
  [0.9, 0.1],
  [0.9, 0.9],
]

[[camera.zone]]
id = "yard"
type = "no_parking"
polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]

# The new one.
[[camera]]
id = "back"
url = "rtsp://10.0.0.2/1"

[broker]
url = "mqtt://127.0.0.1"
"#;

    /// The file after a change of the camera `gate`.
    fn changed(change: impl FnOnce(&mut Camera)) -> String {
        let mut document = Document::parse(FILE).expect("well-formed");
        let mut camera = document.camera("gate").expect("there").clone();
        change(&mut camera);
        document.replace("gate", camera.clone()).expect("editable");
        assert_eq!(document.camera("gate"), Some(&camera), "{}", document.text());
        document.text()
    }

    #[test]
    fn only_what_differs_is_written() {
        assert_eq!(changed(|_| {}), FILE);
        assert_eq!(
            changed(|camera| drop(camera.insert("url".into(), json!("rtsp://10.0.0.3/1")))),
            FILE.replace("10.0.0.1", "10.0.0.3")
        );
        assert_eq!(changed(|camera| drop(camera.remove("sample_fps"))), FILE.replace("sample_fps = 5\n", ""));
        assert_eq!(
            changed(|camera| drop(camera.insert("rest_s".into(), json!(2.5)))),
            FILE.replace("sample_fps = 5\n", "sample_fps = 5\nrest_s = 2.5\n")
        );
        assert_eq!(
            changed(|camera| camera["zone"][1]["limit_s"] = json!(30)),
            FILE.replace("\n\n# The new one", "\nlimit_s = 30\n\n# The new one")
        );
    }

    #[test]
    fn zones_keep_their_comments_wherever_they_go() {
        let turned = changed(|camera| camera["zone"].as_array_mut().expect("a list").reverse());
        assert!(turned.find("\"yard\"") < turned.find("\"lane\""), "{turned}");
        assert!(turned.contains("# In front of the shop.\n[[camera.zone]]\nid = \"lane\""), "{turned}");
        let gone = changed(|camera| drop(camera["zone"].as_array_mut().expect("a list").remove(0)));
        assert!(!gone.contains("shop") && gone.contains("\"yard\""), "{gone}");
        let more = changed(|camera| {
            let zone =
                json!({"id": "ramp", "type": "fire_lane", "polygon": [[0.5, 0.5], [0.6, 0.5], [0.6, 0.75]]});
            camera["zone"].as_array_mut().expect("a list").push(zone);
        });
        let added = "\n[[camera.zone]]\nid = \"ramp\"\npolygon = [[0.5, 0.5], [0.6, 0.5], [0.6, 0.75]]\ntype = \"fire_lane\"\n";
        assert_eq!(more, FILE.replace("\n# The new one.", &format!("{added}\n# The new one.")));
        let none = changed(|camera| drop(camera.remove("zone")));
        assert!(!none.contains("camera.zone"), "{none}");
    }

    #[test]
    fn cameras_come_and_go() {
        let mut document = Document::parse(FILE).expect("well-formed");
        let camera = json!({"id": "door", "url": "rtsp://10.0.0.4/1"});
        document.replace("door", camera.as_object().expect("an object").clone()).expect("editable");
        let added = "\n[[camera]]\nid = \"door\"\nurl = \"rtsp://10.0.0.4/1\"\n";
        assert_eq!(document.text(), FILE.replace("\n[broker]", &format!("{added}\n[broker]")));
        document.remove("gate").expect("editable");
        assert!(!document.text().contains("by the wall"), "{}", document.text());
        assert_eq!(document.index_of("door"), Some(1));
        let inline = Document::parse("camera = [{ id = \"gate\" }]").expect("well-formed").remove("gate");
        assert!(inline.is_err());
    }

    #[test]
    fn a_tag_changes_with_its_camera_alone() {
        let before = Document::parse(FILE).expect("well-formed");
        let after = Document::parse(&FILE.replace("10.0.0.2", "admin:secret@10.0.0.2")).expect("well-formed");
        assert_eq!(before.tag_of("gate"), after.tag_of("gate"));
        assert_ne!(before.tag_of("back"), after.tag_of("back"));
        assert_ne!(before.tag(), after.tag());
        assert_eq!(before.tag_of("door"), None);
    }

    #[test]
    fn after_the_last_camera_was_taken_away_others_may_come() {
        let mut document = Document::parse(FILE).expect("TOML");
        for id in ["gate", "back"] {
            document.remove(id).expect("it is there");
        }
        assert_eq!(document.cameras().count(), 0);
        let camera = json!({"id": "new", "url": "rtsp://10.0.0.3/1"});
        document.replace("new", camera.as_object().cloned().expect("an object")).expect("there is room");
        assert!(document.text().contains("[[camera]]\nid = \"new\""), "{}", document.text());
        let without = Document::parse("[edge]\nid = \"box\"\n");
        let mut without = without.expect("TOML");
        without.replace("new", camera.as_object().cloned().expect("an object")).expect("there is room");
        assert!(without.camera("new").is_some());
    }
}

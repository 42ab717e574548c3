//! What can be seen, as paths of the box's OpenAPI document.

use serde_json::{Map, Value, json};

/// Paths and what they answer. Errors are the document's own `Problem`.
pub(crate) fn paths() -> Map<String, Value> {
    let paths = json!({
        "/api/v1/cameras/{id}/live": get("watchCamera", &[named("id")], &json!({
            "101": { "description": "A WebSocket: text {\"mime\"}, then binary: the head of a fragmented MP4, and each picture." },
        })),
        "/api/v1/cameras/{id}/picture.jpg": get("pictureOfCamera", &[named("id")], &json!({
            "200": content("The picture as it is now.", "image/jpeg"),
        })),
        "/api/v1/cameras/{id}/recordings": get(
            "recordingsOfCamera",
            &[named("id"), asked("from"), asked("until")],
            &json!({ "200": content("Recordings that show something of that time.", "application/json") }),
        ),
        "/api/v1/cameras/{id}/near-passes": get("nearPassesOfCamera", &near_pass_parameters(), &json!({
            "200": content("Who came close to what was parked: {\"items\": […], \"next\": text or null}.", "application/json"),
        })),
        "/api/v1/events/{id}/evidence": get("evidenceOfEvent", &[named("id")], &json!({
            "200": content("What is kept of an event.", "application/json"),
        })),
        "/api/v1/events/{id}/protected": protected(),
        "/api/v1/evidence/{sha256}": get("evidenceFile", &[named("sha256")], &json!({
            "200": content("The file.", "application/octet-stream"),
            "206": content("The part that was asked for.", "application/octet-stream"),
        })),
    });
    paths.as_object().cloned().unwrap_or_default()
}

fn get(id: &str, parameters: &[Value], good: &Value) -> Value {
    json!({ "parameters": parameters, "get": { "operationId": id, "responses": with_refusals(good) } })
}

fn near_pass_parameters() -> Vec<Value> {
    let text = json!({ "type": "string" });
    let time = json!({ "type": "string", "format": "date-time" });
    let optional = |name: &str, description: &str, schema: &Value| json!({ "name": name, "in": "query", "description": description, "schema": schema });
    let orders = json!({ "type": "string", "enum": ["nearest", "time"], "default": "nearest" });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 50 });
    vec![
        named("id"),
        optional("zone", "Only what was parked in this zone: its bay, or another over it.", &text),
        optional("place", "Only what was parked at this place, such as p17.", &text),
        optional("class", "Only who is of this class, such as person.", &text),
        optional("from", "Only who was nearest at this time or later.", &time),
        optional("until", "Only who was nearest at this time or earlier.", &time),
        optional(
            "within_m",
            "Only who came within so many metres.",
            &json!({ "type": "number", "minimum": 0 }),
        ),
        optional("order", "The nearest first, or the earliest.", &orders),
        optional("limit", "How many.", &limit),
        optional("after", "`next` of the part before, in the same order.", &text),
    ]
}

fn protected() -> Value {
    let done = with_refusals(&json!({ "204": { "description": "Done." } }));
    let told =
        with_refusals(&json!({ "200": content("{\"protected\": true or false}", "application/json") }));
    json!({
        "parameters": [named("id")],
        "get": { "operationId": "isProtected", "responses": told },
        "put": { "operationId": "protectEvent", "responses": done },
        "delete": { "operationId": "releaseEvent", "responses": done },
    })
}

fn with_refusals(good: &Value) -> Value {
    let refusals = [
        ("400", "A name or a parameter is none."),
        ("401", "No token, or a wrong one."),
        ("404", "There is nothing of this name."),
        ("503", "Not available at present."),
    ];
    let mut all = good.clone();
    for (status, description) in refusals {
        all[status] = json!({
            "description": description,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
    }
    all
}

fn content(description: &str, mime: &str) -> Value {
    json!({ "description": description, "content": { mime: {} } })
}

fn named(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}

fn asked(name: &str) -> Value {
    json!({ "name": name, "in": "query", "required": true, "schema": { "type": "string", "format": "date-time" } })
}

//! The API as an OpenAPI document. Cameras and zones are described by the configuration's own schema, so that both say the same.

use gridwatch_config::{Kind, json_schema};
use serde_json::{Map, Value, json};

use crate::viewing;

/// What the configuration's schema has of its own definitions, and what OpenAPI has.
const REFERENCES: (&str, &str) = ("#/$defs/", "#/components/schemas/");

/// The document.
pub(super) fn document() -> Value {
    let mut schemas = schemas();
    schemas.insert("Problem".to_owned(), problem());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "gridwatch edge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Cameras and zones of an edge box, changed while everything runs, and what they show; see docs/edge-api.md.",
        },
        "security": [{ "token": [] }],
        "paths": {
            "/api/v1/cameras": { "get": {
                "operationId": "listCameras",
                "responses": { "200": answer("All cameras, without passwords.", json!({
                    "type": "object", "properties": { "cameras": { "type": "array", "items": of("CameraConfig") } },
                })), "401": refusal("No token, or a wrong one.") },
            } },
            "/api/v1/cameras/{id}": {
                "parameters": [id()],
                "get": {
                    "operationId": "readCamera",
                    "responses": responses(&[("200", "The camera, without passwords.")], &["401", "404"]),
                },
                "put": {
                    "operationId": "replaceCamera",
                    "parameters": [if_match(), if_none_match()],
                    "requestBody": body(&of("CameraConfig")),
                    "responses": responses(
                        &[("200", "In force, in the place of the former one."), ("201", "In force, and new."), LATER],
                        &["400", "401", "409", "412", "413", "415", "422", "428", "500", "503"],
                    ),
                },
                "delete": {
                    "operationId": "removeCamera",
                    "parameters": [if_match()],
                    "responses": removed(),
                },
            },
            "/api/v1/cameras/{id}/zones": {
                "parameters": [id()],
                "put": {
                    "operationId": "replaceZones",
                    "parameters": [if_match()],
                    "requestBody": body(&json!({ "type": "array", "items": of("ZoneConfig") })),
                    "responses": responses(
                        &[("200", "In force; the camera with its new zones."), LATER],
                        &["400", "401", "404", "409", "412", "413", "415", "422", "428", "500", "503"],
                    ),
                },
            },
        },
        "components": { "schemas": schemas, "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
    });
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.extend(viewing::openapi::paths());
    }
    document
}

/// The configuration's definitions, which refer to each other. The id of a camera may be left out of a body, as the address has it.
fn schemas() -> Map<String, Value> {
    let text = json_schema(Kind::Edge)["$defs"].to_string().replace(REFERENCES.0, REFERENCES.1);
    let schemas: Value = serde_json::from_str(&text).expect("it was JSON before");
    schemas.as_object().cloned().unwrap_or_default()
}

fn problem() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object", "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text,
            "problems": { "type": "array", "items": { "type": "object", "properties": { "key": text, "message": text } } },
        },
    })
}

fn of(schema: &str) -> Value {
    json!({ "$ref": format!("{}{schema}", REFERENCES.1) })
}

fn id() -> Value {
    json!({ "name": "id", "in": "path", "required": true, "schema": of("CameraId") })
}

fn if_match() -> Value {
    let description = "ETag of the camera as it was read, or *; needed where it is there.";
    json!({ "name": "If-Match", "in": "header", "schema": { "type": "string" }, "description": description })
}

fn if_none_match() -> Value {
    let description = "*: only where it is not there yet.";
    json!({ "name": "If-None-Match", "in": "header", "schema": { "type": "string" }, "description": description })
}

fn body(schema: &Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn answer(description: &str, schema: Value) -> Value {
    json!({
        "description": description,
        "headers": { "ETag": { "schema": { "type": "string" } } },
        "content": { "application/json": { "schema": schema } },
    })
}

fn refusal(description: &str) -> Value {
    json!({ "description": description, "content": { "application/problem+json": { "schema": of("Problem") } } })
}

fn responses(good: &[(&str, &str)], refused: &[&str]) -> Value {
    let good = good
        .iter()
        .map(|(status, description)| ((*status).to_owned(), answer(description, of("CameraConfig"))));
    let refused = refused.iter().map(|status| ((*status).to_owned(), refusal(meaning(status))));
    Value::Object(good.chain(refused).collect())
}

/// Where a change has been written and detection does not know of it yet.
const LATER: (&str, &str) =
    ("202", "Written; in force by itself once detection goes on, which waits for room in the outbox.");

fn removed() -> Value {
    let mut all = responses(&[], &["401", "404", "409", "412", "422", "428", "500", "503"]);
    all["204"] = json!({ "description": "It is gone." });
    all[LATER.0] = json!({ "description": LATER.1 });
    all
}

fn meaning(status: &str) -> &'static str {
    match status {
        "400" => "Not JSON, or not of the right shape.",
        "401" => "No token, or a wrong one.",
        "404" => "There is no such camera.",
        "409" => "The file itself has something wrong in it, or cannot be edited.",
        "412" => "Changed since it was read.",
        "413" => "Larger than 1 MiB.",
        "415" => "Not application/json.",
        "422" => "Cannot be used; every problem is told at its key, and nothing was changed.",
        "428" => "Without If-Match.",
        "500" => "The file cannot be written.",
        _ => "Busy, or ending.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn everything_that_it_refers_to_is_in_it() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        assert!(document["paths"]["/api/v1/cameras/{id}/live"]["get"].is_object());
        let camera = &document["components"]["schemas"]["CameraConfig"]["properties"];
        assert!(
            camera["sub_url"]["description"].as_str().is_some_and(|text| text.contains("sub-stream")),
            "{camera}"
        );
    }
}

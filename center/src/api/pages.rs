//! The pages, built into the binary from `web/dist`.

use axum::{
    body::Body,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use gridwatch_domain::Sha256Hex;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{Problem, events::names_etag};

const INDEX: &str = "index.html";
/// Vite puts a hash of the content into the names of files in this folder.
const HASHED_FOLDER: &str = "assets/";

/// What is shown where the binary was built before the pages were.
const NO_PAGES: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>gridwatch</title>\
    <h1>gridwatch</h1><p>页面尚未构建：请运行 <code>./dev web</code>，然后重新构建 gridwatch。接口说明：\
    <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a></p>\
    <p lang=\"en\">The pages have not been built: run <code>./dev web</code>, then build gridwatch again.</p></html>";

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Pages;

/// Any address that is not the API's: a file of the pages, or the page itself, which knows what its address means.
pub(super) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Problem::not_found(format!("no {:?} in this API; see /api/v1/openapi.json", uri.path()))
            .into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Problem::method_not_allowed().into_response();
    }
    if let Some(file) = Pages::get(path) {
        return answer(path, file, &headers);
    }
    let looks_like_a_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if looks_like_a_file {
        return Problem::not_found(format!("no file {:?}", uri.path())).into_response();
    }
    match Pages::get(INDEX) {
        Some(file) => answer(INDEX, file, &headers),
        None => ([(header::CACHE_CONTROL, "no-store")], Html(NO_PAGES)).into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", Sha256Hex::from_digest(file.metadata.sha256_hash()));
    let caching =
        if path.starts_with(HASHED_FOLDER) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| names_etag(known, &etag));
    let caching = [(header::ETAG, etag), (header::CACHE_CONTROL, caching.to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    (caching, kind, Body::from(file.data)).into_response()
}

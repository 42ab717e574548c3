//! What the center passes on of edge boxes: a real center before a box that is scripted, over real sockets.

use std::net::SocketAddr;

use axum::{
    extract::ws::{Message, WebSocketUpgrade},
    http::HeaderMap,
    response::IntoResponse,
    routing::get,
};
use gridwatch_domain::EdgeId;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::edges::EdgeAddress;

const TOKEN: &str = "the-token-of-the-box";

/// A box that wants the token, has one file and one camera.
async fn edge_box() -> SocketAddr {
    let authorised = |headers: &HeaderMap| headers["authorization"] == format!("Bearer {TOKEN}");
    let router = Router::new()
        .route(
            "/api/v1/evidence/{sha256}",
            get(async move |headers: HeaderMap| {
                if !authorised(&headers) {
                    return StatusCode::UNAUTHORIZED.into_response();
                }
                let range = headers.get("range").map(|range| range.to_str().expect("text").to_owned());
                let told = [("content-type", "video/mp4"), ("set-cookie", "a=b")];
                match range {
                    Some(range) => (StatusCode::PARTIAL_CONTENT, told, range).into_response(),
                    None => (told, "whole").into_response(),
                }
            }),
        )
        .route(
            "/api/v1/cameras/{id}/live",
            get(async |upgrade: WebSocketUpgrade| {
                upgrade.on_upgrade(async |mut socket| {
                    while let Some(Ok(Message::Text(text))) = socket.recv().await {
                        let _ = socket.send(Message::Text(format!("echo {text}").into())).await;
                    }
                })
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn reached_at(authority: impl ToString, token: &str) -> EdgeBoxes {
    let edge = EdgeId::new("ljp-01").expect("valid");
    EdgeBoxes::new([(edge, EdgeAddress { authority: authority.to_string(), token: token.to_owned() })].into())
}

fn file(edge: &str) -> String {
    format!("/api/v1/edges/{edge}/evidence/{}", "ab".repeat(32))
}

#[tokio::test]
async fn a_file_and_parts_of_it_come_from_the_box_with_the_token_of_the_configuration() {
    let tester = Tester::with_edges(reached_at(edge_box().await, TOKEN)).await;
    let whole = tester.get(&file("ljp-01")).await;
    assert_eq!(
        (whole.status, &*whole.body, whole.header("content-type")),
        (StatusCode::OK, &b"whole"[..], "video/mp4")
    );
    assert!(!whole.headers.contains_key("set-cookie"), "only what a browser needs is passed on");
    let request = Request::get(file("ljp-01")).header("range", "bytes=1-2").body(Body::empty());
    let part = tester.send(request.expect("a request")).await;
    assert_eq!((part.status, &*part.body), (StatusCode::PARTIAL_CONTENT, &b"bytes=1-2"[..]));
}

#[tokio::test]
async fn boxes_that_are_unknown_silent_or_refuse_are_told_apart() {
    let tester = Tester::with_edges(reached_at(edge_box().await, "another")).await;
    assert!(tester.get(&file("ljp-01")).await.problem(502).contains("refuses the token"));
    assert!(tester.get(&file("ljp-02")).await.problem(404).contains("[[edge]]"));
    tester.get(&file("../ljp-01")).await.problem(404);
    tester.get("/api/v1/edges/ljp-01/evidence/abc").await.problem(400);

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let gone = listener.local_addr().expect("it listens");
    drop(listener);
    let told = Tester::with_edges(reached_at(gone, TOKEN)).await.get(&file("ljp-01")).await.problem(502);
    assert!(told.contains("does not answer") && !told.contains(TOKEN), "{told}");
}

/// Opens a WebSocket at a center, as a browser does that shows a page of `origin`; what the center answers.
async fn open(center: SocketAddr, origin: &str) -> (TcpStream, String) {
    let mut socket = TcpStream::connect(center).await.expect("the center listens");
    let question = format!(
        "GET /api/v1/edges/ljp-01/cameras/gate/live HTTP/1.1\r\nHost: {center}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(question.as_bytes()).await.expect("it takes it");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(socket.read_u8().await.expect("a head"));
    }
    (socket, String::from_utf8(answer).expect("text"))
}

#[tokio::test]
async fn a_live_picture_is_a_tunnel_to_the_box_and_another_sites_page_gets_none() {
    let tester = Tester::with_edges(reached_at(edge_box().await, TOKEN)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let center = listener.local_addr().expect("it listens");
    let router = tester.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });

    let (mut socket, answer) = open(center, &format!("http://{center}")).await;
    assert!(
        answer.starts_with("HTTP/1.1 101") && answer.to_lowercase().contains("sec-websocket-accept: s3pplmb"),
        "{answer}"
    );
    // A masked text message "hi" (RFC 6455, section 5.2).
    socket.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']).await.expect("it takes it");
    let mut echo = [0; 9];
    socket.read_exact(&mut echo).await.expect("an echo");
    assert_eq!(&echo, b"\x81\x07echo hi");
    // The center's end ends it.
    tester.shutdown.cancel();
    assert_eq!(socket.read(&mut echo).await.expect("an end"), 0);

    let (_, answer) = open(center, "http://elsewhere.example").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

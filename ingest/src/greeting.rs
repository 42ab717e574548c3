//! A word with a camera before its stream is asked for.
//!
//! GStreamer's RTSP client waits for each byte anew, and retina keeps an answer of any length in memory: of a camera that dribbles its answer, or never ends it, nobody can make
//! it let go. So the camera is asked first (`OPTIONS`, RFC 2326 section 10.1) on a connection of our own, and must answer
//! wholly, shortly and in time. Whether the answer is a good one is GStreamer's business, which says it better.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::{OfflineReason, address::Address};

/// Longest answer: a hundred times a usual one.
const LONGEST_ANSWER: usize = 16 * 1024;

/// Lets pass every camera that answers within `patience`, and every one that cannot be reached at all: GStreamer tells why.
pub(crate) async fn exchange(address: &Address, patience: Duration) -> Result<(), OfflineReason> {
    // TLS would have to be spoken first.
    if !address.location.starts_with("rtsp://") {
        return Ok(());
    }
    match timeout(patience, answer(address)).await {
        Ok(Ok(Answer::Whole)) | Ok(Err(_)) => Ok(()),
        Ok(Ok(Answer::TooLong)) => {
            Err(OfflineReason::Garbage { detail: "its answer to OPTIONS does not end".into() })
        }
        Err(_) => {
            Err(OfflineReason::Silent { host: address.host.clone(), seconds: patience.as_secs().max(1) })
        }
    }
}

/// Whether a camera that sends pictures over HTTP can be reached: GStreamer's client calls everything a stream that broke off.
pub(crate) async fn reach(address: &Address, patience: Duration) -> Result<(), OfflineReason> {
    let host = || address.host.clone();
    let connected = timeout(patience, async {
        let mut found = lookup_host(&address.host)
            .await
            .map_err(|_| OfflineReason::Unresolved { host: host() })?
            .collect::<Vec<_>>();
        found.dedup();
        TcpStream::connect(found.as_slice()).await.map_err(|_| OfflineReason::Refused { host: host() })
    });
    match connected.await {
        Ok(reached) => reached.map(drop),
        Err(_) => Err(OfflineReason::Refused { host: host() }),
    }
}

enum Answer {
    Whole,
    TooLong,
}

async fn answer(address: &Address) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(&address.host).await?;
    let request = format!(
        "OPTIONS {} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: gridwatch/{}\r\n\r\n",
        address.location,
        env!("CARGO_PKG_VERSION")
    );
    stream.write_all(request.as_bytes()).await?;
    let mut heard = Vec::with_capacity(1024);
    let mut bytes = [0; 1024];
    loop {
        let count = stream.read(&mut bytes).await?;
        heard.extend_from_slice(&bytes[..count]);
        let is_rtsp = heard.starts_with(b"RTSP/") || b"RTSP/".starts_with(&heard[..heard.len().min(5)]);
        // What is no RTSP, or has ended, is no riddle to GStreamer.
        if count == 0 || !is_rtsp || heard.windows(4).any(|window| window == b"\r\n\r\n") {
            return Ok(Answer::Whole);
        }
        if heard.len() > LONGEST_ANSWER {
            return Ok(Answer::TooLong);
        }
    }
}

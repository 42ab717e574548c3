//! One connection's worth of a file.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};

use ureq::Body;
use ureq::http::{Response, StatusCode, header};

use super::client::Client;
use super::part::Part;
use super::{Progress, PullError, PullSettings, Source};

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;
/// Chunks that may be read ahead of the disk.
const AHEAD: usize = 4;

/// Fetches a source in as many attempts as it takes.
pub(super) struct Transfer<'a> {
    source: &'a Source,
    settings: &'a PullSettings,
    client: Client,
    progress: &'a mut dyn FnMut(Progress),
}

impl<'a> Transfer<'a> {
    pub(super) fn new(
        source: &'a Source,
        settings: &'a PullSettings,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        Self { source, settings, client: Client::new(settings), progress }
    }

    /// Asks for what is missing and appends it: at which byte of the file it began, and how it ended.
    pub(super) fn attempt(&mut self, part: &mut Part) -> (u64, Result<(), PullError>) {
        let response = self.ask(part);
        let begun_at = part.len();
        let ended = response.and_then(|response| match response {
            Some(response) => self.receive(response, part),
            None => Ok(()),
        });
        (begun_at, ended)
    }

    /// The answer whose bytes come next in `part`; `None` where nothing is missing.
    fn ask(&mut self, part: &mut Part) -> Result<Option<Response<Body>>, PullError> {
        let url = &self.source.url;
        if let Some((from, tag)) = part.resumable(url) {
            let response = self.client.get(url, Some((from, &tag)))?;
            match (response.status(), served_from(&response)) {
                (StatusCode::PARTIAL_CONTENT, Some(Served { first: Some(first), .. })) if first == from => {
                    return Ok(Some(response));
                }
                (StatusCode::RANGE_NOT_SATISFIABLE, Some(Served { total: Some(total), .. }))
                    if total == from =>
                {
                    return Ok(None);
                }
                // The file has changed, or the server knows no ranges: this is the whole.
                (StatusCode::OK, _) => return self.begin(response, part).map(Some),
                // Another range than the one that was asked for, or none: from the beginning, then.
                (StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE, _) => {}
                (status, _) => return Err(self.refused(status)),
            }
        }
        let response = self.client.get(url, None)?;
        match response.status() {
            StatusCode::OK => self.begin(response, part).map(Some),
            status => Err(self.refused(status)),
        }
    }

    fn begin(&self, response: Response<Body>, part: &mut Part) -> Result<Response<Body>, PullError> {
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        // A weak tag (RFC 9110 §8.8.1) does not promise the same bytes.
        part.restart(&self.source.url, tag.filter(|tag| !tag.starts_with("W/")))?;
        Ok(response)
    }

    fn refused(&self, status: StatusCode) -> PullError {
        PullError::Status { url: self.source.url.clone(), status: status.as_u16() }
    }

    fn receive(&mut self, response: Response<Body>, part: &mut Part) -> Result<(), PullError> {
        let url = &self.source.url;
        let total = self.source.size_bytes;
        let wrong_size = |found| PullError::WrongSize { url: url.clone(), found, expected: total };
        // A server may give less of a range than was asked for (RFC 9110 §15.3.7); the rest is asked for next.
        let announced = match served_from(&response) {
            Some(served) => served.total,
            None => response.body().content_length(),
        };
        if let Some(other) = announced.filter(|&announced| announced != total) {
            return Err(wrong_size(other));
        }
        let broken = |done, source| PullError::Broken { url: url.clone(), done, source };
        let chunks =
            read_aside(response.into_body().into_reader()).map_err(|source| broken(part.len(), source))?;
        loop {
            (self.progress)(Progress::Receiving { done: part.len(), total });
            match chunks.recv_timeout(self.settings.idle) {
                Ok(Ok(chunk)) => part.write(&chunk)?,
                Ok(Err(source)) => return Err(broken(part.len(), source)),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(PullError::Stalled { url: url.clone(), idle: self.settings.idle });
                }
                // The reader has come to the end.
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if part.len() > total {
                return Err(wrong_size(part.len()));
            }
        }
        if part.len() < total {
            return Err(broken(part.len(), io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(())
    }
}

/// Reads on a thread of its own, because a read cannot be told how long to wait. The channel closes at the end. A reader
/// that nobody waits for any more ends with its connection.
fn read_aside(mut reader: impl Read + Send + 'static) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (chunks, chunks_rx) = sync_channel(AHEAD);
    std::thread::Builder::new().name("download".to_owned()).spawn(move || {
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = match reader.read(&mut chunk) {
                Ok(0) => return,
                Ok(count) => {
                    chunk.truncate(count);
                    Ok(chunk)
                }
                Err(error) => Err(error),
            };
            let is_over = read.is_err();
            if chunks.send(read).is_err() || is_over {
                return;
            }
        }
    })?;
    Ok(chunks_rx)
}

/// `Content-Range: bytes first-last/total`, or `bytes */total` (RFC 9110 §14.4).
struct Served {
    first: Option<u64>,
    total: Option<u64>,
}

fn served_from(response: &Response<Body>) -> Option<Served> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let first = range.split_once('-').and_then(|(first, _)| first.parse().ok());
    Some(Served { first, total: total.parse().ok() })
}

//! A real HTTP server on a real socket that misbehaves as it is told.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// How one request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// As a good server does: the whole, or the range that was asked for if the tag is still the same.
    Well,
    /// As a good server does, but the connection breaks after so many bytes of the body.
    Broken(usize),
    /// The whole, whatever was asked for, and without a tag.
    Whole,
    /// 206, but from this byte on.
    From(usize),
    /// The status, and nothing else.
    Status(u16),
    /// The head and the first bytes, then nothing more for as long as the test lasts.
    Silent(usize),
    /// All at once without telling the size, as if it ended after so many bytes.
    Unsized(usize),
    /// The whole without a tag, but the connection breaks after so many bytes.
    WholeButBroken(usize),
    /// Of the range that was asked for only so many bytes, and says so.
    Less(usize),
}

/// What the server has.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) content: Vec<u8>,
    pub(crate) tag: &'static str,
}

/// A server that gives each of its answers once, and the last one for ever.
pub(crate) struct Server {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    served: Mutex<Served>,
    answers: Mutex<Vec<Answer>>,
    requests: Mutex<Vec<Request>>,
}

/// What a client has asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) range: Option<String>,
    pub(crate) if_range: Option<String>,
}

impl Server {
    pub(crate) fn start(content: &[u8], answers: &[Answer]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let served = Served { content: content.to_vec(), tag: "\"one\"" };
        let state = Arc::new(State {
            served: Mutex::new(served),
            answers: Mutex::new(answers.to_vec()),
            requests: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || state.serve(stream));
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/net.onnx", self.port)
    }

    /// Another file takes the place of the one it had.
    pub(crate) fn change(&self, content: &[u8], tag: &'static str) {
        *self.state.served.lock().expect("no test panics here") = Served { content: content.to_vec(), tag };
    }

    /// What it was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().expect("no test panics here").clone()
    }
}

impl State {
    /// One request, one answer, and the connection is closed. A client that goes away in between is none of its business.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
        let mut request = Request::default();
        for line in lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            match line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())) {
                Some((name, value)) if name == "range" => request.range = Some(value),
                Some((name, value)) if name == "if-range" => request.if_range = Some(value),
                _ => {}
            }
        }
        self.requests.lock().ok()?.push(request.clone());
        let answer = {
            let mut answers = self.answers.lock().ok()?;
            if answers.len() > 1 { answers.remove(0) } else { answers.first()?.clone() }
        };
        let served = self.served.lock().ok()?.clone();
        respond(stream, &answer, &served, &request)
    }
}

fn respond(mut stream: TcpStream, answer: &Answer, served: &Served, request: &Request) -> Option<()> {
    let whole = served.content.len();
    let asked = request
        .range
        .as_deref()
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let asked: Option<usize> = asked.filter(|_| request.if_range.as_deref() == Some(served.tag));
    let tag = format!("ETag: {}\r\n", served.tag);
    let (status, from, headers) = match (answer, asked) {
        (Answer::Status(status), _) => (*status, whole, String::new()),
        (Answer::Whole | Answer::WholeButBroken(_), _) => (200, 0, format!("Content-Length: {whole}\r\n")),
        (Answer::Unsized(_), _) => (200, 0, tag),
        (Answer::From(first), Some(_)) => (
            206,
            *first,
            format!(
                "Content-Range: bytes {first}-{}/{whole}\r\nContent-Length: {}\r\n",
                whole - 1,
                whole - first
            ),
        ),
        (Answer::Less(bytes), Some(from)) => (
            206,
            from,
            format!(
                "{tag}Content-Range: bytes {from}-{}/{whole}\r\nContent-Length: {bytes}\r\n",
                from + bytes - 1
            ),
        ),
        (_, Some(from)) if from >= whole => {
            (416, whole, format!("Content-Range: bytes */{whole}\r\nContent-Length: 0\r\n"))
        }
        (_, Some(from)) => (
            206,
            from,
            format!(
                "{tag}Content-Range: bytes {from}-{}/{whole}\r\nContent-Length: {}\r\n",
                whole - 1,
                whole - from
            ),
        ),
        (_, None) => (200, 0, format!("{tag}Content-Length: {whole}\r\n")),
    };
    write!(stream, "HTTP/1.1 {status} Answer\r\n{headers}Connection: close\r\n\r\n").ok()?;
    let body = &served.content[from..];
    let most = match answer {
        Answer::Broken(most) | Answer::WholeButBroken(most) | Answer::Silent(most) => *most,
        Answer::Unsized(most) | Answer::Less(most) => *most,
        _ => body.len(),
    };
    stream.write_all(&body[..most.min(body.len())]).ok()?;
    stream.flush().ok()?;
    if matches!(answer, Answer::Silent(_)) {
        // Until the client gives up.
        let _ = BufReader::new(stream).lines().next();
    }
    Some(())
}

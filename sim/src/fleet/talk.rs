//! What a client asks for over RTSP (RFC 2326), and the answers. Pure.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::packets::{self, CLOCK, PAYLOAD_TYPE};
use crate::encode::Codec;

/// Longest request. Clients need a fraction of it.
const LONGEST: usize = 16 << 10;

/// What a client has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// A request.
    Request(Request),
    /// Interleaved data, such as a report of what arrived; of no interest.
    Data,
}

/// A request, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) sequence: String,
    pub(super) transport: Option<String>,
}

/// Not RTSP.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nonsense;

impl Request {
    /// The camera: what the path begins with.
    pub(super) fn camera(&self) -> &str {
        let path = self
            .url
            .split_once("://")
            .map_or(self.url.as_str(), |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        path.trim_start_matches('/').split(['/', '?']).next().unwrap_or_default()
    }

    /// The channel for packets, where the client takes them over its RTSP connection.
    pub(super) fn channel(&self) -> Option<u8> {
        let transport = self.transport.as_deref()?;
        let offered = transport.split(',').find(|one| one.starts_with("RTP/AVP/TCP"))?;
        let channels = offered.split(';').find_map(|part| part.trim().strip_prefix("interleaved="));
        channels.map_or(Some(0), |channels| channels.split('-').next()?.parse().ok())
    }
}

/// The next thing in `bytes`, and how many of them it took; `None` while it is not whole.
pub(super) fn next(bytes: &[u8]) -> Result<Option<(Asked, usize)>, Nonsense> {
    if let [b'$', rest @ ..] = bytes {
        let [_, high, low, ..] = rest else { return Ok(None) };
        let length = 4 + usize::from(u16::from_be_bytes([*high, *low]));
        return Ok((bytes.len() >= length).then_some((Asked::Data, length)));
    }
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() > LONGEST { Err(Nonsense) } else { Ok(None) };
    };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| Nonsense)?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(url), Some(version)) = (first.next(), first.next(), first.next()) else {
        return Err(Nonsense);
    };
    if !version.starts_with("RTSP/1.") {
        return Err(Nonsense);
    }
    let mut request = Request { method: method.to_owned(), url: url.to_owned(), ..Request::default() };
    let mut body = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "cseq" => value.clone_into(&mut request.sequence),
            "transport" => request.transport = Some(value.to_owned()),
            "content-length" => body = value.parse().map_err(|_| Nonsense)?,
            _ => {}
        }
    }
    if body > LONGEST {
        return Err(Nonsense);
    }
    let whole = end + 4 + body;
    Ok((bytes.len() >= whole).then_some((Asked::Request(request), whole)))
}

/// An answer. `headers` end in line breaks each.
pub(super) fn answer(request: &Request, status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let sequence = &request.sequence;
    format!("RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{headers}{length}\r\n{body}").into_bytes()
}

/// What there is (SDP, RFC 4566), told from the first key picture.
pub(super) fn description(key_picture: &[u8], codec: Codec) -> String {
    let sets = parameter_sets(key_picture, codec);
    let encoded: Vec<String> = sets.iter().map(|set| STANDARD.encode(set)).collect();
    let (name, parameters) = match (codec, sets.as_slice(), encoded.as_slice()) {
        (Codec::H264, [sps, ..], [first, second]) if sps.len() > 3 => {
            let profile: String = sps[1..4].iter().map(|byte| format!("{byte:02X}")).collect();
            let sets = format!("profile-level-id={profile};sprop-parameter-sets={first},{second}");
            ("H264", format!("packetization-mode=1;{sets}"))
        }
        (Codec::H264, ..) => ("H264", "packetization-mode=1".to_owned()),
        (Codec::H265, _, [vps, sps, pps]) => {
            ("H265", format!("sprop-vps={vps};sprop-sps={sps};sprop-pps={pps}"))
        }
        (Codec::H265, ..) => ("H265", String::new()),
    };
    let parameters =
        if parameters.is_empty() { parameters } else { format!("a=fmtp:{PAYLOAD_TYPE} {parameters}\r\n") };
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=gridwatch fleet\r\nt=0 0\r\na=control:*\r\na=range:npt=now-\r\n\
         m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:{PAYLOAD_TYPE} {name}/{CLOCK}\r\n\
         {parameters}a=control:video\r\n"
    )
}

/// SPS and PPS; before them the VPS where there is one.
fn parameter_sets(unit: &[u8], codec: Codec) -> Vec<&[u8]> {
    let kinds: &[u8] = match codec {
        Codec::H264 => &[7, 8],
        Codec::H265 => &[32, 33, 34],
    };
    let kind = |nal: &[u8]| match codec {
        Codec::H264 => nal[0] & 0x1f,
        Codec::H265 => nal[0] >> 1 & 0x3f,
    };
    let nals = packets::nals(unit);
    kinds.iter().filter_map(|wanted| nals.iter().find(|nal| kind(nal) == *wanted).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn request(bytes: &[u8]) -> Request {
        match next(bytes) {
            Ok(Some((Asked::Request(request), length))) if length == bytes.len() => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn requests_are_read_whole_or_not_at_all() {
        let text = b"SETUP rtsp://10.0.0.1:554/c7/video RTSP/1.0\r\ncseq: 4\r\n\
                     Transport: RTP/AVP;unicast;client_port=1-2,RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n";
        let asked = request(text);
        assert_eq!((asked.camera(), asked.channel(), asked.sequence.as_str()), ("c7", Some(2), "4"));
        for end in 0..text.len() {
            assert_eq!(next(&text[..end]), Ok(None), "{end} bytes of it");
        }
        let with_body = b"SET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(request(with_body).camera(), "*");
        assert_eq!(next(&with_body[..with_body.len() - 1]), Ok(None));
        assert_eq!(next(&[b'$', 1, 0, 2, 9, 9, 7]), Ok(Some((Asked::Data, 6))));
        assert_eq!(next(&[b'$', 1, 0, 2, 9]), Ok(None));
    }

    #[test]
    fn what_is_no_rtsp_is_refused() {
        for text in [
            "GET / HTTP/1.1\r\n\r\n",
            "\r\n\r\n",
            "PLAY\r\n\r\n",
            "A b RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
        ] {
            assert_eq!(next(text.as_bytes()), Err(Nonsense), "{text:?}");
        }
        assert_eq!(next(&vec![b'a'; LONGEST + 1]), Err(Nonsense), "an endless line");
        let udp = Request { transport: Some("RTP/AVP;unicast;client_port=1-2".into()), ..Request::default() };
        assert_eq!(udp.channel(), None);
    }
}

//! Reads what GStreamer complains of, and says what it means to the user.

use std::path::PathBuf;

use gstreamer as gst;
use gstreamer::{glib, prelude::*};

use crate::{
    OfflineReason,
    address::{Address, redact_addresses},
    tap::Note,
};

/// What a pipeline reads from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Network(Address),
    File(PathBuf),
}

impl Origin {
    fn redact(&self, text: &str) -> String {
        match self {
            Self::Network(address) => address.redact(text),
            Self::File(_) => redact_addresses(text),
        }
    }
}

/// What a message of a pipeline means to the camera; most mean nothing.
pub(crate) fn note(message: &gst::Message, origin: &Origin) -> Option<Note> {
    match message.view() {
        gst::MessageView::Eos(_) => Some(Note::End),
        gst::MessageView::Error(error) => {
            let more = error.debug().map(|more| origin.redact(&more)).unwrap_or_default();
            let text = origin.redact(&error.error().to_string());
            tracing::debug!(source = %source_name(message), text, more, "GStreamer error");
            Some(Note::Failed(reason(&error.error(), &text, &more, origin)))
        }
        gst::MessageView::Warning(warning) => {
            let text = origin.redact(&warning.error().to_string());
            tracing::debug!(source = %source_name(message), text, "GStreamer warning");
            None
        }
        gst::MessageView::Element(element) => {
            let structure = element.structure().filter(|structure| structure.name() == "missing-plugin")?;
            // "H.265 (Main Profile) decoder"
            let name = structure.get::<String>("name").unwrap_or_else(|_| "unknown".into());
            let codec = form_of(name.strip_suffix(" decoder").unwrap_or(&name), structure);
            if codec.starts_with("text/") {
                let detail = format!("{codec}: a page, not a picture");
                return Some(Note::Failed(OfflineReason::Garbage { detail }));
            }
            Some(Note::Failed(OfflineReason::UnsupportedCodec { codec }))
        }
        _ => None,
    }
}

/// The form of a video in words that can be looked for: GStreamer's own for those that it does not know are none.
fn form_of(name: &str, missing: &gst::StructureRef) -> String {
    if let Some(code) = name.rsplit_once("fourcc-").map(|(_, code)| code) {
        return format!("with the FourCC {code}");
    }
    let caps = missing.get::<gst::Caps>("detail").ok();
    let id = caps.as_ref().and_then(|caps| caps.structure(0)?.get::<String>("codec-id").ok());
    id.unwrap_or_else(|| name.to_owned())
}

fn source_name(message: &gst::Message) -> glib::GString {
    message.src().map(|source| source.name()).unwrap_or_default()
}

/// `text` and `debug` are redacted already.
fn reason(error: &glib::Error, text: &str, debug: &str, origin: &Origin) -> OfflineReason {
    let detail = || text.trim_end_matches('.').to_owned();
    if let Some(kind) = error.kind::<gst::ResourceError>() {
        return match (kind, origin) {
            (gst::ResourceError::NotFound | gst::ResourceError::OpenRead, Origin::File(path)) => {
                OfflineReason::FileMissing { path: path.clone() }
            }
            (gst::ResourceError::NotFound, Origin::Network(address)) => {
                OfflineReason::NotFound { host: address.host.clone() }
            }
            (gst::ResourceError::NotAuthorized, Origin::Network(address)) => {
                OfflineReason::Unauthorized { host: address.host.clone() }
            }
            (gst::ResourceError::OpenRead | gst::ResourceError::OpenReadWrite, Origin::Network(address)) => {
                match refused_by_status(debug, address) {
                    Some(reason) => reason,
                    None => OfflineReason::Refused { host: address.host.clone() },
                }
            }
            _ => OfflineReason::Broken { detail: detail() },
        };
    }
    match (error.kind::<gst::StreamError>(), origin) {
        (Some(gst::StreamError::CodecNotFound), _) => OfflineReason::UnsupportedCodec { codec: detail() },
        // The parser (WrongType: not one whole picture before the end) and the decoder; the flow error that follows from theirs
        // comes later.
        (
            Some(
                gst::StreamError::Decode
                | gst::StreamError::Demux
                | gst::StreamError::Format
                | gst::StreamError::WrongType,
            ),
            _,
        ) => OfflineReason::Garbage { detail: detail() },
        // Of a file that ends before its first picture the flow error may be told before the parser's.
        (Some(gst::StreamError::Failed), Origin::File(_)) => OfflineReason::Garbage { detail: detail() },
        // All that souphttpsrc tells of a certificate that it refuses; of what breaks off it tells more, and that first.
        (Some(gst::StreamError::Failed), Origin::Network(address))
            if address.verifies && debug.contains("gst_base_src_loop") =>
        {
            OfflineReason::Untrusted { host: address.host.clone() }
        }
        (Some(gst::StreamError::TypeNotFound), _) => OfflineReason::Garbage { detail: "not a video".into() },
        _ => OfflineReason::Broken { detail: detail() },
    }
}

/// Some servers' answers arrive as failures to open, with the status in the text only.
fn refused_by_status(debug: &str, address: &Address) -> Option<OfflineReason> {
    let host = address.host.clone();
    let is_moved = ["(301)", "(302)", "(303)", "(307)", "(308)"].iter().any(|status| debug.contains(status));
    if is_moved {
        Some(OfflineReason::Redirected { host })
    } else if debug.contains("Unauthorized") || debug.contains("(401)") || debug.contains("Forbidden") {
        Some(OfflineReason::Unauthorized { host })
    } else if debug.contains("Not Found") || debug.contains("(404)") {
        Some(OfflineReason::NotFound { host })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use gridwatch_config::TlsSettings;

    use super::*;

    #[track_caller]
    fn check(origin: &Origin, error: glib::Error, debug: &str, expected: &str) {
        let text = origin.redact(error.message());
        assert_eq!(reason(&error, &text, &origin.redact(debug), origin).code(), expected);
    }

    #[test]
    fn complaints_are_told_apart() {
        use gst::{ResourceError as R, StreamError as S};
        let rtsp = Origin::Network(Address::parse("rtsp://u:secret@cam:554/1").expect("well-formed"));
        let file = Origin::File("clip.mp4".into());
        check(
            &rtsp,
            glib::Error::new(R::OpenReadWrite, "x"),
            "Failed to connect. (Generic error)",
            "refused",
        );
        check(&rtsp, glib::Error::new(R::OpenRead, "x"), "Unauthorized (401)", "unauthorized");
        check(&rtsp, glib::Error::new(R::OpenRead, "x"), "Found (302), URL: http://cam/1", "redirected");
        check(&rtsp, glib::Error::new(R::NotFound, "x"), "", "not_found");
        check(&rtsp, glib::Error::new(R::Read, "x"), "", "broken");
        check(&rtsp, glib::Error::new(S::Decode, "x"), "", "garbage");
        check(&file, glib::Error::new(R::NotFound, "x"), "", "file_missing");
        check(&file, glib::Error::new(S::WrongType, "x"), "", "garbage");
        check(&file, glib::Error::new(S::Failed, "x"), "", "garbage");
        check(&rtsp, glib::Error::new(S::Failed, "x"), "", "broken");
        let https = Address::parse("https://u:secret@cam/1").expect("well-formed");
        let (soup, error) = ("gst_base_src_loop (): /GstSoupHTTPSrc:s:", || glib::Error::new(S::Failed, "x"));
        check(&Origin::Network(https.clone()), error(), soup, "untrusted");
        check(&Origin::Network(https.trusting(&TlsSettings::Any)), error(), soup, "broken");
        check(&file, glib::Error::new(S::TypeNotFound, "x"), "", "garbage");
        check(&file, glib::Error::new(S::CodecNotFound, "x"), "", "unsupported_codec");
    }

    #[test]
    fn no_reason_shows_a_password() {
        let rtsp = Origin::Network(Address::parse("rtsp://u:secret@cam:554/1").expect("well-formed"));
        let error =
            glib::Error::new(gst::ResourceError::Read, "reading rtsp://u:secret@cam/1 with secret failed");
        let text = rtsp.redact(error.message());
        let shown = format!("{:?}", reason(&error, &text, "", &rtsp));
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("rtsp://***@cam/1"), "{shown}");
    }
}

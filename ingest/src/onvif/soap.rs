//! SOAP envelopes: what is asked, and what the answer says.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1};

use super::{client::Login, xml::Element};

/// Longest reason that is told, in characters.
const LONGEST_REASON: usize = 200;

/// A request in its envelope; with a login as WS-Security's UsernameToken.
pub(super) fn envelope(body: &str, security: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header>{security}</s:Header>\
         <s:Body>{body}</s:Body></s:Envelope>"
    )
}

/// WS-Security's UsernameToken with a digest of the password (Web Services Security UsernameToken Profile 1.0, chapter 3.1):
/// Base64(SHA-1(nonce + created + password)). `created`: the time by the device's clock, as it goes out (RFC 3339).
pub(super) fn username_token(login: &Login, nonce: [u8; 16], created: &str) -> String {
    const WSS: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
    let mut hash = Sha1::new();
    hash.update(nonce);
    hash.update(created.as_bytes());
    hash.update(login.password.reveal().as_bytes());
    let (digest, nonce) = (STANDARD.encode(hash.finalize()), STANDARD.encode(nonce));
    let user = quick_xml::escape::escape(&login.user);
    format!(
        "<wsse:Security s:mustUnderstand=\"1\" xmlns:wsse=\"{WSS}-wssecurity-secext-1.0.xsd\" \
         xmlns:wsu=\"{WSS}-wssecurity-utility-1.0.xsd\"><wsse:UsernameToken><wsse:Username>{user}</wsse:Username>\
         <wsse:Password Type=\"{WSS}-username-token-profile-1.0#PasswordDigest\">{digest}</wsse:Password>\
         <wsse:Nonce EncodingType=\"{WSS}-soap-message-security-1.0#Base64Binary\">{nonce}</wsse:Nonce>\
         <wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )
}

/// What an answer is.
#[derive(Debug, PartialEq)]
pub(super) enum Said<'a> {
    /// The body.
    Body(&'a Element),
    /// Somebody with the right login may ask for this.
    NotAuthorised,
    /// It refuses, in its words.
    Fault(String),
    /// No SOAP at all.
    Nothing,
}

/// Reads an answer.
pub(super) fn said(root: &Element) -> Said<'_> {
    if root.name != "Envelope" {
        return Said::Nothing;
    }
    let Some(body) = root.all("Body").next() else { return Said::Nothing };
    let Some(fault) = body.all("Fault").next() else { return Said::Body(body) };
    let mut words = Vec::new();
    collect_texts(fault, &mut words);
    let all = words.join(" ");
    let lower = all.to_lowercase();
    if ["notauthorized", "not authorized", "unauthorized", "failedauthentication", "failed authentication"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return Said::NotAuthorised;
    }
    let reason = fault.find("Reason").and_then(|reason| reason.text_of("Text"));
    Said::Fault(shortened(reason.unwrap_or(&all)))
}

fn collect_texts<'a>(element: &'a Element, words: &mut Vec<&'a str>) {
    words.extend(Some(element.text.trim()).filter(|text| !text.is_empty()));
    element.children.iter().for_each(|child| collect_texts(child, words));
}

/// For a terminal: without control characters, and not for ever.
pub(super) fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use gridwatch_config::Secret;

    use super::*;

    /// The example of the ONVIF Application Programmer's Guide 1.0, chapter 6.1.1.3.
    #[test]
    fn the_password_goes_out_as_the_specified_digest() {
        let login = Login { user: "user".to_owned(), password: Secret::new("userpassword") };
        let nonce =
            STANDARD.decode("LKqI6G/AikKCQrN0zqZFlg==").expect("Base64").try_into().expect("16 bytes");
        let token = username_token(&login, nonce, "2010-09-16T07:50:45Z");
        assert!(token.contains("tuOSpGlFlIXsozq4HFNeeGeFLEI="), "{token}");
        assert!(!token.contains("userpassword"), "{token}");
    }

    #[test]
    fn refusals_for_want_of_a_login_are_told_apart() {
        let envelope =
            |body: &str| Element::parse(super::envelope(body, "").as_bytes()).expect("well-formed");
        let fault = |code: &str, reason: &str| {
            envelope(&format!(
                "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{code}</s:Value></s:Subcode></s:Code>\
                 <s:Reason><s:Text>{reason}</s:Text></s:Reason></s:Fault>"
            ))
        };
        assert_eq!(said(&fault("ter:NotAuthorized", "Sender not Authorized")), Said::NotAuthorised);
        assert_eq!(
            said(&fault("ter:ActionNotSupported", "no\u{7f}such action")),
            Said::Fault("nosuch action".to_owned())
        );
        assert!(matches!(said(&envelope("<x/>")), Said::Body(_)));
        assert_eq!(said(&Element::parse(b"<html/>").expect("well-formed")), Said::Nothing);
    }
}

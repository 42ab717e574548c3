//! XML as far as SOAP needs it: elements by their local names, texts, attributes.
//!
//! Refused are document types, entities beyond the five of XML, and what is deeper or has more elements than any honest answer: nothing
//! grows in memory beyond what was received.

use std::collections::BTreeMap;

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesStart, Event},
};

/// Deepest nesting; answers of devices have a dozen.
const DEEPEST: usize = 64;
/// Most elements; a device with a hundred profiles has some thousands.
const MOST_ELEMENTS: usize = 20_000;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Without its prefix: namespaces are not told apart, as devices confuse them.
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// Its own text, without that of the elements in it.
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Reads a document; says what is wrong with it otherwise.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "its answer is not text".to_owned())?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open: Vec<Self> = vec![Self::default()];
        let mut count = 0;
        loop {
            match reader.read_event().map_err(|error| format!("its answer is not XML: {error}"))? {
                Event::Start(start) => {
                    count += 1;
                    if open.len() > DEEPEST || count > MOST_ELEMENTS {
                        return Err("its answer has no end of elements".to_owned());
                    }
                    open.push(Self::begin(&start)?);
                }
                Event::Empty(start) => {
                    count += 1;
                    if count > MOST_ELEMENTS {
                        return Err("its answer has no end of elements".to_owned());
                    }
                    let element = Self::begin(&start)?;
                    top(&mut open)?.children.push(element);
                }
                Event::End(_) => {
                    let ended = open.pop().ok_or("its answer is not XML")?;
                    top(&mut open)?.children.push(ended);
                }
                Event::Text(text) => top(&mut open)?.text.push_str(&text.xml10_content()),
                Event::CData(text) => top(&mut open)?.text.push_str(&text.xml10_content()),
                Event::GeneralRef(entity) => {
                    let character = entity.resolve_char_ref().map_err(|error| error.to_string())?;
                    let meant = match character {
                        Some(character) => character.to_string(),
                        None => resolve_predefined_entity(entity.as_ref())
                            .ok_or("its answer has entities of its own")?
                            .to_owned(),
                    };
                    top(&mut open)?.text.push_str(&meant);
                }
                Event::DocType(_) => return Err("its answer has a document type".to_owned()),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        match open.len() {
            1 => top(&mut open)?.children.pop().ok_or_else(|| "its answer is empty".to_owned()),
            _ => Err("its answer is cut short".to_owned()),
        }
    }

    fn begin(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = BTreeMap::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| format!("its answer is not XML: {error}"))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| format!("its answer is not XML: {error}"))?;
            let name: &str = attribute.key.local_name().into_inner();
            attributes.insert(name.to_owned(), value.into_owned());
        }
        let name: &str = start.local_name().into_inner();
        Ok(Self { name: name.to_owned(), attributes, ..Self::default() })
    }

    /// The first element of that name anywhere in it.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// All elements of that name right in it.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first element of that name anywhere in it, trimmed; none where that is empty.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.find(name).map(|found| found.text.trim()).filter(|text| !text.is_empty())
    }

    /// The same as a number.
    pub(super) fn number_of<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text_of(name)?.parse().ok()
    }
}

fn top(open: &mut [Element]) -> Result<&mut Element, String> {
    open.last_mut().ok_or_else(|| "its answer is not XML".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_local_names() {
        let text = "<?xml version=\"1.0\"?><!-- x --><s:E xmlns:s=\"a\"><s:Body t=\"1 &amp; 2\"><a>x &lt;&#65;<b/><![CDATA[<c>]]></a></s:Body></s:E>";
        let root = Element::parse(text.as_bytes()).expect("well-formed");
        let body = root.find("Body").expect("there");
        assert_eq!(body.attributes["t"], "1 & 2");
        assert_eq!(body.text_of("a"), Some("x <A<c>"));
        assert_eq!(root.find("c"), None);
    }

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let problem = Element::parse(text.as_bytes()).expect_err("hostile");
        assert!(problem.contains(expected), "{problem}");
    }

    #[test]
    fn hostile_answers_are_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><x>&b;</x>";
        refused(bomb, "document type");
        refused("<x>&b;</x>", "entities of its own");
        refused("<x a=\"&b;\"/>", "not XML");
        refused(&"<a>".repeat(100_000), "no end");
        refused(&format!("<x>{}</x>", "<a/>".repeat(100_000)), "no end");
        refused("<x><y></x>", "not XML");
        refused("<x><y>", "cut short");
        refused("", "empty");
        refused("hello", "empty");
        refused("<x/></y>", "not XML");
        assert!(Element::parse(&[b'<', 0xff, b'>']).is_err());
    }
}

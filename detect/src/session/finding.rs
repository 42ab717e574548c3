//! What a file that ONNX Runtime refuses is, as far as its bytes tell. Pure.
//!
//! ONNX Runtime says of most of them only that "protobuf parsing failed".

use std::fmt;

/// What is known of a refused file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nothing in it.
    Empty,
    /// HTML, as a server sends it instead of a file.
    WebPage,
    /// What Git has where the file should be.
    LfsPointer,
    /// A ZIP archive, which is what PyTorch's checkpoints are.
    Archive,
    /// A network for TensorFlow Lite.
    TfLite,
    /// It begins as an ONNX file, and ends before it is complete.
    Truncated {
        /// Bytes that there are.
        found: usize,
        /// Bytes that there must be at least.
        needed: usize,
    },
    /// Something else.
    NotOnnx,
    /// An ONNX file whose weights lie in another file.
    ExternalData {
        /// That file's name.
        file: String,
    },
    /// It uses operators that are neither ONNX's nor ONNX Runtime's own.
    ForeignOperators {
        /// Whose they are.
        domain: String,
    },
    /// A whole ONNX file.
    Onnx {
        /// The version of the form; 0 where it is not said.
        ir_version: u64,
        /// The version of the operators; 0 where it is not said.
        opset: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty: download or copy it again"),
            Self::WebPage => f.write_str("the file is a web page: download the network itself"),
            Self::LfsPointer => {
                f.write_str("the file is a Git LFS pointer: run `git lfs pull` where it comes from")
            }
            Self::Archive => {
                f.write_str("the file is an archive (a PyTorch checkpoint?): export the network to ONNX")
            }
            Self::TfLite => f.write_str("the file is for TensorFlow Lite: convert the network to ONNX"),
            Self::Truncated { found, needed } => {
                write!(f, "the file ends after {found} of at least {needed} bytes: download or copy it again")
            }
            Self::NotOnnx => f.write_str("the file is no ONNX file: export the network to ONNX"),
            Self::ExternalData { file } => write!(
                f,
                "its weights lie in a second file ({file}), and a network here is one file: put both into one, with Python \
                 `import onnx; onnx.save(onnx.load(\"FILE.onnx\"), \"WHOLE.onnx\")`, or export with external_data=False"
            ),
            Self::ForeignOperators { domain } => write!(
                f,
                "it uses operators of {domain:?}, which ONNX Runtime does not have by itself: export it without them, usually by \
                 leaving pre- and post-processing out"
            ),
            Self::Onnx { ir_version, opset } => write!(
                f,
                "an ONNX file of opset {opset}, IR version {ir_version}: if the library knows only older ones, export it for one of those or take a newer library"
            ),
        }
    }
}

/// Fields of ONNX's `ModelProto` (onnx.proto3) that are looked at.
const IR_VERSION: u64 = 1;
const GRAPH: u64 = 7;
const OPSET_IMPORT: u64 = 8;
/// Its fields have numbers up to this.
const LAST_FIELD: u64 = 30;
/// Field of `GraphProto`: its weights.
const INITIALIZER: u64 = 5;
/// Field of `TensorProto`: where its numbers lie if not in it; a list of `StringStringEntryProto`.
const EXTERNAL_DATA: u64 = 13;
const ENTRY_KEY: u64 = 1;
const ENTRY_VALUE: u64 = 2;
/// Field of `OperatorSetIdProto`.
const OPSET_DOMAIN: u64 = 1;
const OPSET_VERSION: u64 = 2;

/// What `bytes` are.
pub(super) fn of(bytes: &[u8]) -> Finding {
    let start = bytes.trim_ascii_start();
    let begins = |with: &[u8]| start.len() >= with.len() && start[..with.len()].eq_ignore_ascii_case(with);
    match () {
        () if start.is_empty() => Finding::Empty,
        () if begins(b"<!doctype") || begins(b"<html") => Finding::WebPage,
        () if begins(b"version https://git-lfs") => Finding::LfsPointer,
        () if bytes.starts_with(b"PK\x03\x04") => Finding::Archive,
        () if bytes.get(4..8) == Some(b"TFL3") => Finding::TfLite,
        () => model(bytes),
    }
}

/// Reads the outermost fields.
fn model(bytes: &[u8]) -> Finding {
    let (mut ir_version, mut opset, mut has_graph, mut elsewhere, mut foreign) = (0, 0, false, None, None);
    let mut fields = Fields { bytes, at: 0 };
    loop {
        match fields.next() {
            Ok(None) if has_graph => {
                return match (elsewhere, foreign) {
                    (Some(file), _) => Finding::ExternalData { file },
                    (None, Some(domain)) => Finding::ForeignOperators { domain },
                    (None, None) => Finding::Onnx { ir_version, opset },
                };
            }
            Ok(None) | Err(Broken::Nonsense) => return Finding::NotOnnx,
            // Cut in a field's head: at least one more byte was to come.
            Err(Broken::Ends { needed }) if ir_version > 0 => {
                return Finding::Truncated { found: bytes.len(), needed };
            }
            Err(Broken::Ends { .. }) => return Finding::NotOnnx,
            Ok(Some((IR_VERSION, Value::Number(version)))) => ir_version = version,
            Ok(Some((OPSET_IMPORT, Value::Bytes(import)))) => {
                opset = opset_of(import).unwrap_or(opset);
                foreign = foreign.or_else(|| foreign_domain(import));
            }
            Ok(Some((GRAPH, Value::Bytes(graph)))) => {
                has_graph = true;
                elsewhere = external_data_of(graph);
            }
            Ok(Some((field, _))) if field > LAST_FIELD => return Finding::NotOnnx,
            Ok(Some(_)) => {}
        }
    }
}

/// The version, if it is that of ONNX's own operators.
fn opset_of(import: &[u8]) -> Option<u64> {
    let mut fields = Fields { bytes: import, at: 0 };
    let mut version = None;
    while let Ok(Some((field, value))) = fields.next() {
        match (field, value) {
            (OPSET_DOMAIN, Value::Bytes(domain)) if !domain.is_empty() && domain != b"ai.onnx" => {
                return None;
            }
            (OPSET_VERSION, Value::Number(number)) => version = Some(number),
            _ => {}
        }
    }
    version
}

/// Whose operators they are, if neither ONNX's nor ONNX Runtime's (`com.microsoft…`). `ai.onnx.contrib` is onnxruntime-extensions.
fn foreign_domain(import: &[u8]) -> Option<String> {
    let domain = String::from_utf8_lossy(bytes_of(import, OPSET_DOMAIN).next()?).into_owned();
    let known = matches!(&*domain, "" | "ai.onnx" | "ai.onnx.ml") || domain.starts_with("com.microsoft");
    (!known).then_some(domain)
}

/// The file that the graph's weights lie in, if they lie in another.
fn external_data_of(graph: &[u8]) -> Option<String> {
    let tensor = |tensor: &[u8]| bytes_of(tensor, EXTERNAL_DATA).find_map(location);
    bytes_of(graph, INITIALIZER).find_map(tensor)
}

/// The value of an entry whose key is `location`.
fn location(entry: &[u8]) -> Option<String> {
    let is_location = bytes_of(entry, ENTRY_KEY).any(|key| key == b"location");
    let value = bytes_of(entry, ENTRY_VALUE).next()?;
    is_location.then(|| String::from_utf8_lossy(value).into_owned())
}

/// What lies in a message's fields of that number, as far as it can be read.
fn bytes_of(message: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    let mut fields = Fields { bytes: message, at: 0 };
    std::iter::from_fn(move || {
        loop {
            match fields.next() {
                Ok(Some((field, Value::Bytes(bytes)))) if field == wanted => return Some(bytes),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return None,
            }
        }
    })
}

/// Fields of a protobuf message, one after the other.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

enum Broken {
    /// The bytes end within a field.
    Ends { needed: usize },
    /// They are no fields.
    Nonsense,
}

impl<'a> Fields<'a> {
    /// The next field's number and value.
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, Broken> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            1 => Value::Bytes(self.take(8)?),
            2 => {
                let length = self.number()?;
                Value::Bytes(self.take(usize::try_from(length).map_err(|_| Broken::Nonsense)?)?)
            }
            5 => Value::Bytes(self.take(4)?),
            _ => return Err(Broken::Nonsense),
        };
        if tag >> 3 == 0 { Err(Broken::Nonsense) } else { Ok(Some((tag >> 3, value))) }
    }

    /// A number of seven bits a byte, lowest first.
    fn number(&mut self) -> Result<u64, Broken> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Broken::Nonsense)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let end = self.at.checked_add(length).ok_or(Broken::Nonsense)?;
        let taken = self.bytes.get(self.at..end).ok_or(Broken::Ends { needed: end })?;
        self.at = end;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NETWORK: &[u8] = include_bytes!("../../tests/variants/plain.onnx");

    #[test]
    fn files_are_told_apart() {
        let check = |bytes: &[u8], wanted: Finding| assert_eq!(of(bytes), wanted);
        check(b"", Finding::Empty);
        check(b" \n", Finding::Empty);
        check(b"\n<!DOCTYPE html><title>404</title>", Finding::WebPage);
        check(b"version https://git-lfs.github.com/spec/v1\noid sha256:00", Finding::LfsPointer);
        check(b"PK\x03\x04archive/data.pkl", Finding::Archive);
        check(b"\x1c\0\0\0TFL3", Finding::TfLite);
        check(b"\x7fELF\x02\x01\x01", Finding::NotOnnx);
        check(b"these are my notes", Finding::NotOnnx);
        check(NETWORK, Finding::Onnx { ir_version: 8, opset: 13 });
    }

    #[test]
    fn a_file_that_was_cut_says_how_much_is_missing() {
        let Finding::Truncated { found, needed } = of(&NETWORK[..1000]) else { panic!("it was cut") };
        assert_eq!(found, 1000);
        assert!(needed > 30_000 && needed <= NETWORK.len(), "{needed}");
    }

    #[test]
    fn operators_of_others_are_named() {
        let import = |domain: &str| {
            [
                &[OPSET_IMPORT as u8 * 8 + 2, domain.len() as u8 + 4, 10, domain.len() as u8],
                domain.as_bytes(),
                &[16, 1],
            ]
            .concat()
        };
        let with = |domain| of(&[NETWORK, &import(domain)].concat());
        assert_eq!(with("com.microsoft"), Finding::Onnx { ir_version: 8, opset: 13 });
        for domain in ["mmdeploy", "ai.onnx.contrib"] {
            assert_eq!(with(domain), Finding::ForeignOperators { domain: domain.to_owned() });
        }
    }

    #[test]
    fn weights_in_a_second_file_are_named() {
        let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
        let entry = [field(1, b"location"), field(2, b"net.onnx.data")].concat();
        let tensor = [field(13, &entry), vec![14 << 3, 1]].concat();
        let model = [vec![1 << 3, 8], field(7, &field(5, &tensor))].concat();
        assert_eq!(of(&model), Finding::ExternalData { file: "net.onnx.data".to_owned() });
        let told = of(&model).to_string();
        assert!(told.contains("net.onnx.data") && told.contains("onnx.save"), "{told}");
    }

    proptest! {
        #[test]
        fn whatever_bytes_are_they_are_something(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = of(&bytes).to_string();
        }

        #[test]
        fn nothing_that_was_cut_is_whole(length in 0..NETWORK.len()) {
            let is_whole = matches!(of(&NETWORK[..length]), Finding::Onnx { opset: 13, .. });
            prop_assert!(!is_whole, "{length} bytes");
        }
    }
}

//! Facts of files, and files that are made worse.

use std::{fs, path::Path};

use super::{
    matroska::{CLUSTER, Element, SEGMENT, SIMPLE_BLOCK, element},
    *,
};

/// Has all blocks of a Matroska file so many milliseconds earlier.
pub(in super::super) fn set_back(path: &Path, millis: i16) {
    let mut bytes = fs::read(path).expect("it is there");
    let source = Container::open(path).source;
    let mut at = 0;
    while let Some(Element { id, body, end }) = element(&source, at) {
        at = if matches!(id, SEGMENT | CLUSTER) { body } else { end.expect("known") };
        if id == SIMPLE_BLOCK {
            // Behind the number of its track.
            let at = usize::try_from(body).expect("a small file") + 1;
            let time = i16::from_be_bytes([bytes[at], bytes[at + 1]]) - millis;
            bytes[at..at + 2].copy_from_slice(&time.to_be_bytes());
        }
    }
    fs::write(path, bytes).expect("written");
}

#[track_caller]
fn check_ending(bytes: &[u8], expected: Ending) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::write(&path, bytes).expect("written");
    assert_eq!(Container::open(&path).ending(), expected, "{bytes:?}");
}

fn cut(missing: u64) -> Ending {
    Ending::Cut(format!("{missing} bytes that it says it has are missing"))
}

fn mp4(boxes: &[(&[u8; 4], u32)]) -> Vec<u8> {
    let a_box = |&(name, length): &(&[u8; 4], u32)| {
        [&length.to_be_bytes()[..], name, &vec![0; length.saturating_sub(8) as usize]].concat()
    };
    boxes.iter().flat_map(a_box).collect()
}

#[test]
fn a_box_that_goes_on_behind_the_end_is_cut() {
    let whole = mp4(&[(b"ftyp", 16), (b"moov", 40), (b"mdat", 100)]);
    check_ending(&whole, Ending::Whole);
    check_ending(&whole[..whole.len() - 30], cut(30));
    let pieces =
        mp4(&[(b"ftyp", 16), (b"moov", 40), (b"moof", 24), (b"mdat", 100), (b"moof", 24), (b"mdat", 100)]);
    check_ending(&pieces, Ending::Unknown);
    check_ending(&pieces[..pieces.len() - 124], Ending::Unknown);
    check_ending(&pieces[..pieces.len() - 120], cut(4));
    check_ending(&pieces[..pieces.len() - 110], cut(10));
    check_ending(
        &pieces[..pieces.len() - 100],
        Ending::Cut("the pictures of its last piece are missing".to_owned()),
    );
    check_ending(&[pieces, mp4(&[(b"mfra", 20)])].concat(), Ending::Whole);
    // To the end of the file, whereever that is.
    check_ending(&[whole, mp4(&[(b"mdat", 0)])].concat(), Ending::Unknown);
}

#[test]
fn an_avi_list_that_goes_on_behind_the_end_is_cut() {
    let list =
        |length: u32, there: usize| [b"RIFF", &length.to_le_bytes()[..], b"AVI ", &vec![0; there]].concat();
    check_ending(&list(104, 100), Ending::Whole);
    check_ending(&list(104, 60), cut(40));
    check_ending(&list(0, 100), Ending::Unknown);
    // Its own head counted, too.
    check_ending(&list(112, 100), Ending::Whole);
    check_ending(&[list(104, 100), list(104, 50)].concat(), cut(50));
}

#[test]
fn packets_that_are_not_whole_are_cut() {
    for (pitch, behind) in [(188, 0), (204, 16), (192, 4)] {
        let packet = [&[0x47][..], &vec![1; pitch - 1]].concat();
        let stream = [&vec![0; pitch - 188 - behind][..], &packet.repeat(40)].concat();
        check_ending(&stream, Ending::Unknown);
        let left = 100;
        let told = format!("its last packet has {left} of {pitch} bytes");
        check_ending(&stream[..stream.len() - pitch + left], Ending::Cut(told));
    }
}

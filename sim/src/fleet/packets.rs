//! Encoded pictures as RTP packets, made once and sent many times. Pure.
//!
//! RTP (RFC 3550) with the payloads of RFC 6184 (H.264) and RFC 7798 (H.265): what is larger than a packet goes in fragments.
//! Packets lie one behind the other with the four bytes before each that interleave them into an RTSP connection (RFC 2326
//! section 10.12), so that a picture is one write.

use crate::encode::Codec;

/// Payload type of the video, of the dynamic range.
pub(super) const PAYLOAD_TYPE: u8 = 96;
/// Ticks a second of RTP's video clock.
pub(super) const CLOCK: u32 = 90_000;
/// Largest payload: what an Ethernet frame takes behind IP, UDP or TCP, and RTP.
const LARGEST: usize = 1_400;
/// Bytes before each payload: `$`, channel, length; and RTP's own header.
const HEADER: usize = 4 + 12;
/// Name of the sender in RTP; a camera has one stream, so it tells nothing.
pub(super) const SSRC: u32 = 0x6777_0001;

/// One picture's packets.
pub(super) struct Picture {
    bytes: Box<[u8]>,
    /// Where each packet begins.
    starts: Box<[u32]>,
    pub(super) is_key: bool,
}

impl Picture {
    /// Of a byte stream with start codes.
    pub(super) fn new(unit: &[u8], codec: Codec, is_key: bool) -> Self {
        let mut packets = Packets::default();
        for nal in nals(unit) {
            packets.put(nal, codec);
        }
        if let Some(last) = packets.starts.last() {
            // The marker: the picture ends here.
            packets.bytes[*last as usize + 5] |= 0x80;
        }
        Self { bytes: packets.bytes.into(), starts: packets.starts.into(), is_key }
    }

    /// Writes its packets to the end of `out`, numbered from `sequence` on, with the time `rtp_time`. Gives the next number.
    pub(super) fn write(&self, out: &mut Vec<u8>, channel: u8, sequence: u16, rtp_time: u32) -> u16 {
        let base = out.len();
        out.extend_from_slice(&self.bytes);
        let mut number = sequence;
        for start in &self.starts {
            let packet = &mut out[base + *start as usize..][..HEADER];
            packet[1] = channel;
            packet[6..8].copy_from_slice(&number.to_be_bytes());
            packet[8..12].copy_from_slice(&rtp_time.to_be_bytes());
            number = number.wrapping_add(1);
        }
        number
    }

    /// Packets that it takes.
    pub(super) fn packets(&self) -> usize {
        self.starts.len()
    }

    /// Bytes that it takes, interleaved.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

#[derive(Default)]
struct Packets {
    bytes: Vec<u8>,
    starts: Vec<u32>,
}

impl Packets {
    fn put(&mut self, nal: &[u8], codec: Codec) {
        let header = match codec {
            Codec::H264 => 1,
            Codec::H265 => 2,
        };
        if nal.len() <= LARGEST || nal.len() <= header {
            return self.packet(&[], nal);
        }
        let fragments = nal[header..].chunks(LARGEST - header - 1);
        let last = fragments.len() - 1;
        for (index, fragment) in fragments.enumerate() {
            let ends = (u8::from(index == 0) << 7) | (u8::from(index == last) << 6);
            match codec {
                // FU-A, type 28: the header's first three bits stay, the type follows.
                Codec::H264 => self.packet(&[nal[0] & 0xe0 | 28, ends | nal[0] & 0x1f], fragment),
                // FU, type 49.
                Codec::H265 => {
                    let kind = nal[0] >> 1 & 0x3f;
                    self.packet(&[nal[0] & 0x81 | 49 << 1, nal[1], ends | kind], fragment);
                }
            }
        }
    }

    fn packet(&mut self, prefix: &[u8], payload: &[u8]) {
        self.starts.push(u32::try_from(self.bytes.len()).expect("a picture is smaller than 4 GB"));
        let length = (12 + prefix.len() + payload.len()) as u16;
        self.bytes.extend_from_slice(&[b'$', 0]);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(&[0x80, PAYLOAD_TYPE, 0, 0, 0, 0, 0, 0]);
        self.bytes.extend_from_slice(&SSRC.to_be_bytes());
        self.bytes.extend_from_slice(prefix);
        self.bytes.extend_from_slice(payload);
    }
}

/// The units of a byte stream, without start codes and the zeros before them.
pub(super) fn nals(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    while at + 3 <= bytes.len() {
        if bytes[at..].starts_with(&[0, 0, 1]) {
            starts.push(at);
            at += 3;
        } else {
            at += 1;
        }
    }
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let units = starts.iter().zip(ends).map(|(start, end)| {
        let unit = &bytes[start + 3..end];
        let zeros = unit.iter().rev().take_while(|byte| **byte == 0).count();
        &unit[..unit.len() - zeros]
    });
    units.filter(|unit| !unit.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts the units of a picture together again, as RFC 6184 and RFC 7798 say.
    fn put_together(bytes: &[u8], codec: Codec) -> Vec<Vec<u8>> {
        let (mut units, mut rest): (Vec<Vec<u8>>, _) = (Vec::new(), bytes);
        while let [b'$', 7, high, low, ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let payload = &rest[16..4 + length];
            match codec {
                Codec::H264 if payload[0] & 0x1f == 28 => {
                    if payload[1] & 0x80 != 0 {
                        units.push(vec![payload[0] & 0xe0 | payload[1] & 0x1f]);
                    }
                    units.last_mut().expect("begun").extend_from_slice(&payload[2..]);
                }
                Codec::H265 if payload[0] >> 1 == 49 => {
                    if payload[2] & 0x80 != 0 {
                        units.push(vec![payload[0] & 0x81 | (payload[2] & 0x3f) << 1, payload[1]]);
                    }
                    units.last_mut().expect("begun").extend_from_slice(&payload[3..]);
                }
                _ => units.push(payload.to_vec()),
            }
            rest = &rest[4 + length..];
        }
        assert!(rest.is_empty(), "nothing lies between packets");
        units
    }

    #[test]
    fn a_picture_comes_out_as_it_went_in() {
        for (codec, small, large) in
            [(Codec::H264, vec![0x67, 1, 2], 0x65_u8), (Codec::H265, vec![0x40, 1, 2], 0x26_u8)]
        {
            let slice: Vec<u8> =
                [large, 1].into_iter().chain((0..5000).map(|byte| (byte % 250 + 1) as u8)).collect();
            let unit = [&[0, 0, 0, 1][..], &small, &[0, 0, 1], &slice].concat();
            let picture = Picture::new(&unit, codec, true);
            let mut out = Vec::new();
            let next = picture.write(&mut out, 7, 65_534, 90_000);
            assert_eq!(put_together(&out, codec), [small, slice]);
            assert_eq!((picture.packets(), next), (5, 3), "numbers begin again after 65535");
            let markers: Vec<bool> =
                picture.starts.iter().map(|start| out[*start as usize + 5] & 0x80 != 0).collect();
            assert_eq!(markers, [false, false, false, false, true]);
            assert!(
                picture
                    .starts
                    .iter()
                    .all(|start| out[*start as usize + 8..][..4] == 90_000_u32.to_be_bytes())
            );
        }
    }
}

//! What can be learnt of an encoded picture without decoding it: how large it is and how coarsely it is quantised. Pure.
//!
//! Encoders hold their rate: where much changes they quantise more coarsely, so that bytes alone say little. Six steps of the
//! quantiser halve the precision (ITU-T H.264 section 8.5.9) and, as a rule, the bytes: `bytes · 2^(QP / 6)` is about what
//! the picture would cost at one precision, whatever the rate control did.

use h264_reader::{
    Context,
    nal::{Nal as _, RefNal, UnitType, pps::PicParameterSet, slice::SliceHeader, sps::SeqParameterSet},
};

use crate::{
    AccessUnit, Codec,
    bitstream::{self, Kind, units},
};

/// The quantiser that complexity is given for; the middle of H.264's range.
const QP: f32 = 26.0;

/// One picture from outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Features {
    /// Bytes of its slices.
    pub(crate) bytes: usize,
    /// Mean quantiser of its slices, 0–51; `None` where the form does not tell.
    pub(crate) qp: Option<f32>,
    /// Whether all of it is coded without reference to other pictures.
    pub(crate) is_intra: bool,
}

impl Features {
    /// Bytes that it would take at a quantiser of 26, about.
    pub(crate) fn complexity(&self) -> f32 {
        self.bytes as f32 * self.qp.map_or(1.0, |qp| ((qp - QP) / 6.0).exp2())
    }
}

/// Reads pictures of one stream; remembers its parameter sets.
#[derive(Default)]
pub(crate) struct Reader {
    context: Context,
}

impl Reader {
    /// What the unit is. Never fails: of what cannot be read the size is known all the same.
    pub(crate) fn read(&mut self, unit: &AccessUnit) -> Features {
        match unit.codec {
            Codec::H264 => self.h264(&unit.bytes),
            // Its quantiser stands behind so much of the slice's head that reading it costs a parser of all parameter sets.
            Codec::H265 => {
                let slices =
                    units(&unit.bytes).filter(|part| bitstream::kind(Codec::H265, part) == Kind::Slice);
                let bytes = slices.map(<[u8]>::len).sum();
                Features { bytes, qp: None, is_intra: unit.is_key }
            }
            Codec::Jpeg => Features { bytes: unit.bytes.len(), qp: None, is_intra: unit.is_key },
        }
    }

    fn h264(&mut self, bytes: &[u8]) -> Features {
        let (mut total, mut qps, mut intra) = (0, Vec::new(), true);
        for nal in units(bytes) {
            let parsed = RefNal::new(nal, &[], true);
            let Ok(header) = parsed.header() else { continue };
            match header.nal_unit_type() {
                UnitType::SeqParameterSet => {
                    if let Ok(set) = SeqParameterSet::from_bits(parsed.rbsp_bits()) {
                        self.context.put_seq_param_set(set);
                    }
                }
                UnitType::PicParameterSet => {
                    if let Ok(set) = PicParameterSet::from_bits(&self.context, parsed.rbsp_bits()) {
                        self.context.put_pic_param_set(set);
                    }
                }
                UnitType::SliceLayerWithoutPartitioningIdr
                | UnitType::SliceLayerWithoutPartitioningNonIdr => {
                    total += nal.len();
                    let read = SliceHeader::from_bits(&self.context, &mut parsed.rbsp_bits(), header);
                    if let Ok((slice, _, set)) = read {
                        // What is damaged may claim any number.
                        let qp = 26_i32
                            .saturating_add(set.pic_init_qp_minus26)
                            .saturating_add(slice.slice_qp_delta);
                        qps.push(qp.clamp(0, 51) as f32);
                        intra &= slice.slice_type.family == h264_reader::nal::slice::SliceFamily::I;
                    }
                }
                _ => {}
            }
        }
        let qp = (!qps.is_empty()).then(|| qps.iter().sum::<f32>() / qps.len() as f32);
        Features { bytes: total, qp, is_intra: intra && qp.is_some() }
    }
}

//! A decoder's picture, passed on without a copy.

use gridwatch_domain::Nv12Planes;
use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::{prelude::*, video_frame::Readable};

/// A GStreamer buffer with an NV12 picture, mapped for reading while it lives.
pub(crate) struct MappedNv12 {
    frame: gst_video::VideoFrame<Readable>,
    y_stride: usize,
    uv_stride: usize,
}

impl MappedNv12 {
    /// Maps the buffer. Refuses what is not a whole NV12 picture.
    pub(crate) fn map(buffer: gst::Buffer, info: &gst_video::VideoInfo) -> Result<Self, &'static str> {
        if info.format() != gst_video::VideoFormat::Nv12 {
            return Err("it is not NV12");
        }
        let frame = gst_video::VideoFrame::from_buffer_readable(buffer, info)
            .map_err(|_| "its memory cannot be mapped")?;
        let stride =
            |plane: usize| usize::try_from(frame.plane_stride()[plane]).map_err(|_| "its rows run backwards");
        let (y_stride, uv_stride) = (stride(0)?, stride(1)?);
        let (width, height) = (info.width() as usize, info.height() as usize);
        let whole = |plane: u32, rows: usize, stride: usize, used: usize| {
            let bytes = frame.plane_data(plane).map_or(0, <[u8]>::len);
            stride >= used && bytes >= (rows.max(1) - 1) * stride + used
        };
        let chroma_width = width.div_ceil(2) * 2;
        if width < 2 || height < 2 || !whole(0, height, y_stride, width) {
            return Err("its luma is cut short");
        }
        if !whole(1, height.div_ceil(2), uv_stride, chroma_width) {
            return Err("its chroma is cut short");
        }
        Ok(Self { frame, y_stride, uv_stride })
    }
}

impl Nv12Planes for MappedNv12 {
    fn y(&self) -> &[u8] {
        self.frame.plane_data(0).expect("checked when it was mapped")
    }
    fn y_stride(&self) -> usize {
        self.y_stride
    }
    fn uv(&self) -> &[u8] {
        self.frame.plane_data(1).expect("checked when it was mapped")
    }
    fn uv_stride(&self) -> usize {
        self.uv_stride
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(format: gst_video::VideoFormat) -> gst_video::VideoInfo {
        gst::init().expect("GStreamer starts");
        gst_video::VideoInfo::builder(format, 34, 18).build().expect("a valid size")
    }

    #[test]
    fn a_padded_picture_is_read_in_place() {
        let info = info(gst_video::VideoFormat::Nv12);
        let bytes: Vec<u8> = (0..info.size()).map(|index| (index % 251) as u8).collect();
        let planes = MappedNv12::map(gst::Buffer::from_slice(bytes), &info).expect("a whole picture");
        assert_eq!((planes.y_stride(), planes.uv_stride()), (36, 36), "rows are padded to 4 bytes");
        assert_eq!(planes.y()[planes.y_stride()], 36);
        assert_eq!(planes.uv()[0], ((36 * 18) % 251) as u8);
    }

    #[test]
    fn other_forms_and_cut_buffers_are_refused() {
        let i420 = info(gst_video::VideoFormat::I420);
        assert!(MappedNv12::map(gst::Buffer::from_slice(vec![0; i420.size()]), &i420).is_err());
        let nv12 = info(gst_video::VideoFormat::Nv12);
        assert!(MappedNv12::map(gst::Buffer::from_slice(vec![0; nv12.size() - 40]), &nv12).is_err());
    }
}

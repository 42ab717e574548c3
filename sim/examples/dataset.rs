//! Makes training pictures: `dataset OUT COUNT [SEED] [WIDTHxHEIGHT]`.

use std::{error::Error, path::PathBuf, time::Instant};

use gridwatch_sim::{cache::PictureSize, dataset};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: dataset OUT COUNT [SEED] [WIDTHxHEIGHT]";
    let out = PathBuf::from(arguments.next().ok_or(usage)?);
    let count: u32 = arguments.next().ok_or(usage)?.parse()?;
    let seed = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let mut size = PictureSize { width: 640, height: 360 };
    if let Some(text) = arguments.next() {
        let (width, height) = text.split_once('x').ok_or(usage)?;
        size = PictureSize { width: width.parse()?, height: height.parse()? };
    }
    let start = Instant::now();
    dataset::generate(&out, count, seed, size, &mut |done, total| {
        let rate = f64::from(done) / start.elapsed().as_secs_f64();
        eprintln!("{done} of {total} pictures, {rate:.1} a second");
    })?;
    Ok(())
}

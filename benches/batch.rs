//! Two cameras' pictures on a processor: two calls beside one call for both, in turns, one thread.
//!
//! `ORT_DYLIB_PATH=… cargo bench --workspace --bench batch`: the shipped network, its first dimension set free; prints the time for two
//! pictures either way, and what `network.batch = "auto"` chooses.

use std::{env, time::Instant};

use gridwatch_detect::{
    Batch, Detector as _, LIBRARY_VARIABLE, NetworkDetector, NetworkSession, Provider, SessionSettings, Shape,
};
use gridwatch_models::{Manifest, ModelStore, Network, sha256_of};

/// Turns of each.
const TURNS: usize = 60;

/// A first dimension that says an empty denotation where it said 1: free, in as many bytes.
const FREE: [u8; 4] = [0x0a, 2, 0x1a, 0];

fn main() {
    if env::var_os(LIBRARY_VARIABLE).is_none() {
        println!("SKIPPED batch: {LIBRARY_VARIABLE} names no ONNX Runtime");
        return;
    }
    let network = free_batch(ModelStore::builtin().get("yard-n").expect("shipped"));
    let settings = SessionSettings { provider: Some(Provider::Cpu), ..SessionSettings::default() };
    let mut session = NetworkSession::open(&network, &settings).expect("it loads");
    assert!(session.takes_batches(), "its first dimension is free");
    let one = session.shape();
    let two = Shape { pictures: 2, ..one };
    let mut milliseconds = |shape: Shape, calls: usize| {
        let began = Instant::now();
        for _ in 0..calls {
            session.run(shape, |_, _| ()).expect("it runs");
        }
        began.elapsed().as_secs_f64() * 1000.0
    };
    milliseconds(one, 3);
    milliseconds(two, 3);
    let (mut alone, mut together, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let (two_calls, one_call) = (milliseconds(one, 2), milliseconds(two, 1));
        alone.push(two_calls);
        together.push(one_call);
        ratios.push(one_call / two_calls);
    }
    println!("two calls        {} ms", quartiles(&mut alone));
    println!("one batch of two {} ms", quartiles(&mut together));
    println!("ratio            {}", quartiles(&mut ratios));
    let auto = SessionSettings { batch: Batch::Auto, ..settings };
    let detector = NetworkDetector::open(&network, &auto, 0.1).expect("it loads");
    println!("auto chooses     {} at a time", detector.batch());
}

/// The network with its first dimension set free, in its input and its outputs.
fn free_batch(network: &Network) -> Network {
    let mut bytes = network.bytes().to_vec();
    let mut manifest: Manifest = network.manifest().clone();
    let session = NetworkSession::open(network, &SessionSettings::default()).expect("it loads");
    let outputs = session.outputs().iter().map(|output| output.shape.iter().flatten().copied().collect());
    for sizes in outputs.chain([session.shape().dimensions().to_vec()]) {
        let written = dimensions(&sizes);
        let at = bytes.windows(written.len()).position(|window| window == written);
        let at = at.expect("the file declares its sizes");
        bytes[at..at + FREE.len()].copy_from_slice(&FREE);
    }
    manifest.file.sha256 = sha256_of(&bytes);
    Network::new(manifest, bytes).expect("its hash was just taken")
}

/// Sizes as ONNX writes them: a field 1 of one field 1 for each, seven bits a byte.
fn dimensions(sizes: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &size in sizes {
        let (mut number, mut rest) = (Vec::new(), size);
        while rest >= 0x80 {
            number.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        number.push(rest as u8);
        bytes.extend([0x0a, number.len() as u8 + 1, 8]);
        bytes.extend(number);
    }
    bytes
}

fn quartiles(values: &mut [f64]) -> String {
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| values[(values.len() - 1) * share / 4];
    format!("{:.2} ({:.2}–{:.2})", at(2), at(1), at(3))
}

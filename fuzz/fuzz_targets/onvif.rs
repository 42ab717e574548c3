//! Whatever a machine on the network answers when cameras are looked for: no panic, and no login goes to another machine.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use gridwatch_ingest::fuzzing::found_devices;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|answer: &[u8]| {
    let from = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));
    for service in found_devices(answer, from, "q") {
        assert_eq!(service.host_str(), Some("10.0.0.7"), "{service}");
    }
});

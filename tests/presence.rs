//! What the center knows of an edge box that dies, with the real binary and a real broker.

mod support;

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    time::Duration,
};

use serde_json::Value;
use support::{
    Mosquitto, Process, center_config, free_port, get_json, gridwatch, pause, start_center, wait_for, write,
};

/// A broker notices a dead connection at once where the process is gone.
const SOON: Duration = Duration::from_secs(15);

fn start_edge(folder: &Path, config: &Path) -> Process {
    gridwatch("edge", folder, &["edge", "--config", config.to_str().expect("UTF-8")])
}

#[test]
fn an_edge_that_dies_is_shown_as_gone_and_with_it_its_cameras() {
    let folder = tempfile::tempdir().expect("a folder");
    let mosquitto = Mosquitto::start(folder.path());
    let port = free_port();
    let _center = start_center(folder.path(), &center_config(folder.path(), mosquitto.port, port), port);
    let config = format!(
        "[edge]\nid = \"box-1\"\nstate_dir = \"edge\"\n[broker]\nurl = \"mqtt://127.0.0.1:{}\"\n\
         [[camera]]\nid = \"gate\"\nurl = \"rtsp://127.0.0.1:{}/gate\"\n",
        mosquitto.port,
        free_port()
    );
    let config = write(folder.path(), "edge.toml", &config);
    let base = format!("http://127.0.0.1:{port}/api/v1");
    let online = || -> Option<bool> { get_json(&format!("{base}/summary"))?["edges"][0]["online"].as_bool() };
    let camera = || -> Option<Value> { Some(get_json(&format!("{base}/cameras"))?[0].clone()) };

    // More than once: whether it is noticed must not depend on the millisecond.
    for _ in 0..3 {
        let edge = start_edge(folder.path(), &config);
        wait_for("the edge is online", SOON, || online().filter(|online| *online));
        wait_for("its camera is known", SOON, || camera().filter(|camera| camera["camera"] == "gate"));
        edge.kill();
        wait_for("the edge is offline", SOON, || online().filter(|online| !online));
    }
    let shown = camera().expect("the center answers");
    assert_ne!(shown["state"], "live", "{shown}");
}

/// A camera that answers OPTIONS as it should, and then a byte from time to time, for ever: GStreamer hangs on it.
fn dribbling_camera() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it listens").port();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || -> std::io::Result<()> {
                let mut heard = [0; 4096];
                let count = connection.read(&mut heard)?;
                if heard[..count].starts_with(b"OPTIONS") {
                    connection
                        .write_all(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, SETUP, PLAY\r\n\r\n")?;
                    let _ = connection.read(&mut heard)?;
                }
                connection.write_all(b"RTSP/1.0 200 OK\r\n")?;
                loop {
                    connection.write_all(b"X")?;
                    pause(Duration::from_millis(300));
                }
            });
        }
    });
    port
}

#[test]
fn an_edge_whose_camera_hangs_ends_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let mosquitto = Mosquitto::start(folder.path());
    let config = format!(
        "[edge]\nid = \"box-1\"\nstate_dir = \"edge\"\n[broker]\nurl = \"mqtt://127.0.0.1:{}\"\n\
         [[camera]]\nid = \"gate\"\nurl = \"rtsp://127.0.0.1:{}/gate\"\n",
        mosquitto.port,
        dribbling_camera()
    );
    let edge = start_edge(folder.path(), &write(folder.path(), "edge.toml", &config));
    wait_for("it is told that its camera does not answer", Duration::from_secs(40), || {
        edge.log().contains("does not answer within 5 s").then_some(())
    });
    edge.stop();
}

//! Cameras that speak TLS with a certificate of their own, as most of them do.

use std::{path::PathBuf, sync::Arc};

use gridwatch_config::{CameraSettings, TlsSettings};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{camera::FaultyCamera, footage, street::Street, tester::rtsp};

/// Speaks TLS for a camera that does not. Gives its address, and its certificate as a file in `folder`.
async fn over_tls(camera: &FaultyCamera, folder: &tempfile::TempDir) -> (String, PathBuf) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let path = folder.path().join("camera.pem");
    std::fs::write(&path, cert.pem()).expect("writable");
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .expect("they belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let plain = camera.address();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut outside = acceptor.accept(connection).await?;
                let mut inside = TcpStream::connect(plain).await?;
                copy_bidirectional(&mut outside, &mut inside).await
            });
        }
    });
    (format!("rtsps://{address}/live"), path)
}

#[tokio::test]
async fn a_certificate_of_its_own_is_taken_where_it_is_named_or_any_is() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    let folder = tempfile::tempdir().expect("a folder");
    // Each at an address of its own: GLib resumes sessions of an address that it knows without looking at the certificate again.
    let (unknown, _) = over_tls(&camera, &folder).await;
    let (any, _) = over_tls(&camera, &folder).await;
    let (named, certificate) = over_tls(&camera, &folder).await;
    street.tester.watch(rtsp("unknown", &unknown));
    street.tester.watch(CameraSettings { tls: TlsSettings::Any, ..rtsp("any", &any) });
    street.tester.watch(CameraSettings { tls: TlsSettings::File(certificate), ..rtsp("named", &named) });
    let offline = street.tester.expect_offline("unknown", "untrusted").await;
    assert!(offline.to_string().contains("tls_ca_file"), "{offline}");
    street.heals("any").await;
    street.heals("named").await;
    street.finish().await;
}

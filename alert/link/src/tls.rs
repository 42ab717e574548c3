//! TLS by rustls on ring: whom to trust, and nothing else to configure.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::LinkError;

/// Trusts the certificates of `ca_file` (PEM), or, without one, those the system trusts.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, LinkError> {
    let mut roots = RootCertStore::empty();
    let place = match ca_file {
        Some(path) => {
            let unreadable = |source| LinkError::CertificateFile { path: path.to_owned(), source };
            for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
                roots.add(certificate.map_err(unreadable)?).map_err(LinkError::Tls)?;
            }
            path.display().to_string()
        }
        None => {
            // One broken certificate among the system's must not stop the others.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            "the system's store; name a certificate file".to_owned()
        }
    };
    if roots.is_empty() {
        return Err(LinkError::NoCertificates(place));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(LinkError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

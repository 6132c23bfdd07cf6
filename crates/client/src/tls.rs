//! One TLS configuration for calls and for channels.

use crate::error::ClientError;
use countersign_core::pairing::Origin;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::sync::Arc;

/// Whether calls to this origin are encrypted on the way.
pub(crate) fn is_encrypted(origin: &Origin) -> bool {
    origin.as_str().starts_with("https://")
}

/// Trusts what the operating system trusts. Where the origin has no TLS it trusts nobody, and
/// spares the time of reading the system's certificates.
pub(crate) fn config(origin: &Origin) -> Result<Arc<ClientConfig>, ClientError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ClientError::protocol)?;
    let verified = if is_encrypted(origin) {
        builder.with_platform_verifier().map_err(ClientError::protocol)?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(Arc::new(verified.with_no_client_auth()))
}

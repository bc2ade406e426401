//! TLS settings: which roots are trusted and which certificate is shown.

use std::sync::{Arc, OnceLock};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::verify::{Trust, Verifier};
use crate::error::{Error, ErrorKind, Result};

/// What a user can say about TLS. The default verifies against the platform's roots.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// PEM certificates that replace the platform's roots.
    pub ca: Vec<Vec<u8>>,
    /// PEM certificates that are trusted besides the platform's roots (`NODE_EXTRA_CA_CERTS`).
    pub extra_ca: Vec<Vec<u8>>,
    /// PEM certificate chain shown to the server.
    pub cert: Option<Vec<u8>>,
    /// PEM private key that belongs to `cert`.
    pub key: Option<Vec<u8>>,
    /// `false` accepts any certificate.
    pub reject_unauthorized: Option<bool>,
    /// The name sent by SNI and checked in the certificate; the host by default.
    pub server_name: Option<String>,
}

impl std::fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsOptions")
            .field("ca", &self.ca.len())
            .field("extra_ca", &self.extra_ca.len())
            .field("cert", &self.cert.is_some())
            .field("key", &self.key.as_ref().map(|_| "[REDACTED]"))
            .field("reject_unauthorized", &self.reject_unauthorized)
            .field("server_name", &self.server_name)
            .finish()
    }
}

impl TlsOptions {
    /// Builds the rustls configuration. Fails when a PEM text holds no usable certificate or key.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>> {
        self.config(true)
    }

    /// Builds the configuration for a server that has no name, as behind a Unix socket: none is sent,
    /// and the certificate may be for any.
    pub fn nameless_client_config(&self) -> Result<Arc<ClientConfig>> {
        self.config(false)
    }

    fn config(&self, named: bool) -> Result<Arc<ClientConfig>> {
        let provider = Arc::new(ring::default_provider());
        let trust = if self.reject_unauthorized == Some(false) {
            Trust::Anyone
        } else {
            Trust::Roots {
                roots: self.roots()?,
                for_name: named,
            }
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(invalid)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier { trust, provider }));
        let mut config = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(invalid)?;
                builder
                    .with_client_auth_cert(certificates(cert)?, key)
                    .map_err(invalid)?
            }
            (None, None) => builder.with_no_client_auth(),
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "ERR_INVALID_ARG_VALUE",
                    "tls.cert and tls.key must be given together",
                ));
            }
        };
        config.enable_sni = named;
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        if self.ca.is_empty() {
            roots.add_parsable_certificates(platform_roots().iter().cloned());
        }
        for pem in self.ca.iter().chain(&self.extra_ca) {
            for certificate in certificates(pem)? {
                roots.add(certificate).map_err(invalid)?;
            }
        }
        Ok(roots)
    }
}

/// The name to verify for `host`, which may be an IP address in or without brackets.
pub fn server_name(host: &str) -> Result<ServerName<'static>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(bare.to_owned()).map_err(invalid)
}

fn platform_roots() -> &'static [CertificateDer<'static>] {
    static ROOTS: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    ROOTS.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(invalid)?;
    if certificates.is_empty() {
        return Err(Error::new(
            ErrorKind::Tls,
            "ERR_TLS_INVALID_CERTIFICATE",
            "the text holds no PEM certificate",
        ));
    }
    Ok(certificates)
}

fn invalid(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorKind::Tls,
        "ERR_TLS_INVALID_CERTIFICATE",
        format!("invalid TLS settings: {source}"),
    )
    .with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_private_key() {
        let options = TlsOptions {
            key: Some(b"very secret".to_vec()),
            ..TlsOptions::default()
        };
        assert!(!format!("{options:?}").contains("secret"));
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let options = TlsOptions {
            cert: Some(Vec::new()),
            ..TlsOptions::default()
        };
        assert_eq!(
            options.client_config().unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
    }

    #[test]
    fn ip_addresses_in_brackets_are_names() {
        assert!(server_name("[::1]").is_ok());
        assert!(server_name("localhost").is_ok());
        assert!(server_name("").is_err());
    }
}

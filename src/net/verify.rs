//! Whether a server is who it says, and what to tell the user when it is not: the codes and texts
//! that Node's own TLS has.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::error::{Error, ErrorKind};

/// Which servers are accepted. Signatures of the handshake are checked in any case.
#[derive(Debug)]
pub(super) enum Trust {
    /// Any server: the user turned verification off.
    Anyone,
    /// A server with a certificate that these roots vouch for.
    Roots {
        /// Whom to trust.
        roots: RootCertStore,
        /// Whether the certificate must be for the server's name; a Unix socket has none.
        for_name: bool,
    },
}

/// Decides about certificates for rustls.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Which servers are accepted.
    pub(super) trust: Trust,
    /// The algorithms to do it with.
    pub(super) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Trust::Roots { roots, for_name } = &self.trust else {
            return Ok(ServerCertVerified::assertion());
        };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(
            &certificate,
            roots,
            intermediates,
            now,
            algorithms,
        )
        .map_err(|error| explained(error, end_entity, intermediates))?;
        if *for_name {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Why nobody vouches for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unvouched {
    /// It is its own issuer.
    SelfSigned,
    /// The chain ends in an issuer that is not trusted.
    SelfSignedInChain,
    /// The chain does not lead to its end.
    ChainTooShort,
}

impl fmt::Display for Unvouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SelfSigned => "self signed certificate",
            Self::SelfSignedInChain => "self signed certificate in certificate chain",
            Self::ChainTooShort => "unable to get local issuer certificate",
        })
    }
}

impl std::error::Error for Unvouched {}

/// Says more of an unknown issuer.
fn explained(
    error: rustls::Error,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> rustls::Error {
    let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
    if error != unknown {
        return error;
    }
    let reason = if is_self_signed(end_entity) {
        Unvouched::SelfSigned
    } else if intermediates.iter().any(|der| is_self_signed(der)) {
        Unvouched::SelfSignedInChain
    } else if !intermediates.is_empty() {
        Unvouched::ChainTooShort
    } else {
        return error;
    };
    CertificateError::Other(OtherError(Arc::new(reason))).into()
}

fn is_self_signed(certificate: &[u8]) -> bool {
    issuer_and_subject(certificate).is_some_and(|(issuer, subject)| issuer == subject)
}

/// The two names in a DER certificate, which may be any bytes.
fn issuer_and_subject(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, certificate, _) = element(certificate)?;
    let (_, fields, _) = element(certificate)?;
    let (first, _, after_first) = element(fields)?;
    // The version is left out in old certificates.
    let rest = if first == 0xa0 {
        element(after_first)?.2
    } else {
        after_first
    };
    let (_, _, rest) = element(rest)?;
    let (_, issuer, rest) = element(rest)?;
    let (_, _, rest) = element(rest)?;
    let (_, subject, _) = element(rest)?;
    Some((issuer, subject))
}

/// Tag, content, and what follows the first DER element.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 3 {
            return None;
        }
        let length = digits
            .iter()
            .fold(0, |length, digit| length << 8 | usize::from(*digit));
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The error of a handshake that failed.
pub(super) fn handshake_failed(source: rustls::Error) -> Error {
    let (code, message) = told(&source);
    Error::new(ErrorKind::Tls, code, message).with_source(source)
}

/// Code and text of the failures that users look for, as Node has them.
fn told(error: &rustls::Error) -> (&'static str, String) {
    use CertificateError as Certificate;
    let rustls::Error::InvalidCertificate(reason) = error else {
        return ("EPROTO", format!("TLS handshake failed: {error}"));
    };
    match reason {
        Certificate::NotValidForNameContext { expected, .. } => (
            "ERR_TLS_CERT_ALTNAME_INVALID",
            format!(
                "Hostname/IP does not match certificate's altnames: Host: {}",
                expected.to_str()
            ),
        ),
        Certificate::NotValidForName => (
            "ERR_TLS_CERT_ALTNAME_INVALID",
            "Hostname/IP does not match certificate's altnames".into(),
        ),
        Certificate::Expired | Certificate::ExpiredContext { .. } => {
            ("CERT_HAS_EXPIRED", "certificate has expired".into())
        }
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            ("CERT_NOT_YET_VALID", "certificate is not yet valid".into())
        }
        Certificate::UnknownIssuer => (
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "unable to verify the first certificate".into(),
        ),
        Certificate::Other(OtherError(other)) => match other.downcast_ref() {
            Some(reason @ Unvouched::SelfSigned) => {
                ("DEPTH_ZERO_SELF_SIGNED_CERT", reason.to_string())
            }
            Some(reason @ Unvouched::SelfSignedInChain) => {
                ("SELF_SIGNED_CERT_IN_CHAIN", reason.to_string())
            }
            Some(reason @ Unvouched::ChainTooShort) => {
                ("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", reason.to_string())
            }
            None => ("EPROTO", format!("TLS handshake failed: {error}")),
        },
        _ => ("EPROTO", format!("TLS handshake failed: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[tag, 0x81, length], content].concat()
    }

    fn certificate(version: bool, issuer: &[u8], subject: &[u8]) -> Vec<u8> {
        let version = if version { der(0xa0, b"v") } else { Vec::new() };
        let fields = [
            version,
            der(2, b"serial"),
            der(0x30, b"algorithm"),
            der(0x30, issuer),
            der(0x30, b"validity"),
            der(0x30, subject),
            der(0x30, b"key"),
        ];
        der(0x30, &der(0x30, &fields.concat()))
    }

    #[test]
    fn names_are_found_with_and_without_a_version() {
        for version in [true, false] {
            let bytes = certificate(version, b"issuer", b"subject");
            assert_eq!(
                issuer_and_subject(&bytes),
                Some((&b"issuer"[..], &b"subject"[..]))
            );
            assert!(!is_self_signed(&bytes));
            assert!(is_self_signed(&certificate(version, b"same", b"same")));
        }
    }

    #[test]
    fn a_cut_certificate_has_no_names() {
        let bytes = certificate(true, b"same", b"same");
        for end in 0..bytes.len() {
            assert!(!is_self_signed(&bytes[..end]));
        }
        assert!(!is_self_signed(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]));
    }

    #[test]
    fn an_unknown_issuer_is_explained() {
        let code = |leaf: &[u8], chain: &[&[u8]]| {
            let chain: Vec<_> = chain
                .iter()
                .map(|der| CertificateDer::from(der.to_vec()))
                .collect();
            let leaf = CertificateDer::from(leaf.to_vec());
            told(&explained(
                CertificateError::UnknownIssuer.into(),
                &leaf,
                &chain,
            ))
            .0
        };
        let own = certificate(true, b"a", b"a");
        let leaf = certificate(true, b"a", b"b");
        assert_eq!(code(&own, &[]), "DEPTH_ZERO_SELF_SIGNED_CERT");
        assert_eq!(code(&leaf, &[&own]), "SELF_SIGNED_CERT_IN_CHAIN");
        assert_eq!(code(&leaf, &[&leaf]), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
        assert_eq!(code(&leaf, &[]), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    }
}

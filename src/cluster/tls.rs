//! TLS as Kubernetes' own client does it: it trusts the kubeconfig's authorities and no others, checks the name that
//! the kubeconfig chooses, and trusts a certificate that is itself in the list of authorities.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use secrecy::ExposeSecret as _;

use crate::kubeconfig::Access;

/// The reason why the TLS settings of a kubeconfig can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsFault {
    #[error("the client certificate can't be read")]
    Certificate,
    #[error("the client key can't be read")]
    Key,
    #[error("this kind of client key can't be used here")]
    KindOfKey,
    #[error("tls-server-name can't be in a certificate")]
    ServerName,
    #[error("certificate-authority-data holds no authority")]
    NoAuthority,
    #[error(transparent)]
    Library(#[from] Error),
}

/// Returns the TLS settings for one cluster and user.
pub(super) fn config(access: &Access) -> Result<ClientConfig, TlsFault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new(access, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some(pair) = &access.certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let pem = pair.expose_secret().as_bytes();
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsFault::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| TlsFault::Key)?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|_| TlsFault::KindOfKey)
}

/// Judges the server's certificate.
#[derive(Debug)]
struct Verifier {
    /// `None` accepts any certificate (`insecure-skip-tls-verify`).
    chain: Option<Arc<dyn ServerCertVerifier>>,
    /// The name that the certificate must have, instead of the address's host.
    name: Option<ServerName<'static>>,
    /// The certificates in the kubeconfig's list of authorities. A server that presents one of them is trusted.
    listed: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(access: &Access, provider: &Arc<CryptoProvider>) -> Result<Self, TlsFault> {
        let name = access
            .tls_server_name
            .as_deref()
            .map(|name| ServerName::try_from(name.to_owned()).map_err(|_| TlsFault::ServerName));
        let listed: Vec<CertificateDer<'static>> = access
            .ca
            .as_deref()
            .map(|pem| CertificateDer::pem_slice_iter(pem).flatten().collect())
            .unwrap_or_default();
        Ok(Self {
            chain: if access.insecure {
                None
            } else if access.ca.is_some() {
                Some(of_authorities(&listed, provider)?)
            } else {
                let system = rustls_platform_verifier::Verifier::new(Arc::clone(provider));
                Some(Arc::new(system?))
            },
            name: name.transpose()?,
            listed,
            provider: Arc::clone(provider),
        })
    }

    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.provider.signature_verification_algorithms
    }
}

/// Returns a verifier that trusts these authorities.
fn of_authorities(
    listed: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsFault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(listed.iter().cloned());
    let builder =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let verifier = builder.build().map_err(|_| TlsFault::NoAuthority)?;
    Ok(verifier)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        let name = self.name.as_ref().unwrap_or(server_name);
        let verdict = chain.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        let is_listed = self
            .listed
            .iter()
            .any(|one| one.as_ref() == end_entity.as_ref());
        match verdict {
            // A self-signed certificate need not be marked as an authority, but here it is in the list of authorities.
            Err(Error::InvalidCertificate(
                CertificateError::Other(_) | CertificateError::UnknownIssuer,
            )) if is_listed => {
                let parsed = ParsedCertificate::try_from(end_entity)?;
                rustls::client::verify_server_name(&parsed, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

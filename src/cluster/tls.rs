//! TLS as Kubernetes' own client does it: it trusts the kubeconfig's authorities and no others, checks the name that
//! the kubeconfig chooses, and trusts a certificate that is itself in the list of authorities.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
    ServerName, UnixTime,
};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::kubeconfig::{Access, ClientLogin, ClientPair};

/// The reason why the TLS settings of a kubeconfig can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsFault {
    #[error(transparent)]
    Pair(#[from] PairFault),
    #[error("tls-server-name can't be in a certificate")]
    ServerName,
    #[error("certificate-authority-data holds no authority")]
    NoAuthority,
    #[error(transparent)]
    Library(#[from] Error),
}

/// The reason why a client certificate and its key can't be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PairFault {
    #[error("the client certificate can't be used: {0}")]
    Certificate(&'static str),
    #[error("the client key can't be used: {0}")]
    Key(&'static str),
    #[error("the client key does not belong to the client certificate")]
    Mismatch,
    #[error(
        "acpctl can't sign with this client key ({0}), only with RSA of 2048, 3072 or 4096 bits, P-256, P-384 and Ed25519"
    )]
    Kind(String),
}

impl PairFault {
    /// Returns what to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Certificate(_) | Self::Key(_) | Self::Mismatch => {
                "export both again: kubectl config view --raw --minify --flatten"
            }
            Self::Kind(_) => {
                "ask for a certificate with another key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out client.key"
            }
        }
    }
}

/// Reads a client certificate and its key exactly as Kubernetes' client does.
pub(super) fn read(pair: &ClientPair) -> Result<ClientLogin, PairFault> {
    pair.read().map_err(|(code, why)| match code {
        "bad-certificate" => PairFault::Certificate(why),
        "bad-private-key" => PairFault::Key(why),
        _ => PairFault::Mismatch,
    })
}

/// Returns the TLS settings for one cluster and user.
pub(super) fn config(access: &Access) -> Result<ClientConfig, TlsFault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let login = access
        .certificate
        .as_ref()
        .map(|pair| certified(pair, &provider));
    let verifier = Verifier::new(access, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(match login.transpose()? {
        Some(login) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(login))),
        None => builder.with_no_client_auth(),
    })
}

/// Returns the certificate and its key as the TLS library takes them. That they belong together was checked by our own
/// reader: the library's refuses certificates of version 1, which servers accept.
fn certified(pair: &ClientPair, provider: &CryptoProvider) -> Result<CertifiedKey, PairFault> {
    let login = read(pair)?;
    let key = signing_key(&login, provider).ok_or_else(|| PairFault::Kind(login.kind.clone()))?;
    let chain = login.chain.into_iter().map(CertificateDer::from);
    Ok(CertifiedKey::new(chain.collect(), key))
}

/// Reads the key in the first form that fits, whatever its PEM label says.
fn signing_key(login: &ClientLogin, provider: &CryptoProvider) -> Option<Arc<dyn SigningKey>> {
    let der = &login.key[..];
    let forms = [
        PrivateKeyDer::from(PrivatePkcs1KeyDer::from(der)),
        PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der)),
        PrivateKeyDer::from(PrivateSec1KeyDer::from(der)),
    ];
    let load = |form: &PrivateKeyDer<'_>| provider.key_provider.load_private_key(form.clone_key());
    forms.iter().find_map(|form| load(form).ok())
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

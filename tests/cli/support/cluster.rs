//! A Kubernetes API server in small, over TLS: it knows one bearer token and one client certificate.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, ServerConnection,
    SignatureScheme, StreamOwned,
};
use serde_json::json;

/// How the server treats those it knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    All,
    /// They may list the pods of the namespace `apps`, and nothing else.
    Namespace,
    /// They may look around, but list nothing.
    None,
}

/// What was asked.
pub struct Asked {
    pub method: String,
    pub path: String,
    /// The part of the address behind the question mark.
    pub query: String,
    pub body: Vec<u8>,
    /// The bearer token that came with it.
    pub token: Option<String>,
    /// By name, in lower case.
    pub headers: Vec<(String, String)>,
    /// True if the client has shown the certificate that the server knows.
    pub has_certificate: bool,
}

/// Status, further header lines, type and body.
pub struct Told {
    pub status: u16,
    pub headers: &'static str,
    pub kind: &'static str,
    pub body: String,
}

impl Told {
    pub fn text(status: u16, kind: &'static str, body: &str) -> Self {
        Self {
            status,
            headers: "",
            kind,
            body: body.to_owned(),
        }
    }

    /// The connection ends without an answer.
    pub fn nothing() -> Self {
        Self::text(0, "", "")
    }

    pub fn json((status, body): (u16, serde_json::Value)) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }
}

/// Answers in place of the server; `None` leaves it to the server.
pub type Override = dyn Fn(&Asked) -> Option<Told> + Send + Sync;

pub struct Cluster {
    pub server: String,
    /// Method and path of each request, with the user that was asked to act as.
    pub received: Arc<Mutex<Vec<String>>>,
    /// PEM, as base64.
    pub ca: String,
    /// Another authority, which this server's certificate is not from.
    pub foreign_ca: String,
    pub client_certificate: String,
    pub client_key: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usual,
    SelfSigned,
    Trusting,
}

/// Accepts every client certificate. The library can't read those of version 1.
#[derive(Debug)]
struct Trusting(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Trusting {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if ParsedCertificate::try_from(certificate).is_err() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn authority() -> (Issuer<'static, KeyPair>, String, CertificateDer<'static>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "test authority");
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let (pem, der) = (certificate.pem(), certificate.der().clone());
    (Issuer::new(params, key), pem, der)
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

impl Cluster {
    /// Serves until the test binary ends.
    pub fn start(token: &'static str, rights: Rights) -> Self {
        Self::with_name("127.0.0.1", token, rights, Box::new(|_| None))
    }

    /// The same with answers of the test's own.
    pub fn overridden(
        token: &'static str,
        answers: impl Fn(&Asked) -> Option<Told> + Send + Sync + 'static,
    ) -> Self {
        Self::with_name("127.0.0.1", token, Rights::All, Box::new(answers))
    }

    /// The same with a certificate for this name.
    pub fn with_name(
        name: &str,
        token: &'static str,
        rights: Rights,
        answers: Box<Override>,
    ) -> Self {
        Self::serving(name, token, rights, answers, Kind::Usual)
    }

    /// A server whose certificate is signed by itself, and listed as its own authority.
    pub fn self_signed(token: &'static str) -> Self {
        Self::of_kind(Kind::SelfSigned, token)
    }

    /// A server that knows every client certificate, of any version, whose key signs the handshake.
    pub fn trusting(token: &'static str) -> Self {
        Self::of_kind(Kind::Trusting, token)
    }

    fn of_kind(kind: Kind, token: &'static str) -> Self {
        Self::serving("127.0.0.1", token, Rights::All, Box::new(|_| None), kind)
    }

    fn serving(
        name: &str,
        token: &'static str,
        rights: Rights,
        answers: Box<Override>,
        kind: Kind,
    ) -> Self {
        let is_self_signed = kind == Kind::SelfSigned;
        let (issuer, ca, ca_der) = authority();
        let (_, foreign_ca, _) = authority();
        let server_key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let server_certificate = if is_self_signed {
            params.self_signed(&server_key).unwrap()
        } else {
            params.signed_by(&server_key, &issuer).unwrap()
        };
        let ca = if is_self_signed {
            server_certificate.pem()
        } else {
            ca
        };
        let mut client = CertificateParams::default();
        client.distinguished_name.push(DnType::CommonName, "ada");
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client_key = KeyPair::generate().unwrap();
        let client = client.signed_by(&client_key, &issuer).unwrap();

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(ca_der).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()
                .unwrap();
        let verifier = if kind == Kind::Trusting {
            Arc::new(Trusting(verifier))
        } else {
            verifier
        };
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![server_certificate.der().clone()],
                PrivateKeyDer::try_from(server_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("https://{}", listener.local_addr().unwrap());
        let config = Arc::new(config);
        let answers: Arc<Override> = Arc::from(answers);
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                let answers = Arc::clone(&answers);
                let log = Arc::clone(&log);
                std::thread::spawn(move || {
                    serve(connection, config, token, rights, &*answers, &log)
                });
            }
        });
        Self {
            server,
            received,
            ca: base64(&ca),
            foreign_ca: base64(&foreign_ca),
            client_certificate: base64(&client.pem()),
            client_key: base64(&client_key.serialize_pem()),
        }
    }
}

/// One request a connection; a client that goes away is no matter.
fn serve(
    connection: TcpStream,
    config: Arc<ServerConfig>,
    token: &str,
    rights: Rights,
    answers: &Override,
    log: &Mutex<Vec<String>>,
) -> Option<()> {
    connection
        .set_read_timeout(Some(Duration::from_secs(30)))
        .ok()?;
    let mut stream = StreamOwned::new(ServerConnection::new(config).ok()?, connection);
    let mut reader = BufReader::new(&mut stream);
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() {
        drop(reader);
        // The alert must arrive: closing with something unread would take it back.
        stream.sock.shutdown(std::net::Shutdown::Write).ok()?;
        let mut unread = [0; 1024];
        while stream.sock.read(&mut unread).is_ok_and(|read| read > 0) {}
        return None;
    }
    let address = line.split(' ').nth(1)?;
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut asked = Asked {
        method: line.split(' ').next()?.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: Vec::new(),
        token: None,
        headers: Vec::new(),
        has_certificate: false,
    };
    let (mut bears_token, mut length) = (false, 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "authorization" => {
                let bearer = value.trim().strip_prefix("Bearer ");
                bears_token = bearer == Some(token);
                asked.token = bearer.map(str::to_owned);
            }
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
        asked.headers.push((name, value.trim().to_owned()));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = body;
    asked.has_certificate = stream.conn.peer_certificates().is_some();
    let is_known = bears_token || asked.has_certificate;
    log.lock()
        .unwrap()
        .push(format!("{} {}", asked.method, asked.path));
    let told = answers(&asked).unwrap_or_else(|| {
        Told::json(if is_known {
            answer(&asked.path, rights)
        } else {
            refusal(401, "Unauthorized", "Unauthorized")
        })
    });
    if told.status == 0 {
        return None;
    }
    write!(
        stream,
        "HTTP/1.1 {} Status\r\nContent-Type: {}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n{}",
        told.status,
        told.kind,
        told.headers,
        told.body.len(),
        told.body
    )
    .ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

fn answer(path: &str, rights: Rights) -> (u16, serde_json::Value) {
    match path {
        "/version" => (
            200,
            json!({"major": "1", "minor": "34", "gitVersion": "v1.34.4"}),
        ),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => (
            201,
            json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
                   "status": {"userInfo": {"username": "ada", "groups": ["system:authenticated"]}}}),
        ),
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => (
            201,
            json!({"kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1", "status": {
                "incomplete": false, "nonResourceRules": [],
                "resourceRules": match rights {
                    Rights::All => json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]),
                    Rights::Namespace => json!([
                        {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
                         "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]},
                        {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]},
                    ]),
                    Rights::None => json!([]),
                },
            }}),
        ),
        "/api/v1/namespaces/apps/pods" | "/api/v1/namespaces/default/pods"
            if rights == Rights::None =>
        {
            refusal(
                403,
                "Forbidden",
                "pods is forbidden: User \"ada\" cannot list resource \"pods\" in API group \"\" in the namespace \"apps\"",
            )
        }
        "/api/v1/namespaces/apps/pods" | "/api/v1/namespaces/default/pods" => (
            200,
            json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {},
            "columnDefinitions": [
                {"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0},
            ],
            "rows": [{"cells": ["web"], "object": {"kind": "PartialObjectMetadata",
                      "apiVersion": "meta.k8s.io/v1", "metadata": {"name": "web", "namespace": "apps"}}}]}),
        ),
        "/api" => (200, json!({"kind": "APIVersions", "versions": ["v1"]})),
        "/apis" => (
            200,
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        ),
        "/api/v1" => (
            200,
            json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
                {"name": "namespaces", "singularName": "namespace", "namespaced": false,
                 "kind": "Namespace", "verbs": ["get", "list"]},
                {"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["get", "list"]},
            ]}),
        ),
        "/api/v1/namespaces" if rights != Rights::All => refusal(
            403,
            "Forbidden",
            "namespaces is forbidden: User \"ada\" cannot list resource \"namespaces\"",
        ),
        "/api/v1/namespaces" => (
            200,
            // The form that the MCP server asks for.
            json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {},
            "columnDefinitions": [
                {"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0},
            ],
            "rows": (["default", "kube-system"].map(|name| json!({
                "cells": [name],
                "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                           "metadata": {"name": name}},
            })))}),
        ),
        _ => refusal(
            404,
            "NotFound",
            "the server could not find the requested resource",
        ),
    }
}

pub fn refusal(status: u16, reason: &str, message: &str) -> (u16, serde_json::Value) {
    (
        status,
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
               "reason": reason, "message": message, "code": status}),
    )
}

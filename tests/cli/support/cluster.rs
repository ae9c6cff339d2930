//! A Kubernetes API server in small, over TLS: it knows one bearer token and one client certificate.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

/// How the server treats those it knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    All,
    /// They may look around, but list no namespaces.
    None,
}

pub struct Cluster {
    pub server: String,
    /// PEM, as base64.
    pub ca: String,
    /// Another authority, which this server's certificate is not from.
    pub foreign_ca: String,
    pub client_certificate: String,
    pub client_key: String,
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
        let (issuer, ca, ca_der) = authority();
        let (_, foreign_ca, _) = authority();
        let server_key = KeyPair::generate().unwrap();
        let server_certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
            .unwrap()
            .signed_by(&server_key, &issuer)
            .unwrap();
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
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                std::thread::spawn(move || serve(connection, config, token, rights));
            }
        });
        Self {
            server,
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
) -> Option<()> {
    connection
        .set_read_timeout(Some(Duration::from_secs(30)))
        .ok()?;
    let mut stream = StreamOwned::new(ServerConnection::new(config).ok()?, connection);
    let mut reader = BufReader::new(&mut stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.split('?').next()?.to_owned();
    let (mut bears_token, mut length) = (false, 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "authorization" => bears_token = value.trim() == format!("Bearer {token}"),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let is_known = bears_token || stream.conn.peer_certificates().is_some();
    let (status, body) = if is_known {
        answer(&path, rights)
    } else {
        refusal(401, "Unauthorized", "Unauthorized")
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    stream.conn.send_close_notify();
    stream.flush().ok()
}

fn answer(path: &str, rights: Rights) -> (u16, serde_json::Value) {
    match path {
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
            ]}),
        ),
        "/api/v1/namespaces" if rights == Rights::None => refusal(
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

fn refusal(status: u16, reason: &str, message: &str) -> (u16, serde_json::Value) {
    (
        status,
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
               "reason": reason, "message": message, "code": status}),
    )
}

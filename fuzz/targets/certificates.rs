//! The bytes as what stands inside a kubeconfig: the claims of a token, a certificate, a key, each in
//! DER and in PEM. Any of them must end in a report.

use std::io;
use std::path::Path;

use acpctl::kubeconfig::{self, CheckOptions, Delivery, Rules, Source};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

fn nothing(_: &Path) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::NotFound.into())
}

fn pem(kind: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
}

fn check(cluster: &str, user: &str) {
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, \
         clusters: [{{name: c, cluster: {{server: 'https://h:6443'{cluster}}}}}], \
         users: [{{name: c, user: {{{user}}}}}], \
         contexts: [{{name: c, context: {{cluster: c, user: c}}}}]}}"
    );
    let sources = [Source {
        name: "input",
        bytes: text.as_bytes(),
        dir: Path::new(""),
    }];
    let options = CheckOptions {
        delivery: Delivery::Pod,
        context: None,
        rules: Rules::All,
        now: jiff::Timestamp::UNIX_EPOCH,
        min_ttl: None,
        open: &nothing,
    };
    let _ = kubeconfig::check(&sources, &options);
}

pub(crate) fn run(bytes: &[u8]) {
    let token = format!(
        "eyJhbGciOiJSUzI1NiJ9.{}.c2ln",
        URL_SAFE_NO_PAD.encode(bytes)
    );
    let _ = acpctl::testing::token::read(&token).expires_at();
    check("", &format!("token: '{token}'"));
    let raw = STANDARD.encode(bytes);
    check(
        "",
        &format!("client-certificate-data: {raw}, client-key-data: {raw}"),
    );
    let certificate = STANDARD.encode(pem("CERTIFICATE", bytes));
    let authority = format!(", certificate-authority-data: {certificate}");
    for kind in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        let key = STANDARD.encode(pem(kind, bytes));
        check(
            &authority,
            &format!("client-certificate-data: {certificate}, client-key-data: {key}"),
        );
    }
}

//! Gate 3: checks address, CA, certificate and plugins; unless the address is https, only the address
//! (docs/interface/kubeconfig.md section 8). The late gate is here too.

use std::path::Path;

use super::base64;
use super::cert::{self, Fault};
use super::choose::Chosen;
use super::codes::Gate;
use super::files::{Material, Materials, Unread, unreadable};
use super::finding::Finding;
use super::model::AuthProvider;
use super::source::Open;
use super::url::{self, Address};

/// Returns the faults in about the client's order. Those of [`Gate::Late`] do not refuse the file.
pub(super) fn check(
    chosen: &Chosen<'_>,
    materials: &Materials,
    open: Option<Open<'_>>,
) -> Vec<Finding> {
    let address = Address::of(chosen.cluster.server);
    if matches!(address, Address::Invalid(_)) {
        let why = url::why_refused(chosen.cluster.server);
        return vec![chosen.on_cluster("bad-server", "server").detail(why)];
    }
    if !address.is_https() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    check_plugins(chosen, open, &mut faults);
    check_ca(chosen, materials, &mut faults);
    check_pair(chosen, materials, &mut faults);
    check_token_file(chosen, materials, &mut faults);
    faults
}

fn check_plugins(chosen: &Chosen<'_>, open: Option<Open<'_>>, faults: &mut Vec<Finding>) {
    if let Some(exec) = &chosen.user.exec {
        const KNOWN: [&str; 2] = [
            "client.authentication.k8s.io/v1",
            "client.authentication.k8s.io/v1beta1",
        ];
        if !KNOWN.contains(&exec.api_version) {
            faults.push(chosen.on_user("exec-api-version", "exec.apiVersion"));
        }
    }
    if let Some(provider) = &chosen.user.auth_provider {
        if provider.name == "oidc" {
            let fault = check_oidc(provider, open);
            let found = |text| {
                chosen
                    .on_user("auth-provider-config", "auth-provider.config")
                    .detail(text)
            };
            faults.extend(fault.map(found));
        } else {
            faults.push(chosen.on_user("unknown-auth-provider", "auth-provider.name"));
        }
    }
}

fn check_oidc(provider: &AuthProvider<'_>, open: Option<Open<'_>>) -> Option<&'static str> {
    if provider.get("idp-issuer-url").is_empty() {
        return Some("idp-issuer-url is missing");
    }
    if provider.get("client-id").is_empty() {
        return Some("client-id is missing");
    }
    let Some(data) = base64::decode(provider.get("idp-certificate-authority-data").as_bytes())
    else {
        return Some("idp-certificate-authority-data is not valid base64");
    };
    if !data.is_empty() {
        return cert::check_ca(&data).err().map(|fault| fault.1);
    }
    let path = provider.get("idp-certificate-authority");
    if path.is_empty() {
        return None;
    }
    // This path is relative to the working directory, not to the kubeconfig's folder.
    match Material::read(Path::new(path), open) {
        Material::FileBytes(bytes) => cert::check_ca(&bytes).err().map(|fault| fault.1),
        Material::NotOpened => None,
        _ => Some("idp-certificate-authority cannot be read"),
    }
}

fn check_ca(chosen: &Chosen<'_>, materials: &Materials, faults: &mut Vec<Finding>) {
    if chosen.cluster.insecure && !matches!(materials.ca, Material::Absent) {
        faults.push(chosen.on_cluster("insecure-with-ca", "insecure-skip-tls-verify"));
        return;
    }
    let (field, bytes) = match &materials.ca {
        Material::Folder => {
            let finding = chosen.on_cluster("file-unreadable", "certificate-authority");
            let path = chosen.cluster.ca_file;
            faults.push(at_tls(unreadable(finding, path, &Unread::folder())));
            return;
        }
        Material::FileBytes(bytes) => ("certificate-authority", bytes),
        Material::Bytes(bytes) => ("certificate-authority-data", bytes),
        _ => return,
    };
    if let Err(Fault(code, detail)) = cert::check_ca(bytes) {
        faults.push(chosen.on_cluster(code, field).detail(detail));
    }
}

fn check_pair(chosen: &Chosen<'_>, materials: &Materials, faults: &mut Vec<Finding>) {
    let user = &chosen.user;
    if !user.has_certificate() {
        return;
    }
    let before = faults.len();
    for (material, field, path) in [
        (
            &materials.certificate,
            "client-certificate",
            user.certificate_file,
        ),
        (&materials.key, "client-key", user.key_file),
    ] {
        if matches!(material, Material::Folder) {
            let finding = chosen.on_user("file-unreadable", field);
            faults.push(at_tls(unreadable(finding, path, &Unread::folder())));
        }
    }
    let (Some(certificate), Some(key)) = (materials.certificate.bytes(), materials.key.bytes())
    else {
        return;
    };
    if faults.len() > before {
        return;
    }
    let Err(Fault(code, detail)) = cert::check_pair(certificate, key) else {
        return;
    };
    let from_files = matches!(
        (&materials.certificate, &materials.key),
        (Material::FileBytes(_), Material::FileBytes(_))
    );
    let mut finding = chosen.on_user(code, pair_field(code, chosen));
    if !detail.is_empty() {
        finding = finding.detail(detail);
    }
    if from_files {
        // If both are files, the client reads them at the handshake and checks the pair only then.
        finding.gate = Some(Gate::Late);
    }
    faults.push(finding);
}

fn pair_field(code: &str, chosen: &Chosen<'_>) -> &'static str {
    let user = &chosen.user;
    match (
        code,
        user.certificate_data.is_empty(),
        user.key_data.is_empty(),
    ) {
        ("bad-certificate", true, _) => "client-certificate",
        ("bad-certificate", false, _) => "client-certificate-data",
        (_, _, true) => "client-key",
        (_, _, false) => "client-key-data",
    }
}

fn check_token_file(chosen: &Chosen<'_>, materials: &Materials, faults: &mut Vec<Finding>) {
    let user = &chosen.user;
    if user.token_file.is_empty() {
        return;
    }
    if !user.username.is_empty() {
        faults.push(chosen.on_user("token-file-and-basic", "tokenFile"));
        return;
    }
    let is_empty = matches!(&materials.token_file, Material::FileBytes(bytes) if bytes.is_empty());
    if user.token.is_empty() && is_empty {
        faults.push(chosen.on_user("token-file-empty", "tokenFile"));
    }
}

fn at_tls(mut finding: Finding) -> Finding {
    finding.gate = Some(Gate::Tls);
    finding
}

//! Collects the secret values of a kubeconfig, so that output can be masked.

use secrecy::SecretString;

use zeroize::Zeroizing;

use super::model::{Config, User};
use super::pem;

/// The length of the shortest line of a key that is masked, in bytes: shorter ones would mask ordinary words.
const SHORTEST_LINE: usize = 6;

/// The length of the shortest word of a login program's command line that is a secret, in bytes.
const SHORTEST_WORD: usize = 6;

/// Returns every value that may be secret.
pub(super) fn all(config: &Config<'_>) -> Vec<SecretString> {
    let mut found = Vec::new();
    for item in &config.users {
        of_user(&item.decode(), &mut |text| {
            found.push(SecretString::from(text));
        });
    }
    found
}

fn of_user(user: &User<'_>, add: &mut dyn FnMut(&str)) {
    add(user.token.expose());
    add(user.password.expose());
    add(&user.key_data.base64());
    if let Ok(pem) = std::str::from_utf8(&user.key_data.bytes()) {
        add(pem);
    }
    if let Some(provider) = &user.auth_provider {
        for (_, value) in &provider.config {
            add(value.expose());
        }
    }
    if let Some(exec) = &user.exec {
        let args = exec.args.iter().map(|arg| arg.expose());
        let values = exec.env.iter().map(|variable| variable.value.expose());
        args.chain(values)
            .filter(|text| text.len() >= SHORTEST_WORD)
            .for_each(add);
    }
}

/// Returns the client certificates, as text and as written in the file: they are public, although the private key holds
/// a part of them. A text with anything but certificates is left out.
pub(super) fn certificates(config: &Config<'_>) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for item in &config.users {
        let user: User<'_> = item.decode();
        let bytes = user.certificate_data.bytes();
        if holds_certificates_alone(&bytes) {
            found.push(user.certificate_data.as_written().as_bytes().to_vec());
            found.push(user.certificate_data.base64().as_bytes().to_vec());
            found.push(bytes.to_vec());
        }
    }
    found
}

fn holds_certificates_alone(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let mut is_inside = false;
    text.lines().map(str::trim).all(|line| match line {
        "-----BEGIN CERTIFICATE-----" => !std::mem::replace(&mut is_inside, true),
        "-----END CERTIFICATE-----" => std::mem::replace(&mut is_inside, false),
        line => is_inside || line.is_empty(),
    })
}

/// Returns the secret values that must not appear in a log: tokens, passwords, keys (as written, and line by line,
/// since log filters work on lines), and the settings of login plugins whose names are those of secrets. Other values
/// are left out: masking ordinary words would make the log unreadable.
pub(super) fn masks(config: &Config<'_>) -> Vec<SecretString> {
    let mut found = Vec::new();
    let mut add = |text: &str| {
        if !text.trim().is_empty() {
            found.push(SecretString::from(text));
        }
    };
    for item in &config.users {
        let user: User<'_> = item.decode();
        add(user.token.expose());
        add(user.password.expose());
        add(user.key_data.as_written());
        add(&user.key_data.base64());
        if let Ok(pem) = std::str::from_utf8(&user.key_data.bytes()) {
            key_lines(pem).for_each(&mut add);
        }
        let stored = user
            .auth_provider
            .iter()
            .flat_map(|provider| &provider.config);
        for (_, value) in stored.filter(|(key, _)| names_a_secret(key)) {
            add(value.expose());
        }
        let variables = user.exec.iter().flat_map(|exec| &exec.env);
        for variable in variables.filter(|variable| names_a_secret(variable.name)) {
            add(variable.value.expose());
        }
    }
    found
}

/// A part of a secret by which the secret is recognized elsewhere. No `Debug`: it holds the secret.
pub enum Part {
    /// A token or a password.
    Text {
        what: &'static str,
        text: Zeroizing<Vec<u8>>,
    },
    /// A key or a certificate.
    Pem {
        what: &'static str,
        text: Zeroizing<Vec<u8>>,
        der: Zeroizing<Vec<u8>>,
        /// The word of the block, such as `EC PRIVATE KEY`.
        kind: Vec<u8>,
    },
}

impl Part {
    /// Makes a part of a text: its first key or certificate, or else the whole text.
    #[must_use]
    pub fn of(what: &'static str, text: &[u8]) -> Self {
        let own = Zeroizing::new(text.to_vec());
        let wanted = |block: &pem::Block<'_>| block.is_private_key() || block.is_certificate();
        match pem::blocks(text).find(wanted) {
            Some(block) => Self::Pem {
                what,
                kind: block.kind.to_vec(),
                der: block.der,
                text: own,
            },
            None => Self::Text { what, text: own },
        }
    }

    /// Returns the name of the part.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match self {
            Self::Text { what, .. } | Self::Pem { what, .. } => what,
        }
    }
}

/// Returns the parts by which the kubeconfig is recognized elsewhere: tokens, passwords, keys, client certificates, and
/// the settings of login plugins whose names are those of secrets.
pub(super) fn parts(config: &Config<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |what, text: &[u8]| {
        if !text.is_empty() {
            parts.push(Part::of(what, text));
        }
    };
    for item in &config.users {
        let user: User<'_> = item.decode();
        add("token", user.token.expose().as_bytes());
        add("password", user.password.expose().as_bytes());
        add("client key", &user.key_data.bytes());
        add("client certificate", &user.certificate_data.bytes());
        let provider = user.auth_provider.iter();
        for (key, value) in provider.flat_map(|provider| &provider.config) {
            if names_a_secret(key) {
                add("login plugin's secret", value.expose().as_bytes());
            }
        }
        let variables = user.exec.iter().flat_map(|exec| &exec.env);
        for variable in variables.filter(|variable| names_a_secret(variable.name)) {
            add("login plugin's secret", variable.value.expose().as_bytes());
        }
    }
    parts
}

/// Returns the lines of a key, except those that every key has.
pub(super) fn key_lines(pem: &str) -> impl Iterator<Item = &str> {
    pem.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----") && line.len() >= SHORTEST_LINE)
}

/// Returns the lines of the private keys of a text, without its certificates.
pub(super) fn private_lines(pem: &str) -> impl Iterator<Item = &str> {
    pem.split("-----BEGIN ")
        .filter(|block| {
            let kind = block.lines().next().unwrap_or_default();
            kind.ends_with("PRIVATE KEY-----")
        })
        .flat_map(key_lines)
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "secret", "password", "key"]
        .iter()
        .any(|word| name.contains(word))
}

//! Collects the secret values of a kubeconfig, so that output can be masked.

use secrecy::SecretString;

use super::model::{Config, User};

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

/// Returns the secret values that must not appear in a log: tokens, passwords, keys (as written, and line by line, since
/// log filters work on lines), and the settings of login plugins whose names are those of secrets. Other values are left
/// out: masking ordinary words would make the log unreadable.
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

/// Returns the lines of a key, except those that every key has.
pub(super) fn key_lines(pem: &str) -> impl Iterator<Item = &str> {
    pem.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----") && line.len() >= SHORTEST_LINE)
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "secret", "password", "key"]
        .iter()
        .any(|word| name.contains(word))
}

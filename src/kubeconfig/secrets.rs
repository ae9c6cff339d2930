//! The secret values of a kubeconfig, for masking output.

use secrecy::SecretString;

use super::model::{Config, User};

/// Shorter values would mask ordinary words.
const SHORTEST: usize = 6;

pub(super) fn all(config: &Config<'_>) -> Vec<SecretString> {
    let mut found = Vec::new();
    for item in &config.users {
        of_user(&item.decode(), &mut |text| {
            if text.len() >= SHORTEST {
                found.push(SecretString::from(text));
            }
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
        for arg in &exec.args {
            add(arg.expose());
        }
        for variable in &exec.env {
            add(variable.value.expose());
        }
    }
}

//! The secret values of a kubeconfig, for masking output.

use secrecy::SecretString;

use super::model::{Config, User};

/// Shorter words of a login program's command line are ordinary ones.
const SHORTEST_WORD: usize = 6;

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

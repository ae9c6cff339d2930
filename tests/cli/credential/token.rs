//! `credential token`: the secret comes back byte for byte.

use serde_json::{Value, json};

use crate::support::server::{Scripted, json as answer};
use crate::support::{ID, TestEnv, streams};

/// Whatever form is asked for, not a byte of the secret is changed.
#[test]
fn a_secret_comes_back_byte_for_byte() {
    for secret in [
        "a\r\nb\r\n",
        "a\rb",
        " \u{1b}[31m\u{7}\u{200b}\u{202e}\u{2028}\u{85}\u{feff} ",
        "a\n\n",
    ] {
        let env = TestEnv::new();
        let server =
            Scripted::with(move |_| answer(200, &json!({"credential_id": ID, "token": secret})));
        let said = |args: &[&str]| {
            let mut command = env.connected(server.url());
            let output = command
                .args(["credential", "token", ID])
                .args(args)
                .output()
                .unwrap();
            assert!(output.status.success(), "{args:?}");
            streams(&output).0
        };
        let line = format!("{secret}\n");
        assert_eq!(said(&[]), line);
        assert_eq!(said(&["-o", "jsonpath={.token}"]), line);
        let object: Value = serde_json::from_str(&said(&["-o", "json"])).unwrap();
        assert_eq!(object["token"], secret);
        said(&["--to-file", "secret"]);
        let written = std::fs::read(env.work().join("secret")).unwrap();
        assert_eq!(written, secret.as_bytes());
    }
}

#[test]
fn the_secret_goes_to_a_private_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new();
    let server = Scripted::with(|_| {
        answer(
            200,
            &json!({"credential_id": ID, "provider": "kubeconfig", "token": "a\nb\n"}),
        )
    });
    env.connected(server.url())
        .args(["credential", "token", ID, "--to-file", "kc"])
        .assert()
        .success()
        .stdout("");
    let path = env.work().join("kc");
    assert_eq!(std::fs::read(&path).unwrap(), b"a\nb\n");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    env.connected(server.url())
        .args(["credential", "token", ID, "--to-file", "kc"])
        .assert()
        .code(1);
}

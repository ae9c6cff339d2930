//! Several files, as `KUBECONFIG` names them.

use std::path::{Path, PathBuf};

use acpctl::kubeconfig::{self, CheckOptions, Delivery, Gate, Keep, Rules, Source};
use secrecy::ExposeSecret as _;

use crate::open;

fn merged<'a>(texts: &[&'a str]) -> Vec<Source<'a>> {
    let name = |n| ["first", "second"][n];
    texts
        .iter()
        .enumerate()
        .map(|(n, text)| Source {
            name: name(n),
            bytes: text.as_bytes(),
            dir: Path::new(name(n)),
        })
        .collect()
}

#[test]
fn the_first_file_wins_an_entry_whole() {
    let first = "clusters: [{name: c, cluster: {server: 'https://one'}}]\nusers: [{name: u, user: {token: first}}]";
    let second = "clusters: [{name: c, cluster: {server: 'https://two', insecure-skip-tls-verify: true}}]\n\
                  contexts: [{name: dev, context: {cluster: c, user: u}}]\ncurrent-context: dev";
    let carved = kubeconfig::carve(&merged(&[first, second]), Keep::Current, &open).unwrap();
    let text = carved.text.expose_secret();
    assert!(text.contains("https://one") && text.contains("token: first"));
    assert!(!text.contains("insecure"), "fields are not mixed");
}

#[test]
fn paths_start_from_their_own_file() {
    let first = "clusters: [{name: c, cluster: {server: 'https://x', certificate-authority: ca}}]\ncurrent-context: dev";
    let second = "users: [{name: u, user: {tokenFile: ../token}}]\ncontexts: [{name: dev, context: {cluster: c, user: u}}]";
    let opened = std::cell::RefCell::new(Vec::new());
    let open = |path: &Path| {
        opened.borrow_mut().push(path.to_owned());
        Ok(b"content".to_vec())
    };
    kubeconfig::carve(&merged(&[first, second]), Keep::Current, &open).unwrap();
    assert_eq!(
        *opened.borrow(),
        [PathBuf::from("first/ca"), PathBuf::from("token")]
    );
}

#[test]
fn findings_name_their_file() {
    let report = |texts: &[&str]| {
        let options = CheckOptions {
            delivery: Delivery::Pod,
            context: None,
            rules: Rules::All,
            now: "2026-12-01T00:00:00Z".parse().unwrap(),
            min_ttl: None,
            open: &open,
        };
        kubeconfig::check(&merged(texts), &options)
    };
    let one = report(&["users: [{name: u, user: {token: 1}}]"]);
    assert_eq!(one.findings[0].source, None);
    let two = report(&[
        "current-context: dev",
        "users: [{name: u, user: {token: 1}}]",
    ]);
    assert_eq!(two.findings[0].source.as_deref(), Some("second"));
    assert_eq!(two.stage, Some(Gate::Load), "one bad file fails everything");
}

#[test]
fn a_list_is_read_once_without_missing_files() {
    let list = std::env::join_paths(["a", "missing", "a", "b"]).unwrap();
    let opened = std::cell::RefCell::new(Vec::new());
    let open = |path: &Path| {
        opened.borrow_mut().push(path.to_owned());
        match path.to_str() {
            Some("missing") => Err(std::io::ErrorKind::NotFound.into()),
            _ => Ok(Vec::new()),
        }
    };
    let sources = kubeconfig::read_list(&list, &open).unwrap();
    let paths: Vec<_> = sources.iter().map(|s| s.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["a", "b"]);
    assert_eq!(opened.borrow().len(), 3);
    let denied = |_: &Path| Err(std::io::ErrorKind::PermissionDenied.into());
    assert_eq!(
        kubeconfig::read_list(&list, &denied).err().unwrap().0,
        Path::new("a")
    );
}

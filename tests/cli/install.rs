//! The script that installs an archive of a release: it checks before it changes anything, and takes back what it
//! installed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::streams;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/release/install.sh");

/// A release in a folder, whose program is a shell script.
struct Release {
    dir: tempfile::TempDir,
}

impl Release {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("files")).unwrap();
        let release = Self { dir };
        release.add("1.0.0");
        release
    }

    fn files(&self) -> PathBuf {
        self.dir.path().join("files")
    }

    fn prefix(&self) -> PathBuf {
        self.dir.path().join("prefix")
    }

    fn archive(&self, version: &str) -> PathBuf {
        let processor = std::env::consts::ARCH;
        self.files().join(format!(
            "acpctl-{version}-{processor}-unknown-linux-musl.tar.gz"
        ))
    }

    /// Puts an archive of this version and the checksums of all archives into the release.
    fn add(&self, version: &str) {
        let archive = self.archive(version);
        let name = archive.file_name().unwrap().to_str().unwrap();
        let name = name.trim_end_matches(".tar.gz");
        let program = self.dir.path().join(name).join("bin/acpctl");
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, format!("#!/bin/sh\necho acpctl {version}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let page = self
            .dir
            .path()
            .join(name)
            .join("share/man/man1/acpctl.1.gz");
        fs::create_dir_all(page.parent().unwrap()).unwrap();
        fs::write(page, version).unwrap();
        sh(
            self.dir.path(),
            &format!(
                "tar -czf files/{name}.tar.gz {name} && cd files && sha256sum -- *.tar.gz >SHA256SUMS"
            ),
        );
    }

    /// Runs the script with these words: its status and everything that it printed.
    fn install(&self, words: &[&str]) -> (i32, String) {
        let out = Command::new("sh")
            .arg(SCRIPT)
            .args(words)
            .arg("--prefix")
            .arg(self.prefix())
            .env("HOME", self.dir.path())
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&out);
        let text = format!("{stdout}{stderr}")
            .replace(self.dir.path().to_str().unwrap(), "DIR")
            .replace(std::env::consts::ARCH, "PROCESSOR");
        (out.status.code().unwrap(), text)
    }

    fn install_it(&self) -> (i32, String) {
        self.install(&["--from", self.files().to_str().unwrap()])
    }

    fn installed_version(&self) -> String {
        let out = Command::new(self.prefix().join("bin/acpctl"))
            .output()
            .unwrap();
        streams(&out).0
    }

    /// Every file below the prefix.
    fn installed(&self) -> String {
        sh(
            self.dir.path(),
            "mkdir -p prefix && cd prefix && find . -type f | sort",
        )
    }
}

fn sh(dir: &Path, line: &str) -> String {
    let out = Command::new("sh")
        .arg("-ec")
        .arg(line)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(out.status.success(), "{line}: {out:?}");
    streams(&out).0
}

#[test]
fn a_release_is_installed_replaced_and_removed() {
    let release = Release::new();
    let (code, text) = release.install_it();
    assert_eq!(code, 0, "{text}");
    insta::assert_snapshot!(text, @r#"
    Installed acpctl 1.0.0 in DIR/prefix
    Add it to your PATH: export PATH="DIR/prefix/bin:$PATH"
    Next: acpctl doctor
    "#);
    assert_eq!(release.installed_version(), "acpctl 1.0.0\n");

    release.add("1.1.0");
    assert_eq!(release.install_it().0, 0);
    assert_eq!(release.installed_version(), "acpctl 1.1.0\n");
    assert_eq!(release.install_it().0, 0, "an install can be repeated");
    insta::assert_snapshot!(release.installed(), @r"
    ./bin/acpctl
    ./share/acpctl/files
    ./share/man/man1/acpctl.1.gz
    ");

    let (code, text) = release.install(&["--remove"]);
    assert_eq!(
        (code, text.as_str()),
        (0, "Removed acpctl from DIR/prefix\n")
    );
    assert_eq!(release.installed(), "");
    let (code, text) = release.install(&["--remove"]);
    assert_eq!(code, 1);
    assert_eq!(
        text,
        "Error: no install is recorded below DIR/prefix; name its folder with --prefix\n"
    );
}

#[test]
fn a_wrong_checksum_changes_nothing() {
    let release = Release::new();
    assert_eq!(release.install_it().0, 0);
    release.add("1.1.0");
    let mut archive = fs::read(release.archive("1.1.0")).unwrap();
    archive.push(0);
    fs::write(release.archive("1.1.0"), archive).unwrap();

    let (code, text) = release.install_it();
    assert_eq!(code, 1);
    assert!(text.contains("but SHA256SUMS says"), "{text}");
    assert!(text.ends_with("nothing was installed\n"), "{text}");
    assert_eq!(release.installed_version(), "acpctl 1.0.0\n");
}

#[test]
fn a_missing_archive_or_plain_http_is_an_error() {
    let release = Release::new();
    let files = release.files();
    let (code, text) = release.install(&["--from", files.to_str().unwrap(), "--version", "9.9.9"]);
    assert_eq!(code, 1);
    assert_eq!(
        text,
        "Error: SHA256SUMS of DIR/files has no line for acpctl-9.9.9-PROCESSOR-unknown-linux-musl.tar.gz\n"
    );
    let (code, text) = release.install(&["--from", "http://releases.example.org"]);
    assert_eq!(code, 1);
    assert_eq!(
        text,
        "Error: 'http://releases.example.org' is not encrypted; use an https address\n"
    );
    assert_eq!(release.installed(), "");
}

#[test]
fn a_list_of_files_that_leads_elsewhere_is_refused() {
    let release = Release::new();
    assert_eq!(release.install_it().0, 0);
    let victim = release.dir.path().join("victim");
    fs::write(&victim, "kept").unwrap();
    fs::write(release.prefix().join("share/acpctl/files"), "../victim\n").unwrap();

    let (code, text) = release.install(&["--remove"]);
    assert_eq!(code, 1);
    assert!(
        text.contains("names '../victim', which no install wrote"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(victim).unwrap(), "kept");
}

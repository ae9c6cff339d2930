//! The script that installs an archive of a release: it checks everything before it changes anything, it writes only
//! where nobody else can lead it, and it takes back what it installed, also after an interrupted install.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::server::{Reply, Scripted, raw};
use crate::support::{skipped, streams};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/release/install.sh");

/// Packs the folder `$name` as a release does.
const PACK: &str = "tar -czf files/$name.tar.gz $name";

/// A release in a folder, whose program is a shell script.
struct Release {
    dir: tempfile::TempDir,
}

impl Release {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["files", "work"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let release = Self { dir };
        release.add("1.0.0");
        release
    }

    /// A release that is installed, and a newer one to install.
    fn with_update() -> Self {
        let release = Self::new();
        assert_eq!(release.install_it().0, 0);
        release.add("1.1.0");
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

    fn add(&self, version: &str) {
        self.pack(version, PACK);
    }

    /// Makes the folder of this version, lets the line pack it, and writes the checksums of all archives.
    fn pack(&self, version: &str, line: &str) {
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
            &format!("name={name}; {line}; cd files && sha256sum -- *.tar.gz >SHA256SUMS"),
        );
    }

    /// Runs the script with these words: its status and everything that it printed.
    fn install(&self, words: &[&str]) -> (i32, String) {
        self.install_under("sh".as_ref(), &path(), words)
    }

    fn install_under(&self, shell: &Path, path: &OsString, words: &[&str]) -> (i32, String) {
        let out = Command::new(shell)
            .arg(SCRIPT)
            .args(words)
            .arg("--prefix")
            .arg(self.prefix())
            .env("HOME", self.dir.path())
            .env("TMPDIR", self.dir.path().join("work"))
            .env("PATH", path)
            .env("no_proxy", "127.0.0.1")
            .output()
            .unwrap();
        let left = fs::read_dir(self.dir.path().join("work")).unwrap().count();
        assert_eq!(left, 0, "files are left in TMPDIR");
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
            "mkdir -p prefix && cd prefix && find . ! -type d | sort",
        )
    }

    /// Names, modes and contents of everything beside the release.
    fn state(&self) -> String {
        sh(
            self.dir.path(),
            "find prefix victim -exec ls -ldn {} + && find prefix victim -type f -exec sha256sum {} +",
        )
    }

    /// Asserts that the script refuses with these words and changes nothing.
    fn assert_refused(&self, words: &[&str], why: &str, case: &str) {
        let before = self.state();
        let (code, text) = self.install(words);
        assert_eq!(code, 1, "{case}: {text}");
        assert!(text.contains(why), "{case}: {text}");
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{case}: {text:?}");
        assert_eq!(text.lines().count(), 1, "{case}: {text}");
        assert_eq!(self.state(), before, "{case}: {text}");
    }
}

fn path() -> OsString {
    std::env::var_os("PATH").unwrap()
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
    install_replace_and_remove("sh".as_ref(), &path());
}

#[test]
fn other_shells_and_small_tools_do_the_same() {
    for shell in ["dash", "bash"] {
        if Command::new(shell).args(["-c", ":"]).status().is_ok() {
            install_replace_and_remove(shell.as_ref(), &path());
        } else {
            skipped(shell);
        }
    }
    let tools = tempfile::tempdir().unwrap();
    let mut busybox = Command::new("busybox");
    busybox.args(["--install", "-s"]).arg(tools.path());
    if busybox.status().is_ok_and(|status| status.success()) {
        install_replace_and_remove(&tools.path().join("sh"), &tools.path().into());
    } else {
        skipped("busybox");
    }
}

fn install_replace_and_remove(shell: &Path, path: &OsString) {
    let release = Release::new();
    let files = release.files();
    let install = || release.install_under(shell, path, &["--from", files.to_str().unwrap()]);
    let (code, text) = install();
    assert_eq!(code, 0, "{}: {text}", shell.display());
    insta::allow_duplicates! {
    insta::assert_snapshot!(text, @r#"
    Installed acpctl 1.0.0 in DIR/prefix
    Add it to your PATH: export PATH="DIR/prefix/bin:$PATH"
    Next: acpctl doctor
    "#);
    assert_eq!(release.installed_version(), "acpctl 1.0.0\n");

    release.pack("1.9.0", &format!("echo old >$name/share/man/man1/acpctl-old.1.gz; {PACK}"));
    assert_eq!(install().0, 0);
    release.add("1.10.0");
    release.add("1.11.0-rc.1");
    assert_eq!(install().0, 0);
    assert_eq!(release.installed_version(), "acpctl 1.10.0\n");
    assert_eq!(install().0, 0, "an install can be repeated");
    insta::assert_snapshot!(release.installed(), @r"
    ./bin/acpctl
    ./share/acpctl/files
    ./share/man/man1/acpctl.1.gz
    ");
    }

    let remove = || release.install_under(shell, path, &["--remove"]);
    let removed = (0, "Removed acpctl from DIR/prefix\n".to_owned());
    assert_eq!(remove(), removed);
    assert_eq!(release.installed(), "");
    let left = fs::read_dir(release.prefix()).unwrap();
    assert_eq!(left.count(), 0, "empty folders are removed too");
    let (code, help) = release.install_under(shell, path, &["--help"]);
    assert!(code == 0 && help.contains("without it, ~/.local"), "{help}");
    let why = "Error: no install is recorded below DIR/prefix; name its folder with --prefix\n";
    assert_eq!(remove(), (1, why.to_owned()));
}

#[test]
fn the_help_explains_each_word_and_changes_nothing() {
    let release = Release::new();
    for word in ["--help", "-h"] {
        let (code, text) = release.install(&[word]);
        assert_eq!(code, 0, "{text}");
        for wanted in ["PLACE  ", "VERSION  ", "FOLDER  ", "--remove "] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
    }
    assert!(!release.prefix().exists());
}

#[test]
fn a_wrong_checksum_changes_nothing() {
    let release = Release::with_update();
    let mut archive = fs::read(release.archive("1.1.0")).unwrap();
    archive.push(0);
    fs::write(release.archive("1.1.0"), archive).unwrap();

    let (code, text) = release.install_it();
    assert_eq!(code, 1);
    assert!(text.contains("but SHA256SUMS says"), "{text}");
    assert!(text.ends_with("nothing was changed\n"), "{text}");
    assert_eq!(release.installed_version(), "acpctl 1.0.0\n");
}

#[test]
fn a_wrong_place_or_version_is_refused_and_no_secret_in_it_is_repeated() {
    let release = Release::new();
    let files = release.files();
    let files = files.to_str().unwrap();
    let no_secret = "--from must be an address without user name, password, ? and #";
    for (words, why) in [
        (
            &["--from", files, "--version", "9.9.9"][..],
            "SHA256SUMS of DIR/files has no line for acpctl-9.9.9-PROCESSOR-unknown-linux-musl.tar.gz",
        ),
        (
            &["--from", files, "--version", "1/../../\u{1b}[31m"],
            "--version must be a version such as 1.2.3, not '1/../../?[31m'",
        ),
        (
            &["--from", files, "--version", ".*"],
            "--version must be a version such as 1.2.3, not '.*'",
        ),
        (
            &["--from", "http://releases.example.org"],
            "'http://releases.example.org' is not encrypted; use an https address",
        ),
        (&["--from", "https://me:Pa55word@example.org"], no_secret),
        (&["--from", "https://me:Pa55/word@example.org"], no_secret),
        (
            &["--from", "https://example.org/?token=Pa55word"],
            no_secret,
        ),
        (&["--from", "https://example.org/#Pa55word"], no_secret),
        (
            &["--from", "https://example.org/\u{1b}[31m"],
            "--from contains a sign that no address has",
        ),
        (
            &["--from", "ftp://example.org/Pa55word"],
            "--from is neither an https address nor a folder",
        ),
        (
            &["--from", "me:Pa55word@example.org"],
            "--from is neither an https address nor a folder",
        ),
    ] {
        let (code, text) = release.install(words);
        assert_eq!((code, text), (1, format!("Error: {why}\n")), "{words:?}");
    }
    assert_eq!(release.installed(), "");
}

#[test]
fn a_list_of_checksums_cannot_name_another_folder() {
    let release = Release::new();
    let list = release.files().join("SHA256SUMS");
    let right = fs::read_to_string(&list).unwrap();
    let no_archive = "DIR/files has no archive for PROCESSOR-unknown-linux-musl";
    for version in ["1.0.0/../../x", "..", "1..0", "\u{1b}[31m", "1.0.0 x"] {
        fs::write(&list, right.replace("1.0.0", version)).unwrap();
        let (code, text) = release.install_it();
        assert_eq!((code, text), (1, format!("Error: {no_archive}\n")));
    }
    fs::write(&list, "x".repeat(200_000)).unwrap();
    let (code, text) = release.install_it();
    assert_eq!(code, 1);
    assert!(text.contains("is larger than"), "{text}");
    assert_eq!(release.installed(), "");
}

#[test]
fn what_others_could_lead_elsewhere_is_refused() {
    let linked = "is reached through a link";
    let mut cases = vec![
        ("mv share real; ln -s real share", linked),
        ("mv share/acpctl real; ln -s ../real share/acpctl", linked),
        ("ln -sf ../../../victim share/acpctl/files", linked),
        (
            "mv share/man real; ln -s ../real share/man",
            "share/man is a link",
        ),
        ("mv bin real; ln -s real bin", "prefix/bin is a link"),
        (
            "rm -r share/man; touch share/man",
            "share/man is not a folder",
        ),
        ("chmod 777 bin", "everybody can write in DIR/prefix/bin"),
        ("chmod 1777 .", "everybody can write in DIR/prefix"),
        ("chmod 777 ..", "everybody can replace what is in DIR;"),
        ("ln -sf ../../victim bin/acpctl", "bin/acpctl is a link"),
        (
            "rm bin/acpctl; mkdir bin/acpctl",
            "bin/acpctl is not a plain file",
        ),
        (
            "ln -s ../../victim bin/acpctl.new",
            "bin/acpctl.new is a link",
        ),
        ("mkdir bin/acpctl.new", "bin/acpctl.new is not a plain file"),
        (
            "echo ../victim >>share/acpctl/files",
            "names '../victim', which no install wrote",
        ),
        ("echo /victim >>share/acpctl/files", "names '/victim'"),
        (
            "echo share/acpctl/../../../victim >>share/acpctl/files",
            "names 'share/acpctl/../",
        ),
        ("echo bin/ls >>share/acpctl/files", "names 'bin/ls'"),
        (
            "echo share/acpctl/./files >>share/acpctl/files",
            "names 'share/acpctl/./files'",
        ),
        (
            "printf 'bin/\\033[31m\\007\\n' >>share/acpctl/files",
            "names 'bin/?[31m?'",
        ),
        ("echo >>share/acpctl/files", "names ''"),
        (
            "seq -f 'share/man/acpctl%.0f' 3000 >share/acpctl/files",
            "more than 2000 files",
        ),
        (
            "seq -f 'share/man/acpctl%.0f' 9000 >share/acpctl/files",
            "is too long",
        ),
        (
            "rm share/acpctl/files; mkdir share/acpctl/files",
            "files is not a plain file",
        ),
    ];
    if sh(Path::new("/"), "id -u") == "0\n" {
        cases.push(("chown 65534 bin", "bin belongs to another user"));
        cases.push(("chown 65534 .", "prefix belongs to another user"));
        cases.push(("chown 65534 ..", "Error: DIR belongs to another user"));
    } else {
        skipped("not root: nothing can be given to another user");
    }
    for (line, why) in cases {
        let release = Release::with_update();
        let files = release.files();
        fs::write(release.dir.path().join("victim"), "kept").unwrap();
        sh(&release.prefix(), line);
        release.assert_refused(&["--from", files.to_str().unwrap()], why, line);
        release.assert_refused(&["--remove"], why, line);
    }
}

#[test]
fn a_missing_tool_is_named_before_anything_changes() {
    let release = Release::with_update();
    let path = path_with_only("true", &release).unwrap();
    let folder = PathBuf::from(&path);
    for tool in ["find", "gzip", "sha256sum", "tar", "sort"] {
        let link = folder.join(tool);
        let program = fs::read_link(&link).unwrap();
        fs::remove_file(&link).unwrap();
        let before = release.installed();
        let files = release.files();
        let words = ["--from", files.to_str().unwrap()];
        let (code, text) = release.install_under(&folder.join("sh"), &path, &words);
        let error = format!("Error: {tool} is not installed, which this script needs\n");
        assert_eq!((code, text), (1, error));
        assert_eq!(release.installed(), before);
        std::os::unix::fs::symlink(program, link).unwrap();
    }
}

#[test]
fn what_no_install_wrote_is_neither_replaced_nor_removed() {
    let release = Release::new();
    let program = release.prefix().join("bin/acpctl");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, "the Go tool").unwrap();
    fs::write(release.dir.path().join("victim"), "").unwrap();
    let files = release.files();
    let why = "this script did not install DIR/prefix/bin/acpctl; keep it under another name: \
               mv \"DIR/prefix/bin/acpctl\" \"DIR/prefix/bin/acpctl.before\"";
    release.assert_refused(&["--from", files.to_str().unwrap()], why, "install");
    release.assert_refused(&["--remove"], "no install is recorded below", "remove");
    fs::rename(&program, program.with_extension("before")).unwrap();
    assert_eq!(release.install_it().0, 0);
    assert_eq!(release.install(&["--remove"]).0, 0);
    assert_eq!(release.installed(), "./bin/acpctl.before\n");
}

#[test]
fn two_runs_do_not_change_the_same_files() {
    let release = Release::with_update();
    fs::write(release.dir.path().join("victim"), "").unwrap();
    fs::create_dir(release.prefix().join(".acpctl-install")).unwrap();
    let files = release.files();
    let why = "another run changes files in DIR/prefix; if none does, remove what a killed one left: \
               rmdir \"DIR/prefix/.acpctl-install\"";
    release.assert_refused(&["--from", files.to_str().unwrap()], why, "install");
    release.assert_refused(&["--remove"], why, "remove");
    fs::remove_dir(release.prefix().join(".acpctl-install")).unwrap();
    assert_eq!(release.install_it().0, 0);
    assert!(!release.prefix().join(".acpctl-install").exists());
}

#[test]
fn a_prefix_that_is_a_link_is_left_out_of_every_path() {
    let release = Release::new();
    fs::create_dir(release.dir.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", release.prefix()).unwrap();
    let (code, text) = release.install_it();
    assert_eq!(code, 0, "{text}");
    let line = "Installed acpctl 1.0.0 in DIR/real\n";
    assert!(text.starts_with(line), "{text}");
}

#[test]
fn a_hostile_archive_changes_nothing() {
    let member = |line: &str| format!("cd $name; {line}; cd ..; {PACK}");
    let other = "holds something else than files and folders";
    for (line, why) in [
        (member("ln -s /etc share/acpctl-link"), other),
        (member("ln bin/acpctl share/acpctl-again"), other),
        (member("mkfifo share/acpctl-pipe"), other),
        (
            member("echo >bin/ls"),
            "names 'bin/ls', which no install wrote",
        ),
        (
            member("mkdir share/acpctl; echo >share/acpctl/files"),
            "names 'share/acpctl/files'",
        ),
        (member("echo >bin/acpctl.new"), "names 'bin/acpctl.new'"),
        (
            member("echo >\"share/acpctl$(printf '\\033[31m\\007')\""),
            "which no release has",
        ),
        (
            member("echo >\"share/acpctl$(printf '\\nx')\""),
            "which no release has",
        ),
        (member("rm bin/acpctl"), "does not hold bin/acpctl"),
        (
            member("seq -f share/acpctl%.0f 2001 | xargs touch"),
            "holds more than 2000 files",
        ),
        (
            "tar -czPf files/$name.tar.gz $name \"$PWD/victim\"".to_owned(),
            "victim', which no release has",
        ),
        (
            "tar -czPf files/$name.tar.gz $name $name/../victim".to_owned(),
            "/../victim', which no release has",
        ),
        (
            "tar -czf files/$name.tar.gz $name victim".to_owned(),
            "holds 'victim', which no release has",
        ),
        (
            "truncate -s 10G $name/share/acpctl-holes; tar -Sczf files/$name.tar.gz $name"
                .to_owned(),
            "cannot be unpacked",
        ),
        (
            "head -c 10000000 /dev/zero | gzip -1 >ten; \
             for i in 1 2 3 4 5 6 7 8 9 10; do cat ten ten ten; done >files/$name.tar.gz"
                .to_owned(),
            "unpacks to more than 200000000 bytes",
        ),
        (
            "printf '\\033[31mx' | gzip >files/$name.tar.gz".to_owned(),
            "is not an archive of tar",
        ),
        (
            "tar -czf once $name; gzip -c once >files/$name.tar.gz".to_owned(),
            "is not an archive of tar",
        ),
        ("printf '\\033[31mx' >files/$name.tar.gz".to_owned(), ""),
        (
            member("printf '#!/bin/sh\\nprintf \"\\\\033[31m\" >&2; exit 1\\n' >bin/acpctl"),
            "the program does not run on this machine; nothing was changed",
        ),
    ] {
        let release = Release::new();
        assert_eq!(release.install_it().0, 0);
        fs::write(release.dir.path().join("victim"), "kept").unwrap();
        release.pack("1.1.0", &line);
        let files = release.files();
        release.assert_refused(&["--from", files.to_str().unwrap()], why, &line);
    }
}

#[test]
fn an_interrupted_install_can_be_repeated_and_removed() {
    let release = Release::new();
    let old = format!("echo old >$name/share/man/man1/acpctl-old.1.gz; {PACK}");
    release.pack("1.1.0", &old);
    assert_eq!(release.install_it().0, 0);
    release.pack(
        "1.2.0",
        &format!("echo new >$name/share/acpctl-new; {PACK}"),
    );

    // The disk is full, say, when the manual page is to get its name.
    let bin = release.dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let mv = "#!/bin/sh\ncase $* in *acpctl.1.gz) exit 1 ;; esac\nPATH=${PATH#*:} exec mv \"$@\"\n";
    fs::write(bin.join("mv"), mv).unwrap();
    fs::set_permissions(bin.join("mv"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut path_with_it = bin.into_os_string();
    path_with_it.push(":");
    path_with_it.push(path());
    let files = release.files();
    let interrupt = || {
        let words = ["--from", files.to_str().unwrap()];
        let (code, text) = release.install_under("sh".as_ref(), &path_with_it, &words);
        assert_eq!(code, 1, "{text}");
        let hint = "Error: this was not finished; run it again, or run: install.sh --remove --prefix \"DIR/prefix\"\n";
        assert!(text.ends_with(hint), "{text}");
        insta::allow_duplicates! {
        insta::assert_snapshot!(release.installed(), @r"
        ./bin/acpctl
        ./share/acpctl-new
        ./share/acpctl/files
        ./share/man/man1/acpctl-old.1.gz
        ./share/man/man1/acpctl.1.gz
        ./share/man/man1/acpctl.1.gz.new
        ");
        }
    };
    interrupt();
    assert_eq!(release.install_it().0, 0);
    insta::assert_snapshot!(release.installed(), @r"
    ./bin/acpctl
    ./share/acpctl-new
    ./share/acpctl/files
    ./share/man/man1/acpctl.1.gz
    ");

    assert_eq!(release.install(&["--remove"]).0, 0);
    let words = ["--from", files.to_str().unwrap(), "--version", "1.1.0"];
    assert_eq!(release.install(&words).0, 0);
    interrupt();
    assert_eq!(release.install(&["--remove"]).0, 0);
    assert_eq!(release.installed(), "");
}

#[test]
fn a_server_gets_no_more_than_its_due() {
    let release = Release::new();
    let folder = release.files();
    let good = Scripted::with(move |request| {
        let path = folder.join(request.target.trim_start_matches('/'));
        fs::read(path).map_or_else(
            |_| raw(404, "text/plain", "no"),
            |bytes| raw(200, "application/octet-stream", bytes),
        )
    });
    let place = good.url().to_owned();
    let redirecting = Scripted::with(move |request| Reply::Answer {
        status: 302,
        headers: vec![("Location", format!("{place}{}", request.target))],
        body: Vec::new(),
    });
    let endless = Scripted::with(|_| Reply::Endless);
    let broken = Scripted::with(|_| raw(500, "text/plain", "\u{1b}[31m"));

    for tool in ["curl", "wget"] {
        let Some(path) = path_with_only(tool, &release) else {
            skipped(tool);
            continue;
        };
        let install = |server: &Scripted| {
            release.install_under("/bin/sh".as_ref(), &path, &["--from", server.url()])
        };
        for (server, why) in [
            (&redirecting, "SHA256SUMS could not be read from "),
            (&endless, "SHA256SUMS of "),
            (&broken, "SHA256SUMS could not be read from "),
        ] {
            let (code, text) = install(server);
            assert_eq!(code, 1, "{tool}: {text}");
            assert!(text.contains(why), "{tool}: {text}");
            assert!(!text.contains('\u{1b}'), "{tool}: {text:?}");
            assert_eq!(release.installed(), "", "{tool}");
        }
        let (code, text) = install(&good);
        assert_eq!(code, 0, "{tool}: {text}");
        assert_eq!(release.install(&["--remove"]).0, 0);
    }
}

/// A PATH with every program of this machine that the script needs, but only one that fetches.
fn path_with_only(tool: &str, release: &Release) -> Option<OsString> {
    let folder = release.dir.path().join(format!("only-{tool}"));
    let line = format!(
        "mkdir {0}; command -v {tool} >/dev/null || exit 0
         for name in {tool} sh uname id ls mktemp rm rmdir mkdir mv cat head tail wc tr cut awk sed grep sort find \
         gzip tar sha256sum chmod dirname; do ln -s \"$(command -v $name)\" {0}/$name; done; echo found",
        folder.display()
    );
    (sh(release.dir.path(), &line) == "found\n").then(|| folder.into_os_string())
}

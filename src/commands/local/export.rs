//! `acpctl local export`

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::contents::ManifestDocument;
use super::deferred::Deferred;
use super::manifest::{self, Manifest};
use super::store;
use crate::api::{Client, path};
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::is_stored_unchanged;
use crate::resources::{CREDENTIAL_TOKEN, Record};
use crate::runner::plan::KUBECONFIG;
use crate::secret_file;
use crate::system::files;
use crate::text::command::shell_word;
use crate::text::quote;
use crate::yaml;

/// The longest name of a file with a secret, in bytes.
const LONGEST_NAME: usize = 120;

const EXAMPLES: &str = "\
# Move to a platform, with the secrets in files
acpctl local export -o store.yaml --secrets secrets
acpctl --api-url https://acp.example.org apply -f store.yaml
# Export without secrets: each credential names the variable that its secret is read from
acpctl local export | acpctl apply -f - --dry-run";

/// Write the store as manifests that 'apply -f' reads
///
/// Writes projects, agents, credentials, providers, policies, clusters and role bindings. Anything that a manifest
/// cannot express is counted on standard error. Without --secrets no secret is written.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write to this file
    #[arg(short, long, value_name = "FILE|-", default_value = "-")]
    output: PathBuf,
    /// Write each secret to a file in this new folder
    #[arg(long, value_name = "DIR")]
    secrets: Option<PathBuf>,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let ctx = &store::embedded(ctx);
    let file = Some(args.output.as_path()).filter(|path| *path != Path::new("-"));
    file.map_or(Ok(()), check_target)?;
    let client = ctx.client()?;
    let (mut manifest, secrets) = ctx.block_on(async {
        let manifest = manifest::read(client).await?;
        let secrets = secrets(client, &manifest, args.secrets.is_some()).await?;
        Ok((manifest, secrets))
    })?;
    warn_of_kubeconfigs(ctx, &manifest, &secrets);
    let Some(folder) = &args.secrets else {
        name_variables(ctx, &mut manifest, &secrets);
        return write(ctx, file, &manifest);
    };
    let signals = Deferred::begin()?;
    let mut folder = NewFolder::create(folder)?;
    folder.fill(&mut manifest, &secrets, file, &signals)?;
    folder.move_to_target()?;
    signals.check()?;
    write(ctx, file, &manifest)?;
    signals.check()?;
    folder.keep();
    Ok(())
}

/// The secret of a credential.
enum StoredSecret {
    None,
    Text(SecretString),
    /// It could not be read. Happens only without `--secrets`, when its text is not needed.
    Unread,
}

/// Reads the secrets of the credentials, in their order.
async fn secrets(
    client: &Client,
    manifest: &Manifest,
    are_needed: bool,
) -> anyhow::Result<Vec<StoredSecret>> {
    let mut secrets = Vec::new();
    for (credential, _) in &manifest.credentials {
        let api_path = path(&["credentials", credential.id(), "token"]);
        let secret = match client.get(&CREDENTIAL_TOKEN, &api_path).await {
            Ok(answer) if answer.text("token").is_empty() => StoredSecret::None,
            Ok(answer) => StoredSecret::Text(SecretString::from(answer.text("token"))),
            Err(_) if !are_needed => StoredSecret::Unread,
            Err(error) => {
                let name = quote(credential.name());
                return Err(anyhow::Error::from(error)
                    .context(format!("read the secret of credential {name}")));
            }
        };
        secrets.push(secret);
    }
    Ok(secrets)
}

/// Warns of kubeconfigs that `apply` would not store unchanged.
fn warn_of_kubeconfigs(ctx: &Ctx, manifest: &Manifest, secrets: &[StoredSecret]) {
    for ((credential, _), secret) in manifest.credentials.iter().zip(secrets) {
        if let StoredSecret::Text(text) = secret
            && credential.text("provider") == KUBECONFIG
            && !is_stored_unchanged(ctx, text)
        {
            ctx.out.warn(&format!(
                "credential/{}: 'apply' will cut or refuse its kubeconfig; see acpctl credential validate",
                credential.name()
            ));
        }
    }
}

/// Lets each credential with a secret name a variable, and prints the variables.
fn name_variables(ctx: &Ctx, manifest: &mut Manifest, secrets: &[StoredSecret]) {
    let mut names = Names::default();
    let mut variables = Vec::new();
    for ((credential, document), secret) in manifest.credentials.iter_mut().zip(secrets) {
        if matches!(secret, StoredSecret::None) {
            continue;
        }
        let letters = credential.name().to_uppercase();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let letters: String = letters.chars().map(plain).collect();
        let variable = names.unique(&format!("ACP_TOKEN_{letters}"), "_");
        take_from(document, "env", &variable);
        variables.push(variable);
    }
    if !variables.is_empty() {
        ctx.out.note(&format!(
            "Variables to set for 'apply': {}",
            variables.join(", ")
        ));
    }
}

fn take_from(document: &mut ManifestDocument, kind: &str, source: &str) {
    document.insert("tokenFrom".to_owned(), json!({kind: source}));
}

/// A set of names that differ without regard to case.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn unique(&mut self, name: &str, separator: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{separator}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let free = names.find(|name| self.0.insert(name.to_lowercase()));
        free.unwrap_or_default()
    }
}

/// A new folder for secrets; dropping it before it is finished removes it. It is filled under a temporary name beside
/// its final path and is locked meanwhile; the next run removes the folder of a killed one.
struct NewFolder {
    /// The final path.
    target: PathBuf,
    /// The present path.
    path: PathBuf,
    _locked: File,
    is_done: bool,
}

impl NewFolder {
    fn create(path: &Path) -> Result<Self, Failure> {
        Self::create_beside(path).map_err(|error| not_made(path, &error))
    }

    fn create_beside(target: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(target).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        sweep(target);
        let path = secret_file::beside(target)?;
        secret_file::create_new_dir(&path)?;
        let locked = files::open_folder(&path)?;
        let _ = locked.try_lock();
        Ok(Self {
            target: target.to_owned(),
            path,
            _locked: locked,
            is_done: false,
        })
    }

    /// Moves the folder to its final path, which must still be free.
    fn move_to_target(&mut self) -> Result<(), Failure> {
        files::rename_to_free(&self.path, &self.target)
            .map_err(|error| not_made(&self.target, &error))?;
        self.path.clone_from(&self.target);
        Ok(())
    }

    /// Writes the secrets and lets each credential name its file, relative to the manifest.
    fn fill(
        &self,
        manifest: &mut Manifest,
        secrets: &[StoredSecret],
        file: Option<&Path>,
        signals: &Deferred,
    ) -> anyhow::Result<()> {
        let from_manifest = self.seen_from(file)?;
        let mut names = Names::default();
        for ((credential, document), secret) in manifest.credentials.iter_mut().zip(secrets) {
            let StoredSecret::Text(text) = secret else {
                continue;
            };
            signals.check()?;
            let name = names.unique(&file_name(credential), "-");
            let path = self.path.join(&name);
            secret_file::write_new(&path, text.expose_secret().as_bytes())
                .with_context(|| format!("write {}", path.display()))?;
            take_from(document, "file", &format!("{from_manifest}/{name}"));
        }
        Ok(())
    }

    /// Returns the folder's final path relative to the manifest or, without a file, to the working directory.
    fn seen_from(&self, file: Option<&Path>) -> anyhow::Result<String> {
        let parent = file.and_then(Path::parent);
        let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
        let canonical = |path: &Path| {
            let found = fs::canonicalize(path);
            found.with_context(|| format!("resolve {}", quote(&path.to_string_lossy())))
        };
        let base = canonical(parent.unwrap_or(Path::new(".")))?;
        let mut target = canonical(&self.path)?;
        target.set_file_name(self.target.file_name().unwrap_or_default());
        let seen = relative(&base, &target);
        let seen = seen.to_str().map(str::to_owned);
        seen.ok_or_else(|| Failure::usage("the path of --secrets is not Unicode").into())
    }

    fn keep(mut self) {
        self.is_done = true;
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn not_made(path: &Path, error: &io::Error) -> Failure {
    let what = format!("make the folder {}: {}", path.display(), reason(error));
    Failure::new(Kind::Other, what).hint("--secrets takes a folder that does not exist yet")
}

/// Removes the folders that killed runs left beside this path.
fn sweep(target: &Path) {
    let folder = target.parent().filter(|path| !path.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return;
    };
    let name = target.file_name().unwrap_or_default();
    for entry in entries.flatten() {
        let is_left = secret_file::is_beside(&entry.file_name(), name)
            && entry
                .metadata()
                .is_ok_and(|found| found.is_dir() && files::is_ours(&found));
        // While the folder is locked, its writer is still running.
        if is_left
            && files::open_folder(&entry.path()).is_ok_and(|folder| folder.try_lock().is_ok())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Turns a credential's name into a file name without separators and without a leading dot or dash.
fn file_name(credential: &Record) -> String {
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => c,
        _ => '_',
    };
    let name: String = credential
        .name()
        .chars()
        .map(plain)
        .take(LONGEST_NAME)
        .collect();
    if name.starts_with(['.', '-']) || name.is_empty() {
        format!("_{name}")
    } else {
        name
    }
}

/// Returns the relative path from one absolute path to another.
fn relative(base: &Path, target: &Path) -> PathBuf {
    let same = base
        .components()
        .zip(target.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = base.components().skip(same).map(|_| Component::ParentDir);
    up.chain(target.components().skip(same)).collect()
}

/// Refuses to replace anything but a regular file, and a folder that does not exist.
fn check_target(file: &Path) -> Result<(), Failure> {
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
    if let Some(folder) = folder
        && let Err(error) = fs::metadata(folder)
    {
        let failure = failed(file, &error);
        if error.kind() != io::ErrorKind::NotFound {
            return Err(failure);
        }
        let make = format!("mkdir -p {}", shell_word(&folder.to_string_lossy()));
        return Err(failure.hint(format!("make its folder first: {make}")));
    }
    match fs::symlink_metadata(file) {
        Ok(found) if !found.is_file() => Err(Failure::usage(format!(
            "{} is not a regular file",
            quote(&file.to_string_lossy())
        ))),
        _ => Ok(()),
    }
}

fn write(ctx: &Ctx, file: Option<&Path>, manifest: &Manifest) -> anyhow::Result<()> {
    let text = text(manifest)?;
    match file {
        Some(file) => {
            secret_file::replace(file, text.as_bytes()).map_err(|error| failed(file, &error))?;
        }
        None => ctx.out.data(text.as_bytes())?,
    }
    ctx.out.aside(&format!("Exported {}", manifest.summary()));
    if let Some(omissions) = manifest.omissions() {
        ctx.out.warn(&format!(
            "left out, because manifests cannot express it: {omissions}"
        ));
    }
    if let Err(why) = yaml::documents::<Value>(text.as_bytes()) {
        ctx.out.warn(&format!(
            "'apply' can't read this in one piece ({why}): split it at its lines ---"
        ));
    }
    Ok(())
}

fn failed(file: &Path, error: &io::Error) -> Failure {
    let file = quote(&file.to_string_lossy());
    Failure::new(Kind::Other, format!("write {file}: {}", reason(error)))
}

/// Writes the documents as YAML.
fn text(manifest: &Manifest) -> anyhow::Result<String> {
    let credentials = manifest.credentials.iter().map(|(_, document)| document);
    let documents = manifest.projects.iter().chain(&manifest.agents);
    let mut text = String::new();
    let documents = documents.chain(credentials).chain(&manifest.parts);
    for document in documents.chain(&manifest.bindings) {
        text.push_str("---\n");
        text.push_str(&yaml::to_string(&Value::Object(document.clone()))?);
    }
    Ok(text)
}

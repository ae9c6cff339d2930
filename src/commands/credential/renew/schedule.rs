//! Texts that let a scheduler renew credentials.

use std::path::PathBuf;
use std::time::Duration;

use super::renewer;
use crate::cluster::grade::Level;
use crate::commands::credential::minted;
use crate::failure::Failure;
use crate::text::command::{self, shell_line};
use crate::text::seen::is_unseen;
use crate::text::{acpctl, acpctl_for, quote};

/// A scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Scheduler {
    /// A line for crontab
    Cron,
    /// A workflow for GitHub
    Github,
    /// A `CronJob` of Kubernetes
    Kubernetes,
    /// A service and a timer
    Systemd,
}

/// How long before its end a token is renewed, if the user does not say.
pub(super) const DEFAULT: Duration = Duration::from_secs(6 * 3600);

const RENEW: [&str; 2] = ["credential", "renew"];

/// What the scheduler starts: the words of the command line that asked for the text.
pub(super) struct Job<'a> {
    /// `None` for all minted credentials.
    pub credential: Option<&'a str>,
    pub within: Duration,
    /// An absolute path: a job does not start in this folder.
    pub from_file: Option<PathBuf>,
    pub context: Option<&'a str>,
    pub allow: &'a [String],
    pub ttl: Option<Duration>,
    pub max_grade: Option<Level>,
    pub strict: bool,
    /// The flags for the server that variables name; those of the command line are repeated anyway.
    pub server: Vec<String>,
    /// True if the credentials are in the store of this machine.
    pub is_local: bool,
}

impl Job<'_> {
    /// Returns the flags of the command. `context` stands for the name of the context.
    fn flags(&self, context: Option<&str>) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), value.to_owned()]);
        add("--expiring-within", &minted::length(self.within));
        if let Some(path) = &self.from_file {
            add("--from-file", &path.to_string_lossy());
        }
        if let Some(context) = context {
            add("--context", context);
        }
        for code in self.allow {
            add("--allow", code);
        }
        if let Some(ttl) = self.ttl {
            add("--ttl", &minted::length(ttl));
        }
        if let Some(limit) = self.max_grade {
            add("--max-grade", limit.word());
        }
        if self.strict {
            words.push("--strict".to_owned());
        }
        words
    }

    /// Returns the words behind `acpctl`.
    fn words(&self) -> Vec<String> {
        let flags = self.flags(self.context);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let words = match self.credential {
            Some(name) => command::about(&RENEW, name, &flags),
            None => [&RENEW[..], &["--all"], &flags].concat(),
        };
        words.into_iter().map(str::to_owned).collect()
    }

    /// Returns the command line of a job on this machine, which has no variables of this shell.
    fn line(&self) -> String {
        let words = self.server.iter().cloned().chain(self.words());
        let words: Vec<String> = words.collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        acpctl(&words)
    }

    /// Returns when the job runs: three times in the period before a token's end, so that two runs may fail.
    fn times(&self) -> Times {
        let minutes = self.within.as_secs() / 60 / 3;
        match minutes / 60 {
            0 => Times::Minutes(minutes.max(1)),
            hours => Times::Hours(hours.min(12)),
        }
    }

    /// A job on another machine has neither the store nor the files of this one.
    fn require_elsewhere(&self, scheduler: &str) -> Result<(), Failure> {
        let (here, instead) = match (self.is_local, &self.from_file) {
            (true, _) => ("the embedded API", "name a server with --api-url"),
            (_, Some(_)) => ("the file of --from-file", "leave it out"),
            _ => return Ok(()),
        };
        Err(Failure::usage(format!(
            "{here} is on this machine, and {scheduler} runs the job on another one"
        ))
        .hint(format!(
            "{instead}, or let cron or systemd run the job here"
        )))
    }
}

/// The time between two runs.
#[derive(Debug, Clone, Copy)]
enum Times {
    Minutes(u64),
    Hours(u64),
}

impl Times {
    fn cron(self) -> String {
        match self {
            Self::Minutes(minutes) => format!("*/{minutes} * * * *"),
            Self::Hours(hours) => format!("17 */{hours} * * *"),
        }
    }

    fn systemd(self) -> String {
        match self {
            Self::Minutes(minutes) => format!("*-*-* *:00/{minutes}:00"),
            Self::Hours(hours) => format!("*-*-* 00/{hours}:17:00"),
        }
    }
}

impl Scheduler {
    /// True if the job runs as this user on this machine.
    pub(super) fn runs_here(self) -> bool {
        matches!(self, Self::Cron | Self::Systemd)
    }
}

/// Returns the text for a scheduler.
///
/// # Errors
/// A usage failure if the scheduler can't do what the command line says.
pub(super) fn text(scheduler: Scheduler, job: &Job<'_>) -> Result<String, Failure> {
    let times = job.times();
    let words = job.words();
    let plain: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(match scheduler {
        // cron takes a percent sign for a line end.
        Scheduler::Cron => format!("{} {}\n", times.cron(), job.line().replace('%', "\\%")),
        Scheduler::Github => {
            job.require_elsewhere("GitHub")?;
            github(times, job)?
        }
        Scheduler::Kubernetes => {
            job.require_elsewhere("Kubernetes")?;
            kubernetes(times, job, &plain)
        }
        Scheduler::Systemd => systemd(times, &job.line()),
    })
}

/// GitHub puts what stands between `${{` and `}}` into a text before any shell reads it, and the names come from a
/// platform: they reach the command in variables.
fn github(times: Times, job: &Job<'_>) -> Result<String, Failure> {
    let names = [(CREDENTIAL, job.credential), (CONTEXT, job.context)];
    let mut variables = String::new();
    for (variable, name) in names {
        let Some(name) = name else {
            continue;
        };
        if name.contains("${{") {
            return Err(Failure::usage(format!(
                "GitHub would replace a part of the name {}",
                quote(name)
            ))
            .hint("give it a name without ${{, or let cron or systemd run the job"));
        }
        variables.push_str(&format!("\n          {variable}: {}", yaml_text(name)));
    }
    let flags = job.flags(None);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let flags = shell_line(&flags);
    let context = job
        .context
        .map_or(String::new(), |_| format!(" --context \"${CONTEXT}\""));
    let command = match job.credential {
        None => format!("acpctl credential renew --all {flags}{context}"),
        Some(_) => format!("acpctl credential renew {flags}{context} -- \"${CREDENTIAL}\""),
    };
    let times = times.cron();
    Ok(format!(
        "\
# .github/workflows/renew-credentials.yaml
name: Renew credentials
on:
  schedule:
    - cron: '{times}'
permissions: {{}}
jobs:
  renew:
    runs-on: ubuntu-latest
    steps:
      - name: Install acpctl
        run: 'true # install acpctl here'
      - name: Renew
        env:
          AMBIENT_API_URL: ${{{{ vars.AMBIENT_API_URL }}}}
          AMBIENT_TOKEN: ${{{{ secrets.AMBIENT_TOKEN }}}}
          ADMIN_KUBECONFIG: ${{{{ secrets.ADMIN_KUBECONFIG }}}}{variables}
        run: |
          umask 077
          printf '%s' \"$ADMIN_KUBECONFIG\" > \"$RUNNER_TEMP/kubeconfig\"
          KUBECONFIG=\"$RUNNER_TEMP/kubeconfig\" {command}
"
    ))
}

/// The variables of the job on GitHub that hold names.
const CREDENTIAL: &str = "RENEWED_CREDENTIAL";
const CONTEXT: &str = "CLUSTER_CONTEXT";

/// Returns a text in quotes for YAML, with escapes in place of unseen characters. JSON is YAML, but for those.
fn yaml_text(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let escaped = quoted.chars().map(|c| match c {
        c if is_unseen(c) => format!("\\U{:08x}", u32::from(c)),
        c => c.to_string(),
    });
    escaped.collect()
}

/// The command runs in a shell, whose quotes systemd passes on. Both percent signs and dollar signs mean something to
/// systemd.
fn systemd(times: Times, command: &str) -> String {
    let command = if command.contains(['\'', '"', '\\', '%', '$']) {
        let escaped = command.replace('\\', "\\\\").replace('"', "\\\"");
        let escaped = escaped.replace('%', "%%").replace('$', "$$");
        format!("/bin/sh -c \"{escaped}\"")
    } else {
        format!("/usr/bin/env {command}")
    };
    let times = times.systemd();
    format!(
        "\
# ~/.config/systemd/user/acpctl-renew.service
[Unit]
Description=Renew minted credentials

[Service]
Type=oneshot
ExecStart={command}

# ~/.config/systemd/user/acpctl-renew.timer
[Unit]
Description=Renew minted credentials

[Timer]
OnCalendar={times}
Persistent=true

[Install]
WantedBy=timers.target
"
    )
}

/// A job in the cluster, with the account of `--renewer` and the kubeconfig that comes with it. What the platform needs
/// comes from a Secret of the user.
fn kubernetes(times: Times, job: &Job<'_>, words: &[&str]) -> String {
    let (name, times) = (renewer::NAME, times.cron());
    let flags = ["--renewer", "NAMESPACE"];
    let renewer = match job.credential {
        Some(credential) => acpctl_for(&RENEW, credential, &flags),
        None => acpctl(&[&RENEW[..], &["--all"], &flags].concat()),
    };
    let context: &[&str] = match &job.context {
        Some(context) => &["--context", context],
        None => &[],
    };
    let kubectl = shell_line(&[&["kubectl"], context].concat());
    // Kubernetes replaces $(NAME) by the value of a variable, and $$ by $.
    let words = std::iter::once(&"acpctl").chain(words);
    let words: Vec<String> = words
        .map(|word| yaml_text(&word.replace('$', "$$")))
        .collect();
    let command = format!("[{}]", words.join(", "));
    format!(
        "\
# Before this: {renewer} | {kubectl} apply -f -
#   {kubectl} -n NAMESPACE create secret generic {name} --from-env-file=FILE
#   (FILE holds the lines AMBIENT_API_URL=... and AMBIENT_TOKEN=...)
# Then: {kubectl} -n NAMESPACE apply -f THIS_FILE
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
spec:
  schedule: '{times}'
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 2
      activeDeadlineSeconds: 600
      template:
        spec:
          serviceAccountName: {name}
          automountServiceAccountToken: true
          restartPolicy: Never
          securityContext:
            runAsNonRoot: true
            seccompProfile: {{type: RuntimeDefault}}
          containers:
            - name: renew
              image: acpctl # an image with acpctl
              command: {command}
              env:
                - {{name: KUBECONFIG, value: /etc/acpctl/kubeconfig}}
                - {{name: XDG_DATA_HOME, value: /var/lib/acpctl}}
              envFrom:
                - secretRef: {{name: {name}}}
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities: {{drop: [ALL]}}
              volumeMounts:
                - {{name: kubeconfig, mountPath: /etc/acpctl, readOnly: true}}
                - {{name: data, mountPath: /var/lib/acpctl}}
          volumes:
            - name: kubeconfig
              configMap: {{name: {name}}}
            - name: data
              emptyDir: {{}}
"
    )
}

//! Texts that let a scheduler renew credentials.

use std::time::Duration;

use super::minted;
use super::renewer;

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

/// Returns the text for a scheduler. It runs three times in the period before a token's end, so that two runs may fail.
#[must_use]
pub(super) fn text(scheduler: Scheduler, within: Option<Duration>) -> String {
    let within = within.unwrap_or(DEFAULT);
    let hours = (within.as_secs() / 3600 / 3).clamp(1, 12);
    let within = minted::length(within);
    let command = format!("acpctl credential renew --all --expiring-within {within}");
    match scheduler {
        Scheduler::Cron => format!("17 */{hours} * * * {command}\n"),
        Scheduler::Github => format!(
            "\
# .github/workflows/renew-credentials.yaml
name: Renew credentials
on:
  schedule:
    - cron: '17 */{hours} * * *'
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
          ADMIN_KUBECONFIG: ${{{{ secrets.ADMIN_KUBECONFIG }}}}
        run: |
          umask 077
          printf '%s' \"$ADMIN_KUBECONFIG\" > \"$RUNNER_TEMP/kubeconfig\"
          KUBECONFIG=\"$RUNNER_TEMP/kubeconfig\" {command}
"
        ),
        Scheduler::Kubernetes => kubernetes(hours, &within),
        Scheduler::Systemd => format!(
            "\
# ~/.config/systemd/user/acpctl-renew.service
[Unit]
Description=Renew minted credentials

[Service]
Type=oneshot
ExecStart=/usr/bin/env {command}

# ~/.config/systemd/user/acpctl-renew.timer
[Unit]
Description=Renew minted credentials

[Timer]
OnCalendar=*-*-* 00/{hours}:17:00
Persistent=true

[Install]
WantedBy=timers.target
"
        ),
    }
}

/// A job in the cluster, with the account of `--renewer` and the kubeconfig that comes with it. What the platform needs
/// comes from a Secret of the user.
fn kubernetes(hours: u64, within: &str) -> String {
    let name = renewer::NAME;
    format!(
        "\
# Before this: acpctl credential renew --all --renewer NAMESPACE | kubectl apply -f -
#   kubectl -n NAMESPACE create secret generic {name} --from-env-file=FILE
#   (FILE holds the lines AMBIENT_API_URL=... and AMBIENT_TOKEN=...)
# Then: kubectl -n NAMESPACE apply -f THIS_FILE
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
spec:
  schedule: '17 */{hours} * * *'
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
              command: [acpctl, credential, renew, --all, --expiring-within, {within}]
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

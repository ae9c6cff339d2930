//! Texts that let a scheduler renew credentials.

use std::time::Duration;

use super::minted;

/// A scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Scheduler {
    /// A line for crontab
    Cron,
    /// A workflow for GitHub
    Github,
    /// A service and a timer
    Systemd,
}

/// How long before its end a token is renewed, if the user does not say.
const DEFAULT: Duration = Duration::from_secs(6 * 3600);

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

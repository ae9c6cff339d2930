//! Makes a new project the current one, and a deleted one the current one no more.

use crate::config::server_url::same_origin;
use crate::config::{Config, Settings, contexts};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::Failure;
use crate::output::Format;
use crate::resources::{PROJECT, Record};
use crate::text::command::acpctl_elsewhere;
use crate::text::{acpctl, acpctl_for, quote, url_for_people};

/// Makes the project of this name the current one, if the server's answer is about it: the server does not choose where
/// the next commands work.
pub(crate) fn switch_to_new(ctx: &Ctx, name: &str, answer: &Record, format: &Format) {
    if [answer.id(), answer.name()].contains(&name) {
        switch_to(ctx, name, format);
    } else {
        let shown = quote(answer.name_or_id());
        ctx.out.warn(&format!(
            "the current project is unchanged: the server answered about project {shown}"
        ));
    }
}

/// Makes the project the current one. If the configuration can't be written, the project exists nevertheless, so that
/// is a warning. With `--local`, which is meant for one command, nothing is written.
fn switch_to(ctx: &Ctx, name: &str, format: &Format) {
    if ctx.settings().is_ok_and(Settings::is_local) && ctx.globals.local {
        return;
    }
    let saved = ctx
        .settings()
        .map_err(|why| why.message)
        .and_then(|settings| save(ctx, settings, Some(name)));
    match saved {
        // A job has no home, and no current project that could be meant by later commands.
        Err(why) if env::HOME.get().is_none() => {
            ctx.out
                .aside(&format!("the current project is unchanged: {why}"));
        }
        Err(why) => ctx
            .out
            .warn(&format!("the current project is unchanged: {why}")),
        Ok(()) => {
            let notice = format!("Switched to project \"{name}\"");
            // On standard output the notice would break JSON and the other forms for programs.
            if matches!(format, Format::Table | Format::Wide) && !ctx.out.is_quiet() {
                let _ = ctx.out.line(&notice);
            } else {
                ctx.out.aside(&notice);
            }
            if env::PROJECT.get().is_some() {
                ctx.out.warn("AMBIENT_PROJECT is set and takes precedence");
            }
        }
    }
}

/// With `--local`, names on a terminal the command that makes a new project the current one, unless it is that already.
pub(crate) fn note_next_step(ctx: &Ctx, name: &str) {
    let Ok(settings) = ctx.settings() else {
        return;
    };
    let is_current = settings.project.value.as_deref() == Some(name);
    if ctx.globals.local && !is_current && ctx.out.width_of_talk().is_some() {
        let set = acpctl_for(&["project", "set"], name, &[]);
        ctx.out
            .aside(&format!("Next: make it the current project: {set}"));
    }
}

/// Unsets the current project if it is the deleted object, since every command that uses it would fail. If that can't
/// be done, or if a variable names the project too, that is a warning.
pub(crate) fn leave_deleted(ctx: &Ctx, deleted: &Record) {
    if deleted.resource.word != PROJECT.word || ctx.rehearses() {
        return;
    }
    let Ok(settings) = ctx.settings() else {
        return;
    };
    let id = deleted.id();
    let name = quote(id);
    let choose = acpctl(&["project", "set", "NAME"]);
    if env::PROJECT.get().as_deref() == Some(id) {
        let variable = env::PROJECT.name;
        ctx.out.warn(&format!(
            "{variable} still names the deleted project {name}: unset {variable}"
        ));
    }
    // Another server may have a project of this name.
    let is_of_server = settings.context_elsewhere.is_none();
    let is_current = |config: &Config| config.text(settings.project_key()) == Some(id);
    let config = ctx.config_if_any();
    if config.is_ok_and(|config| is_of_server && is_current(config)) {
        match save(ctx, settings, None) {
            Ok(()) => ctx.out.aside(&format!(
                "{name} was the current project; none is the current one now. Choose another: {choose}"
            )),
            Err(why) => ctx.out.warn(&format!(
                "{name} is still the current project ({why}); choose another: {choose}"
            )),
        }
    }
}

/// Refuses to save a project of the run's server if the context is for another server: the project of that one would be
/// lost, and later commands would work in another project there.
///
/// # Errors
/// With the command that saves it for the run's server.
pub(crate) fn refuse_elsewhere(ctx: &Ctx, name: &str) -> Result<(), Failure> {
    let settings = ctx.settings()?;
    let Some(saved) = &settings.context_elsewhere else {
        return Ok(());
    };
    let url = &settings.api_url.value;
    let server = url_for_people(url);
    let known = contexts::list(ctx.config()?);
    let context = known
        .iter()
        .find(|context| same_origin(&context.server, url));
    let save = match context {
        Some(context) => acpctl_elsewhere(&[
            &format!("--context-name={}", context.name),
            "project",
            "set",
            name,
        ]),
        None => acpctl_elsewhere(&[
            "config",
            "set-context",
            "NAME",
            "--server",
            &server,
            "--project",
            name,
        ]),
    };
    let message = format!(
        "the saved current project is that of {}, and this run's server is {server}",
        url_for_people(saved)
    );
    Err(Failure::usage(message).hint(format!("to save one for {server}: {save}")))
}

/// Saves the current project of the run's server; `None` unsets it.
fn save(ctx: &Ctx, settings: &Settings, name: Option<&str>) -> Result<(), String> {
    if let Some(name) = name {
        refuse_elsewhere(ctx, name).map_err(|why| match why.hint {
            Some(hint) => format!("{}; {hint}", why.message),
            None => why.message,
        })?;
    }
    let place = ctx.place_to_change().map_err(|why| why.message)?;
    let key = settings.project_key();
    Config::update(&place, |config| config.set(key, name.map(Into::into)))
        .map(drop)
        .map_err(|why| why.to_string())
}

//! Makes a new project the current one.

use crate::config::{Config, Settings};
use crate::ctx::Ctx;
use crate::env;
use crate::output::Format;
use crate::resources::Record;
use crate::text::quote;

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
/// is a warning. With `--local` nothing is written: the configuration is that of another server.
fn switch_to(ctx: &Ctx, name: &str, format: &Format) {
    if ctx.settings().is_ok_and(Settings::is_local) && ctx.globals.local {
        return;
    }
    let saved = ctx
        .place_to_change()
        .map_err(|why| why.message)
        .and_then(|place| {
            let key = ctx.settings().map_err(|why| why.message)?.project_key();
            Config::update(&place, |config| config.set(key, Some(name.into())))
                .map(drop)
                .map_err(|why| why.to_string())
        });
    match saved {
        Err(why) => ctx
            .out
            .warn(&format!("the current project is unchanged: {why}")),
        Ok(()) => {
            let notice = format!("Switched to project \"{name}\"");
            // On standard output the notice would break JSON and the other forms for programs.
            if matches!(format, Format::Table | Format::Wide) {
                let _ = ctx.out.line(&notice);
            } else {
                ctx.out.note(&notice);
            }
            if env::PROJECT.get().is_some() {
                ctx.out.warn("AMBIENT_PROJECT is set and takes precedence");
            }
        }
    }
}

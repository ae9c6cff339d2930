//! The flags that every list command has: labels, limit and output format.

use anyhow::Context as _;

use super::labels::Selector;
use super::order;
use crate::api::ListOptions;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::{Columns, Format, Layout, OutputArgs};
use crate::resources::{List, Record};
use crate::text::acpctl;

/// The command that makes the first object of a kind, by the word of the kind. Words in capitals are for the reader to
/// replace.
const FIRST: &[(&str, &[&str])] = &[
    (
        "agent",
        &["agent", "create", "--name", "NAME", "--prompt", "TEXT"],
    ),
    ("application", &["application", "create", "--help"]),
    ("credential", &["credential", "create"]),
    (
        "inbox-message",
        &["inbox", "send", "--pa-id", "AGENT", "--body", "TEXT"],
    ),
    (
        "policy",
        &["policy", "create", "--name", "NAME", "--from-file", "PATH"],
    ),
    ("project", &["create", "project", "--name", "NAME"]),
    (
        "provider",
        &["provider", "create", "--name", "NAME", "--secret", "NAME"],
    ),
    (
        "role-binding",
        &["credential", "bind", "CREDENTIAL", "--project", "PROJECT"],
    ),
    (
        "scheduled-session",
        &["scheduled-session", "create", "--help"],
    ),
    ("session", &["agent", "start", "AGENT"]),
];

/// The flags of a list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only objects with these labels (repeatable: all must match)
    #[arg(short, long, alias = "selector", value_name = "KEY=VALUE,...")]
    label: Vec<String>,
    /// Show at most N objects (default: all)
    #[arg(long, value_name = "N", value_parser = number::int64, allow_negative_numbers = true)]
    limit: Option<i64>,
    /// Sort by a column, a field of the JSON, or a path such as `.created_at`
    #[arg(long, value_name = "FIELD")]
    sort_by: Option<String>,
    /// Leave out the header of the table
    #[arg(long)]
    no_headers: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// The form in which a list is shown.
pub(crate) struct View<'a> {
    pub format: &'a Format,
    /// The columns, if they are not those of the resource.
    pub columns: Option<Columns>,
    /// True if the server was asked for some of the objects only.
    pub is_searched: bool,
}

impl ListArgs {
    /// Returns the output format. Also checks the labels, so that a wrong flag is found before any request.
    ///
    /// # Errors
    /// A usage failure.
    pub fn format(&self) -> Result<Format, Failure> {
        self.labels()?;
        self.output.format()
    }

    /// Returns the options of the request. If the list is filtered or sorted on this side, the server gets no limit: the
    /// limit counts the objects that remain, or those that come first.
    pub fn options(&self, filtered_here: bool) -> ListOptions {
        let filtered = filtered_here
            || self.sort_by.is_some()
            || self.label.iter().any(|text| !text.is_empty());
        ListOptions {
            limit: self.limit.filter(|_| !filtered),
            ..ListOptions::default()
        }
    }

    /// Keeps the objects that carry the labels and that `wanted` accepts, sorts them, and keeps no more than the limit.
    /// Returns how many there were before the limit.
    ///
    /// # Errors
    /// A usage failure for a label that is not KEY=VALUE, or an order that the list does not have.
    pub fn narrow(
        &self,
        list: &mut List,
        wanted: Option<&dyn Fn(&Record) -> bool>,
    ) -> Result<i64, Failure> {
        let labels = self.labels()?;
        let filtered = wanted.is_some() || !labels.is_empty();
        if filtered && let Some(items) = &mut list.items {
            items
                .retain(|record| labels.fits(record) && wanted.is_none_or(|wanted| wanted(record)));
        }
        if let Some(by) = &self.sort_by {
            order::sort(list, by)?;
        }
        let total = if filtered { count(list) } else { list.total };
        if let (Some(limit), Some(items)) = (self.limit.filter(|limit| *limit > 0), &mut list.items)
        {
            items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        if filtered || self.sort_by.is_some() {
            (list.size, list.total) = (count(list), total);
        }
        Ok(total)
    }

    /// Keeps the objects that carry the labels.
    ///
    /// # Errors
    /// A usage failure for a label that is not KEY=VALUE.
    pub fn keep_labelled(&self, records: &mut Vec<Record>) -> Result<(), Failure> {
        let labels = self.labels()?;
        records.retain(|record| labels.fits(record));
        Ok(())
    }

    /// Narrows a list and shows it.
    pub fn show(&self, ctx: &Ctx, list: List, format: &Format) -> anyhow::Result<()> {
        self.show_as(ctx, list, format, None)
    }

    /// Narrows a list and shows it, with columns that are not those of its resource.
    pub(crate) fn show_as(
        &self,
        ctx: &Ctx,
        mut list: List,
        format: &Format,
        columns: Option<Columns>,
    ) -> anyhow::Result<()> {
        let total = self.narrow(&mut list, None)?;
        let view = View {
            format,
            columns,
            is_searched: false,
        };
        self.print(ctx, &list, total, &view)
    }

    /// Shows a list that was narrowed, and notes on standard error how many objects the limit left out. On a terminal, an
    /// empty list says what to do instead.
    pub(crate) fn print(
        &self,
        ctx: &Ctx,
        list: &List,
        total: i64,
        view: &View<'_>,
    ) -> anyhow::Result<()> {
        if list.items().is_empty() && shows_screen(ctx, view.format) {
            ctx.out
                .aside(&nothing(list, view.is_searched || self.is_filtered()));
            return Ok(());
        }
        let layout = Layout {
            columns: view.columns,
            headless: self.no_headers,
        };
        ctx.out.list(list, view.format, layout, ctx.now())?;
        say_left_out(ctx, list, total);
        Ok(())
    }

    /// Returns the layout of the table.
    pub(crate) fn layout(&self) -> Layout {
        Layout {
            columns: None,
            headless: self.no_headers,
        }
    }

    fn is_filtered(&self) -> bool {
        self.label.iter().any(|text| !text.is_empty())
    }

    /// Lists a collection of a project and shows it. An empty list is an error if the project does not exist.
    ///
    /// # Errors
    /// Those of the request, with `doing` in front of them.
    pub fn run_in_project(
        &self,
        ctx: &Ctx,
        collection: &Collection,
        doing: &'static str,
    ) -> anyhow::Result<()> {
        let format = self.format()?;
        let client = ctx.client()?;
        let mut options = self.options(false);
        options.project.clone_from(&collection.project);
        let list = ctx.block_on(async {
            let list = client.list(collection.resource, &collection.path, &options);
            let list = list.await.context(doing)?;
            if let Some(project) = &collection.project {
                lookup::doubt_empty(client, list.items(), project).await?;
            }
            Ok(list)
        })?;
        self.show(ctx, list, &format)
    }

    fn labels(&self) -> Result<Selector, Failure> {
        Selector::read("--label", &self.label)
    }
}

/// True if the list becomes a table on a terminal, for which a command may fetch more than the list.
pub(crate) fn shows_screen(ctx: &Ctx, format: &Format) -> bool {
    matches!(format, Format::Table | Format::Wide) && ctx.out.is_terminal() && !ctx.out.is_quiet()
}

/// Says that there is nothing to list, and how to change that.
fn nothing(list: &List, filtered: bool) -> String {
    let plural = list.resource.plural().replace('-', " ");
    let first = FIRST.iter().find(|(word, _)| *word == list.resource.word);
    match first {
        _ if filtered => format!("No {plural} that fit"),
        Some((_, command)) => format!("No {plural} yet. Make one: {}", acpctl(command)),
        None => format!("No {plural}"),
    }
}

/// Notes on standard error that there are more objects than were shown.
fn say_left_out(ctx: &Ctx, list: &List, total: i64) {
    let shown = count(list);
    if shown > 0 && shown < total {
        ctx.out.aside(&format!(
            "Showing {shown} of {total} {}; raise or leave out --limit to see more",
            list.resource.plural()
        ));
    }
}

fn count(list: &List) -> i64 {
    i64::try_from(list.items().len()).unwrap_or(i64::MAX)
}

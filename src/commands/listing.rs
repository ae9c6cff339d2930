//! The flags that every list command has: labels, limit and output format.

use std::ops::ControlFlow;

use anyhow::Context as _;

use super::labels::Selector;
use super::{gateway_credentials, order};
use crate::api::{self, ListOptions};
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::{Columns, Expected, Format, Layout, OutputArgs, Rows};
use crate::resources::{CREDENTIAL, Candidates, List, Record, Resource, SESSION, Scope};
use crate::text::{acpctl, quote};

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
    #[arg(short, long, aliases = ["selector", "labels"], value_name = "KEY=VALUE,...")]
    label: Vec<String>,
    /// Show at most N objects (default: all)
    #[arg(long, value_name = "N", value_parser = number::int64, allow_negative_numbers = true)]
    limit: Option<i64>,
    /// Sort by a column, a field of the JSON, or a path such as `.created_at`
    #[arg(long, value_name = "FIELD")]
    #[arg(add = Candidates::Columns)]
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
    /// The project whose objects are listed.
    pub project: Option<&'a str>,
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

    /// Returns the options of the request. If the list is filtered or sorted on this side, the server gets no limit:
    /// the limit counts the objects that remain, or those that come first.
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
        let project = match list.resource.word {
            // The server narrows this list to the project of the request.
            word if word == SESSION.word => ctx.client()?.project(),
            _ => None,
        };
        self.show_of(ctx, list, (format, None), project)
    }

    /// Narrows a list and shows it, with columns that are not those of its resource.
    pub(crate) fn show_as(
        &self,
        ctx: &Ctx,
        list: List,
        format: &Format,
        columns: Option<Columns>,
    ) -> anyhow::Result<()> {
        self.show_of(ctx, list, (format, columns), None)
    }

    /// Narrows a list of a project and shows it.
    pub(crate) fn show_of(
        &self,
        ctx: &Ctx,
        mut list: List,
        (format, columns): (&Format, Option<Columns>),
        project: Option<&str>,
    ) -> anyhow::Result<()> {
        let total = self.narrow(&mut list, None)?;
        let view = View {
            format,
            columns,
            is_searched: false,
            project,
        };
        self.print(ctx, &list, total, &view)
    }

    /// Shows a list that was narrowed, and notes on standard error how many objects the limit left out. On a terminal,
    /// an empty list says what to do instead.
    ///
    /// # Errors
    /// As [`refuse_gap`], after the list.
    pub(crate) fn print(
        &self,
        ctx: &Ctx,
        list: &List,
        total: i64,
        view: &View<'_>,
    ) -> anyhow::Result<()> {
        if list.items().is_empty() && shows_screen(ctx, view.format) {
            refuse_gap(list)?;
            let is_filtered = view.is_searched || self.is_filtered();
            ctx.out.aside(&nothing(list, is_filtered, view.project));
            if view.project.is_some() && !is_filtered {
                let projects = acpctl(&["project", "list"]);
                ctx.out.aside(&format!("The other projects: {projects}"));
            }
            return Ok(());
        }
        let layout = Layout {
            columns: view.columns,
            headless: self.no_headers,
        };
        ctx.out.list(list, view.format, layout, ctx.now())?;
        refuse_gap(list)?;
        say_left_out(ctx, list.resource, count(list), total);
        refuse_gap(list)
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

    /// Begins a list that is shown while it is read. Returns `None` if all of it is needed first: for a terminal, for
    /// an order, and for most formats.
    pub(crate) fn streamed<'a>(
        &self,
        ctx: &'a Ctx,
        resource: &'static Resource,
        format: &Format,
        keep: Option<&'a dyn Fn(&Record) -> bool>,
    ) -> Result<Option<Streamed<'a>>, Failure> {
        if self.sort_by.is_some() {
            return Ok(None);
        }
        let labels = self.labels()?;
        let rows = ctx.out.rows(resource, format, self.layout(), ctx.now());
        Ok(rows.map(|rows| Streamed {
            ctx,
            rows,
            is_filtered: keep.is_some() || !labels.is_empty(),
            labels,
            keep,
            hides_gateways: resource.word == CREDENTIAL.word,
            left_out: 0,
            limit: self.limit.filter(|limit| *limit > 0),
            read: 0,
            kept: 0,
            first: None,
            written: Ok(()),
        }))
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
        let (resource, path) = (collection.resource, &collection.path);
        if let Some(mut streamed) = self.streamed(ctx, resource, &format, None)? {
            return ctx.block_on(async {
                let pages = client.pages(resource, path, &options, |page| streamed.add(page));
                let list = pages.await.context(doing)?;
                if let Some(project) = collection.project.as_deref().filter(|_| streamed.read == 0)
                {
                    lookup::doubt_empty(client, &[], project).await?;
                }
                streamed.finish(list).map(drop)
            });
        }
        let list = ctx.block_on(async {
            let list = client.listed(resource, path, &options).await;
            let list = list.context(doing)?;
            if let Some(project) = &collection.project {
                lookup::doubt_empty(client, list.items(), project).await?;
            }
            Ok(list)
        })?;
        self.show_of(ctx, list, (&format, None), collection.project.as_deref())
    }

    fn labels(&self) -> Result<Selector, Failure> {
        Selector::read("--label", &self.label)
    }
}

/// A list that is shown while it is read.
pub(crate) struct Streamed<'a> {
    ctx: &'a Ctx,
    rows: Rows<'a>,
    labels: Selector,
    keep: Option<&'a dyn Fn(&Record) -> bool>,
    is_filtered: bool,
    /// True if the credentials of the platform's gateways are left out.
    pub hides_gateways: bool,
    /// The number of those.
    left_out: i64,
    limit: Option<i64>,
    /// The number of objects that the server sent.
    pub read: i64,
    /// The number of objects that fit the filters.
    pub kept: i64,
    /// The name of the first object that fits.
    pub first: Option<String>,
    written: anyhow::Result<()>,
}

impl Streamed<'_> {
    /// Shows the objects of a page, apart from their secrets. Stops the list if they can't be written.
    pub(crate) fn add(&mut self, mut page: List) -> ControlFlow<()> {
        let mut records = page.items.take().unwrap_or_default();
        self.read += length(&records);
        if page.resource.word == CREDENTIAL.word {
            for record in &mut records {
                record.remove("token");
            }
        }
        if self.hides_gateways {
            self.left_out += gateway_credentials::remove(&mut records);
        }
        if self.is_filtered {
            let keep = self.keep;
            records
                .retain(|record| self.labels.fits(record) && keep.is_none_or(|keep| keep(record)));
        }
        if self.kept == 0 {
            self.first = records.first().map(|record| record.name_or_id().to_owned());
        }
        let room = self.limit.unwrap_or(i64::MAX) - self.kept;
        self.kept += length(&records);
        records.truncate(usize::try_from(room.max(0)).unwrap_or(usize::MAX));
        // Nobody knows how many objects a filter will leave.
        let total = page.total - self.left_out;
        let expected = (!self.is_filtered).then_some(Expected {
            size: total.min(self.limit.unwrap_or(i64::MAX)),
            total,
        });
        self.written = self.rows.add(&records, &page.kind, expected);
        match self.written {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Shows the end of the list, and notes how many objects the limit left out. Returns how many there are in all.
    ///
    /// # Errors
    /// Standard output can't be written, or as [`refuse_gap`].
    pub(crate) fn finish(self, mut list: List) -> anyhow::Result<i64> {
        self.written?;
        if self.kept == 0 && list.items.is_none() {
            // There is no list to show before the error.
            refuse_gap(&list)?;
        }
        let shown = self.kept.min(self.limit.unwrap_or(i64::MAX));
        if self.is_filtered {
            (list.size, list.total) = (shown, self.kept);
        } else {
            list.size -= self.left_out;
            list.total -= self.left_out;
        }
        if let Some(promised) = self.rows.finish(&list)? {
            let why = match self.left_out {
                0 => "the list changed while it was read",
                _ => "objects were left out of the list",
            };
            self.ctx.out.warn(&format!(
                "{why}: it says {promised} {} and holds {shown}",
                list.resource.plural()
            ));
        }
        gateway_credentials::say(self.ctx, self.left_out);
        refuse_gap(&list)?;
        say_left_out(self.ctx, list.resource, shown, list.total);
        Ok(list.total)
    }
}

/// Fails if a list that was shown may lack objects.
///
/// # Errors
/// [`api::Error::Incomplete`].
fn refuse_gap(list: &List) -> anyhow::Result<()> {
    match &list.gap {
        Some(gap) => Err(api::Error::Incomplete(gap.clone()).into()),
        None => Ok(()),
    }
}

/// True if the list becomes a table on a terminal, for which a command may fetch more than the list.
pub(crate) fn shows_screen(ctx: &Ctx, format: &Format) -> bool {
    matches!(format, Format::Table | Format::Wide) && ctx.out.is_terminal() && !ctx.out.is_quiet()
}

/// Warns that the project of a flag does not narrow a list: these objects belong to no project. `own` is the value of
/// the command's own flag for it.
pub(crate) fn warn_of_project(ctx: &Ctx, resource: &Resource, own: Option<&str>) {
    let flag = match (own, ctx.globals.project.as_deref()) {
        (Some(_), _) => "--project-id",
        (None, Some(project)) if !project.is_empty() => "--project",
        _ => return,
    };
    if resource.scope != Scope::Project && resource.word != SESSION.word {
        ctx.out.warn(&format!(
            "{flag} does not narrow this list: it has all {}",
            resource.plural().replace('-', " ")
        ));
    }
}

/// Says that there is nothing to list, and how to change that.
fn nothing(list: &List, filtered: bool, project: Option<&str>) -> String {
    let mut plural = list.resource.plural().replace('-', " ");
    if let Some(project) = project {
        plural.push_str(&format!(" in project {}", quote(project)));
    }
    let first = FIRST.iter().find(|(word, _)| *word == list.resource.word);
    match first {
        _ if filtered => format!("No {plural} that fit"),
        Some((_, command)) => format!("No {plural} yet. Make one: {}", acpctl(command)),
        None => format!("No {plural}"),
    }
}

/// Notes on standard error that there are more objects than were shown.
fn say_left_out(ctx: &Ctx, resource: &Resource, shown: i64, total: i64) {
    if shown > 0 && shown < total {
        ctx.out.aside(&format!(
            "Showing {shown} of {total} {}; raise or leave out --limit to see more",
            resource.plural()
        ));
    }
}

fn count(list: &List) -> i64 {
    length(list.items())
}

fn length(records: &[Record]) -> i64 {
    i64::try_from(records.len()).unwrap_or(i64::MAX)
}

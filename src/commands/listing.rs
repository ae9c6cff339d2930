//! The flags that every list command has: labels, limit and output format.

use anyhow::Context as _;

use super::labels::Selector;
use crate::api::ListOptions;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs};
use crate::resources::{List, Record};

/// The flags of a list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only objects with these labels (repeatable: all must match)
    #[arg(short, long, alias = "selector", value_name = "KEY=VALUE,...")]
    label: Vec<String>,
    /// Show at most N objects (default: all)
    #[arg(long, value_name = "N", value_parser = number::int64, allow_negative_numbers = true)]
    limit: Option<i64>,
    #[command(flatten)]
    output: OutputArgs,
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

    /// Returns the options of the request. If the list is filtered on this side, the server gets no limit: the limit
    /// counts the objects that remain.
    pub fn options(&self, filtered_here: bool) -> ListOptions {
        let filtered = filtered_here || self.label.iter().any(|text| !text.is_empty());
        ListOptions {
            limit: self.limit.filter(|_| !filtered),
            ..ListOptions::default()
        }
    }

    /// Keeps the objects that carry the labels and that `wanted` accepts, and then no more than the limit. Returns how many
    /// there were before the limit.
    ///
    /// # Errors
    /// A usage failure for a label that is not KEY=VALUE.
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
        let total = if filtered { count(list) } else { list.total };
        if let (Some(limit), Some(items)) = (self.limit.filter(|limit| *limit > 0), &mut list.items)
        {
            items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        if filtered {
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

    /// Shows a list, and notes on standard error how many objects the limit left out.
    pub fn show(&self, ctx: &Ctx, mut list: List, format: &Format) -> anyhow::Result<()> {
        let total = self.narrow(&mut list, None)?;
        ctx.out.list(&list, format, ctx.now())?;
        say_left_out(ctx, &list, total);
        Ok(())
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

/// Notes on standard error that there are more objects than were shown.
pub(crate) fn say_left_out(ctx: &Ctx, list: &List, total: i64) {
    let shown = count(list);
    if shown > 0 && shown < total {
        ctx.out.note(&format!(
            "Showing {shown} of {total} {}; raise or leave out --limit to see more",
            list.resource.plural()
        ));
    }
}

fn count(list: &List) -> i64 {
    i64::try_from(list.items().len()).unwrap_or(i64::MAX)
}
